"""The shared real tables, where they are present beside the checkout."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
from segmentry.criteria.catalog import Catalog, Field
from segmentry.customers.snapshot import Snapshot

SHARED = Path(__file__).resolve().parents[2].parent / "shared" / "data"


@pytest.fixture(scope="session")
def shared_table() -> Callable[[str], Snapshot]:
    """One of the shared real tables, its columns typed from what they hold: numbers, else text."""

    def load(name: str) -> Snapshot:
        path = SHARED / f"{name}.csv"
        if not path.exists():
            pytest.skip(f"{path.name} of the shared tables is not beside this checkout")
        frame = pl.read_csv(path, null_values=["", " "], infer_schema_length=None)
        fields = [
            Field(column, "number" if kind.is_numeric() else "string", integer=kind.is_integer())
            for column, kind in frame.schema.items()
        ]
        return Snapshot.from_frame(frame, Catalog(name, tuple(fields)))

    return load
