"""Tables that stay where they are, opened for a server, and copied into memory for an analysis."""

from __future__ import annotations

import asyncio
import dataclasses
import logging
from pathlib import Path

from segmentry.criteria.catalog import Catalog
from segmentry.customers.binding import servable
from segmentry.customers.connections import Connection
from segmentry.customers.duckdb import DuckdbConnection
from segmentry.customers.parquet_files import files_of
from segmentry.customers.postgres import PostgresConnection
from segmentry.customers.postgres_source import PostgresSource, Relation, too_large
from segmentry.customers.pushdown import PushdownTable
from segmentry.customers.snapshot import Snapshot
from segmentry.customers.stores import Copy, Stores
from segmentry.errors import DatasetTooLarge, InvalidParameters, UnreadableTable

_PARQUET_VIEW = "customers"
log = logging.getLogger(__name__)


@dataclasses.dataclass
class Pools:
    """One pool for each DSN and one database for each DuckDB file, shared by the tables there."""

    by_dsn: dict[str, PostgresConnection] = dataclasses.field(default_factory=dict[str, PostgresConnection])
    by_file: dict[Path, DuckdbConnection] = dataclasses.field(default_factory=dict[Path, DuckdbConnection])

    def of(self, dsn: str) -> PostgresConnection:
        """The pool of that DSN, made on first use."""
        return self.by_dsn.setdefault(dsn, PostgresConnection(dsn))

    def of_file(self, file: Path) -> DuckdbConnection:
        """The database of that file, which one process can open only once."""
        return self.by_file.setdefault(file.resolve(), DuckdbConnection(path=file))


class ServedTable(PushdownTable):
    """A table together with the connection that it is asked by, which closes with it."""

    def __init__(
        self, connection: Connection, catalog: Catalog, relation: str, tenant: str, tenant_column: str
    ) -> None:
        super().__init__(connection, catalog, relation, tenant=tenant, tenant_column=tenant_column)
        self._asked_by = connection

    async def close(self) -> None:
        """Forget what was read and close the connection; one that is shared closes once."""
        await super().close()
        await self._asked_by.close()


async def open_postgres(
    stores: Stores,
    relation: Relation,
    schema_id: str,
    catalog: Catalog | None,
    *,
    most_rows: int,
    default: bool = False,
    connection: PostgresConnection | None = None,
) -> ServedTable:
    """Serve a relation of PostgreSQL. Without a catalog one is inferred.

    Raises: InvalidParameters when catalog and table do not fit, or the table is too large to infer one;
    UnreadableTable; StoreBusy, Unavailable.
    """
    asked_by = connection or PostgresConnection(relation.dsn)
    if catalog is None:
        try:
            found = await PostgresSource(relation, schema_id, most_rows=most_rows).load()
        except DatasetTooLarge as err:
            raise InvalidParameters(
                f"{relation.name} has over {most_rows:,} rows, too many to infer a catalog at each start; "
                "write one with `segmentry catalog infer` and name it",
                maximum=most_rows,
            ) from err
        async with asked_by.session(relation.tenant) as session:
            catalog, notes = await servable(session, asked_by, found.catalog, relation.name)
        for each in (*found.notes, *notes):
            log.warning("table %s of tenant %s: %s", schema_id, relation.tenant, each)
    known = catalog
    table = ServedTable(
        asked_by,
        catalog,
        relation.name,
        relation.tenant,
        relation.tenant_column,
    )

    async def copy() -> Snapshot:
        rows, _, _ = await table.describe()
        if rows > most_rows:
            raise too_large(rows, most_rows)
        return await PostgresSource(relation, schema_id, known, most_rows=most_rows).load()

    return await _open(stores, table, relation.tenant, schema_id, copy=copy, default=default)


async def open_duckdb(
    stores: Stores,
    path: Path,
    schema_id: str,
    catalog: Catalog,
    *,
    relation: str = "",
    tenant: str,
    tenant_column: str = "",
    most_rows: int,
    default: bool = False,
    pools: Pools | None = None,
) -> ServedTable:
    """Serve a table of a DuckDB file, or without a relation Parquet files. `pools` hold the open files.

    Raises: InvalidParameters when catalog and table do not fit; UnreadableTable; StoreBusy, Unavailable.
    """
    await asyncio.to_thread(_check_files, path)
    if relation:
        connection = (pools or Pools()).of_file(path)
    else:
        connection = DuckdbConnection(parquet={_PARQUET_VIEW: [path]})
    table = ServedTable(connection, catalog, relation or _PARQUET_VIEW, tenant, tenant_column)

    async def copy() -> Snapshot:
        rows, _, _ = await table.describe()
        if rows > most_rows:
            raise too_large(rows, most_rows)
        frame = await table.frame()
        fields = tuple(dataclasses.replace(each, column="") for each in catalog.fields)
        # Without their events, criteria about events must be refused, not find that nobody did anything.
        plain = dataclasses.replace(catalog, fields=fields, events=(), key="")
        return Snapshot.from_frame(frame, plain)

    return await _open(stores, table, tenant, schema_id, copy=copy, default=default)


async def _open(
    stores: Stores, table: ServedTable, tenant: str, schema_id: str, *, copy: Copy, default: bool
) -> ServedTable:
    try:
        await table.describe()
    except BaseException:
        await table.close()
        raise
    stores.put(tenant, schema_id, table, copy, default=default)
    return table


def _check_files(path: Path) -> None:
    """Raises: UnreadableTable if there is no file of that name, which may hold `*`."""
    if not any(each.is_file() for each in files_of(path)):
        raise UnreadableTable(f"there is no file {path}", path=str(path))
