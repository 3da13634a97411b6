"""Tables whose owner works on them while they are counted: rows that go, columns that go, rights that go."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from segmentry.criteria.catalog import Catalog, Field
from segmentry.criteria.nodes import And, Leaf, Operator
from segmentry.customers.postgres import PostgresConnection
from segmentry.customers.pushdown import Limits, PushdownTable
from segmentry.errors import Unavailable

from tests.customers.postgres import database, execute

AS_OF = datetime(2025, 12, 16, 10, tzinfo=UTC)
CATALOG = Catalog(
    "crm",
    (Field("tier", "string"), Field("spent", "number"), Field("born", "datetime")),
    key="id",
)
MADE = """
CREATE TABLE customers (id int PRIMARY KEY, tier text, spent float8, born date);
INSERT INTO customers SELECT n, CASE n % 2 WHEN 0 THEN 'gold' ELSE 'silver' END, n, '1970-01-02'::date + n
FROM generate_series(1, 100) AS n;
"""
GOLD = Leaf("tier", Operator.EQ, "gold")


@asynccontextmanager
async def _customers(folder: Path) -> AsyncGenerator[tuple[str, PushdownTable]]:
    async with database(folder, MADE) as dsn:
        connection = PostgresConnection(dsn)
        try:
            yield dsn, PushdownTable(connection, CATALOG, "customers")
        finally:
            await connection.close()


async def test_matched_and_universe_are_of_the_same_version(postgres_folder: Path) -> None:
    async with _customers(postgres_folder) as (dsn, table):
        assert (await table.describe())[0] == 100
        (before,) = await table.count([GOLD], AS_OF)
        await execute(dsn, "DELETE FROM customers WHERE id > 50")
        (after,) = await table.count([GOLD], AS_OF)
        await execute(dsn, "INSERT INTO customers SELECT n, 'iron', 0, NULL FROM generate_series(51, 250) n")
        (later,) = await table.count([GOLD], AS_OF)
    assert [(each.matched, each.universe) for each in (before, after, later)] == [
        (50, 100),
        (25, 50),
        (25, 250),
    ]


async def test_dates_are_read_as_the_first_moment_of_their_day(postgres_folder: Path) -> None:
    async with _customers(postgres_folder) as (dsn, table):
        await execute(dsn, "INSERT INTO customers VALUES (0, NULL, NULL, NULL)")
        frame = await table.frame()
    assert frame["born"].min() == datetime(1970, 1, 3, tzinfo=UTC)
    assert frame["born"].max() == datetime(1970, 4, 12, tzinfo=UTC)
    assert frame["born"].null_count() == 1


async def test_a_sample_of_a_table_with_dates_gives_estimates(postgres_folder: Path) -> None:
    async with _customers(postgres_folder) as (dsn, _):
        connection = PostgresConnection(dsn)
        eager = Limits(quick_s=0.0, sample_rows=60)
        table = PushdownTable(connection, CATALOG, "customers", limits=eager, seed=1)
        await table.refresh()
        late = Leaf("born", Operator.GTE, datetime(1970, 2, 22, tzinfo=UTC))
        found = await table.estimate(late, AS_OF)
        await connection.close()
    assert found is not None
    assert found.low is not None
    assert found.high is not None
    assert found.low <= 50 <= found.high


async def test_a_column_that_is_dropped_takes_away_its_own_criteria_alone(
    postgres_folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    rich = Leaf("spent", Operator.GT, 50.0)
    async with _customers(postgres_folder) as (dsn, table):
        assert [each.matched for each in await table.count([GOLD, rich], AS_OF)] == [50, 50]
        await execute(dsn, "ALTER TABLE customers RENAME COLUMN spent TO sum_in_cents")
        for nodes in ([rich], [GOLD, rich], [GOLD, And((GOLD, rich))]):
            with pytest.raises(Unavailable) as caught:
                await table.count(nodes, AS_OF)
            assert "spent" not in caught.value.message
            assert caught.value.retry_after_s is not None
        (gold,) = await table.count([GOLD], AS_OF)
        assert (gold.matched, gold.universe) == (50, 100)
        with pytest.raises(Unavailable):
            await table.member("1")
        await table.refresh()
        assert (await table.describe())[0] == 100
        assert "no column spent" in caplog.text
        await execute(dsn, "ALTER TABLE customers RENAME COLUMN sum_in_cents TO spent")
        await table.refresh()
        assert (await table.count([rich], AS_OF))[0].matched == 50
        assert (await table.member("1")).row["spent"] == 1.0


async def test_a_table_that_is_gone_is_unavailable_until_it_is_back(
    postgres_folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with _customers(postgres_folder) as (dsn, table):
        await table.count([GOLD], AS_OF)
        await execute(dsn, "ALTER TABLE customers RENAME TO old_customers")
        with pytest.raises(Unavailable, match="no longer fits"):
            await table.count([GOLD], AS_OF)
        assert "no table customers" in caplog.text
        await execute(dsn, "ALTER TABLE old_customers RENAME TO customers")
        assert (await table.count([GOLD], AS_OF))[0].matched == 50


async def test_a_right_that_is_taken_away_is_the_operators_fault(postgres_folder: Path) -> None:
    role = "segmentry_reading"
    async with _customers(postgres_folder) as (dsn, _):
        await execute(dsn, f"CREATE ROLE {role} LOGIN", f"GRANT SELECT ON customers TO {role}")
        connection = PostgresConnection(dsn.replace("segmentry@", f"{role}@"))
        table = PushdownTable(connection, CATALOG, "customers")
        assert (await table.count([GOLD], AS_OF))[0].matched == 50
        await execute(dsn, f"REVOKE SELECT ON customers FROM {role}")
        with pytest.raises(Unavailable, match="lacks a right"):
            await table.count([GOLD], AS_OF)
        await execute(dsn, f"GRANT SELECT (id, tier) ON customers TO {role}")
        assert (await table.count([GOLD], AS_OF))[0].matched == 50
        await connection.close()
        await execute(dsn, f"DROP OWNED BY {role}", f"DROP ROLE {role}")
