"""The state store: one pool of PostgreSQL connections, opened on first use.

`Database(dsn=...)` uses a given server; `Database(directory=...)` starts the embedded one there and
stops it on close. Everything the driver can raise is translated (`postgresql.faults`), so the rest of the
server sees Unavailable, StorageFull and StoreBusy only.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Self

from segmentry.errors import StoreBusy, Unavailable
from segmentry.state.row import Row

if TYPE_CHECKING:
    from segmentry.postgresql.driver import Connection, Pool
    from segmentry.state.embedded import EmbeddedPostgres

ACQUIRE_S = 1.0
# What keeps the server's own promises waits longer than a caller would.
UPKEEP_S = 5.0
STATEMENT_S = 5.0
MIGRATION_S = 60.0
CLOSE_S = 5.0

log = logging.getLogger(__name__)


class Session:
    """One connection inside a transaction; see `Database.transaction`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def fetch(self, sql: str, *values: object) -> list[Row]:
        return [Row(record) for record in await self._connection.fetch(sql, *values)]

    async def fetch_one(self, sql: str, *values: object) -> Row | None:
        """The first row, or None."""
        return next(iter(await self.fetch(sql, *values)), None)

    async def execute(self, sql: str, *values: object) -> None:
        await self._connection.execute(sql, *values)


