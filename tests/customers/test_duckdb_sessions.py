"""Sessions of a DuckDB that end late: replaced files, callers who leave, two tables in one file."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Sequence
from pathlib import Path

import duckdb
import pytest
from segmentry.criteria.catalog import Catalog, Field
from segmentry.customers import served
from segmentry.customers.connections import TableChanged
from segmentry.customers.duckdb import DuckdbConnection
from segmentry.customers.stores import Stores
from segmentry.errors import Unavailable

SLOW = "SELECT count(*) FROM range(100000000000) a(i) WHERE hash(i) = 1"


def _parquet(path: Path, rows: int) -> None:
    with duckdb.connect() as writer:
        writer.execute(f"COPY (SELECT i AS id FROM range({rows}) t(i)) TO '{path}' (FORMAT parquet)")


def _left() -> Sequence[Path]:
    return sorted(Path(tempfile.gettempdir()).glob("segmentry-duckdb-*"))


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))


async def test_a_replaced_file_is_closed_after_the_last_session_that_reads_it(tmp_path: Path) -> None:
    path, newer = tmp_path / "customers.parquet", tmp_path / "newer.parquet"
    _parquet(path, 10)
    _parquet(newer, 20)
    connection = DuckdbConnection(parquet={"customers": [path]})
    running = asyncio.Event()

    async def reads_on() -> None:
        async with connection.session() as session:
            running.set()
            await session.fetch(SLOW)

    reader = asyncio.create_task(reads_on())
    await running.wait()
    await asyncio.sleep(0.1)
    newer.replace(path)
    with pytest.raises(TableChanged):
        async with connection.session():
            pass
    # Anew, beside the statement that still runs.
    async with connection.session() as session:
        assert await session.fetch("SELECT count(*) FROM customers") == [(20,)]
    assert len(_left()) == 2
    reader.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reader
    assert len(_left()) == 1
    await connection.close()
    assert _left() == []


async def test_a_caller_who_is_cancelled_twice_still_waits_for_the_statement(tmp_path: Path) -> None:
    path = tmp_path / "customers.parquet"
    _parquet(path, 10)
    connection = DuckdbConnection(parquet={"customers": [path]})
    running = asyncio.Event()

    async def reads() -> None:
        async with connection.session() as session:
            running.set()
            await session.fetch(SLOW)

    reader = asyncio.create_task(reads())
    await running.wait()
    await asyncio.sleep(0.1)
    for _ in range(5):
        reader.cancel()
        await asyncio.sleep(0)
    with pytest.raises(asyncio.CancelledError):
        await reader
    await connection.close()
    assert _left() == []


async def test_two_tables_of_one_file_are_served_together(tmp_path: Path) -> None:
    path = tmp_path / "crm.duckdb"
    with duckdb.connect(path) as writer:
        writer.execute("CREATE TABLE people AS SELECT i AS id FROM range(3) t(i)")
        writer.execute("CREATE TABLE firms AS SELECT i AS id FROM range(5) t(i)")
    catalog = Catalog("crm", (Field("id", "number", integer=True),), key="id")
    stores, pools = Stores(), served.Pools()
    for relation in ("people", "firms"):
        await served.open_duckdb(
            stores, path, relation, catalog, relation=relation, tenant="acme", most_rows=100, pools=pools
        )
    assert [(table.schema_id, table.rows) for table in await stores.tables("acme")] == [
        ("firms", 5),
        ("people", 3),
    ]
    await stores.close()
    assert _left() == []


async def test_a_table_that_is_gone_hides_none_of_the_others(tmp_path: Path) -> None:
    stores, catalog = Stores(), Catalog("crm", (Field("id", "number", integer=True),), key="id")
    for name in ("gone", "kept"):
        _parquet(tmp_path / f"{name}.parquet", 3)
        await served.open_duckdb(
            stores, tmp_path / f"{name}.parquet", name, catalog, tenant="acme", most_rows=100
        )
    (tmp_path / "gone.parquet").unlink()
    # What is known of a table stays good for a while; closing its engine forgets it.
    for schema_id in ("gone", "kept"):
        await (await stores.pinned("acme", schema_id)).engine.close()
    assert [table.schema_id for table in await stores.tables("acme")] == ["kept"]
    (tmp_path / "kept.parquet").unlink()
    await (await stores.pinned("acme", "kept")).engine.close()
    with pytest.raises(Unavailable):
        await stores.tables("acme")
    await stores.close()
