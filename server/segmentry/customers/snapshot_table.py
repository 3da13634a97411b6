"""One version of a snapshot as an engine: every answer from the same rows, in threads, a few at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import TypeVar

from segmentry.criteria.catalog import Catalog
from segmentry.criteria.export.origin import Origin
from segmentry.criteria.nodes import Node
from segmentry.customers import few
from segmentry.customers.scan import Cancel
from segmentry.customers.snapshot import Snapshot
from segmentry.customers.store import Alike, Count, Member
from segmentry.errors import NotFound, StoreBusy

RETRY_AFTER_S = 1.0
# Conditions times customers that the loop can look at without holding up anybody: 2 to 3 ms.
MOST_AT_ONCE = 16_000
T = TypeVar("T")


class Slots:
    """How many counts run at once; who waits longer than `wait_s` for one is refused."""

    def __init__(self, slots: int, wait_s: float) -> None:
        self._slots = asyncio.Semaphore(slots)
        self._wait_s = wait_s

    async def run(self, work: Callable[[Cancel], T]) -> T:
        """`work` in a thread, when a slot is free; a caller who leaves stops it.

        Raises: StoreBusy; what `work` raises.
        """
        try:
            async with asyncio.timeout(self._wait_s):
                await self._slots.acquire()
        except TimeoutError as err:
            raise StoreBusy(
                f"no slot for counting became free in {self._wait_s:g} s; try again",
                retry_after_s=RETRY_AFTER_S,
                waitedSeconds=self._wait_s,
            ) from err
        cancel = Cancel()
        try:
            return await asyncio.to_thread(work, cancel)
        finally:
            # The thread itself cannot be stopped: it asks, between two slices.
            cancel.set()
            self._slots.release()


class SnapshotTable:
    """A `TableEngine` over one immutable snapshot. All versions and tables share the slots."""

    def __init__(self, snapshot: Snapshot, slots: Slots) -> None:
        self._snapshot = snapshot
        self._slots = slots

    @property
    def catalog(self) -> Catalog:
        return self._snapshot.catalog

    async def origin(self) -> Origin:
        """Where the rows were copied from."""
        return self._snapshot.origin

    async def describe(self) -> tuple[int, str, datetime]:
        snapshot = self._snapshot
        return snapshot.rows, snapshot.snapshot_id, snapshot.loaded_at.astimezone(UTC)

    async def count(self, nodes: Sequence[Node], as_of: datetime) -> list[Count]:
        """One exact count per bound node. Raises: StoreBusy."""
        snapshot = self._snapshot
        matched = await self._slots.run(lambda cancel: snapshot.count_many(nodes, as_of, cancel=cancel))
        return [Count(n_matched, snapshot.rows, snapshot.snapshot_id) for n_matched in matched]

    async def estimate(self, node: Node, as_of: datetime) -> Count | None:
        """None: an exact count is as quick here."""
        del node, as_of

    async def resolve(self, nodes: Sequence[Node], as_of: datetime) -> list[Node]:
        """The trees with every `$top` replaced by its `of` and the threshold. Raises: StoreBusy."""
        snapshot = self._snapshot

        def resolved(cancel: Cancel) -> list[Node]:
            return [snapshot.resolved(node, as_of, cancel=cancel) for node in nodes]

        return await self._slots.run(resolved)

    async def member(self, key: str) -> Member:
        """One customer by its key. Raises: NotFound; StoreBusy."""
        snapshot = self._snapshot

        def found(cancel: Cancel) -> Member | None:
            row = snapshot.row_of(key)
            return None if row is None else snapshot.member(row, cancel=cancel)

        member = await self._slots.run(found)
        if member is None:
            raise NotFound(f"there is no customer {key!r}", resourceType="customer", resourceId=key)
        return member

    async def holds(self, nodes: Sequence[Node], keys: Sequence[str], as_of: datetime) -> Alike:
        """Whether each node holds for the customers with those keys. Raises: StoreBusy."""
        snapshot = self._snapshot
        if few.at_once(snapshot, nodes) and len(nodes) * len(keys) <= MOST_AT_ONCE:
            # A thread would take longer to begin.
            return few.holds(snapshot, nodes, keys, as_of, cancel=Cancel())
        return await self._slots.run(lambda cancel: few.holds(snapshot, nodes, keys, as_of, cancel=cancel))

    async def example(self, node: Node, as_of: datetime) -> Member | None:
        """The first customer in the order of the rows that matches, None when nobody does."""
        snapshot = self._snapshot

        def first(cancel: Cancel) -> Member | None:
            mask = snapshot.mask(node, as_of, cancel=cancel)
            row = int(mask.argmax()) if snapshot.rows else 0
            return snapshot.member(row, cancel=cancel) if snapshot.rows and mask[row] else None

        return await self._slots.run(first)

    async def close(self) -> None:
        """Nothing to give back: the rows go with the last one who holds them."""
