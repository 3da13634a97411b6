"""The golf club's field catalog, readable without loading any table."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from segmentry.criteria import catalog_toml
from segmentry.criteria.catalog import Catalog


@cache
def catalog() -> Catalog:
    """The 33 fields and four events of `catalogs/golf.toml`."""
    text = files("segmentry.customers").joinpath("catalogs/golf.toml").read_text(encoding="utf-8")
    return catalog_toml.loads(text)
