"""The shared real tables, where they are present beside the checkout."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from segmentry.customers.load import load_table
from segmentry.customers.snapshot import Snapshot

SHARED = Path(__file__).resolve().parents[2].parent / "shared" / "data"


@pytest.fixture(scope="session")
def shared_table() -> Callable[[str], Snapshot]:
    """One of the shared real tables, as a server loads it. Only a folder that is not there skips a test."""

    def load(name: str) -> Snapshot:
        if not SHARED.exists():
            pytest.skip("the shared tables are not beside this checkout")
        return load_table(SHARED / f"{name}.csv", name)

    return load
