"""DuckDB files and Parquet files: larger than the memory they get, and nothing but read."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest
from segmentry.criteria.catalog import Catalog, EventProperty, EventType, Field
from segmentry.criteria.nodes import Event, Everyone, Leaf, Node, Operator
from segmentry.customers.duckdb import DuckdbConnection, DuckdbLimits
from segmentry.customers.pushdown import PushdownTable
from segmentry.errors import InvalidParameters, StoreBusy, Unavailable

AS_OF = datetime(2025, 12, 16, 10, tzinfo=UTC)
CATALOG = Catalog(
    "shop",
    (
        Field("tier", "enum"),
        Field("score", "number"),
        Field("visits", "number", integer=True),
        Field("spend", "number"),
        Field("seen", "datetime"),
        Field("tags", "array"),
    ),
    (EventType("order", (EventProperty("amount", "number", integer=True),), table="orders"),),
    key="id",
)
CUSTOMERS = """
SELECT i AS id, (['gold', 'silver'])[i % 2 + 1]::ENUM('gold', 'silver') AS tier,
    CASE i % 4 WHEN 0 THEN 'nan'::DOUBLE WHEN 1 THEN i::DOUBLE END AS score,
    CASE WHEN i % 3 = 0 THEN NULL ELSE i::DOUBLE END AS visits, (i / 100)::DECIMAL(10, 2) AS spend,
    make_timestamp(1735689600000000 + i)::TIMESTAMPTZ AS seen, [i::VARCHAR, NULL] AS tags
