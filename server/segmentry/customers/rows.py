"""The table engine over plain rows: what `segmentry match --engine snapshot` asks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

import polars as pl

from segmentry.criteria.catalog import Catalog, EventProperty, EventType, Field
from segmentry.criteria.match import EventRow, Row
from segmentry.criteria.nodes import Node
from segmentry.customers.snapshot import Snapshot

_TIME = pl.Datetime("us", "UTC")


def select(
    catalog: Catalog,
    rows: Sequence[Row],
    events: Sequence[Sequence[EventRow]],
    bound: Node,
    as_of: datetime,
) -> list[bool]:
    """For each row whether it matches; the same question as `criteria.match.select`, asked of a snapshot."""
    return [bool(matched) for matched in snapshot(catalog, rows, events).mask(bound, as_of)]


def snapshot(catalog: Catalog, rows: Sequence[Row], events: Sequence[Sequence[EventRow]] = ()) -> Snapshot:
    """A table from plain rows. Values are already what their fields declare, as `criteria.linetable` reads
    them; `events` has one list per row, or is empty."""
    columns = {
        field.column_name: pl.Series([row.get(field.name) for row in rows], dtype=_type(field))
        for field in catalog.fields
    }
    # A frame without a column would have no rows.
    frame = pl.DataFrame(columns or {"row": range(len(rows))})
    happened = {kind.name: _events(kind, events) for kind in catalog.events}
    return Snapshot.from_frame(frame, catalog, happened)


def _events(kind: EventType, events: Sequence[Sequence[EventRow]]) -> pl.DataFrame:
    """One line per event of this kind: whose, when, and its properties."""
    kept = [
        (owner, event)
        for owner, theirs in enumerate(events)
        for event in theirs
        if event["name"] == kind.name
    ]
    columns = {
        "owner": pl.Series([owner for owner, _ in kept], dtype=pl.Int32),
        "at": pl.Series([event["ts"] for _, event in kept], dtype=_TIME),
    }
    for known in kind.properties:
        columns[known.column_name] = pl.Series(
            [_properties(event).get(known.name) for _, event in kept], dtype=_type(known)
        )
    return pl.DataFrame(columns)


def _properties(event: EventRow) -> Mapping[str, object]:
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
