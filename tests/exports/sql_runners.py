"""SQL conditions on real engines: each makes tables of plain rows and says which rows a condition meets."""

from __future__ import annotations

import asyncio
import atexit
import json
import math
import re
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar, Protocol

import asyncpg
import duckdb
from chdb import session as chdb_session
from segmentry.criteria.catalog import Catalog
from segmentry.criteria.dates import Clock, iso
from segmentry.criteria.export.dialects import CLICKHOUSE, DUCKDB, POSTGRESQL, SQLITE, Dialect
from segmentry.criteria.export.dialects.dialect import micros
from segmentry.criteria.export.exported import Source
from segmentry.criteria.export.sql import Condition, condition, quoted, relation
from segmentry.criteria.export.statement import export
from segmentry.criteria.match import EventRow, Row, without_tops
from segmentry.criteria.nodes import Node
from segmentry.state.embedded import EmbeddedPostgres

from tests.exports.sql_tables import KEY, Storage, Table, keyed

# What turns a bound tree into the condition that is run.
Write = Callable[[Node, Catalog, Dialect, datetime], Condition]


class Runner(Protocol):
    """A SQL engine in this process, or one that it talks to."""

    storage: Storage

    def load(self, tables: Sequence[Table]) -> None: ...

    def keys(self, query: str, parameters: Sequence[Any]) -> list[int]: ...


def plain(bound: Node, catalog: Catalog, dialect: Dialect, as_of: datetime) -> Condition:
    """The condition as the pushdown stores run it; any float column may hold NaN here."""
    floats = (each.column_name for each in catalog.fields if each.type == "number" and not each.integer)
    return condition(bound, catalog, dialect, as_of, nan_columns=frozenset(floats))


def exported(bound: Node, catalog: Catalog, dialect: Dialect, as_of: datetime) -> Condition:
    """The condition as it is exported: with parameters as JSON has them."""
    found = export(bound, Source(catalog, Clock.at(as_of)), dialect)
    return Condition(found.text, tuple(json.loads(json.dumps(found.parameters))))


def in_place(bound: Node, catalog: Catalog, dialect: Dialect, as_of: datetime) -> Condition:
    """The condition as the definition of a view has it, with its values in the text."""
    found = export(bound, Source(catalog, Clock.at(as_of)), dialect, "v")
    assert found.parameters == ()
    return Condition(found.text, ())


class SqlEngine:
    """A runner as an engine of the conformance suite. Tables stay loaded while the rows stay the same."""

    def __init__(self, make: Callable[[], Runner], write: Write = plain) -> None:
        self._make = make
        self._write = write
        self._runner: Runner | None = None
        self._loaded = ""

    def __call__(
        self,
        catalog: Catalog,
        rows: Sequence[Row],
        events: Sequence[Sequence[EventRow]],
        bound: Node,
        as_of: datetime,
    ) -> list[bool]:
        runner = self._runner = self._runner or self._make()
        catalog = keyed(catalog)
        folded = {each.name for each in catalog.fields if each.case_insensitive}
        bound = without_tops(bound, rows, as_of, events or [()] * len(rows), folded=folded)
        content = repr((catalog, rows, events))
        if content != self._loaded:
            self._loaded = ""
            runner.load(runner.storage.tables(catalog, rows, events))
            self._loaded = content
        dialect = runner.storage.dialect
        written = self._write(bound, catalog, dialect, as_of)
        table = relation(runner.storage.relation, dialect)
        query = f"SELECT {quoted(KEY, dialect)} FROM {table} WHERE {written.text}"
        met = runner.keys(query, written.parameters)
        assert len(met) == len(set(met))
        return [number in met for number in range(len(rows))]


def _values(table: Table) -> tuple[str, list[Any]]:
    width = len(table.columns)
    rows = (
        f"({', '.join(f'${number * width + each + 1}::{table.columns[each][1]}' for each in range(width))})"
        for number in range(len(table.rows))
    )
    return ", ".join(rows), [cell for row in table.rows for cell in row]


def _columns(table: Table) -> str:
    return ", ".join(f"{name} {sql_type}" for name, sql_type in table.columns)


