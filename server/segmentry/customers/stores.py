"""All customer tables of a server, each behind its own engine: in memory, or in a database."""

from __future__ import annotations

import asyncio
import dataclasses
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from segmentry.customers.engine import Pinned, TableDirectory, TableEngine
from segmentry.customers.snapshot import Snapshot
from segmentry.customers.snapshots import SnapshotStore
from segmentry.customers.store import Table
from segmentry.errors import NotFound

# An estimate and the run that follows it read the same copy of a table.
COPY_KEPT_S = 60.0

log = logging.getLogger(__name__)

# The rows of a table that a database serves, in memory, for work that needs all of them.
Copy = Callable[[], Awaitable[Snapshot]]


@dataclass
class _Served:
    """A table that a database serves. By `lock` first users share one copy."""

    engine: TableEngine
    copy: Copy
    copied: Snapshot | None = None
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    def forget(self) -> None:
        self.copied = None


class Stores(TableDirectory):
    """The customer store of a server. Snapshots are put into `snapshots`, tables of databases by `put`."""

    def __init__(self, snapshots: SnapshotStore | None = None) -> None:
        self.snapshots = snapshots or SnapshotStore()
        self._served: dict[str, dict[str, _Served]] = {}
        self._defaults: dict[str, str] = {}

    def put(
        self, tenant: str, schema_id: str, engine: TableEngine, copy: Copy, *, default: bool = False
    ) -> None:
        """Serve a table by `engine`. `copy` makes a snapshot of it, or says that it is too large.

        A tenant's snapshots come before its other tables when no default is named.
        """
        self._served.setdefault(tenant, {})[schema_id] = _Served(engine, copy)
        if default:
            self._defaults[tenant] = schema_id

    async def close(self) -> None:
        """Give back what the engines hold. Snapshots go with their last reader."""
        for tables in self._served.values():
            for served in tables.values():
                served.forget()
                await served.engine.close()
        self._served.clear()

    # --- CustomerStore ----------------------------------------------------------------------------

    async def tables(self, tenant: str) -> Sequence[Table]:
        """All tables of a tenant, default first, without those that cannot be described now.

        Raises: NotFound if the tenant is unknown; what the engines raise where none can be described.
        """
        found: list[Table] = []
        fault: Exception | None = None
        for schema_id in self._ids(tenant):
            try:
                found.append(await self.table(tenant, schema_id))
            except Exception as err:  # noqa: BLE001  (whatever is wrong with it)
                # One table that is gone for now hides none of the others.
                log.warning("table %s of tenant %s is not listed: %s", schema_id, tenant, err)
                fault = fault or err
        if fault is not None and not found:
            raise fault
        return found

    async def pinned(self, tenant: str, schema_id: str) -> Pinned:
        """The current version of a table; see `TableDirectory`."""
        name, served = self._find(tenant, schema_id)
        is_default = name == self._ids(tenant)[0]
        if served is None:
            pinned = await self.snapshots.pinned(tenant, name)
            described = dataclasses.replace(pinned.described, is_default=is_default)
            return dataclasses.replace(pinned, described=described)
        rows, snapshot_id, loaded_at = await served.engine.describe()
        catalog = served.engine.catalog
        title = catalog.display_name or name
        origin = await served.engine.origin()
        table = Table(name, title, catalog, rows, snapshot_id, loaded_at, is_default, origin)
        return Pinned(tenant, table, served.engine)

    # --- beyond the protocol ----------------------------------------------------------------------

    async def snapshot(self, tenant: str, schema_id: str = "") -> Snapshot:
        """The rows of a table in memory, for an analysis: the snapshot, or a copy that is kept a while.

        Raises: NotFound; DatasetTooLarge; what loading or copying raises.
        """
        name, served = self._find(tenant, schema_id)
        if served is None:
            return await self.snapshots.snapshot(tenant, name)
        async with served.lock:
            if served.copied is None:
                served.copied = await served.copy()
                asyncio.get_running_loop().call_later(COPY_KEPT_S, served.forget)
            return served.copied

    def _ids(self, tenant: str) -> list[str]:
        """The ids of a tenant's tables, default first. Raises: NotFound."""
        in_memory, served = self.snapshots.schema_ids(tenant), sorted(self._served.get(tenant, ()))
        ids = [*in_memory, *served]
        if not ids:
            raise NotFound(
                f"tenant {tenant!r} has no customer table here; check tenant_id or the credential",
                resourceType="tenant",
                resourceId=tenant,
            )
        default = self._defaults.get(tenant, ids[0])
        return [default, *sorted(schema_id for schema_id in ids if schema_id != default)]

    def _find(self, tenant: str, schema_id: str) -> tuple[str, _Served | None]:
        """The id and the table, None in the second place for a snapshot. Raises: NotFound."""
        ids = self._ids(tenant)
        schema_id = schema_id or ids[0]
        if schema_id not in ids:
            known = ", ".join(sorted(ids))
            raise NotFound(
                f"there is no schema {schema_id!r}; there are: {known}",
                resourceType="schema",
                resourceId=schema_id,
                available=known,
            )
        return schema_id, self._served.get(tenant, {}).get(schema_id)