class Database:
    """The state store: at a `dsn`, or embedded in a `directory` (there in the database `name`).

    Callers share `pool_size` connections. One more is for upkeep alone, such as renewing leases: a server
    that is overrun by callers would otherwise lose the runs it works on.
    """

    def __init__(
        self,
        dsn: str | None = None,
        *,
        directory: Path | None = None,
        name: str = "segmentry",
        pool_size: int = 10,
        durable: bool = True,
    ) -> None:
        assert (dsn is None) != (directory is None), "give a DSN or a directory"
        assert re.fullmatch(r"[a-z][a-z0-9_]{0,50}", name), "the name becomes part of a statement"
        self._dsn = dsn
        self._directory = directory
        self._name = name
        self._pool_size = pool_size
        self._durable = durable
        self._embedded: EmbeddedPostgres | None = None
        self._pool: Pool | None = None
        self._places = asyncio.Semaphore(pool_size)
        self._upkeep_place = asyncio.Semaphore(1)
        self._lock = asyncio.Lock()
        self._closed = False

    @property
    def is_open(self) -> bool:
        return self._pool is not None

    async def open(self) -> None:
        """Start the embedded server if it is ours, connect and migrate. Idempotent; every use calls it.

        Raises: Unavailable (also SchemaMismatch), StorageFull. After a failure the next call tries again.
        """
        if self._pool is not None:
            return
        async with self._lock:
            if self._pool is not None:
                return
            if self._closed:
                raise Unavailable("the store is closed")
            try:
                self._pool = await self._connect()
            except BaseException:
                await self._stop_embedded()
                raise

    async def close(self) -> None:
        """Close all connections and stop the embedded server. Idempotent."""
        async with self._lock:
            self._closed = True
            pool, self._pool = self._pool, None
            try:
                if pool is not None:
                    await _close(pool)
            finally:
                await self._stop_embedded()

    async def __aenter__(self) -> Self:
        await self.open()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def fetch(self, sql: str, *values: object) -> list[Row]:
        """The rows of a statement that only reads: on a lost connection it runs once more.

        Raises: StoreBusy, Unavailable.
        """
        from segmentry.postgresql.faults import ConnectionLost  # noqa: PLC0415  (asyncpg is imported on use)

        try:
            return await self._fetch_once(sql, *values)
        except ConnectionLost:
            await self._forget_connections()
            return await self._fetch_once(sql, *values)

    async def fetch_one(self, sql: str, *values: object) -> Row | None:
        """The first row of a statement that only reads, or None. Raises as `fetch`."""
        return next(iter(await self.fetch(sql, *values)), None)

    @asynccontextmanager
    async def transaction(self, *, upkeep: bool = False) -> AsyncGenerator[Session]:
        """One transaction: committed at the end of the block, rolled back when it raises.

        With `upkeep` it takes the connection that no caller can occupy: for short work of the server's own.

        Raises: StoreBusy when no connection is free within a second; Unavailable; StorageFull. It is never
        repeated, except that a stale connection is exchanged before anything was written.
        """
        from segmentry.postgresql.faults import translated  # noqa: PLC0415  (asyncpg is imported on use)

        async with self._place(upkeep=upkeep):
            connection = await self._acquire_live()
            try:
                with translated():
                    async with connection.transaction():
                        yield Session(connection)
            finally:
                await self._release(connection)

    async def execute(self, sql: str, *values: object, upkeep: bool = False) -> None:
        """One writing statement in its own transaction. Raises as `transaction`."""
        async with self.transaction(upkeep=upkeep) as session:
            await session.execute(sql, *values)

    async def _fetch_once(self, sql: str, *values: object) -> list[Row]:
        from segmentry.postgresql.faults import translated  # noqa: PLC0415  (asyncpg is imported on use)

        async with self._place(upkeep=False):
            connection = await self._acquire()
            try:
                with translated():
                    return [Row(record) for record in await connection.fetch(sql, *values)]
            finally:
                await self._release(connection)

    @asynccontextmanager
    async def _place(self, *, upkeep: bool) -> AsyncGenerator[None]:
        """The right to one connection of the pool, which has as many as there are places."""
        from segmentry.postgresql.faults import retry_after_s  # noqa: PLC0415  (asyncpg is imported on use)

        places = self._upkeep_place if upkeep else self._places
        try:
            async with asyncio.timeout(UPKEEP_S if upkeep else ACQUIRE_S):
                await places.acquire()
        except TimeoutError as err:
            raise StoreBusy(
                f"all {self._pool_size} connections to the store are in use", retry_after_s=retry_after_s()
            ) from err
        try:
            yield
        finally:
            places.release()

    async def _acquire(self) -> Connection:
        from segmentry.postgresql.faults import retry_after_s, translated  # noqa: PLC0415  (asyncpg is imported on use)

        await self.open()
        pool = self._pool
        if pool is None:
            raise Unavailable("the store is closed")
        with translated():
            try:
                return await pool.acquire(timeout=ACQUIRE_S)
            except TimeoutError as err:
                raise StoreBusy(
                    f"all {self._pool_size} connections to the store are in use",
                    retry_after_s=retry_after_s(),
                ) from err

    async def _acquire_live(self) -> Connection:
        """A connection that has just answered: after a restart each old one fails once."""
        from segmentry.postgresql.faults import ConnectionLost, translated  # noqa: PLC0415  (asyncpg is imported on use)

        connection = await self._acquire()
        try:
            with translated():
                await connection.execute("SELECT 1")
        except ConnectionLost:
            await self._release(connection)
            await self._forget_connections()
            return await self._acquire()
        except BaseException:
            await self._release(connection)
            raise
        return connection

    async def _release(self, connection: Connection) -> None:
        pool = self._pool
        if pool is None:
            connection.terminate()
            return
        from segmentry.postgresql.faults import ConnectionLost, translated  # noqa: PLC0415  (asyncpg is imported on use)

        try:
            with translated():
                await pool.release(connection, timeout=ACQUIRE_S)
        except (ConnectionLost, StoreBusy):
            # The reply to the caller is what counts; the pool throws the connection away.
            log.info("a connection to the store was lost while it was given back")

    async def _forget_connections(self) -> None:
        if self._pool is not None:
            await self._pool.expire_connections()

    async def _connect(self) -> Pool:
        from segmentry.postgresql.driver import create_pool  # noqa: PLC0415
        from segmentry.postgresql.faults import translated  # noqa: PLC0415
        from segmentry.state import migrate  # noqa: PLC0415  (asyncpg is imported on use)

        dsn = self._dsn
        name: str | None = None
        if self._directory is not None:
            from segmentry.state.embedded import EmbeddedPostgres  # noqa: PLC0415

            self._embedded = EmbeddedPostgres(self._directory, durable=self._durable)
            dsn, name = await self._embedded.start(), self._name
            await _create_database(dsn, name)
        assert dsn is not None
        with translated():
            pool = await create_pool(
                dsn, database=name, size=self._pool_size + 1, statement_timeout_s=STATEMENT_S
            )
            try:
                connection = await pool.acquire(timeout=MIGRATION_S)
                try:
                    await connection.execute(f"SET statement_timeout = {int(MIGRATION_S * 1000)}")
                    applied = await migrate.migrate(connection, migrate.migrations())
                finally:
                    await pool.release(connection, timeout=ACQUIRE_S)
            except BaseException:
                pool.terminate()
                raise
        if applied:
            log.info("migrations applied to the state store: %d", applied)
        return pool

    async def _stop_embedded(self) -> None:
        embedded, self._embedded = self._embedded, None
        if embedded is not None:
            await embedded.stop()


async def _create_database(dsn: str, name: str) -> None:
    from segmentry.postgresql.driver import connect  # noqa: PLC0415  (asyncpg is imported on use)
    from segmentry.postgresql.faults import translated  # noqa: PLC0415

    with translated():
        connection = await connect(dsn)
        try:
            async with connection.transaction():
                await connection.execute("SELECT pg_advisory_xact_lock($1)", 1)
                found = await connection.fetch("SELECT 1 FROM pg_database WHERE datname = $1", name)
            if not found:
                try:
                    await connection.execute(f'CREATE DATABASE "{name}"')
                except Exception as err:
                    # Two processes asked at once: PostgreSQL has no IF NOT EXISTS here.
                    if "already exists" not in str(err) and "duplicate key" not in str(err):
                        raise
        finally:
            await connection.close()


async def _close(pool: Pool) -> None:
    try:
        async with asyncio.timeout(CLOSE_S):
            await pool.close()
    except TimeoutError:
        log.warning("connections to the store were still in use at the end; cutting them")
        pool.terminate()
