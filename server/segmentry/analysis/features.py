"""The seam to the customer rows: a snapshot as the arrays that an analysis reads."""

from __future__ import annotations

import numpy as np

from segmentry.analysis.table import Column, FeatureTable, Levels, Mask, Numbers
from segmentry.customers.snapshot import Snapshot


def feature_table(snapshot: Snapshot, within: Mask | None = None) -> FeatureTable:
    """Every visible field of the snapshot, of all rows or of those that `within` marks."""
    columns: dict[str, Column] = {}
    left_out: list[str] = []
    for field in snapshot.catalog.visible:
        match field.type:
            case "number" | "datetime":
                columns[field.name] = Numbers(
                    field, snapshot.numeric(field.name).astype(np.float64, copy=False)
                )
            case "array":
                left_out.append(field.name)
            case "string" | "enum" | "boolean":
                held = snapshot.categories(field.name)
                columns[field.name] = Levels(field, held.codes, held.labels)
    table = FeatureTable(snapshot.catalog, snapshot.rows, columns, tuple(left_out))
    return table if within is None else table.take(within)
