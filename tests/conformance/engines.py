"""The engines that every case of this folder runs through. A new engine is one row here."""

from __future__ import annotations

from collections.abc import Mapping

from segmentry.criteria.matchline import Engine, reference
from segmentry.customers import polars_rows, rows

from tests.conformance import exports
from tests.exports.sql_runners import ClickHouse, DuckDb, Server, SqlEngine, Sqlite, exported

ENGINES: Mapping[str, Engine] = {
    "reference": reference,
    "snapshot": rows.select,
    "polars export": polars_rows.select,
    "mongodb export (mingo)": exports.MINGO,
    "jsonlogic export": exports.JSON_LOGIC_JS,
    "elasticsearch export": exports.ELASTICSEARCH,
    "duckdb export": SqlEngine(DuckDb, exported),
    "sqlite export": SqlEngine(Sqlite, exported),
    "postgresql export": SqlEngine(Server.reading_text, exported),
    "clickhouse export": SqlEngine(ClickHouse, exported),
}
