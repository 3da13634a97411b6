"""PostgreSQL as a store of customer tables: a pool that only reads, apart from the server's own state."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from datetime import date
from typing import TYPE_CHECKING, cast

import polars as pl

from segmentry.criteria.catalog import EventProperty, Field
from segmentry.criteria.export.dialects import POSTGRESQL, Dialect
from segmentry.criteria.export.sql import relation as quoted_relation
from segmentry.customers import postgres_types
from segmentry.customers.connections import KeyKind, NativeColumn, Reading, TableChanged
from segmentry.errors import StoreBusy, Unavailable

if TYPE_CHECKING:
    from segmentry.postgresql.driver import Connection as Driver
    from segmentry.postgresql.driver import Pool

POOL_SIZE = 4
ACQUIRE_S = 1.0
STATEMENT_S = 5.0
# A client waits a little longer than the server, so that the server's own message comes first.
GRACE_S = 0.5
CHUNK_ROWS = 20_000
# Each caller may sort and hash in so much; parallel workers would multiply it.
SETTINGS: Mapping[str, str] = {
    "application_name": "segmentry customers",
    "default_transaction_read_only": "on",
    "work_mem": "32MB",
    "max_parallel_workers_per_gather": "0",
    "idle_in_transaction_session_timeout": "60s",
    "lock_timeout": "2s",
    # A statement is planned for its values; compiling one takes longer than most of ours run.
    "jit": "off",
}
TENANT_SETTING = "segmentry.tenant"
_BEGUN = f"SELECT set_config('{TENANT_SETTING}', $1, true), pg_current_snapshot()::text AS version"
_COLUMNS = """
SELECT a.attname AS name, base.typname AS type, base.typtype = 'e' OR element.typtype = 'e' AS is_enum,
    CASE WHEN base.typcategory = 'A' THEN element.typname ELSE '' END AS element,
    CASE WHEN base.typname = 'numeric' AND a.atttypmod >= 4 THEN (a.atttypmod - 4) & 65535 END AS scale,
    coalesce(c.collisdeterministic, true) AS exact_text,
    EXISTS (
        SELECT 1 FROM pg_index i JOIN pg_class ic ON ic.oid = i.indexrelid JOIN pg_am am ON am.oid = ic.relam
        WHERE i.indrelid = a.attrelid AND i.indisvalid AND i.indpred IS NULL AND i.indkey[0] = a.attnum
            AND am.amname = 'btree'
    ) AS indexed,
    ARRAY(
        SELECT lead.attname::text FROM pg_index i
        JOIN pg_class ic ON ic.oid = i.indexrelid JOIN pg_am am ON am.oid = ic.relam
        JOIN pg_attribute lead ON lead.attrelid = i.indrelid AND lead.attnum = i.indkey[0]
        WHERE i.indrelid = a.attrelid AND i.indisvalid AND i.indpred IS NULL AND i.indnkeyatts > 1
            AND i.indkey[1] = a.attnum AND am.amname = 'btree'
    ) AS behind
FROM pg_attribute a
JOIN pg_type t ON t.oid = a.atttypid
JOIN pg_type base ON base.oid = CASE WHEN t.typtype = 'd' THEN t.typbasetype ELSE t.oid END
LEFT JOIN pg_type element ON element.oid = base.typelem AND base.typcategory = 'A'
LEFT JOIN pg_collation c ON c.oid = a.attcollation
WHERE a.attrelid = to_regclass($1) AND a.attnum > 0 AND NOT a.attisdropped
"""
_RIGHTS = """
SELECT current_user::text AS role, r.rolsuper AS superuser, r.rolbypassrls AS unbound,
    pg_has_role(c.relowner, 'USAGE') AS owner,
    has_table_privilege(c.oid, 'INSERT, UPDATE, DELETE, TRUNCATE') AS writer
