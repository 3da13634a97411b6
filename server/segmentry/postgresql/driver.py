"""The part of asyncpg that we use, with types: asyncpg ships none."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime, timedelta
from typing import Protocol, cast

import asyncpg

# As asyncpg has them.
_MOST_QUERIES = 50_000
_LONGEST_IDLE_S = 300.0


class Connection(Protocol):
    async def fetch(self, query: str, *args: object) -> Sequence[Mapping[str, object]]: ...
    async def execute(self, query: str, *args: object) -> str: ...
    async def executemany(self, command: str, args: Sequence[Sequence[object]]) -> None: ...
    def cursor(self, query: str, *args: object, prefetch: int) -> AsyncIterable[Mapping[str, object]]: ...
    def transaction(
        self, *, isolation: str | None = None, readonly: bool = False
    ) -> AbstractAsyncContextManager[object]: ...
    async def close(self) -> None: ...
    def terminate(self) -> None: ...


class Pool(Protocol):
    async def acquire(self, *, timeout: float) -> Connection: ...  # noqa: ASYNC109  (asyncpg's own name)
    async def release(self, connection: Connection, *, timeout: float) -> None: ...  # noqa: ASYNC109
    async def expire_connections(self) -> None: ...
    async def close(self) -> None: ...
    def terminate(self) -> None: ...


async def connect(dsn: str) -> Connection:
    connection = await asyncpg.connect(dsn, timeout=10)  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]  (untyped vendor)
    return cast("Connection", connection)


async def create_pool(
    dsn: str,
    *,
    database: str | None,
    size: int,
    statement_timeout_s: float,
    settings: Mapping[str, str] | None = None,
    cached_statements: int = 100,
    limit_calls: bool = True,
    exact_times: bool = False,
    reset_on_release: bool = True,
    lasting: bool = False,
) -> Pool:
    """A pool with one open connection; it grows to `size` on demand.

    `settings` are the server's, for every session. `cached_statements` are kept prepared per connection.
    `limit_calls` gives up on calls a second after the server should have; without it the caller does.
    `exact_times` keeps the first and the last instant that Python knows apart from the infinities of
    PostgreSQL, which asyncpg takes for the same; what is beyond them is then read as None.
    `reset_on_release` clears settings and locks of the session; without it only an open transaction ends.
    `lasting` connections are not exchanged after many statements or after a while without any.
    """
    pool = await asyncpg.create_pool(  # pyright: ignore[reportUnknownMemberType]  (untyped vendor)
        dsn,
        database=database,
        min_size=1,
        max_size=size,
        timeout=10,
        statement_cache_size=cached_statements,
        max_queries=sys.maxsize if lasting else _MOST_QUERIES,
        max_inactive_connection_lifetime=0 if lasting else _LONGEST_IDLE_S,
        init=_with_exact_times if exact_times else None,
        reset=None if reset_on_release else _kept,
        # The role could lift the server's limit, and a server that hangs does not keep it: hence both.
        command_timeout=statement_timeout_s + 1.0 if limit_calls else None,
        server_settings={
            "application_name": "segmentry",
            "statement_timeout": str(int(statement_timeout_s * 1000)),
            "timezone": "UTC",
            **(settings or {}),
        },
    )
    return cast("Pool", pool)


_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_FIRST = (datetime(1, 1, 1, tzinfo=UTC) - _EPOCH) // _MICROSECOND
_LAST = (datetime(9999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC) - _EPOCH) // _MICROSECOND


def _encoded(moment: datetime) -> tuple[int]:
    return ((moment - _EPOCH) // _MICROSECOND,)


def _decoded(wire: tuple[int]) -> datetime | None:
    return _EPOCH + timedelta(microseconds=wire[0]) if _FIRST <= wire[0] <= _LAST else None


async def _kept(connection: asyncpg.Connection) -> None:
    """Leave a session as it is."""
    del connection


async def _with_exact_times(connection: asyncpg.Connection) -> None:
    await connection.set_type_codec(  # pyright: ignore[reportUnknownMemberType]  (untyped vendor)
        "timestamptz", schema="pg_catalog", encoder=_encoded, decoder=_decoded, format="tuple"
    )
