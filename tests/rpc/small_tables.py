"""Tables from columns that a test writes down, typed from what they hold."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from datetime import datetime

import polars as pl
from segmentry.criteria.catalog import Catalog, Field
from segmentry.customers.snapshot import Snapshot

Values = Sequence[float | str | bool | datetime | None]


def table(
    columns: Mapping[str, Values],
    name: str = "visitors",
    *,
    personal: Sequence[str] = (),
    snapshot_id: str = "",
    loaded_at: datetime | None = None,
    key: str = "",
) -> Snapshot:
    """A snapshot of those columns. Empty ones are texts; `personal` are the fields that name persons, and
    customers are told apart by the column `key`."""
    frame = pl.DataFrame({column: list(values) for column, values in columns.items()}, strict=False)
    fields = [_field(column, kind, column in personal) for column, kind in frame.schema.items()]
    made = Snapshot.from_frame(frame, Catalog(name, tuple(fields), key=key), snapshot_id=snapshot_id)
    return made if loaded_at is None else dataclasses.replace(made, loaded_at=loaded_at)


def _field(column: str, kind: pl.DataType, personal: bool) -> Field:
    if kind.is_numeric():
        return Field(column, "number", integer=kind.is_integer(), pii=personal)
    if kind.is_temporal():
        return Field(column, "datetime", pii=personal)
    return Field(column, "boolean" if kind == pl.Boolean else "string", pii=personal)