class DuckDb:
    storage = Storage(
        DUCKDB,
        {
            "string": "VARCHAR",
            "integer": "BIGINT",
            "float": "DOUBLE",
            "boolean": "BOOLEAN",
            "datetime": "TIMESTAMP",
            "array": "VARCHAR[]",
        },
        {"datetime": lambda each: each.astimezone(UTC).replace(tzinfo=None)},
    )

    def __init__(self) -> None:
        self._connection = duckdb.connect(":memory:", config={"threads": 1})
        self._connection.execute('CREATE SCHEMA "the"')

    def load(self, tables: Sequence[Table]) -> None:
        for table in tables:
            self._connection.execute(f"CREATE OR REPLACE TABLE {table.name} ({_columns(table)})")
            if table.rows:
                text, cells = _values(table)
                self._connection.execute(f"INSERT INTO {table.name} VALUES {text}", cells)

    def keys(self, query: str, parameters: Sequence[Any]) -> list[int]:
        return [row[0] for row in self._connection.execute(query, list(parameters)).fetchall()]


class Sqlite:
    storage = Storage(
        SQLITE,
        {
            "string": "TEXT",
            "integer": "INTEGER",
            "float": "REAL",
            "boolean": "INTEGER",
            "datetime": "TEXT",
            "array": "TEXT",
        },
        {"boolean": int, "datetime": iso, "array": json.dumps},
        schema=False,
    )

    def __init__(self) -> None:
        self._connection = sqlite3.connect(":memory:")

    def load(self, tables: Sequence[Table]) -> None:
        for table in tables:
            self._connection.execute(f"DROP TABLE IF EXISTS {table.name}")
            self._connection.execute(f"CREATE TABLE {table.name} ({_columns(table)})")
            places = ", ".join("?" for _ in table.columns)
            self._connection.executemany(f"INSERT INTO {table.name} VALUES ({places})", table.rows)

    def keys(self, query: str, parameters: Sequence[Any]) -> list[int]:
        return [row[0] for row in self._connection.execute(query, list(parameters))]


class Postgres:
    storage = Storage(
        POSTGRESQL,
        {
            "string": "text",
            "integer": "bigint",
            "float": "double precision",
            "boolean": "boolean",
            "datetime": "timestamptz",
            "array": "text[]",
        },
        {},
    )

    def __init__(self, dsn: str) -> None:
        self._runner = asyncio.Runner()
        # asyncpg ships no types. Tables change behind the same names, so no statement may be kept.
        options: dict[str, Any] = {"database": "postgres", "statement_cache_size": 0}
        self._connection: Any = self._runner.run(asyncpg.connect(dsn, **options))  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType]
        self._execute('CREATE SCHEMA IF NOT EXISTS "the"')

    def read_text(self) -> None:
        """Take parameters as JSON has them: times and large numbers as text."""
        for name in ("timestamptz", "int8", "float8", "numeric"):
            done = self._connection.set_type_codec(
                name, encoder=_as_text, decoder=str, schema="pg_catalog", format="text"
            )
            self._runner.run(done)

    def close(self) -> None:
        self._runner.run(self._connection.close())
        self._runner.close()

    def _execute(self, text: str) -> None:
        self._runner.run(self._connection.execute(text))

    def load(self, tables: Sequence[Table]) -> None:
        for table in tables:
            self._execute(f"DROP TABLE IF EXISTS {table.name}; CREATE TABLE {table.name} ({_columns(table)})")
            if table.rows:
                # Row by row: in a VALUES of several rows, a column of NULLs alone would be text.
                places = ", ".join(f"${number + 1}" for number in range(len(table.columns)))
                insert = f"INSERT INTO {table.name} VALUES ({places})"
                self._runner.run(self._connection.executemany(insert, table.rows))

    def keys(self, query: str, parameters: Sequence[Any]) -> list[int]:
        return [int(each) for each in self.values(query, parameters)]

    def values(self, query: str, parameters: Sequence[Any]) -> list[Any]:
        """The first column."""
        return [row[0] for row in self._runner.run(self._connection.fetch(query, *parameters))]


def _as_text(value: Any) -> str:
    return iso(value) if isinstance(value, datetime) else str(value)


