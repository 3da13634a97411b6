"""Snapshots by tenant and schema: the customer store that needs no database."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TypeVar

from segmentry.criteria.catalog import Catalog
from segmentry.criteria.nodes import Node
from segmentry.customers.scan import Cancel
from segmentry.customers.snapshot import Snapshot
from segmentry.customers.store import Count, Member, Table
from segmentry.errors import NotFound, StoreBusy

DEFAULT_SLOTS = 2
DEFAULT_WAIT_S = 2.0
RETRY_AFTER_S = 1.0
Loader = Callable[[], Snapshot]
T = TypeVar("T")


@dataclass
class _Shelf:
    """The place of one table: its snapshot or how to get it. By `lock` first users share one load."""

    loader: Loader
    snapshot: Snapshot | None = None
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


class SnapshotStore:
    """Customer tables in memory. Readers keep the version they started on while `put` replaces a table.

    `slots` counts run at once, in threads; who waits longer than `wait_s` for one is refused.
    Use it from one event loop; `put` and `put_lazy` may also be called before the loop runs.
    """

    def __init__(self, *, slots: int = DEFAULT_SLOTS, wait_s: float = DEFAULT_WAIT_S) -> None:
        self._slots = asyncio.Semaphore(slots)
        self._wait_s = wait_s
        self._tenants: dict[str, dict[str, _Shelf]] = {}
        self._defaults: dict[str, str] = {}

    def put(self, tenant: str, schema_id: str, snapshot: Snapshot, *, default: bool = False) -> None:
        """Show `snapshot` under that id from now on. A tenant's first table is its default."""
        self._shelve(tenant, schema_id, _Shelf(lambda: snapshot, snapshot), default=default)

    def put_lazy(self, tenant: str, schema_id: str, loader: Loader, *, default: bool = False) -> None:
        """Load the table when it is first asked for, in a thread; a load that fails is tried again.

        The same loader under several ids is called once.
        """
        shared = next(
            (
                shelf
                for tables in self._tenants.values()
                for shelf in tables.values()
                if shelf.loader is loader
            ),
            None,
        )
        self._shelve(tenant, schema_id, shared or _Shelf(loader), default=default)

    def _shelve(self, tenant: str, schema_id: str, shelf: _Shelf, *, default: bool) -> None:
        tables = self._tenants.setdefault(tenant, {})
        tables[schema_id] = shelf
        if default or len(tables) == 1:
            self._defaults[tenant] = schema_id

    # --- CustomerStore ----------------------------------------------------------------------------

    async def tables(self, tenant: str) -> Sequence[Table]:
        """All tables of a tenant, default first.

        Raises: NotFound if the tenant is unknown.
        """
        ids = sorted(
            self._tables(tenant), key=lambda schema_id: (schema_id != self._defaults[tenant], schema_id)
        )
        return [await self.table(tenant, schema_id) for schema_id in ids]

    async def table(self, tenant: str, schema_id: str) -> Table:
        """The table of that id; an empty id means the tenant's default table.

        Raises: NotFound, naming the schemas that exist.
        """
        schema_id = schema_id or self._default(tenant)
        snapshot = await self.snapshot(tenant, schema_id)
        return Table(
            schema_id=schema_id,
            display_name=snapshot.catalog.display_name or schema_id,
            catalog=snapshot.catalog,
            rows=snapshot.rows,
            snapshot_id=snapshot.snapshot_id,
            loaded_at=snapshot.loaded_at.astimezone(UTC),
            is_default=schema_id == self._defaults[tenant],
        )

    async def count(self, tenant: str, schema_id: str, nodes: Sequence[Node], as_of: datetime) -> list[Count]:
        """One exact count per bound node, all on the same version of the rows, in a thread.

        Raises: NotFound; StoreBusy when no slot is free in time.
        """
        snapshot = await self.snapshot(tenant, schema_id)
        matched = await self._in_slot(lambda cancel: snapshot.count_many(nodes, as_of, cancel=cancel))
        return [Count(n_matched, snapshot.rows, snapshot.snapshot_id) for n_matched in matched]

    async def estimate(self, tenant: str, schema_id: str, node: Node, as_of: datetime) -> Count | None:
        """None: an exact count is as quick here."""
        del tenant, schema_id, node, as_of

    async def resolve(
        self, tenant: str, schema_id: str, nodes: Sequence[Node], as_of: datetime
    ) -> list[Node]:
        """The trees with every `$top` replaced by its `of` and the threshold on the current rows."""
        snapshot = await self.snapshot(tenant, schema_id)

        def resolved(cancel: Cancel) -> list[Node]:
            del cancel
            return [snapshot.resolved(node, as_of) for node in nodes]

        return await self._in_slot(resolved)

    async def member(self, tenant: str, schema_id: str, key: str) -> Member:
        """One customer by its key.

        Raises: NotFound; StoreBusy.
        """
        snapshot = await self.snapshot(tenant, schema_id)

        def found(cancel: Cancel) -> Member | None:
            del cancel
            row = snapshot.row_of(key)
            return None if row is None else snapshot.member(row)

        member = await self._in_slot(found)
        if member is None:
            raise NotFound(f"there is no customer {key!r}", resourceType="customer", resourceId=key)
        return member

    async def example(self, tenant: str, schema_id: str, node: Node, as_of: datetime) -> Member | None:
        """The first customer in the order of the rows that matches, None when nobody does."""
        snapshot = await self.snapshot(tenant, schema_id)

        def first(cancel: Cancel) -> Member | None:
            mask = snapshot.mask(node, as_of, cancel=cancel)
            row = int(mask.argmax()) if snapshot.rows else 0
            return snapshot.member(row) if snapshot.rows and mask[row] else None

        return await self._in_slot(first)

    # --- beyond the protocol ----------------------------------------------------------------------

    async def snapshot(self, tenant: str, schema_id: str = "") -> Snapshot:
        """The current version of a table, loaded if it has not been yet.

        Raises: NotFound; what the loader raises.
        """
        shelf = self._shelf(tenant, schema_id)
        if shelf.snapshot is None:
            async with shelf.lock:
                if shelf.snapshot is None:
                    shelf.snapshot = await asyncio.to_thread(shelf.loader)
        return shelf.snapshot

    def catalog(self, tenant: str, schema_id: str = "") -> Catalog | None:
        """The catalog of a table that is loaded, None while it is not. Raises: NotFound."""
        snapshot = self._shelf(tenant, schema_id).snapshot
        return None if snapshot is None else snapshot.catalog

    async def _in_slot(self, work: Callable[[Cancel], T]) -> T:
        """`work` in a thread, when a slot is free; a caller who leaves stops it. Raises: StoreBusy."""
        await self._take_slot()
        cancel = Cancel()
        try:
            return await asyncio.to_thread(work, cancel)
        finally:
            # The thread itself cannot be stopped: it asks, between two slices.
            cancel.set()
            self._slots.release()

    async def _take_slot(self) -> None:
        try:
            async with asyncio.timeout(self._wait_s):
                await self._slots.acquire()
        except TimeoutError as err:
            raise StoreBusy(
                f"no slot for counting became free in {self._wait_s:g} s; try again",
                retry_after_s=RETRY_AFTER_S,
                waitedSeconds=self._wait_s,
            ) from err

    def _tables(self, tenant: str) -> dict[str, _Shelf]:
        tables = self._tenants.get(tenant)
        if tables is None:
            raise NotFound(
                f"tenant {tenant!r} has no customer table here; check tenant_id or the credential",
                resourceType="tenant",
                resourceId=tenant,
            )
        return tables

    def _default(self, tenant: str) -> str:
        self._tables(tenant)
        return self._defaults[tenant]

    def _shelf(self, tenant: str, schema_id: str) -> _Shelf:
        tables = self._tables(tenant)
        schema_id = schema_id or self._defaults[tenant]
        shelf = tables.get(schema_id)
        if shelf is None:
            known = ", ".join(sorted(tables))
            raise NotFound(
                f"there is no schema {schema_id!r}; there are: {known}",
                resourceType="schema",
                resourceId=schema_id,
                available=known,
            )
        return shelf
