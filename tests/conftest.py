"""Fixtures that several folders share: the state store on a real embedded PostgreSQL."""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
from collections.abc import AsyncGenerator, Generator
from pathlib import Path

import pytest
from segmentry.state.database import Database
from segmentry.state.embedded import EmbeddedPostgres

# Before numpy or scikit-learn loads: a fit per test worker, each with a thread per core, spins on two
# cores until the time limit ends it (seen: 0.2 s became 20 s). Real runs cap theirs in `runs/worker.py`.
for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_name, "1")

# gRPC reads it when it is first imported, and many test modules do that first (docs/decisions/0204).
os.environ.setdefault("GRPC_ENABLE_FORK_SUPPORT", "0")


@pytest.fixture(scope="session")
def postgres_folder() -> Generator[Path]:
    """A running embedded PostgreSQL, one per test worker; open it with `Database(directory=...)`."""
    # Not below pytest's own temporary folder: as root, PostgreSQL's account cannot pass its mode 0700.
    folder = Path(tempfile.mkdtemp(prefix="segmentry-tests-"))
    folder.chmod(0o755)
    server = EmbeddedPostgres(folder, durable=False)
    asyncio.run(server.start())
    try:
        yield folder
    finally:
        asyncio.run(server.stop())
        shutil.rmtree(folder)


@pytest.fixture(scope="session")
def postgres_dsn(postgres_folder: Path) -> Generator[str]:
    """The address of that server, for tests that connect by themselves."""
    server = EmbeddedPostgres(postgres_folder, durable=False)
    dsn = asyncio.run(server.start())
    try:
        yield dsn
    finally:
        asyncio.run(server.stop())


@pytest.fixture
async def database(postgres_folder: Path) -> AsyncGenerator[Database]:
    """The opened, empty state store."""
    async with Database(directory=postgres_folder, name="tests") as database:
        async with database.transaction() as session:
            tables = await session.fetch(
                "SELECT format('%I', tablename) AS name FROM pg_tables "
                "WHERE schemaname = 'public' AND tablename <> 'schema_migration'"
            )
            await session.execute(f"TRUNCATE {', '.join(row.text('name') for row in tables)}")
        yield database


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give tests that start real processes 60 s instead of 20: a start alone takes 5 s on a busy machine."""
    folders = {"runs", "state", "cli", "docs", "packaging"}
    for item in items:
        uses = item.fixturenames if isinstance(item, pytest.Function) else []
        starts = item.path.parent.name in folders or "postgres_folder" in uses
        if starts and item.get_closest_marker("timeout") is None:
            item.add_marker(pytest.mark.timeout(60))
