"""Rows out of PostgreSQL by COPY: whole rows as text, in pieces, all of one version of the database."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Protocol, cast

import asyncpg

from segmentry.postgresql.faults import translated

CONNECT_S = 10
# Pieces are handed on when they have reached this size: small enough to hold, large enough to read at once.
PIECE = 8 * 2**20

Taken = Callable[[bytes], Awaitable[None]]


class _Connection(Protocol):
    async def fetch(self, query: str, *args: object) -> Sequence[Mapping[str, object]]: ...
    async def execute(self, query: str, *args: object) -> str: ...
    async def copy_from_query(
        self,
        query: str,
        *args: object,
        output: Taken,
        format: str,  # noqa: A002  (asyncpg's own name)
        timeout: float,  # noqa: ASYNC109  (asyncpg's own name)
    ) -> str: ...
    def transaction(self, *, isolation: str, readonly: bool) -> AbstractAsyncContextManager[object]: ...
    async def close(self) -> None: ...
    def terminate(self) -> None: ...


class Copying:
    """One connection inside a transaction that sees one version of the database and cannot write."""

    def __init__(self, connection: _Connection, timeout_s: float) -> None:
        self._connection = connection
        self._timeout_s = timeout_s

    async def fetch(self, sql: str, *values: object) -> list[Mapping[str, object]]:
        """Raises: StoreBusy, Unavailable."""
        with translated():
            return list(await self._connection.fetch(sql, *values))

    async def copy(self, sql: str, values: Sequence[object], take: Taken) -> None:
        """Hand the rows of a query to `take`, some megabytes of whole rows at a time, in COPY's text format.

        Raises: StoreBusy, Unavailable; what `take` raises.
        """
        held: list[bytes] = []
        size = 0

        async def collect(some: bytes) -> None:
            # PostgreSQL sends a message per row, and asyncpg passes whole messages on.
            nonlocal size
            held.append(some)
            size += len(some)
            if size >= PIECE and some.endswith(b"\n"):
                await flush()

        async def flush() -> None:
            nonlocal size
            piece = b"".join(held)
            held.clear()
            size = 0
            if piece:
                await take(piece)

        with translated():
            await self._connection.copy_from_query(
                sql, *values, output=collect, format="text", timeout=self._timeout_s
            )
        await flush()


@asynccontextmanager
async def one_version(
    dsn: str, *, timeout_s: float, settings: Mapping[str, str] | None = None
) -> AsyncGenerator[Copying]:
    """A connection of its own, in one repeatable-read transaction for the whole block.

    `timeout_s` limits each statement, on the server and here. `settings` are the server's, for the session.

    Raises: StoreBusy, Unavailable.
    """
    with translated():
        made: object = await asyncpg.connect(  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]  (untyped vendor)
            dsn,
            timeout=CONNECT_S,
            command_timeout=timeout_s,
            server_settings={
                "application_name": "segmentry copy",
                "statement_timeout": str(int(timeout_s * 1000)),
                "default_transaction_read_only": "on",
                "timezone": "UTC",
                "datestyle": "ISO, YMD",
                # Otherwise two copies of the same rows may come in two orders, and look like two versions.
                "synchronize_seqscans": "off",
                **(settings or {}),
            },
        )
    connection = cast("_Connection", made)  # no rule: asyncpg ships no types
    whole = False
    try:
        with translated():
            async with connection.transaction(isolation="repeatable_read", readonly=True):
                yield Copying(connection, timeout_s)
                whole = True
    finally:
        if whole:
            await connection.close()
        else:
            connection.terminate()
