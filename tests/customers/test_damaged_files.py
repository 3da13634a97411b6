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
from segmentry.errors import Unavailable

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
