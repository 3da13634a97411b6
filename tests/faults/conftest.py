"""A golf club of 300 members, and whoever listens to a build."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest
from segmentry.builder.events import Event
from segmentry.builder.request import Place
from segmentry.criteria.dates import Clock
from segmentry.customers.demo import golf_snapshot
from segmentry.customers.snapshot import Snapshot
from segmentry.customers.snapshots import SnapshotStore

AS_OF = datetime(2025, 12, 16, 10, tzinfo=UTC)


@pytest.fixture(scope="session")
def club() -> Snapshot:
    return golf_snapshot(300, as_of=AS_OF)


@pytest.fixture
def store(club: Snapshot) -> SnapshotStore:
    store = SnapshotStore()
    store.put("demo", "customers", club)
    return store


@pytest.fixture
def place(club: Snapshot) -> Place:
    return Place("demo", "customers", club.catalog, Clock.at(AS_OF, club.catalog.time_zone))


@dataclass
class Listener:
    heard: list[Event] = field(default_factory=list[Event])

    async def __call__(self, event: Event) -> None:
        self.heard.append(event)


@pytest.fixture
def listener() -> Listener:
    return Listener()
