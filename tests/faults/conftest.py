"""A golf club of 300 members, and whoever listens to a build."""

from __future__ import annotations

import pytest
from segmentry.builder.request import Place
from segmentry.customers.snapshot import Snapshot
from segmentry.customers.snapshots import SnapshotStore

from tests.clubs import AS_OF, Listener, club_of, place_of, store_of

__all__ = ["AS_OF", "Listener"]


@pytest.fixture(scope="session")
def club() -> Snapshot:
    return club_of(300)


@pytest.fixture
def store(club: Snapshot) -> SnapshotStore:
    return store_of(club)


@pytest.fixture
def place(club: Snapshot) -> Place:
    return place_of(club)


@pytest.fixture
def listener() -> Listener:
    return Listener()
