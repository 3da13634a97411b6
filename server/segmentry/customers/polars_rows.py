"""The exported Polars expression over plain rows: what `segmentry match --engine polars` asks."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import replace

import polars as pl

from segmentry.criteria import match
from segmentry.criteria.catalog import Catalog, EventProperty, EventType, Field
from segmentry.criteria.dates import Clock
from segmentry.criteria.export import polars
from segmentry.criteria.export.exported import Source
from segmentry.criteria.match import Cell, EventRow, Row
from segmentry.criteria.nodes import Node

_TIME = pl.Datetime("us", "UTC")
# No column of a line can be called so: control characters have no place in a name.
_KEY = "\x1fkey"


def select(
    catalog: Catalog,
    rows: Sequence[Row],
    events: Sequence[Sequence[EventRow]],
    bound: Node,
    as_of: dt.datetime,
) -> list[bool]:
    """For each row whether it matches; the same question as `criteria.match.select`, asked of the export."""
    keyed = replace(catalog, key=_KEY, events=tuple(_keyed(each) for each in catalog.events))
    folded = {each.name for each in catalog.fields if each.case_insensitive}
    # `$top` is about the whole table, and these rows are all of it.
    plain = match.without_tops(bound, rows, as_of, events or [()] * len(rows), folded=folded)
    text = polars.export(plain, Source(keyed, Clock.at(as_of))).text
    columns = {_KEY: pl.Series(range(len(rows)), dtype=pl.Int64)}
    for field in catalog.fields:
        columns[field.column_name] = _series(field, [match.cell(row, field.name) for row in rows])
        if field.case_insensitive:
            cells = [match.cell(row, field.name, folded) for row in rows]
            columns[field.compared_column] = _series(field, cells)
    happened = {kind.name: _events(kind, events) for kind in keyed.events}
    return matching(text, pl.DataFrame(columns), happened).to_list()


def matching(text: str, frame: pl.DataFrame, events: Mapping[str, pl.DataFrame]) -> pl.Series:
    """For each row of a frame whether an exported expression holds; `events` are frames by event name."""
    scope: dict[str, object] = {"pl": pl, "datetime": dt, "events": events, "__builtins__": {}}
    expression = eval(text, scope)  # noqa: S307 - the writer's own text, with nothing else in scope
    assert isinstance(expression, pl.Expr)
    return frame.with_columns(expression.alias("\x1fmatched")).get_column("\x1fmatched")


def _keyed(kind: EventType) -> EventType:
    return replace(kind, key_column=_KEY, time_column="\x1fat")


def _series(field: Field | EventProperty, cells: Sequence[Cell]) -> pl.Series:
    return pl.Series(list(cells), dtype=_type(field))


def _events(kind: EventType, events: Sequence[Sequence[EventRow]]) -> pl.DataFrame:
    kept = [
        (owner, event)
        for owner, theirs in enumerate(events)
        for event in theirs
        if event["name"] == kind.name
    ]
    columns = {
        kind.key_column: pl.Series([owner for owner, _ in kept], dtype=pl.Int64),
        kind.time_column: pl.Series([event["ts"] for _, event in kept], dtype=_TIME),
    }
    for known in kind.properties:
        columns[known.column_name] = _series(
            known, [match.cell(_properties(event), known.name) for _, event in kept]
        )
    return pl.DataFrame(columns)


def _properties(event: EventRow) -> Row:
    properties = event.get("properties")
    return properties if isinstance(properties, Mapping) else {}


def _type(field: Field | EventProperty) -> pl.DataType:
    match field.type:
        case "number":
            return pl.Int64() if field.integer else pl.Float64()
        case "boolean":
            return pl.Boolean()
        case "datetime":
            return _TIME
        case "array":
            return pl.List(pl.String())
        case "string" | "enum":
            return pl.String()
