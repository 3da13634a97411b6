"""Small made tables, and the instant that every analysis of these tests happens at."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import cast

import polars as pl
from segmentry.criteria.catalog import Catalog, Field
from segmentry.customers.snapshot import Snapshot

AS_OF = datetime(2026, 11, 21, 12, tzinfo=UTC)

Column = Sequence[object]


def snapshot_of(fields: Sequence[Field], columns: dict[str, Column], schema: str = "customers") -> Snapshot:
    """A snapshot of Python columns."""
    kinds = {"number": pl.Float64, "datetime": pl.Datetime("us", "UTC"), "boolean": pl.Boolean}
    frame = pl.DataFrame(
        {
            field.name: pl.Series(
                field.name, list(columns[field.name]), dtype=kinds.get(field.type, pl.String), strict=False
            )
            for field in fields
        }
    )
    return Snapshot.from_frame(frame, Catalog(schema, tuple(fields)), snapshot_id="made")


def numbers(**columns: Sequence[float | None]) -> Snapshot:
    """A snapshot of number fields."""
    return snapshot_of([Field(name, "number") for name in columns], cast("dict[str, Column]", columns))