FROM range(1000) t(i)
"""
ORDERS = "SELECT i % 10 AS id, TIMESTAMP '2025-12-01' AS at, 5 AS amount FROM range(30) t(i)"
COUNTS: list[tuple[Node, int]] = [
    (Leaf("tier", Operator.EQ, "gold"), 500),
    (Leaf("score", Operator.EXISTS, value=True), 250),
    (Leaf("score", Operator.GTE, 900.0), 25),
    (Leaf("visits", Operator.EXISTS, value=True), 666),
    (Leaf("visits", Operator.EQ, 7), 1),
    (Leaf("spend", Operator.EQ, 0.1), 1),
    (Leaf("seen", Operator.LT, datetime(2025, 1, 1, 0, 0, 0, 7, tzinfo=UTC)), 7),
    (Leaf("tags", Operator.CONTAINS, "7"), 1),
    (Event("order", measure="sum", of="amount", operator=Operator.EQ, value=15), 10),
    (Event("order", operator=Operator.EQ, value=0), 990),
    (Everyone(), 1000),
]


def _parquet(path: Path, query: str) -> Path:
    with duckdb.connect() as writer:
        writer.execute("SET TimeZone = 'UTC'")
        quoted = str(path).replace("'", "''")
        writer.execute(f"COPY ({query}) TO '{quoted}' (FORMAT parquet, ROW_GROUP_SIZE 20480)")
    return path


def _file(tmp_path: Path) -> DuckdbConnection:
    path = tmp_path / "shop.duckdb"
    with duckdb.connect(path) as writer:
        writer.execute("SET TimeZone = 'UTC'")
        writer.execute(f"CREATE TABLE customers AS {CUSTOMERS}")
        writer.execute(f"CREATE TABLE orders AS {ORDERS}")
    return DuckdbConnection(path)


def _files(tmp_path: Path) -> DuckdbConnection:
    plain = CUSTOMERS.replace("::ENUM('gold', 'silver')", "")
    customers = _parquet(tmp_path / "it's customers.parquet", plain)
    orders = _parquet(tmp_path / "orders.parquet", ORDERS)
    return DuckdbConnection(parquet={"customers": [customers], "orders": [orders]})


@pytest.mark.parametrize("kind", [_file, _files], ids=["database", "parquet"])
async def test_columns_of_other_types_keep_their_meaning(
    tmp_path: Path, kind: Callable[[Path], DuckdbConnection], monkeypatch: pytest.MonkeyPatch
) -> None:
    # The zone of the machine must not matter.
    monkeypatch.setenv("TZ", "Africa/Johannesburg")
    connection = kind(tmp_path)
    table = PushdownTable(connection, CATALOG, "customers")
    counts = await table.count([node for node, _ in COUNTS], AS_OF)
    assert [each.matched for each in counts] == [expected for _, expected in COUNTS]
    for node, expected in COUNTS:
        assert (await table.count([node], AS_OF))[0].matched == expected
    member = await table.member("4")
    assert (member.row["score"], member.row["tags"], len(member.events)) == (None, ("4",), 3)
    assert member.row["seen"] == datetime(2025, 1, 1, 0, 0, 0, 4, tzinfo=UTC)
    assert (await table.frame(10)).height == 10
    await connection.close()


async def test_a_file_larger_than_the_memory_is_counted(tmp_path: Path) -> None:
    text = "repeat(md5(i::VARCHAR), 10) || (i % 5)::VARCHAR"
    big = _parquet(
        tmp_path / "big.parquet", f"SELECT i AS id, {text} AS nick, 'a' AS tier FROM range(450000) t(i)"
    )
    limits = DuckdbLimits(memory="100MB", statement_s=50)
    connection = DuckdbConnection(parquet={"customers": [big]}, limits=limits)
    catalog = Catalog("big", (Field("nick", "string"), Field("tier", "string")), key="id")
    table = PushdownTable(connection, catalog, "customers")
    # The texts alone are 144 MB, so they could not be held.
    nodes: list[Node] = [Leaf("nick", Operator.ENDS_WITH, str(each)) for each in range(5)]
    assert [each.matched for each in await table.count(nodes, AS_OF)] == [90_000] * 5
    async with connection.session() as session:
        assert await session.fetch("SELECT current_setting('memory_limit')") == [("95.3 MiB",)]
        with pytest.raises(StoreBusy, match="memory"):
            await session.fetch("SELECT length(string_agg(nick, '')) FROM customers")
    await connection.close()


def _bytes(folder: Path) -> dict[Path, bytes]:
    return {each: each.read_bytes() for each in folder.iterdir()}


@pytest.mark.parametrize("kind", [_file, _files], ids=["database", "parquet"])
async def test_a_database_can_do_nothing_but_read_what_it_was_given(
    tmp_path: Path, kind: Callable[[Path], DuckdbConnection]
) -> None:
    connection = kind(tmp_path)
    other = _parquet(tmp_path / "other.parquet", "SELECT 1 AS secret")
    before = _bytes(tmp_path)
    refused = [
        f"SELECT * FROM read_parquet('{other}')",
        f"SELECT * FROM '{other}'",
        "SELECT * FROM read_text('/etc/hostname')",
        "SELECT * FROM glob('/*')",
        f"ATTACH '{tmp_path / 'new.duckdb'}'",
        f"COPY (SELECT 1) TO '{tmp_path / 'new.csv'}'",
        "SET threads = 1",
        "SET enable_external_access = true",
        "RESET memory_limit",
        "INSTALL httpfs",
        "LOAD httpfs",
        "CREATE TABLE mine (i INT)",
        "DELETE FROM customers",
        "PRAGMA database_size",
    ]
    # What DuckDB itself would let through: writing over a file that may be read.
    refused += [
        "COPY (SELECT 1) TO '" + str(each).replace("'", "''") + "' (FORMAT parquet, USE_TMP_FILE false)"
        for files in connection.parquet.values()
        for each in files
    ]
    refused += ["SELECT 1; SELECT 2", "CREATE TEMPORARY TABLE mine (i INT)", ""]
    async with connection.session() as session:
        for text in refused:
            with pytest.raises((ValueError, Unavailable, duckdb.Error)):
                await session.fetch(text)
    # Below our own gate the database refuses by itself.
    async with connection.cursor() as cursor:
        for text in refused[:13]:
            with pytest.raises(duckdb.Error):
                cursor.execute(text).fetchall()
    assert _bytes(tmp_path) == before
    await connection.close()


SLOW = "SELECT count(*) FROM range(100000000) a, range(100000) b WHERE a.range % 7 = b.range % 11"


async def test_a_statement_that_takes_too_long_is_busy_and_leaves_the_slot_free(tmp_path: Path) -> None:
    connection = _file(tmp_path)
    connection.limits = DuckdbLimits(statement_s=0.2, slots=1, threads=1)
    for _ in range(2):
        with pytest.raises(StoreBusy) as caught:
            await _asked(connection, SLOW)
        assert caught.value.retry_after_s is not None
    assert (await PushdownTable(connection, CATALOG, "customers").describe())[0] == 1000
    await connection.close()


async def test_a_caller_who_leaves_stops_the_statement(tmp_path: Path) -> None:
    connection = DuckdbConnection(
        _file(tmp_path).path, limits=DuckdbLimits(statement_s=60, slots=1, wait_s=0.05)
    )
    caller = asyncio.ensure_future(_asked(connection, SLOW))
    await asyncio.sleep(0.2)
    with pytest.raises(StoreBusy, match="slot"):
        await _asked(connection, "SELECT 1")
    caller.cancel()
    async with asyncio.timeout(10):
        with pytest.raises(asyncio.CancelledError):
            await caller
    # The thread has ended and the slot is free: no statement runs on for nobody.
    await _asked(connection, "SELECT 1")
    await connection.close()


async def _asked(connection: DuckdbConnection, text: str) -> None:
    async with connection.session() as session:
        await session.fetch(text)


async def test_files_that_are_replaced_are_read_anew_as_another_version(tmp_path: Path) -> None:
    path = _parquet(tmp_path / "c.parquet", "SELECT 1 AS id, 'a' AS tier")
    connection = DuckdbConnection(parquet={"customers": [path]})
    table = PushdownTable(connection, Catalog("c", (Field("tier", "string"),), key="id"), "customers")
    nodes: list[Node] = [Leaf("tier", Operator.EQ, each) for each in "ab"]
    first = await table.count(nodes, AS_OF)
    _parquet(path, "SELECT i AS id, 'b' AS tier FROM range(3) t(i)")
    second = await table.count(nodes, AS_OF)
    assert [[each.matched for each in counts] for counts in (first, second)] == [[1, 0], [0, 3]]
    assert first[0].snapshot_id != second[0].snapshot_id
    path.unlink()
    with pytest.raises(Unavailable):
        await table.count(nodes, AS_OF)
    await connection.close()


async def test_every_fault_of_a_catalog_is_named_at_once(tmp_path: Path) -> None:
    connection = _file(tmp_path)
    wrong = Catalog(
        "shop", (Field("absent", "string"), Field("tags", "number")), (EventType("refund"),), key="id"
    )
    with pytest.raises(InvalidParameters) as caught:
        await PushdownTable(connection, wrong, "customers").describe()
    for said in ("no column absent", "which cannot hold number", "no table refund"):
        assert said in caught.value.message
    keyless = Catalog("shop", (Field("tier", "enum"),))
    table = PushdownTable(connection, keyless, "customers")
    assert (await table.count([Leaf("tier", Operator.EQ, "gold")], AS_OF))[0].matched == 500
    with pytest.raises(InvalidParameters, match="key"):
        await table.member("1")
    await connection.close()


async def test_files_that_are_replaced_between_two_calls_are_read_anew(tmp_path: Path) -> None:
    path = _parquet(tmp_path / "late.parquet", "SELECT i::DOUBLE AS score FROM range(1, 10) t(i)")
    connection = DuckdbConnection(parquet={"late": [path]})
    table = PushdownTable(connection, Catalog("late", (Field("score", "number"),)), "late")
    high = Leaf("score", Operator.GTE, 5.0)
    assert (await table.count([high], AS_OF))[0].matched == 5
    query = "SELECT CASE WHEN i = 9 THEN 'nan'::DOUBLE ELSE i END AS score FROM range(1, 20) t(i)"
    _parquet(tmp_path / "next.parquet", query).rename(path)
    assert (await table.count([high], AS_OF))[0].matched == 14
    await connection.close()
