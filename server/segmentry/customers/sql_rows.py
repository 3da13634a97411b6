"""Plain rows as tables of a SQL store: what `segmentry match --engine duckdb|postgres` asks."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol, Self, TypeVar

from segmentry.criteria import paths
from segmentry.criteria.catalog import Catalog, EventProperty, EventType, Field
from segmentry.criteria.export.dialects import Dialect
from segmentry.criteria.export.sql import quoted
from segmentry.criteria.linetable import BadLine
from segmentry.criteria.match import Cell, EventRow, Row, cell
from segmentry.criteria.nodes import Node
from segmentry.customers.connections import Connection
from segmentry.customers.pushdown import Limits, PushdownTable

NAME, KEY, TIME = "line", "n", "at"
# PostgreSQL takes 32,767 parameters in one statement.
MOST_PARAMETERS = 20_000
T = TypeVar("T")
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Made:
    """A table to make: its columns with their SQL types, and its rows."""

    name: str
    columns: Mapping[str, str]
    rows: Sequence[Sequence[object]]


class Scratch(Protocol):
    """A database where tables are made for one question, and dropped again."""

    @property
    def connection(self) -> Connection: ...

    @property
    def holds_nul(self) -> bool:
        """Whether its texts may hold the NUL character."""
        ...

    async def write(self, statements: Sequence[tuple[str, Sequence[object]]]) -> None:
        """Run statements in one transaction."""
        ...

    async def close(self) -> None: ...


@dataclass
class SqlRows:
    """An engine over plain rows. Each call makes tables, asks a `PushdownTable` of them and drops them."""

    opened: Callable[[], Scratch]
    _runner: asyncio.Runner | None = None
    _scratch: Scratch | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def open(self) -> None:
        """Reach the database, which the first question would do else. Raises: Unavailable."""

        async def reached() -> None:
            if self._scratch is None:
                self._scratch = self.opened()
            async with self._scratch.connection.session():
                pass

        self._run(reached())

    def _run(self, work: Coroutine[None, None, T]) -> T:
        if self._runner is None:
            self._runner = asyncio.Runner()
        return self._runner.run(work)

    def close(self) -> None:
        """End the session. The next question opens another."""
        runner, self._runner = self._runner, None
        scratch, self._scratch = self._scratch, None
        if runner is not None:
            try:
                if scratch is not None:
                    runner.run(scratch.close())
            finally:
                runner.close()

    def select(
        self,
        catalog: Catalog,
        rows: Sequence[Row],
        events: Sequence[Sequence[EventRow]],
        bound: Node,
        as_of: datetime,
    ) -> list[bool]:
        """For each row whether it matches; the same question as `criteria.match.select`.

        Raises: StoreBusy, Unavailable.
        """
        found = set(self.asked(catalog, rows, events, lambda table: table.keys(bound, as_of)))
        return [str(number) in found for number in range(len(rows))]

    def asked(
        self,
        catalog: Catalog,
        rows: Sequence[Row],
        events: Sequence[Sequence[EventRow]],
        ask: Callable[[PushdownTable], Coroutine[None, None, T]],
    ) -> T:
        """What the table of these rows answers. Keys there are the places of the rows, from 0, as text.

        A fault ends the session, with whatever it left there; the next question opens another.

        Raises: BadLine for a text that the database cannot hold; StoreBusy, Unavailable.
        """
        return self._run(self._asked(catalog, rows, events, ask))

    async def _asked(
        self,
        catalog: Catalog,
        rows: Sequence[Row],
        events: Sequence[Sequence[EventRow]],
        ask: Callable[[PushdownTable], Coroutine[None, None, T]],
    ) -> T:
        if self._scratch is None:
            self._scratch = self.opened()
        scratch = self._scratch
        if not scratch.holds_nul:
            _refuse_nul(rows, events)
        dialect = scratch.connection.dialect
        named, tables = laid_out(catalog, rows, events, dialect)
        try:
            await scratch.write([each for table in tables for each in made(table, dialect)])
            answer = await ask(PushdownTable(scratch.connection, named, NAME, limits=Limits()))
            await scratch.write([(f"DROP TABLE {quoted(each.name, dialect)}", ()) for each in tables])
        except BaseException:
            self._scratch = None
            try:
                await scratch.close()
            except Exception:
                log.warning("a session of plain rows did not end well", exc_info=True)
            raise
        return answer


def _refuse_nul(rows: Sequence[Row], events: Sequence[Sequence[EventRow]]) -> None:
    """Raises: BadLine naming the first text with NUL."""
    problem = (
        "PostgreSQL cannot hold a text with the NUL character (U+0000); leave it out or ask another engine"
    )
    for number, row in enumerate(rows):
        for name, value in row.items():
            if _has_nul(value):
                path = paths.member(paths.item("rows", number), name)
                raise BadLine("INVALID_VALUE", path, problem)
    for theirs in events:
        for event in theirs:
            for name, value in _properties(event).items():
                if _has_nul(value):
                    raise BadLine("INVALID_VALUE", "events", f"{event['name']}.{name}: {problem}")


def _has_nul(value: Cell) -> bool:
    if isinstance(value, tuple):
        return any(map(_has_nul, value))
    return isinstance(value, str) and "\0" in value


def laid_out(
    catalog: Catalog, rows: Sequence[Row], events: Sequence[Sequence[EventRow]], dialect: Dialect
) -> tuple[Catalog, list[Made]]:
    """The tables of some rows, and the catalog that finds them there. A row's key is its place, from 0."""
    fields = tuple(
        replace(each, column=f"f{number}", folded_column=f"f{number}_folded")
        for number, each in enumerate(catalog.fields)
    )
    columns = {KEY: "bigint"}
    folded = [each for each in fields if each.case_insensitive]
    columns |= {each.column: sql_type(each, dialect) for each in fields}
    columns |= {each.folded_column: sql_type(each, dialect) for each in folded}
    names = {each.name for each in folded}
    filled = [
        (
            number,
            *(stored(row.get(each.name)) for each in fields),
            *(stored(cell(row, each.name, names)) for each in folded),
        )
        for number, row in enumerate(rows)
    ]
    kinds = tuple(
        replace(
            kind,
            table=f"{NAME}_{number}",
            key_column=KEY,
            time_column=TIME,
            properties=tuple(replace(each, column=f"p{place}") for place, each in enumerate(kind.properties)),
        )
        for number, kind in enumerate(catalog.events)
    )
    tables = [Made(NAME, columns, filled), *(_happened(kind, events, dialect) for kind in kinds)]
    return replace(catalog, fields=fields, events=kinds, key=KEY), tables


