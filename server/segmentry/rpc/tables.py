"""Which customer tables a server has: the golf club, and the files that the settings name."""

from __future__ import annotations

import asyncio
import logging
from datetime import UTC, datetime
from pathlib import Path

from segmentry.config import Settings, TableSettings
from segmentry.criteria import catalog_toml
from segmentry.criteria.catalog import Catalog
from segmentry.customers.snapshot import Snapshot
from segmentry.customers.snapshots import SnapshotStore
from segmentry.errors import UnreadableTable

# `tenant_123` is the tenant of the source documents' examples.
DEMO_TENANTS = ("demo", "tenant_123")
DEMO_SCHEMA = "customers"

_log = logging.getLogger("segmentry.server")


async def fill(store: SnapshotStore, settings: Settings) -> None:
    """Load every table that the settings name, one after the other, without blocking the loop.

    Raises: UnreadableTable and other request faults, naming the file.
    """
    for table in settings.tables:
        snapshot = await asyncio.to_thread(_load, table)
        store.put(table.tenant, table.schema_id, snapshot, default=table.default)
        _log.info("table %s of tenant %s has %d rows", table.schema_id, table.tenant, snapshot.rows)
    if settings.demo:
        snapshot = await asyncio.to_thread(_golf, settings)
        for tenant in DEMO_TENANTS:
            store.put(tenant, DEMO_SCHEMA, snapshot)
        _log.info("the golf club has %d members", snapshot.rows)
    if not settings.tables and not settings.demo:
        _log.warning("there is no customer table: name one in the settings, or start with --demo")


def _golf(settings: Settings) -> Snapshot:
    from segmentry.customers import demo  # noqa: PLC0415  # polars is imported on use

    day = settings.demo_date
    as_of = datetime(day.year, day.month, day.day, tzinfo=UTC) if day is not None else None
    return demo.golf_snapshot(settings.demo_members, as_of=as_of, cache_dir=settings.data_dir / "cache")


def _load(table: TableSettings) -> Snapshot:
    from segmentry.customers import load  # noqa: PLC0415  # polars is imported on use

    catalog = _catalog(table.catalog) if table.catalog is not None else None
    return load.load_table(table.path, table.schema_id, catalog)


def _catalog(path: Path) -> Catalog:
    try:
        return catalog_toml.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as err:
        raise UnreadableTable(
            f"{path}: the catalog cannot be read ({type(err).__name__})", path=str(path)
        ) from err
