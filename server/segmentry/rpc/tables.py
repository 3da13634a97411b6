"""Which customer tables a server has: the golf club, and the tables that the settings name."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Protocol

from segmentry.config import Settings, TableSettings
from segmentry.customers.refresh import Refresher
from segmentry.customers.stores import Stores
from segmentry.errors import NotBuilt

if TYPE_CHECKING:
    from segmentry.customers.snapshot import Snapshot

# `tenant_123` is the tenant of the source documents' examples.
DEMO_TENANTS = ("demo", "tenant_123")
DEMO_SCHEMA = "customers"

_log = logging.getLogger("segmentry.server")


class Source(Protocol):
    """Where a snapshot comes from, and its next versions."""

    async def load(self) -> Snapshot: ...
    async def reload(self, current: Snapshot) -> Snapshot | None: ...


async def fill(stores: Stores, settings: Settings) -> Sequence[Refresher]:
    """Make every table that the settings name ready, one after the other, without blocking the loop.

    Returns what keeps them fresh. Raises: UnreadableTable and other request faults, naming the table;
    Unavailable for a database.
    """
    refreshers: list[Refresher] = []
    # One new version is made at a time.
    turn = asyncio.Semaphore(1)
    for table in settings.tables:
        if table.engine != "snapshot":
            raise NotBuilt(
                f"{table.source}: engine {table.engine!r} is not served yet; use engine = 'snapshot'",
                engine=table.engine,
            )
        source = source_of(table)
        snapshot = await source.load()
        stores.snapshots.put(table.tenant, table.schema_id, snapshot, default=table.default)
        _log.info("table %s of tenant %s has %d rows", table.schema_id, table.tenant, snapshot.rows)
        if table.refresh_s:
            kept = Refresher(
                stores.snapshots, table.tenant, table.schema_id, source.reload, table.refresh_s, turn
            )
            refreshers.append(kept)
    if settings.demo:
        snapshot = await asyncio.to_thread(_golf, settings)
        for tenant in DEMO_TENANTS:
            stores.snapshots.put(tenant, DEMO_SCHEMA, snapshot)
        _log.info("the golf club has %d members", snapshot.rows)
    if not settings.tables and not settings.demo:
        _log.warning("there is no customer table: name one in the settings, or start with --demo")
    return refreshers


def source_of(table: TableSettings) -> Source:
    """Where the rows of a table that is held in memory come from."""
    if table.path is not None:
        from segmentry.customers.table_file import TableFile  # noqa: PLC0415  # polars is imported on use

        return TableFile(table.path, table.schema_id, table.catalog)
    from segmentry.customers.postgres_source import PostgresSource, Relation  # noqa: PLC0415  # asyncpg too

    assert table.dsn is not None, "settings give a path or a dsn"
    relation = Relation(table.dsn.reveal(), table.relation, table.tenant, table.tenant_column)
    return PostgresSource(relation, table.schema_id, table.catalog)


def _golf(settings: Settings) -> Snapshot:
    from segmentry.customers import demo  # noqa: PLC0415  # polars is imported on use

    day = settings.demo_date
    as_of = datetime(day.year, day.month, day.day, tzinfo=UTC) if day is not None else None
    return demo.golf_snapshot(settings.demo_members, as_of=as_of, cache_dir=settings.data_dir / "cache")
