"""A small club of customers, and the service that keeps segments of it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from segmentry.criteria import linetable
from segmentry.criteria.dates import Clock
from segmentry.customers import rows
from segmentry.customers.snapshots import SnapshotStore
from segmentry.errors import JsonValue
from segmentry.segments.service import SegmentService
from segmentry.state.database import Database

NOW = datetime(2025, 12, 16, 10, tzinfo=UTC)


@pytest.fixture
def customers() -> SnapshotStore:
    """Ten customers with a score of 1 to 10, for two tenants, in two tables each."""
    catalog = linetable.catalog({"score": "integer", "status": "string"}, ())
    given: list[JsonValue] = [
        {"_id": i, "score": i, "status": "ACTIVE" if i % 2 else "OLD"} for i in range(1, 11)
    ]
    _, read = linetable.rows(given, catalog, Clock.at(NOW))
    store = SnapshotStore()
    for tenant in ("demo", "other"):
        store.put(tenant, "club", rows.snapshot(catalog, read, [() for _ in read]), default=True)
        store.put(tenant, "shop", rows.snapshot(catalog, read, [() for _ in read]))
    return store


@pytest.fixture
def service(database: Database, customers: SnapshotStore) -> SegmentService:
    return SegmentService(database, customers)
