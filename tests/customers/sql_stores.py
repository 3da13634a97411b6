"""Tables of plain rows in real databases, for the tests of the pushdown engines."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager

from segmentry.criteria.catalog import Catalog
from segmentry.criteria.export.sql import quoted
from segmentry.criteria.match import EventRow, Row
from segmentry.customers.duckdb_rows import DuckdbScratch
from segmentry.customers.postgres_rows import PostgresScratch
from segmentry.customers.pushdown import Limits, PushdownTable
from segmentry.customers.sql_rows import NAME, Scratch, laid_out, made

DATABASES = ("duckdb", "postgresql")
# Every count is slow enough for an estimate, and no description is old.
EAGER = Limits(quick_s=0.0, sample_rows=300)


def scratch(database: str, dsn: str) -> Scratch:
    return DuckdbScratch() if database == "duckdb" else PostgresScratch(dsn)


@asynccontextmanager
async def pushed_down(
    place: Scratch,
    catalog: Catalog,
    rows: Sequence[Row],
    events: Sequence[Sequence[EventRow]],
    limits: Limits | None = None,
    *,
    seed: int | None = None,
) -> AsyncGenerator[PushdownTable]:
    """Those rows as a table of a database, whose keys are the places of the rows, from 0."""
    dialect = place.connection.dialect
    named, tables = laid_out(catalog, rows, events, dialect)
    await place.write([each for table in tables for each in made(table, dialect)])
    try:
        yield PushdownTable(place.connection, named, NAME, limits=limits, seed=seed)
    finally:
        await place.write([(f"DROP TABLE {quoted(each.name, dialect)}", ()) for each in tables])
