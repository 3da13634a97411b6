"""The stored queries: fifty, about a table of the service's own, on a day that never changes."""

from __future__ import annotations

import hashlib
import tomllib
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from importlib.resources import files
from typing import Final, cast

from segmentry.builder.request import Place
from segmentry.criteria import catalog_toml
from segmentry.criteria.dates import Clock

# Whose money it is: no caller's tenant begins with this sign.
TENANT: Final = "#canaries"
# Prompts name the day, and the same question has the same answer.
_AS_OF: Final = datetime(2026, 1, 15, 12, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Stored:
    """The queries in their order, and where they are asked. `version` changes with any of it."""

    queries: tuple[str, ...]
    place: Place
    version: str


@cache
def stored() -> Stored:
    """Those of this release: `table.toml` and `queries.toml`."""
    folder = files("segmentry.canaries")
    table = folder.joinpath("table.toml").read_text(encoding="utf-8")
    written = folder.joinpath("queries.toml").read_text(encoding="utf-8")
    catalog = catalog_toml.loads(table)
    queries = tuple(cast("list[str]", tomllib.loads(written)["queries"]))
    version = hashlib.sha256("\0".join((table, *queries, _AS_OF.isoformat())).encode()).hexdigest()[:16]
    place = Place(TENANT, catalog.schema, catalog, Clock.at(_AS_OF, catalog.time_zone))
    return Stored(queries, place, version)