FROM pg_class c, pg_roles r WHERE c.oid = to_regclass($1) AND r.rolname = current_user
"""
log = logging.getLogger(__name__)


class PostgresSession:
    """A repeatable-read, read-only transaction: all its statements see one snapshot of the database."""

    def __init__(self, driver: Driver, version: str, timeout_s: float) -> None:
        self._driver = driver
        self._version = version
        self._timeout_s = timeout_s

    @property
    def version(self) -> str:
        """The database's own name of the snapshot: it changes with every commit, whatever that wrote."""
        return self._version

    async def fetch(self, text: str, parameters: Sequence[object] = ()) -> list[tuple[object, ...]]:
        """All rows. Raises: StoreBusy, Unavailable (also without the right), TableChanged."""
        with _translated():
            async with asyncio.timeout(self._timeout_s + GRACE_S):
                records = await self._driver.fetch(text, *parameters)
        return [tuple(record.values()) for record in records]

    async def frame(
        self, text: str, parameters: Sequence[object], schema: Mapping[str, pl.DataType]
    ) -> pl.DataFrame:
        """All rows, read in chunks so that they stand as Python objects only a chunk at a time."""
        chunks = [pl.DataFrame(schema=schema)]
        rows: list[tuple[object, ...]] = []

        def packed() -> pl.DataFrame:
            return _packed(rows, schema)

        with _translated():
            async with asyncio.timeout(self._timeout_s + GRACE_S):
                async for record in self._driver.cursor(text, *parameters, prefetch=CHUNK_ROWS):
                    rows.append(tuple(record.values()))
                    if len(rows) == CHUNK_ROWS:
                        chunks.append(await asyncio.to_thread(packed))
                        rows = []
                chunks.append(await asyncio.to_thread(packed))
        return pl.concat(chunks)

    async def columns(self, relation: str) -> Mapping[str, NativeColumn] | None:
        """The columns of a table, view or temporary table; None if there is none of that name."""
        rows = await self.fetch(_COLUMNS, (relation,))
        columns: dict[str, NativeColumn] = {}
        for name, kind, is_enum, element, scale, exact, indexed, behind in rows:
            assert isinstance(name, str)
            assert scale is None or isinstance(scale, int)
            columns[name] = NativeColumn(
                name,
                str(kind),
                str(element),
                scale,
                is_enum=is_enum is True,
                exact_text=exact is True,
                indexed=indexed is True,
                behind=frozenset(map(str, cast("Sequence[object]", behind))),  # no rule: text[]
            )
        return columns or None


