"""Snapshots by tenant and schema: the customer store that needs no database."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC

from segmentry.criteria.catalog import Catalog
from segmentry.customers.engine import Pinned, TableDirectory
from segmentry.customers.snapshot import Snapshot
from segmentry.customers.snapshot_table import Slots, SnapshotTable
from segmentry.customers.store import Table
from segmentry.errors import NotFound

DEFAULT_SLOTS = 2
DEFAULT_WAIT_S = 2.0
Loader = Callable[[], Snapshot]


@dataclass
class _Shelf:
    """The place of one table: its snapshot or how to get it. By `lock` first users share one load."""

    loader: Loader
    snapshot: Snapshot | None = None
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


class SnapshotStore(TableDirectory):
    """Customer tables in memory. Readers keep the version they started on while `put` replaces a table.

    `slots` counts run at once, in threads; who waits longer than `wait_s` for one is refused.
    Use it from one event loop; `put` and `put_lazy` may also be called before the loop runs.
    """

    def __init__(self, *, slots: int = DEFAULT_SLOTS, wait_s: float = DEFAULT_WAIT_S) -> None:
        self._slots = Slots(slots, wait_s)
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
        self._tables(tenant)
        return [await self.table(tenant, schema_id) for schema_id in self.schema_ids(tenant)]

    async def pinned(self, tenant: str, schema_id: str) -> Pinned:
        """The current version of a table, loaded if it has not been yet.

        Raises: NotFound, naming the schemas that exist; what the loader raises.
        """
        schema_id = schema_id or self._default(tenant)
        snapshot = await self.snapshot(tenant, schema_id)
        table = Table(
            schema_id=schema_id,
            display_name=snapshot.catalog.display_name or schema_id,
            catalog=snapshot.catalog,
            rows=snapshot.rows,
            snapshot_id=snapshot.snapshot_id,
            loaded_at=snapshot.loaded_at.astimezone(UTC),
            is_default=schema_id == self._defaults[tenant],
            origin=snapshot.origin,
        )
        return Pinned(tenant, table, SnapshotTable(snapshot, self._slots))

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

    def schema_ids(self, tenant: str) -> list[str]:
        """The ids of a tenant's tables, its default first; none for an unknown tenant."""
        if tenant not in self._tenants:
            return []
        default = self._defaults[tenant]
        return sorted(self._tenants[tenant], key=lambda schema_id: (schema_id != default, schema_id))

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