class ClickHouse:
    """ClickHouse inside this process. Arrays are Variant(Array), so that they can be unset."""

    storage = Storage(
        CLICKHOUSE,
        {
            "string": "Nullable(String)",
            "integer": "Nullable(Int64)",
            "float": "Nullable(Float64)",
            "boolean": "Nullable(Bool)",
            "datetime": "Nullable(DateTime64(6, 'UTC'))",
            "array": "Variant(Array(Nullable(String)))",
        },
        # JSON has no NaN, and the text of a DateTime64 stops at 1900.
        {
            "datetime": lambda each: micros(each)[0],
            "float": lambda each: each if math.isfinite(each) else str(each),
            "array": lambda each: [1, list(each)],
        },
        schema=False,
    )

    def __init__(self) -> None:
        # chdb ships no types.
        self._session: Any = chdb_session.Session()

    def load(self, tables: Sequence[Table]) -> None:
        for table in tables:
            # Read as plain columns, then put into those of the table.
            read = [sql_type for _, sql_type in table.columns]
            names = [f"c{number}" for number in range(len(read))]
            rows = (dict(zip(names, row, strict=True)) for row in table.rows)
            text = "\n".join(json.dumps(row) for row in rows).replace("\\", "\\\\").replace("'", "\\'")
            self._session.query(f"DROP TABLE IF EXISTS {table.name}")
            self._session.query(f"CREATE TABLE {table.name} ({_columns(table)}) ENGINE = Memory")
            if table.rows:
                columns = ", ".join(f"{n} {_PLAIN.get(t, t)}" for n, t in zip(names, read, strict=True))
                cells = ", ".join(_CELLS.get(t, "{0}").format(n) for n, t in zip(names, read, strict=True))
                self._session.query(
                    f"INSERT INTO {table.name} SELECT {cells} FROM format(JSONEachRow, '{columns}', '{text}')"
                )

    def keys(self, query: str, parameters: Sequence[Any]) -> list[int]:
        # Whole numbers beyond 2^53 are text in JSON; in a list of numbers they have no quotes.
        numbers = {f"p{each}" for each in re.findall(r"{p([0-9]+):Array\(Int64\)}", query)}
        given = {
            name: _parameter([int(item) for item in each] if name in numbers else each)
            for name, each in ((f"p{number}", each) for number, each in enumerate(parameters, start=1))
        }
        found = self._session.query(query, "JSONCompactColumns", params=given)
        columns: list[list[int]] = json.loads(str(found) or "[]")
        return [int(each) for column in columns for each in column]


_PLAIN = {
    ClickHouse.storage.types["datetime"]: "Nullable(Int64)",
    ClickHouse.storage.types["array"]: "Tuple(Nullable(Int64), Array(Nullable(String)))",
}
_CELLS = {
    ClickHouse.storage.types["datetime"]: "fromUnixTimestamp64Micro({0}, 'UTC')",
    ClickHouse.storage.types["array"]: "if({0}.1 = 1, {0}.2::Variant(Array(Nullable(String))), NULL)",
}


def _parameter(value: Any, *, inside: bool = False) -> str:
    """A query parameter as ClickHouse reads it: tab-separated text, with quotes inside a list."""
    match value:
        case list() | tuple():
            return f"[{', '.join(_parameter(each, inside=True) for each in value)}]"  # pyright: ignore[reportUnknownVariableType]
        case str():
            escaped = (
                value.replace("\\", "\\\\").replace("\n", "\\n").replace("\t", "\\t").replace("\r", "\\r")
            )
            return "'" + escaped.replace("'", "\\'") + "'" if inside else escaped
        case bool():
            return "true" if value else "false"
        case _:
            return str(value)


class Server:
    """The embedded PostgreSQL of this process: that of the fixture `postgres_server`, else one of its own."""

    dsn = ""
    connections: ClassVar[list[Postgres]] = []

    @classmethod
    def connected(cls) -> Postgres:
        if not cls.dsn:
            cls._start()
        cls.connections.append(Postgres(cls.dsn))
        return cls.connections[-1]

    @classmethod
    def reading_text(cls) -> Postgres:
        connection = cls.connected()
        connection.read_text()
        return connection

    @classmethod
    def close(cls) -> None:
        for each in cls.connections:
            each.close()
        cls.connections.clear()

    @classmethod
    def _start(cls) -> None:
        folder = Path(tempfile.mkdtemp(prefix="segmentry-tests-"))
        # As root, PostgreSQL's account has to pass through it.
        folder.chmod(0o755)
        server = EmbeddedPostgres(folder, durable=False)
        cls.dsn = asyncio.run(server.start())

        def stop() -> None:
            cls.close()
            asyncio.run(server.stop())
            shutil.rmtree(folder, ignore_errors=True)

        atexit.register(stop)
