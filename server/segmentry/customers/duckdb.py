"""DuckDB as a store of customer tables: a database file, or Parquet files larger than memory.

The database can do nothing but read what it was given: no other file, no extension, no setting, no write.
"""

from __future__ import annotations

import asyncio
import functools
import logging
import random
import re
import shutil
import tempfile
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import polars as pl

from segmentry.criteria.catalog import EventProperty, Field
from segmentry.criteria.export.dialects import DUCKDB, Dialect
from segmentry.criteria.export.sql import quoted
from segmentry.customers import duckdb_types
from segmentry.customers.connections import KeyKind, NativeColumn, Reading, TableChanged
from segmentry.customers.duckdb_opened import Opened
from segmentry.customers.parquet_files import files_of
from segmentry.errors import StoreBusy, Unavailable

if TYPE_CHECKING:
    import duckdb

SLOTS = 2
WAIT_S = 2.0
STATEMENT_S = 5.0
RETRY_AFTER_S = 1.0
_ELEMENT = re.compile(r"(.+)\[\]")
_DECIMAL = re.compile(r"decimal\(\d+,\s*(\d+)\)")
log = logging.getLogger(__name__)
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class DuckdbLimits:
    """What a database may use. Sizes are written as DuckDB writes them, such as `512MB`."""

    memory: str = "1GB"
    threads: int = 2
    spill: str = "10GB"
    statement_s: float = STATEMENT_S
    slots: int = SLOTS
    wait_s: float = WAIT_S


class DuckdbSession:
    """One cursor whose statements run in a thread; inside a read-only transaction where rows can change."""

    def __init__(
        self, cursor: duckdb.DuckDBPyConnection, version: str, timeout_s: float, *, fixed: bool
    ) -> None:
        self._cursor = cursor
        self._version = version
        self._timeout_s = timeout_s
        self._begun = fixed

    @property
    def version(self) -> str:
        """The size and the time of change of the files."""
        return self._version

    async def fetch(self, text: str, parameters: Sequence[object] = ()) -> list[tuple[object, ...]]:
        """All rows of one SELECT. Raises: StoreBusy, Unavailable, TableChanged."""

        def fetched() -> list[tuple[object, ...]]:
            return self._cursor.execute(_select(text), _listed(parameters)).fetchall()

        return await self._run(fetched)

    async def frame(
        self, text: str, parameters: Sequence[object], schema: Mapping[str, pl.DataType]
    ) -> pl.DataFrame:
        """All rows as Arrow batches, without Python objects on the way."""

        def read() -> pl.DataFrame:
            relation = self._cursor.sql(_select(text), params=_listed(parameters))
            frame = pl.DataFrame(relation)
            return frame.select(_as(frame[name], kind).alias(name) for name, kind in schema.items())

        return await self._run(read)

    async def columns(self, relation: str) -> Mapping[str, NativeColumn] | None:
        """The columns of a table or view; None if there is none of that name."""
        import duckdb  # noqa: PLC0415  (imported on use)

        def described() -> list[tuple[object, ...]] | None:
            try:
                return self._cursor.execute(f"DESCRIBE SELECT * FROM {relation}").fetchall()  # noqa: S608 - quoted
            except duckdb.CatalogException:
                return None

        rows = await self._run(described)
        return None if rows is None else {str(row[0]): _native(str(row[0]), str(row[1])) for row in rows}

    async def _run(self, work: Callable[[], T]) -> T:
        """`work` in a thread; interrupted when the caller is cancelled and when the time is over."""

        def begun() -> T:
            # With the first statement, so that it costs no way to another thread.
            if not self._begun:
                self._cursor.execute("BEGIN TRANSACTION READ ONLY")
                self._begun = True
            return work()

        running = asyncio.get_running_loop().run_in_executor(None, _translated, begun)
        try:
            async with asyncio.timeout(self._timeout_s):
                return await asyncio.shield(running)
        except TimeoutError as err:
            await self._interrupt(running)
            raise StoreBusy("the store did not answer in time", retry_after_s=_retry_after_s()) from err
        except asyncio.CancelledError:
            await self._interrupt(running)
            raise

    async def _interrupt(self, running: asyncio.Future[T]) -> None:
        # More than once: an interrupt that comes before the statement has begun is lost. To the end, whoever
        # is cancelled meanwhile: a cursor cannot be closed under its statement.
        while not running.done():
            self._cursor.interrupt()
            try:
                await asyncio.wait({running}, timeout=0.02)
            except asyncio.CancelledError:
                await self._interrupt(running)
                raise
        if not running.cancelled():
            running.exception()


