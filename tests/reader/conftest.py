"""Catalogs and a clock for the reader's tests."""

from __future__ import annotations

from datetime import UTC, datetime
from importlib.resources import files

import pytest
from segmentry.criteria import catalog_toml
from segmentry.criteria.catalog import Catalog
from segmentry.criteria.dates import Clock


@pytest.fixture(scope="session")
def golf() -> Catalog:
    text = files("segmentry.customers").joinpath("catalogs/golf.toml").read_text(encoding="utf-8")
    return catalog_toml.loads(text)


@pytest.fixture(scope="session")
def clock() -> Clock:
    return Clock.at(datetime(2025, 12, 16, 9, tzinfo=UTC))
