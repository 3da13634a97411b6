"""Servers that engines of this folder need, started for the first case that needs one."""

from __future__ import annotations

import asyncio
from collections.abc import Generator
from pathlib import Path

import pytest
from segmentry.state.embedded import EmbeddedPostgres

from tests.conformance.engines import DUCKDB, POSTGRESQL
from tests.exports.sql_runners import Server


@pytest.fixture(scope="session")
def postgres_server(postgres_folder: Path) -> Generator[None]:
    """The embedded PostgreSQL of this test worker, for the engines that talk to it."""
    server = EmbeddedPostgres(postgres_folder, durable=False)
    Server.dsn = asyncio.run(server.start())
    yield
    POSTGRESQL.close()
    Server.close()
    asyncio.run(server.stop())


@pytest.fixture(scope="session", autouse=True)
def duckdb_at_the_end() -> Generator[None]:
    """Close the database in memory that cases of DuckDB share."""
    yield
    DUCKDB.close()


@pytest.fixture(autouse=True)
def server_of_the_engine(request: pytest.FixtureRequest) -> None:
    """Start PostgreSQL for the engines whose name begins with it."""
    if _engine(request.node).startswith("postgresql"):
        request.getfixturevalue("postgres_server")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give the first cases of a server time for its start."""
    for item in items:
        if _engine(item).startswith("postgresql"):
            item.add_marker(pytest.mark.timeout(60))


def _engine(item: pytest.Item) -> str:
    callspec = item.callspec if isinstance(item, pytest.Function) and hasattr(item, "callspec") else None
    return "" if callspec is None else str(callspec.params.get("engine", ""))
