"""A database of customers for tests: made by statements, gone when the block ends."""

from __future__ import annotations

import secrets
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

from segmentry.postgresql.driver import connect
from segmentry.state.embedded import EmbeddedPostgres


@asynccontextmanager
async def database(folder: Path, *statements: str) -> AsyncGenerator[str]:
    """The DSN of a new database on the server in `folder`, after those statements."""
    server = EmbeddedPostgres(folder, durable=False)
    admin = await server.start()
    name = f"t_{secrets.token_hex(6)}"
    dsn = admin.replace("/postgres?", f"/{name}?")
    try:
        await execute(admin, f"CREATE DATABASE {name}")
        await execute(dsn, *statements)
        yield dsn
        await execute(admin, f"DROP DATABASE {name} WITH (FORCE)")
    finally:
        await server.stop()


async def execute(dsn: str, *statements: str) -> None:
    """Run statements, one after the other."""
    connection = await connect(dsn)
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()
