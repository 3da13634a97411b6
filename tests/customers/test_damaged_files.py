"""Files of customers that are cut short, overwritten or taken away while they are served."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest
from segmentry.criteria.catalog import Catalog, Field
from segmentry.criteria.nodes import Leaf, Operator
from segmentry.customers.duckdb import DuckdbConnection
from segmentry.customers.pushdown import PushdownTable
from segmentry.customers.served import open_duckdb
from segmentry.customers.stores import Stores
from segmentry.errors import Unavailable, UnreadableTable

AS_OF = datetime(2025, 12, 16, 10, tzinfo=UTC)
CATALOG = Catalog("c", (Field("tier", "string"), Field("n", "number")), key="id")
ROWS = "SELECT i AS id, md5(i::VARCHAR) AS tier, i * 0.7 AS n FROM range(20000) t(i)"
LEAF = Leaf("tier", Operator.CONTAINS, "ab")


def _made(path: Path) -> DuckdbConnection:
    if path.suffix == ".parquet":
        with duckdb.connect() as writer:
            writer.execute(f"COPY ({ROWS}) TO '{path}' (FORMAT parquet)")
        return DuckdbConnection(parquet={"customers": [path]})
    with duckdb.connect(path) as writer:
        writer.execute(f"CREATE TABLE customers AS {ROWS}")
    return DuckdbConnection(path)


def _damaged(whole: bytes, how: str) -> bytes:
    match how:
        case "cut":
            return whole[: len(whole) // 2]
        case "empty":
            return b""
        case "overwritten":
            return whole[:100] + bytes(each ^ 0x5A for each in whole[100:-2000]) + whole[-2000:]
        case _:
            return bytes(each ^ 0x5A for each in whole)


@pytest.mark.parametrize("how", ["cut", "empty", "overwritten", "other"])
@pytest.mark.parametrize("name", ["c.parquet", "c.duckdb"])
async def test_a_damaged_file_is_unavailable_until_it_is_whole(tmp_path: Path, name: str, how: str) -> None:
    path = tmp_path / name
    connection = _made(path)
    whole = path.read_bytes()
    table = PushdownTable(connection, CATALOG, "customers")
    (before,) = await table.count([LEAF], AS_OF)
    for _ in range(2):
        path.with_suffix(".new").write_bytes(_damaged(whole, how))
        path.with_suffix(".new").replace(path)
        with pytest.raises(Unavailable) as caught:
            await table.count([LEAF], AS_OF)
        assert str(tmp_path) not in caught.value.message
        path.with_suffix(".new").write_bytes(whole)
        path.with_suffix(".new").replace(path)
        (after,) = await table.count([LEAF], AS_OF)
        assert (after.matched, after.universe) == (before.matched, before.universe)
    await connection.close()


def _part(path: Path, low: int, rows: int) -> None:
    with duckdb.connect() as writer:
        query = f"SELECT i AS id, 'gold' AS tier, i::DOUBLE AS n FROM range({low}, {low + rows}) t(i)"
        writer.execute(f"COPY ({query}) TO '{path}' (FORMAT parquet)")


async def test_files_that_come_and_go_are_the_table(tmp_path: Path) -> None:
    for number in range(3):
        _part(tmp_path / f"day{number}.parquet", 10 * number, 10)
    stores = Stores()
    path = tmp_path / "day*.parquet"
    table = await open_duckdb(stores, path, "c", CATALOG, tenant="t", most_rows=1000)
    gold = Leaf("tier", Operator.EQ, "gold")

    async def counted() -> tuple[int | None, int]:
        (found,) = await table.count([gold], AS_OF)
        return found.matched, found.universe

    assert await counted() == (30, 30)
    _part(tmp_path / ".day3.parquet", 30, 5)
    (tmp_path / "other.parquet").write_bytes(b"")
    assert await counted() == (30, 30)
    (tmp_path / ".day3.parquet").replace(tmp_path / "day3.parquet")
    assert await counted() == (35, 35)
    (tmp_path / "day0.parquet").unlink()
    assert await counted() == (25, 25)
    assert (await table.describe())[0] == 25
    for number in (1, 2, 3):
        (tmp_path / f"day{number}.parquet").unlink()
    with pytest.raises(Unavailable):
        await counted()
    _part(tmp_path / "day9.parquet", 0, 2)
    assert await counted() == (2, 2)
    await table.close()


async def test_a_name_that_no_file_has_is_told_at_start(tmp_path: Path) -> None:
    with pytest.raises(UnreadableTable, match="no file"):
        await open_duckdb(Stores(), tmp_path / "x*.parquet", "c", CATALOG, tenant="t", most_rows=9)