class PostgresConnection:
    """A pool of its own for customer tables, opened on first use.

    `statement_s` limits one statement, on the server and here. Who waits longer than `acquire_s` for one of
    the `pool_size` connections is refused. `settings` replace those of `SETTINGS`. `lasting` connections are
    never exchanged for new ones, for what lives in their sessions.
    """

    def __init__(
        self,
        dsn: str,
        *,
        pool_size: int = POOL_SIZE,
        acquire_s: float = ACQUIRE_S,
        statement_s: float = STATEMENT_S,
        settings: Mapping[str, str] | None = None,
        lasting: bool = False,
    ) -> None:
        self._dsn = dsn
        self._size = pool_size
        self._acquire_s = acquire_s
        self._statement_s = statement_s
        self._settings = {**SETTINGS, **(settings or {})}
        self._lasting = lasting
        self._places = asyncio.Semaphore(pool_size)
        self._lock = asyncio.Lock()
        self._pool: Pool | None = None
        self._closed = False

    @property
    def dialect(self) -> Dialect:
        return POSTGRESQL

    @property
    def one_scan(self) -> bool:
        return True

    def reading(self, column: NativeColumn, field: Field | EventProperty) -> Reading | None:
        """How a column is read as that field; None if it cannot hold it."""
        return postgres_types.reading(column, field)

    def key_kind(self, column: NativeColumn) -> KeyKind:
        """How the keys in that column compare."""
        return postgres_types.key_kind(column)

    @asynccontextmanager
    async def session(
        self, tenant: str = "", *, timeout_s: float | None = None
    ) -> AsyncGenerator[PostgresSession]:
        """One transaction on one snapshot of the database, with the tenant set for row-level security.

        Raises: StoreBusy when no connection is free in time; Unavailable.
        """
        stack = AsyncExitStack()

        async def begin(driver: Driver) -> None:
            # The first statement of the transaction also shows whether the connection lives.
            await stack.enter_async_context(driver.transaction(isolation="repeatable_read", readonly=True))

        async with self._greeted(begin) as driver:
            with _translated():
                async with stack:
                    if timeout_s is not None:
                        await driver.execute(f"SET LOCAL statement_timeout = {int(timeout_s * 1000)}")
                    (begun,) = await driver.fetch(_BEGUN, tenant)
                    yield PostgresSession(driver, str(begun["version"]), timeout_s or self._statement_s)

    @asynccontextmanager
    async def driver(self) -> AsyncGenerator[Driver]:
        """A connection that has just answered, outside any transaction. Raises: StoreBusy, Unavailable."""
        async with self._greeted(lambda driver: driver.execute("SELECT 1")) as driver:
            yield driver

    @asynccontextmanager
    async def _greeted(self, greeting: Callable[[Driver], Awaitable[object]]) -> AsyncGenerator[Driver]:
        """A connection that `greeting` has worked on. Raises: StoreBusy, Unavailable."""
        try:
            async with asyncio.timeout(self._acquire_s):
                await self._places.acquire()
        except TimeoutError as err:
            raise self._busy() from err
        try:
            driver = await self._live(greeting)
            try:
                yield driver
            finally:
                await self._release(driver)
        finally:
            self._places.release()

    async def concerns(self, relation: str) -> list[str]:
        """What the role may do beyond reading, in sentences for the operator."""
        name = quoted_relation(relation, POSTGRESQL)
        async with self.session() as session:
            rows = await session.fetch(_RIGHTS, (name,))
        found: list[str] = []
        for role, superuser, unbound, owner, writer in rows:
            if superuser:
                found.append(f"the role {role} is a superuser: no policy and no limit holds for it")
            elif unbound:
                found.append(f"the role {role} has BYPASSRLS: row-level security does not hold for it")
            if owner and not superuser:
                found.append(f"the role {role} owns {relation}: its policies hold only where they are forced")
            if writer:
                found.append(f"the role {role} may write to {relation}: grant it SELECT alone")
        return found

    async def close(self) -> None:
        """Close all connections. Idempotent."""
        async with self._lock:
            self._closed = True
            pool, self._pool = self._pool, None
        if pool is None:
            return
        try:
            async with asyncio.timeout(self._statement_s):
                await pool.close()
        except TimeoutError:
            log.warning("connections to the customer tables were still in use at the end; cutting them")
            pool.terminate()

    # --- the pool

    def _busy(self) -> StoreBusy:
        from segmentry.postgresql.faults import retry_after_s  # noqa: PLC0415  (asyncpg is imported on use)

        return StoreBusy(
            f"all {self._size} connections to the customer tables are in use",
            retry_after_s=retry_after_s(),
            waitedSeconds=self._acquire_s,
        )

    async def _opened(self) -> Pool:
        if self._pool is None:
            from segmentry.postgresql.driver import create_pool  # noqa: PLC0415  (asyncpg is imported on use)

            async with self._lock:
                if self._closed:
                    raise Unavailable("the connection to the customer tables is closed")
                if self._pool is None:
                    with _translated():
                        self._pool = await create_pool(
                            self._dsn,
                            database=None,
                            size=self._size,
                            statement_timeout_s=self._statement_s,
                            settings=self._settings,
                            # Hardly a text comes twice, and a plan made for other values can be a bad one.
                            cached_statements=0,
                            limit_calls=False,
                            exact_times=True,
                            # Transactions of ours leave nothing behind: what they set is LOCAL.
                            reset_on_release=False,
                            lasting=self._lasting,
                        )
        return self._pool

    async def _acquire(self) -> Driver:
        pool = await self._opened()
        with _translated():
            try:
                return await pool.acquire(timeout=self._acquire_s)
            except TimeoutError as err:
                raise self._busy() from err

    async def _live(self, greeting: Callable[[Driver], Awaitable[object]]) -> Driver:
        from segmentry.postgresql.faults import ConnectionLost  # noqa: PLC0415  (asyncpg is imported on use)

        try:
            return await self._greet(greeting)
        except ConnectionLost:
            # After a restart of the server each old connection fails once.
            pool = await self._opened()
            await pool.expire_connections()
            return await self._greet(greeting)

    async def _greet(self, greeting: Callable[[Driver], Awaitable[object]]) -> Driver:
        driver = await self._acquire()
        try:
            with _translated():
                async with asyncio.timeout(self._statement_s):
                    await greeting(driver)
        except BaseException:
            await self._release(driver)
            raise
        return driver

    async def _release(self, driver: Driver) -> None:
        pool = self._pool
        if pool is None:
            driver.terminate()
            return
        from segmentry.postgresql.faults import ConnectionLost  # noqa: PLC0415  (asyncpg is imported on use)

        try:
            with _translated():
                await pool.release(driver, timeout=self._acquire_s)
        except (ConnectionLost, StoreBusy):
            # The answer to the caller is what counts; the pool throws the connection away.
            log.info("a connection to the customer tables was lost while it was given back")


def _packed(rows: Sequence[tuple[object, ...]], schema: Mapping[str, pl.DataType]) -> pl.DataFrame:
    """Rows as a frame; a day, which a column of instants does not take, is its first moment in UTC."""
    days = {
        name: pl.Date()
        for place, (name, kind) in enumerate(schema.items())
        if isinstance(kind, pl.Datetime) and any(type(row[place]) is date for row in rows)
    }
    frame = pl.DataFrame(rows, schema={**schema, **days}, orient="row")
    return frame.with_columns(pl.col(list(days)).cast(pl.Datetime("us")).dt.replace_time_zone("UTC"))


@contextmanager
def _translated() -> Generator[None]:
    """As `faults.translated`; besides, what a table's owner did to it is TableChanged."""
    from segmentry.postgresql import faults  # noqa: PLC0415  (asyncpg is imported on use)

    try:
        with faults.translated():
            yield
    except Exception as err:
        if faults.says_changed(err):
            raise TableChanged(
                "the customer table is being changed", retry_after_s=faults.retry_after_s()
            ) from err
        if faults.says_forbidden(err):
            log.warning("the customer tables cannot be read: %s", err)
            message = "the role that reads customer tables lacks a right: grant it SELECT on them"
            raise Unavailable(
                f"{message} and USAGE on their schema", retry_after_s=faults.retry_after_s()
            ) from err
        raise
