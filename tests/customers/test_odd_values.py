"""NaN and infinities that appear in a table of PostgreSQL after it was bound; its indexes stay in use."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from segmentry.criteria.catalog import Catalog, Field
from segmentry.criteria.export.dialects import POSTGRESQL
from segmentry.criteria.nodes import Leaf, Operator
from segmentry.customers.binding import Place, bind
from segmentry.customers.postgres import PostgresConnection
from segmentry.customers.pushdown import PushdownTable
from segmentry.customers.statements import Asked
from segmentry.postgresql.driver import connect

AS_OF = datetime(2025, 12, 16, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    "index", ["ANALYZE late", "CREATE INDEX ON late (score); CREATE INDEX ON late (seen)"]
)
async def test_odd_values_that_appear_later_count_as_unset(postgres_dsn: str, index: str) -> None:
    admin = await connect(postgres_dsn)
    for statement in (
        "DROP TABLE IF EXISTS late",
        "CREATE TABLE late AS SELECT n AS id, n::float8 AS score, now() AS seen FROM generate_series(1, 9) n",
        index,
    ):
        await admin.execute(statement)
    catalog = Catalog("late", (Field("score", "number"), Field("seen", "datetime")), key="id")
    connection = PostgresConnection(postgres_dsn)
    table = PushdownTable(connection, catalog, "late")
    high, low, unset = (
        Leaf("score", Operator.GTE, 5.0),
        Leaf("score", Operator.LT, 5.0),
        Leaf("score", Operator.EXISTS, value=False),
    )
    future = Leaf("seen", Operator.GT, datetime(2200, 1, 1, tzinfo=UTC))

    async def counted() -> list[int | None]:
        return [(await table.count([node], AS_OF))[0].matched for node in (high, low, unset, future)]

    try:
        assert await counted() == [5, 4, 0, 0]
        await admin.execute("UPDATE late SET score = 'NaN' WHERE id = 9")
        await admin.execute("UPDATE late SET score = '-Infinity', seen = 'infinity' WHERE id = 1")
        assert await counted() == [4, 3, 2, 0]
        together = await table.count([high, low, unset, future], AS_OF)
        assert [each.matched for each in together] == [4, 3, 2, 0]
    finally:
        await connection.close()
        await admin.execute("DROP TABLE late")
        await admin.close()


@pytest.mark.parametrize("tenant_column", ["", "tenant"])
async def test_an_index_on_numbers_and_dates_stays_in_use(postgres_dsn: str, tenant_column: str) -> None:
    admin = await connect(postgres_dsn)
    await admin.execute(
        "CREATE TABLE many AS SELECT 't' AS tenant, n::float8 AS score, to_timestamp(n) AS seen "
        "FROM generate_series(1, 20000) n"
    )
    before = f"{tenant_column}, " if tenant_column else ""
    await admin.execute(f"CREATE INDEX ON many ({before}score); CREATE INDEX ON many ({before}seen)")
    await admin.execute("ANALYZE many")
    catalog = Catalog("many", (Field("score", "number"), Field("seen", "datetime")))
    connection = PostgresConnection(postgres_dsn)
    try:
        async with connection.session() as session:
            binding = await bind(session, connection, catalog, Place("many", "t", tenant_column))
            for leaf in (
                Leaf("score", Operator.GTE, 19_990.0),
                Leaf("seen", Operator.LT, datetime(1970, 1, 1, 0, 0, 9, tzinfo=UTC)),
            ):
                asked = Asked(binding, POSTGRESQL, AS_OF)
                for statement in (asked.count(leaf), asked.doubt([leaf])):
                    assert statement is not None
                    plan = await session.fetch(f"EXPLAIN {statement.text}", statement.parameters)
                    assert "Index" in str(plan), plan
                    assert "Seq Scan" not in str(plan), plan
    finally:
        await connection.close()
        await admin.execute("DROP TABLE many")
        await admin.close()
