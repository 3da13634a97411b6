"""Which customer tables a server has: the golf club, and the tables that the settings name."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Protocol

from segmentry.config import Settings, TableSettings
from segmentry.criteria.catalog import Catalog
from segmentry.criteria.dates import Clock
from segmentry.customers.refresh import Looker, Refresher, Refreshing
from segmentry.customers.stores import Stores
from segmentry.errors import SegmentryError
from segmentry.reader.read import read

if TYPE_CHECKING:
    from segmentry.customers.postgres_source import Relation
    from segmentry.customers.served import Pools, ServedTable
    from segmentry.customers.snapshot import Snapshot

# `tenant_123` is the tenant of the source documents' examples.
DEMO_TENANTS = ("demo", "tenant_123")
DEMO_SCHEMA = "customers"

_log = logging.getLogger("segmentry.server")


class Source(Protocol):
    """Where a snapshot comes from, and its next versions."""

    async def load(self) -> Snapshot: ...
    async def reload(self, current: Snapshot) -> Snapshot | None: ...


async def fill(stores: Stores, settings: Settings) -> Sequence[Refreshing]:
    """Make every table that the settings name ready, one after the other, without blocking the loop.

    Returns what keeps them fresh. Raises: UnreadableTable and other request faults, naming the table;
    Unavailable for a database.
    """
    from segmentry.customers.served import Pools  # noqa: PLC0415  # the drivers are imported on use

    refreshers: list[Refreshing] = []
    catalogs: list[Catalog] = []
    # One new version is made at a time, and one table looked through.
    turn, looking, pools = asyncio.Semaphore(1), asyncio.Semaphore(1), Pools()
    for table in settings.tables:
        with _named(table):
            if table.engine != "snapshot":
                served = await _serve(stores, table, settings.max_analysis_rows, pools)
                rows, _, _ = await served.describe()
                catalogs.append(served.catalog)
                _log.info(
                    "table %s of tenant %s has %d rows (%s)",
                    table.schema_id,
                    table.tenant,
                    rows,
                    table.engine,
                )
                if table.refresh_s:
                    refreshers.append(
                        Looker(table.tenant, table.schema_id, served.refresh, table.refresh_s, looking)
                    )
                continue
            source = source_of(table)
            snapshot = await source.load()
            catalogs.append(snapshot.catalog)
            stores.snapshots.put(table.tenant, table.schema_id, snapshot, default=table.default)
            _log.info("table %s of tenant %s has %d rows", table.schema_id, table.tenant, snapshot.rows)
            if table.refresh_s:
                kept = Refresher(
                    stores.snapshots, table.tenant, table.schema_id, source.reload, table.refresh_s, turn
                )
                refreshers.append(kept)
    if settings.demo:
        snapshot = await asyncio.to_thread(_golf, settings)
        catalogs.append(snapshot.catalog)
        for tenant in DEMO_TENANTS:
            stores.snapshots.put(tenant, DEMO_SCHEMA, snapshot)
        _log.info("the golf club has %d members", snapshot.rows)
    await asyncio.to_thread(_read_once, catalogs)
    if not settings.tables and not settings.demo:
        _log.warning("there is no customer table: name one in the settings, or start with --demo")
    return refreshers


def _read_once(catalogs: Sequence[Catalog]) -> None:
    """Make the lexicons, and load what reading needs, before the first caller would wait for both."""
    for catalog in catalogs:
        read("everyone", catalog, Clock.at(datetime.now(UTC), catalog.time_zone))


@contextmanager
def _named(table: TableSettings) -> Generator[None]:
    """Say of every fault which entry of the settings it is about."""
    try:
        yield
    except SegmentryError as err:
        err.message = f"[[table]] {table.schema_id} of tenant {table.tenant}: {err.message}"
        err.args = (err.message,)
        raise


async def _serve(stores: Stores, table: TableSettings, most_rows: int, pools: Pools) -> ServedTable:
    """Serve a table from where it is."""
    from segmentry.customers import served  # noqa: PLC0415  # the drivers are imported on use
    from segmentry.customers.table_file import read_catalog  # noqa: PLC0415

    catalog = None if table.catalog is None else await asyncio.to_thread(read_catalog, table.catalog)
    if table.path is None:
        return await served.open_postgres(
            stores,
            relation_of(table),
            table.schema_id,
            catalog,
            most_rows=most_rows,
            default=table.default,
            connection=pools.of(relation_of(table).dsn),
        )
    assert catalog is not None, "settings give a catalog with engine duckdb"
    return await served.open_duckdb(
        stores,
        table.path,
        table.schema_id,
        catalog,
        relation=table.relation,
        tenant=table.tenant,
        tenant_column=table.tenant_column,
        most_rows=most_rows,
        default=table.default,
        pools=pools,
    )


def relation_of(table: TableSettings) -> Relation:
    """The relation of a table with a DSN."""
    from segmentry.customers.postgres_source import Relation  # noqa: PLC0415  # asyncpg is imported on use

    assert table.dsn is not None, "settings give a path or a dsn"
    return Relation(table.dsn.reveal(), table.relation, table.tenant, table.tenant_column)


def source_of(table: TableSettings) -> Source:
    """Where the rows of a table that is held in memory come from."""
    if table.path is not None:
        from segmentry.customers.table_file import TableFile  # noqa: PLC0415  # polars is imported on use

        return TableFile(table.path, table.schema_id, table.catalog)
    from segmentry.customers.postgres_source import PostgresSource  # noqa: PLC0415  # asyncpg too

    return PostgresSource(relation_of(table), table.schema_id, table.catalog)


def _golf(settings: Settings) -> Snapshot:
    from segmentry.customers import demo  # noqa: PLC0415  # polars is imported on use

    day = settings.demo_date
    as_of = datetime(day.year, day.month, day.day, tzinfo=UTC) if day is not None else None
    return demo.golf_snapshot(settings.demo_members, as_of=as_of, cache_dir=settings.data_dir / "cache")