def _happened(kind: EventType, events: Sequence[Sequence[EventRow]], dialect: Dialect) -> Made:
    columns = {KEY: "bigint", TIME: dialect.types["datetime"]}
    columns |= {each.column: sql_type(each, dialect) for each in kind.properties}
    rows: list[Sequence[object]] = []
    for owner, theirs in enumerate(events):
        for event in theirs:
            if event["name"] == kind.name:
                properties = _properties(event)
                values = (stored(properties.get(each.name)) for each in kind.properties)
                rows.append((owner, event["ts"], *values))
    return Made(kind.table, columns, rows)


def _properties(event: EventRow) -> Mapping[str, Cell]:
    properties = event.get("properties")
    return properties if isinstance(properties, Mapping) else {}


def stored(value: Cell) -> object:
    """A value as drivers take it."""
    return list(value) if isinstance(value, tuple) else value


def sql_type(field: Field | EventProperty, dialect: Dialect) -> str:
    """The type of the column that holds a field."""
    match field.type:
        case "number":
            return dialect.types["integer" if field.integer else "float"]
        case "enum":
            return dialect.types["string"]
        case "array":
            return f"{dialect.types['string']}[]"
        case "string" | "boolean" | "datetime":
            return dialect.types[field.type]


def made(table: Made, dialect: Dialect) -> list[tuple[str, Sequence[object]]]:
    """The statements that make and fill a table."""
    name = quoted(table.name, dialect)
    columns = ", ".join(f"{quoted(each, dialect)} {kind}" for each, kind in table.columns.items())
    statements: list[tuple[str, Sequence[object]]] = [(f"CREATE TEMPORARY TABLE {name} ({columns})", ())]
    kinds = list(table.columns.values())
    step = max(1, MOST_PARAMETERS // len(kinds))
    for start in range(0, len(table.rows), step):
        chunk = table.rows[start : start + step]
        places = iter(range(1, len(chunk) * len(kinds) + 1))
        listed = ", ".join(f"({', '.join(f'${next(places)}::{kind}' for kind in kinds)})" for _ in chunk)
        statements.append((f"INSERT INTO {name} VALUES {listed}", [value for row in chunk for value in row]))  # noqa: S608
    return statements
