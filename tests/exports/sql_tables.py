"""Plain rows as tables of a SQL engine: the columns that a catalog asks for, and cells as it takes them."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from segmentry.criteria.catalog import Catalog, Field
from segmentry.criteria.export.dialects import Dialect
from segmentry.criteria.export.sql import quoted, relation
from segmentry.criteria.match import EventRow, Row

CUSTOMERS = "the.customers"
KEY, OWNER, TIME = "customer key", "owner of it", "time of it"


@dataclass(frozen=True)
class Table:
    """A table to be made: its name, the quoted columns with their types, and rows of cells."""

    name: str
    columns: Sequence[tuple[str, str]]
    rows: Sequence[Sequence[Any]]


@dataclass(frozen=True)
class Storage:
    """How an engine holds each kind of column, and what a cell looks like on the way in."""

    dialect: Dialect
    types: Mapping[str, str]
    cells: Mapping[str, Callable[[Any], Any]]
    schema: bool = True

    def kind(self, field: Field) -> str:
        if field.type == "number":
            return "integer" if field.integer else "float"
        return "string" if field.type == "enum" else field.type

    def columns(self, field: Field) -> list[tuple[str, str]]:
        names = dict.fromkeys((field.column_name, field.compared_column))
        return [(quoted(name, self.dialect), self.types[self.kind(field)]) for name in names]

    def cell(self, field: Field, value: Any) -> list[Any]:
        twice = [value, _folded(value)] if field.case_insensitive else [value]
        take = self.cells.get(self.kind(field), lambda each: each)
        return [None if each is None else take(each) for each in twice]

    def tables(
        self, catalog: Catalog, rows: Sequence[Row], events: Sequence[Sequence[EventRow]]
    ) -> list[Table]:
        """The customers' table, then one for each kind of event."""
        key = (quoted(KEY, self.dialect), self.types["integer"])
        customers = Table(
            relation(self.relation, self.dialect),
            [key, *(each for field in catalog.fields for each in self.columns(field))],
            [
                [
                    number,
                    *(each for field in catalog.fields for each in self.cell(field, row.get(field.name))),
                ]
                for number, row in enumerate(rows)
            ],
        )
        return [customers, *(self._events(each, catalog, events) for each in catalog.event_by_name)]

    @property
    def relation(self) -> str:
        return CUSTOMERS if self.schema else CUSTOMERS.replace(".", " ")

    def _events(self, name: str, catalog: Catalog, events: Sequence[Sequence[EventRow]]) -> Table:
        known = catalog.event_by_name[name]
        fields = [Field(each.name, each.type, each.integer, each.column_name) for each in known.properties]
        instant = Field(TIME, "datetime")
        rows: list[list[Any]] = []
        for owner, theirs in enumerate(events):
            for event in theirs:
                if event["name"] == name:
                    properties: Any = event.get("properties", {})
                    cells = (
                        cell for field in fields for cell in self.cell(field, properties.get(field.name))
                    )
                    rows.append([owner, *self.cell(instant, event["ts"]), *cells])
        # An event of nobody, as tables have them: a NULL among the keys makes NOT IN unknown for everyone.
        rows += [[None, *row[1:]] for row in rows[:1]]
        return Table(
            relation(known.table_name, self.dialect),
            [
                (quoted(OWNER, self.dialect), self.types["integer"]),
                *self.columns(instant),
                *(each for field in fields for each in self.columns(field)),
            ],
            rows,
        )


def keyed(catalog: Catalog) -> Catalog:
    """The catalog with the key and time columns that the tables here have."""
    events = tuple(
        dataclasses.replace(each, key_column=OWNER, time_column=TIME, table=each.table)
        for each in catalog.events
    )
    return dataclasses.replace(catalog, key=KEY, events=events)


def _folded(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return [_folded(each) for each in cast("Sequence[object]", value)]
    return value.casefold() if isinstance(value, str) else value
