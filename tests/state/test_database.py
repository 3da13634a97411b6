"""The state store against a real PostgreSQL."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from segmentry.errors import InvalidValue, SegmentryError, StoreBusy, Unavailable
from segmentry.state.database import Database
from segmentry.state.migrate import SchemaMismatch


async def test_open_from_many_tasks_opens_one_pool(postgres_folder: Path) -> None:
    database = Database(directory=postgres_folder, name="tests")
    async with asyncio.TaskGroup() as tasks:
        for _ in range(20):
            tasks.create_task(database.open())
    try:
        row = await database.fetch_one(
            "SELECT count(*) AS n FROM pg_stat_activity WHERE application_name = 'segmentry'"
        )
        assert row is not None
        assert row.integer("n") <= 2
    finally:
        await database.close()


async def test_a_transaction_that_raises_leaves_nothing(database: Database) -> None:
    async def write_and_fail() -> None:
        async with database.transaction() as session:
            await session.execute("INSERT INTO secret (name, value) VALUES ('a', 'b')")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await write_and_fail()
    assert await database.fetch("SELECT 1 FROM secret") == []


async def test_a_full_pool_answers_busy_with_a_time_to_come_back(postgres_folder: Path) -> None:
    async with Database(directory=postgres_folder, name="tests", pool_size=2) as database:
        free = asyncio.Event()

        async def hold() -> None:
            async with database.transaction():
                await free.wait()

        async with asyncio.TaskGroup() as tasks:
            holders = [tasks.create_task(hold()) for _ in range(2)]
            await asyncio.sleep(0.05)
            with pytest.raises(StoreBusy) as caught:
                await database.fetch("SELECT 1")
            free.set()
        assert all(holder.done() for holder in holders)
        assert caught.value.retry_after_s is not None
        row = await database.fetch_one("SELECT 7 AS seven")
        assert row is not None
        assert row.integer("seven") == 7


async def test_callers_cannot_occupy_the_connection_for_upkeep(postgres_folder: Path) -> None:
    async with (
        Database(directory=postgres_folder, name="tests", pool_size=1) as database,
        database.transaction(),
    ):
        with pytest.raises(StoreBusy):
            await database.fetch("SELECT 1")
        async with database.transaction(upkeep=True) as session:
            assert await session.fetch_one("SELECT 1 AS one") is not None


async def test_a_read_survives_connections_that_were_cut(database: Database) -> None:
    async with asyncio.TaskGroup() as tasks:
        for _ in range(5):
            tasks.create_task(database.fetch("SELECT pg_sleep(0.02)"))
    await _cut_all_others(database)
    row = await database.fetch_one("SELECT 7 AS seven")
    assert row is not None
    assert row.integer("seven") == 7


async def test_a_write_survives_connections_that_were_cut_before_it(database: Database) -> None:
    await _cut_all_others(database)
    await database.execute("INSERT INTO secret (name, value) VALUES ('a', 'b')")
    assert len(await database.fetch("SELECT 1 FROM secret")) == 1


async def test_a_text_with_nul_is_the_callers_fault(database: Database) -> None:
    with pytest.raises(InvalidValue, match="NUL"):
        await database.fetch("SELECT 1 FROM secret WHERE name = $1", "a\0b")
    with pytest.raises(InvalidValue, match="NUL"):
        await database.execute("INSERT INTO secret (name, value) VALUES ($1, 'b')", "a\0b")


async def test_a_statement_that_takes_too_long_is_busy(database: Database) -> None:
    async def sleep() -> None:
        async with database.transaction() as session:
            await session.execute("SET LOCAL statement_timeout = 50")
            await session.execute("SELECT pg_sleep(5)")

    with pytest.raises(StoreBusy):
        await sleep()


async def test_cancelled_queries_lose_no_connection(postgres_folder: Path) -> None:
    async with Database(directory=postgres_folder, name="tests", pool_size=3) as database:
        for step in range(60):
            query = asyncio.ensure_future(database.fetch("SELECT pg_sleep(1)"))
            for _ in range(step % 7):
                await asyncio.sleep(0)
            query.cancel()
            with pytest.raises(asyncio.CancelledError):
                await query
        async with asyncio.timeout(5), asyncio.TaskGroup() as tasks:
            for _ in range(3):
                tasks.create_task(database.fetch("SELECT pg_sleep(0.01)"))


async def test_an_unreachable_server_is_unavailable_and_says_no_address(tmp_path: Path) -> None:
    database = Database(f"postgresql://someone:secret-word@/nowhere?host={tmp_path}")
    with pytest.raises(Unavailable) as caught:
        await database.open()
    assert "secret-word" not in caught.value.message
    assert str(tmp_path) not in caught.value.message
    await database.close()


async def test_after_close_the_store_says_so(postgres_folder: Path) -> None:
    database = Database(directory=postgres_folder, name="tests")
    await database.open()
    await database.close()
    await database.close()
    with pytest.raises(SegmentryError, match="closed"):
        await database.fetch("SELECT 1")


async def test_two_servers_migrate_one_new_database_once(postgres_folder: Path) -> None:
    servers = [Database(directory=postgres_folder, name="migrated_twice") for _ in range(2)]
    async with asyncio.TaskGroup() as tasks:
        for server in servers:
            tasks.create_task(server.open())
    rows = await servers[0].fetch("SELECT version FROM schema_migration ORDER BY version")
    assert [row.integer("version") for row in rows] == list(range(1, len(rows) + 1))
    assert rows
    for server in servers:
        await server.close()


async def test_a_newer_database_is_refused(postgres_folder: Path) -> None:
    async with Database(directory=postgres_folder, name="newer") as database:
        await database.execute(
            "INSERT INTO schema_migration (version, name, checksum) VALUES (9999, 'future', 'x') "
            "ON CONFLICT DO NOTHING"
        )
    old = Database(directory=postgres_folder, name="newer")
    with pytest.raises(SchemaMismatch, match="start the newer segmentry"):
        await old.open()
    await old.close()


async def test_a_changed_migration_is_refused(postgres_folder: Path) -> None:
    async with Database(directory=postgres_folder, name="changed") as database:
        await database.execute("UPDATE schema_migration SET checksum = 'other' WHERE version = 1")
    again = Database(directory=postgres_folder, name="changed")
    with pytest.raises(SchemaMismatch, match="0001"):
        await again.open()
    await again.close()


async def _cut_all_others(database: Database) -> None:
    await database.fetch(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    async with asyncio.timeout(5):
        with pytest.raises(Unavailable):
            # One's own connection too: the call fails because its reply cannot arrive, twice over.
            await database.fetch("SELECT pg_terminate_backend(pg_backend_pid())")