@dataclass
class DuckdbConnection:
    """A DuckDB file, or views over Parquet files, opened on first use and locked down.

    `path` is a database file of which nobody else is the writer. `parquet` maps names of tables to their
    files; a name with `*` stands for the files that it names at the time. `database` is one that is open
    already, taken over as it is. `slots` statements run at once.
    """

    path: Path | None = None
    parquet: Mapping[str, Sequence[Path]] = field(default_factory=dict[str, Sequence[Path]])
    database: duckdb.DuckDBPyConnection | None = None
    limits: DuckdbLimits = field(default_factory=DuckdbLimits)

    def __post_init__(self) -> None:
        given = (self.path is not None, bool(self.parquet), self.database is not None)
        assert sum(given) == 1, "give a database file, Parquet files or an open database"
        self._places = asyncio.Semaphore(self.limits.slots)
        self._lock = asyncio.Lock()
        self._current = None if self.database is None else Opened(self.database, None, self._version())

    @property
    def dialect(self) -> Dialect:
        return DUCKDB

    @property
    def one_scan(self) -> bool:
        # A WHERE is pushed into the scan and skips blocks of rows; FILTER reads every column of each row.
        return False

    def reading(self, column: NativeColumn, field: Field | EventProperty) -> Reading | None:
        """How a column is read as that field; None if it cannot hold it."""
        return duckdb_types.reading(column, field)

    def key_kind(self, column: NativeColumn) -> KeyKind:
        """How the keys in that column compare."""
        return duckdb_types.key_kind(column)

    async def concerns(self, relation: str) -> list[str]:
        """Nothing: a database that is opened here can only read."""
        del relation
        return []

    @asynccontextmanager
    async def session(
        self, tenant: str = "", *, timeout_s: float | None = None
    ) -> AsyncGenerator[DuckdbSession]:
        """One version of the rows. Files that are replaced meanwhile end it with TableChanged.

        Raises: StoreBusy when no slot is free in time; Unavailable.
        """
        del tenant  # the rows of a tenant are picked by the statement: DuckDB has no row-level security
        async with self._session() as (opened, cursor):
            before = self._version()
            if before != opened.seen:
                # What is open, and what was bound on it, is of files that are no longer there.
                await self._retire(opened)
                raise TableChanged("the customer files were replaced", retry_after_s=_retry_after_s())
            # What is opened here is opened to read: while it is open, nobody can write to it.
            fixed = self.database is None
            yield DuckdbSession(cursor, before, timeout_s or self.limits.statement_s, fixed=fixed)
            if self._version() != before:
                await self._retire(opened)
                raise TableChanged("the customer files were replaced", retry_after_s=_retry_after_s())

    @asynccontextmanager
    async def cursor(self) -> AsyncGenerator[duckdb.DuckDBPyConnection]:
        """A cursor of its own. Raises: StoreBusy, Unavailable."""
        async with self._session() as (_, cursor):
            yield cursor

    @asynccontextmanager
    async def _session(self) -> AsyncGenerator[tuple[Opened, duckdb.DuckDBPyConnection]]:
        try:
            async with asyncio.timeout(self.limits.wait_s):
                await self._places.acquire()
        except TimeoutError as err:
            raise StoreBusy(
                f"no slot for counting became free in {self.limits.wait_s:g} s; try again",
                retry_after_s=_retry_after_s(),
                waitedSeconds=self.limits.wait_s,
            ) from err
        try:
            opened = await self._opened()
            try:
                cursor = opened.database.cursor()
                try:
                    yield opened, cursor
                finally:
                    cursor.close()
            finally:
                await opened.leave()
        finally:
            self._places.release()

    async def close(self) -> None:
        """Close the file after its last session. Idempotent; the next session opens it again."""
        async with self._lock:
            opened, self._current = self._current, None
        if opened is not None:
            await opened.retire()

    async def _retire(self, opened: Opened) -> None:
        """Close what other sessions may have replaced already."""
        async with self._lock:
            if self._current is opened:
                self._current = None
        await opened.retire()

    # --- opening

    async def _opened(self) -> Opened:
        """What is open, with one session more."""
        async with self._lock:
            if self._current is None:
                folder = Path(await asyncio.to_thread(tempfile.mkdtemp, prefix="segmentry-duckdb-"))
                try:
                    seen = self._version()
                    database = await asyncio.to_thread(_translated, lambda: self._open(folder))
                except BaseException:
                    await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)
                    raise
                self._current = Opened(database, folder, seen)
            self._current.sessions += 1
            return self._current

    def _open(self, folder: Path) -> duckdb.DuckDBPyConnection:
        import duckdb  # noqa: PLC0415  (imported on use)

        path, parquet = self.path, self._parquet()
        if path is None:
            # Views in a file of their own, because a database in memory cannot be read-only.
            path = folder / "views.duckdb"
            with duckdb.connect(path) as writer:
                for name, files in parquet.items():
                    listed = ", ".join(_literal(str(each)) for each in files)
                    read = f"SELECT * FROM read_parquet([{listed}])"  # noqa: S608 - quoted paths
                    writer.execute(f"CREATE VIEW {quoted(name, DUCKDB)} AS {read}")
        database = duckdb.connect(
            path,
            read_only=True,
            config={
                "memory_limit": self.limits.memory,
                "threads": str(self.limits.threads),
                "temp_directory": str(folder / "spill"),
                "max_temp_directory_size": self.limits.spill,
                "autoinstall_known_extensions": "false",
                "autoload_known_extensions": "false",
                "allow_community_extensions": "false",
                "preserve_insertion_order": "false",
            },
        )
        try:
            allowed = ", ".join(_literal(str(each)) for files in parquet.values() for each in files)
            database.execute("SET GLOBAL TimeZone = 'UTC'")
            if allowed:
                database.execute(f"SET allowed_paths = [{allowed}]")
            database.execute("SET enable_external_access = false")
            database.execute("SET lock_configuration = true")
        except BaseException:
            database.close()
            raise
        return database

    def _parquet(self) -> dict[str, list[Path]]:
        """The files of each table as they are now. Raises: Unavailable for a table that has none."""
        now = {
            name: [file for each in paths for file in files_of(each)] for name, paths in self.parquet.items()
        }
        if not all(now.values()):
            raise Unavailable("a customer file cannot be read", retry_after_s=_retry_after_s())
        return now

    def _version(self) -> str:
        files = [each for files in self._parquet().values() for each in files]
        files += [self.path] if self.path is not None else []
        try:
            seen = [each.stat() for each in files]
        except OSError as err:
            raise Unavailable("a customer file cannot be read", retry_after_s=_retry_after_s()) from err
        changed = max((each.st_mtime_ns for each in seen), default=0)
        return f"{changed:x}-{sum(each.st_size for each in seen):x}-{sum(each.st_ino for each in seen):x}"


