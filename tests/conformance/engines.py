"""The engines that every case of this folder runs through. A new engine is one row here."""

from __future__ import annotations

from collections.abc import Mapping

from segmentry.criteria.matchline import Engine, reference
from segmentry.customers import polars_rows, rows
from segmentry.customers.duckdb_rows import DuckdbScratch
from segmentry.customers.postgres_rows import PostgresScratch
from segmentry.customers.sql_rows import SqlRows

from tests.conformance import exports, holding
from tests.exports.sql_runners import ClickHouse, DuckDb, Server, SqlEngine, Sqlite, exported, in_place

# The stores themselves: each case is a customer table of theirs for a moment.
DUCKDB = SqlRows(DuckdbScratch)
POSTGRESQL = SqlRows(lambda: PostgresScratch(Server.dsn))

ENGINES: Mapping[str, Engine] = {
    "reference": reference,
    "snapshot": rows.select,
    "polars export": polars_rows.select,
    "mongodb export (mingo)": exports.MINGO,
    "jsonlogic export": exports.JSON_LOGIC_JS,
    "elasticsearch export": exports.ELASTICSEARCH,
    "duckdb export": SqlEngine(DuckDb, exported),
    "duckdb view": SqlEngine(DuckDb, in_place),
    "postgresql view": SqlEngine(Server.connected, in_place),
    "sqlite export": SqlEngine(Sqlite, exported),
    "postgresql export": SqlEngine(Server.reading_text, exported),
    "clickhouse export": SqlEngine(ClickHouse, exported),
    "duckdb": DUCKDB.select,
    "postgresql": POSTGRESQL.select,
    "snapshot by customer": holding.in_memory,
    "duckdb by customer": holding.InDatabase(DUCKDB),
    "postgresql by customer": holding.InDatabase(POSTGRESQL),
}
