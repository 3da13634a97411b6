"""The part of asyncpg that we use, with types: asyncpg ships none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Protocol, cast

import asyncpg


class Connection(Protocol):
    async def fetch(self, query: str, *args: object) -> Sequence[Mapping[str, object]]: ...
    async def execute(self, query: str, *args: object) -> str: ...
    def transaction(self) -> AbstractAsyncContextManager[object]: ...
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


async def create_pool(dsn: str, *, database: str | None, size: int, statement_timeout_s: float) -> Pool:
    """A pool with one open connection; it grows to `size` on demand."""
    pool = await asyncpg.create_pool(  # pyright: ignore[reportUnknownMemberType]  (untyped vendor)
        dsn,
        database=database,
        min_size=1,
        max_size=size,
        timeout=10,
        # The role could lift the server's limit, and a server that hangs does not keep it: hence both.
        command_timeout=statement_timeout_s + 1.0,
        server_settings={
            "application_name": "segmentry",
            "statement_timeout": str(int(statement_timeout_s * 1000)),
            "timezone": "UTC",
        },
    )
    return cast("Pool", pool)