def _translated(work: Callable[[], T]) -> T:
    """What a failing DuckDB means to a caller; a statement that is wrong in itself stays what it is.

    Raises: StoreBusy, Unavailable, TableChanged.
    """
    import duckdb  # noqa: PLC0415  (imported on use)

    try:
        return work()
    except duckdb.InterruptException as err:
        raise StoreBusy("the store did not answer in time", retry_after_s=_retry_after_s()) from err
    except (duckdb.OutOfMemoryException, MemoryError) as err:
        raise StoreBusy(
            "the store has not enough memory for this question", retry_after_s=_retry_after_s()
        ) from err
    except (duckdb.ParserException, duckdb.SyntaxException):
        raise
    except (duckdb.CatalogException, duckdb.BinderException, duckdb.ConversionException) as err:
        raise TableChanged("the customer table is being changed", retry_after_s=_retry_after_s()) from err
    except (duckdb.Error, OSError) as err:
        # A damaged file shows as nearly any of its errors, depending on the byte that is wrong.
        log.warning("DuckDB cannot read its files: %s", err)
        raise Unavailable("the store cannot be reached", retry_after_s=_retry_after_s()) from err


def _retry_after_s() -> float:
    return RETRY_AFTER_S * random.uniform(0.5, 1.5)


@functools.lru_cache(maxsize=256)
def _select(text: str) -> str:
    """The text of one statement that reads; criteria of one shape are one text, and looked at once.

    The files that may be read could also be written to: COPY asks for nothing more than that they are
    allowed (seen with DuckDB 2.0). So everything but SELECT is refused here. Raises: ValueError.
    """
    import duckdb  # noqa: PLC0415  (imported on use)

    statements = duckdb.extract_statements(text)
    if [each.type for each in statements] != [duckdb.StatementType.SELECT]:
        raise ValueError("one SELECT and nothing else runs on customer tables")
    return text


def _listed(parameters: Sequence[object]) -> list[object]:
    return [list(each) if isinstance(each, tuple) else each for each in parameters]  # pyright: ignore[reportUnknownArgumentType]  (elements of a parameter)


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _native(name: str, written: str) -> NativeColumn:
    kind = written.lower()
    array = _ELEMENT.fullmatch(kind)
    element = array[1] if array else ""
    decimal = _DECIMAL.fullmatch(kind)
    is_enum = (element or kind).startswith("enum(")
    return NativeColumn(name, kind, element, int(decimal[1]) if decimal else None, is_enum=is_enum)


def _as(series: pl.Series, kind: pl.DataType) -> pl.Series:
    """A column of a result in the type that is wanted; times without a zone are UTC."""
    if isinstance(kind, pl.Datetime):
        return series.cast(pl.Datetime("us")).dt.replace_time_zone("UTC")
    return series.cast(kind)
