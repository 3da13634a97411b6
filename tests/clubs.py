"""A golf club as a table, and a listener that keeps what a build says: for the folders that build."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime

from segmentry.builder.events import Event
from segmentry.builder.request import Place
from segmentry.criteria.dates import Clock
from segmentry.customers.demo import golf_snapshot
from segmentry.customers.snapshot import Snapshot
from segmentry.customers.snapshots import SnapshotStore

AS_OF = datetime(2025, 12, 16, 10, tzinfo=UTC)


def club_of(members: int) -> Snapshot:
    """So many members on 16 December 2025."""
    return golf_snapshot(members, as_of=AS_OF)


def store_of(club: Snapshot) -> SnapshotStore:
    """The club as the default table of `demo`."""
    store = SnapshotStore()
    store.put("demo", "customers", club)
    return store


def place_of(club: Snapshot) -> Place:
    return Place("demo", "customers", club.catalog, Clock.at(AS_OF, club.catalog.time_zone))


@dataclass
class Listener:
    """Keeps every event, in order."""

    heard: list[Event] = field(default_factory=list[Event])

    async def __call__(self, event: Event) -> None:
        self.heard.append(event)
