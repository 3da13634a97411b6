"""Tables of a real PostgreSQL: their types, their tenants, and a server that does not answer."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from urllib.parse import quote

import pytest
from segmentry.criteria.catalog import Catalog, EventProperty, EventType, Field
from segmentry.criteria.nodes import And, Event, Everyone, Leaf, Node, Operator
from segmentry.customers.postgres import PostgresConnection
from segmentry.customers.pushdown import Limits, PushdownTable
from segmentry.errors import InvalidParameters, StoreBusy, Unavailable
from segmentry.postgresql.driver import Connection, connect

AS_OF = datetime(2025, 12, 16, 10, tzinfo=UTC)
SCHEMA = """
DROP SCHEMA IF EXISTS crm CASCADE;
CREATE SCHEMA crm;
CREATE TYPE crm.tier AS ENUM ('gold', 'silver');
CREATE TABLE crm.customers (
    tenant text NOT NULL, id uuid NOT NULL, tier crm.tier, code char(4), nick text,
    joined date, seen timestamp, until timestamptz, spend numeric(12, 2), score real, points numeric,
    visits int, active smallint, tags jsonb, labels varchar[], number int
);
INSERT INTO crm.customers VALUES
    ('a', '00000000-0000-0000-0000-000000000001', 'gold', 'x', 'Ann', '2025-01-01', '2025-01-01 00:00',
     'infinity', 0.10, 'NaN', 'NaN', 3, 1, '["vip", null]', '{vip,b}', 7),
    ('a', '00000000-0000-0000-0000-000000000002', 'silver', 'y', 'ann', '2025-06-01', '2025-06-01 12:00',
     '2026-01-01', 99.99, 'Infinity', 9007199254740993, 5, 0, '[]', '{}', 8),
    ('b', '00000000-0000-0000-0000-000000000003', 'gold', 'x', 'Bob', NULL, NULL, NULL, NULL, 1.5, 1.5,
     NULL, NULL, '{"not": "a list"}', NULL, NULL);
CREATE TABLE crm.orders (tenant text, customer text, at timestamptz, amount numeric(10, 0));
INSERT INTO crm.orders VALUES
    ('a', '00000000-0000-0000-0000-000000000001', '2025-12-01', 5),
    ('b', '00000000-0000-0000-0000-000000000001', '2025-12-01', 5),
    ('a', NULL, '2025-12-01', 5);
"""
POLICY = (
    "CREATE POLICY of_tenant ON crm.customers FOR SELECT TO segmentry_reader "
    "USING (tenant = (SELECT current_setting('segmentry.tenant', true)))"
)
CATALOG = Catalog(
    "crm",
    (
        Field("tier", "enum"),
        Field("code", "string"),
        Field("nick", "string"),
        Field("joined", "datetime"),
        Field("seen", "datetime"),
        Field("until", "datetime"),
        Field("spend", "number"),
        Field("score", "number"),
        Field("points", "number", integer=True),
        Field("visits", "number"),
        Field("active", "boolean"),
        Field("tags", "array"),
        Field("labels", "array"),
        Field("number", "string"),
    ),
    (
        EventType(
            "order",
            (EventProperty("amount", "number", integer=True),),
            table="crm.orders",
            key_column="customer",
        ),
    ),
    key="id",
)


async def _made(driver: Connection) -> None:
    for statement in SCHEMA.split(";\n"):
        if statement.strip():
            await driver.execute(statement)


@asynccontextmanager
async def _crm(dsn: str, tenant: str = "a", statement_s: float = 5.0) -> AsyncGenerator[PushdownTable]:
    admin = await connect(dsn)
    try:
        await _made(admin)
    finally:
        await admin.close()
    connection = PostgresConnection(dsn, statement_s=statement_s)
    try:
        yield PushdownTable(connection, CATALOG, "crm.customers", tenant=tenant, tenant_column="tenant")
    finally:
        await connection.close()


EQ = Operator.EQ
LEAVES: list[tuple[Node, int]] = [
    (Leaf("tier", EQ, "gold"), 1),
    (Leaf("code", EQ, "x"), 1),
    (Leaf("nick", EQ, "Ann"), 1),
    (Leaf("nick", Operator.CONTAINS, "nn"), 2),
    (Leaf("nick", Operator.IN, ("ANN", "ann")), 1),
    (Leaf("joined", EQ, datetime(2025, 1, 1, tzinfo=UTC)), 1),
    (Leaf("joined", Operator.GT, datetime(2025, 1, 1, 0, 0, 1, tzinfo=UTC)), 1),
    (Leaf("seen", EQ, datetime(2025, 6, 1, 12, tzinfo=UTC)), 1),
    (Leaf("until", Operator.GT, AS_OF), 1),
    (Leaf("until", Operator.EXISTS, value=False), 1),
    (Leaf("spend", EQ, 0.1), 1),
    (Leaf("score", Operator.EXISTS, value=True), 0),
    (Leaf("score", Operator.GT, 0.0), 0),
    (Leaf("points", EQ, 2**53 + 1), 1),
    (Leaf("points", EQ, 2**53), 0),
    (Leaf("points", Operator.EXISTS, value=True), 1),
    (Leaf("visits", Operator.GTE, 4.5), 1),
    (Leaf("active", EQ, value=True), 1),
    (Leaf("tags", Operator.CONTAINS, "vip"), 1),
    (Leaf("tags", Operator.EXISTS, value=True), 2),
    (Leaf("labels", Operator.NEQ, "vip"), 1),
    (Leaf("number", EQ, "7"), 1),
    (Event("order", measure="sum", of="amount", operator=EQ, value=5), 1),
    (Event("order", operator=EQ, value=0), 1),
    (Everyone(), 2),
]


async def test_columns_of_other_types_keep_their_meaning(postgres_dsn: str) -> None:
    async with _crm(postgres_dsn) as table:
        together = await table.count([node for node, _ in LEAVES], AS_OF)
        assert [each.matched for each in together] == [expected for _, expected in LEAVES]
        for node, expected in LEAVES:
            (alone,) = await table.count([node], AS_OF)
            assert (alone.matched, alone.universe) == (expected, 2), node
        ann = await table.member("00000000-0000-0000-0000-000000000001")
        assert (ann.row["spend"], ann.row["score"], ann.row["tags"]) == (0.1, None, ("vip",))
        assert (ann.row["until"], ann.row["points"], ann.row["active"]) == (None, None, True)
        assert len(ann.events) == 1


async def test_a_tenant_sees_its_own_rows_alone(postgres_dsn: str) -> None:
    async with _crm(postgres_dsn, tenant="b") as table:
        assert (await table.describe())[0] == 1
        counts = await table.count([Everyone(), Event("order", value=1)], AS_OF)
        assert [each.matched for each in counts] == [1, 0]
    async with _crm(postgres_dsn, tenant="' OR true --") as table:
        assert (await table.describe())[0] == 0


async def test_row_level_security_reads_the_tenant_of_the_request(postgres_dsn: str) -> None:
    admin = await connect(postgres_dsn)
    try:
        await _made(admin)
        for statement in (
            "DROP ROLE IF EXISTS segmentry_reader",
            "CREATE ROLE segmentry_reader LOGIN",
            "GRANT USAGE ON SCHEMA crm TO segmentry_reader",
            "GRANT SELECT ON ALL TABLES IN SCHEMA crm TO segmentry_reader",
            "ALTER TABLE crm.customers ENABLE ROW LEVEL SECURITY",
            POLICY,
        ):
            await admin.execute(statement)
        reader = PostgresConnection(postgres_dsn.replace("segmentry@", "segmentry_reader@"))
        plain = Catalog("crm", (Field("code", "string"),))
        seen = [
            (await PushdownTable(reader, plain, "crm.customers", tenant=tenant).describe())[0]
            for tenant in ("a", "b", "")
        ]
        assert seen == [2, 1, 0]
        assert await reader.concerns("crm.customers") == []
        owner = PostgresConnection(postgres_dsn)
        assert len(await owner.concerns("crm.customers")) == 2
        async with reader.session() as session:
            with pytest.raises(Unavailable, match="SELECT"):
                await session.fetch("SELECT rolpassword FROM pg_authid")
        await reader.close()
        await owner.close()
        await admin.execute("DROP SCHEMA crm CASCADE")
        await admin.execute("DROP ROLE segmentry_reader")
    finally:
        await admin.close()


async def test_every_fault_of_a_catalog_is_named_at_once(postgres_dsn: str) -> None:
    async with _crm(postgres_dsn) as good:
        assert good.catalog is CATALOG
        wrong = Catalog(
            "crm",
            (
                Field("absent", "string"),
                Field("tags", "number"),
                Field("nick", "string", case_insensitive=True),
                Field("tier", "datetime"),
            ),
            (EventType("refund", table="crm.refunds"), EventType("order", table="crm.orders")),
            key="id",
        )
        connection = PostgresConnection(postgres_dsn)
        with pytest.raises(InvalidParameters) as caught:
            await PushdownTable(connection, wrong, "crm.customers").describe()
        for said in (
            "no column absent",
            "tags is jsonb, which cannot hold number",
            "nick_folded",
            "tier is tier, which cannot hold datetime",
            "no table crm.refunds",
            "no key column id",
        ):
            assert said in caught.value.message
        with pytest.raises(InvalidParameters, match=r"no table crm\.nobody"):
            await PushdownTable(connection, CATALOG, "crm.nobody").describe()
        await connection.close()


async def test_a_column_that_changes_under_a_table_is_found_again(postgres_dsn: str) -> None:
    async with _crm(postgres_dsn) as table:
        node = And((Leaf("code", EQ, "x"), Everyone()))
        assert (await table.count([node], AS_OF))[0].matched == 1
        admin = await connect(postgres_dsn)
        await admin.execute("ALTER TABLE crm.customers ALTER COLUMN code TYPE text")
        assert (await table.count([node], AS_OF))[0].matched == 1
        await admin.execute("ALTER TABLE crm.customers RENAME COLUMN code TO was_code")
        with pytest.raises(Unavailable, match="no longer fits"):
            await table.count([node], AS_OF)
        await admin.close()


async def _asked(connection: PostgresConnection, *texts: str) -> None:
    async with connection.session() as session:
        for text in texts:
            await session.fetch(text)


async def test_the_session_can_neither_write_nor_outlast_its_time(postgres_dsn: str) -> None:
    async with _crm(postgres_dsn):
        connection = PostgresConnection(postgres_dsn, statement_s=0.2)
        with pytest.raises(Unavailable):
            await _asked(connection, "DELETE FROM crm.customers RETURNING 1")
        with pytest.raises(StoreBusy) as caught:
            await _asked(connection, "SELECT pg_sleep(20)")
        assert caught.value.retry_after_s is not None
        # The server keeps the limit; without it the client gives up by itself.
        with pytest.raises(StoreBusy):
            await _asked(
                connection, "SELECT set_config('statement_timeout', '0', true)", "SELECT pg_sleep(20)"
            )
        async with connection.session() as session:
            assert await session.fetch("SELECT 7") == [(7,)]
        await connection.close()


async def _sleeps(dsn: str, *, wanted: bool) -> None:
    """Wait until the server runs, or no longer runs, the statement of the test below."""
    watcher = await connect(dsn)
    async with asyncio.timeout(10):
        sleeping = not wanted
        while sleeping is not wanted:
            sleeping = bool(
                await watcher.fetch(
                    "SELECT 1 FROM pg_stat_activity WHERE state = 'active' "
                    "AND query LIKE '%pg_sleep(31)%' AND pid <> pg_backend_pid()"
                )
            )
    await watcher.close()


async def test_a_caller_who_leaves_stops_the_statement_on_the_server(postgres_dsn: str) -> None:
    connection = PostgresConnection(postgres_dsn, pool_size=1)

    async def sleep() -> None:
        async with connection.session() as session:
            await session.fetch("SELECT pg_sleep(31)::text")

    caller = asyncio.ensure_future(sleep())
    await _sleeps(postgres_dsn, wanted=True)
    caller.cancel()
    with pytest.raises(asyncio.CancelledError):
        await caller
    await _sleeps(postgres_dsn, wanted=False)
    async with connection.session() as session:
        assert await session.fetch("SELECT 7") == [(7,)]
    await connection.close()


async def test_a_full_pool_answers_busy_with_a_time_to_come_back(postgres_dsn: str) -> None:
    connection = PostgresConnection(postgres_dsn, pool_size=1, acquire_s=0.05)
    async with connection.session():
        with pytest.raises(StoreBusy) as caught:
            async with connection.session():
                pass
    assert caught.value.retry_after_s is not None
    async with connection.session() as session:
        assert await session.fetch("SELECT 7") == [(7,)]
    await connection.close()


async def test_lost_connections_cost_the_call_that_was_running_and_no_other(postgres_dsn: str) -> None:
    async with _crm(postgres_dsn) as table:
        connection = PostgresConnection(postgres_dsn)
        before = await table.count([Everyone()], AS_OF)

        async def cut() -> None:
            async with connection.session() as session:
                await _cut_all(postgres_dsn)
                await session.fetch("SELECT 1")

        with pytest.raises(Unavailable) as caught:
            await cut()
        assert caught.value.retry_after_s is not None
        assert [each.matched for each in await table.count([Everyone()], AS_OF)] == [
            each.matched for each in before
        ]
        async with connection.session() as session:
            assert await session.fetch("SELECT 7") == [(7,)]
        await connection.close()


async def _cut_all(dsn: str) -> None:
    admin = await connect(dsn)
    await admin.fetch(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE application_name = 'segmentry customers'"
    )
    await admin.close()


async def test_figures_of_one_request_are_of_one_version_while_rows_are_added(postgres_dsn: str) -> None:
    async with _crm(postgres_dsn) as table:
        admin = await connect(postgres_dsn)
        stop = asyncio.Event()

        async def writing() -> None:
            while not stop.is_set():
                await admin.execute("INSERT INTO crm.customers (tenant, id) VALUES ('a', gen_random_uuid())")

        nodes: list[Node] = [Leaf("code", Operator.EXISTS, value=flag) for flag in (True, False)]
        nodes += [Leaf("visits", Operator.GT, float(number)) for number in range(100)]
        writer = asyncio.ensure_future(writing())
        try:
            for _ in range(10):
                counts = await table.count(nodes, AS_OF)
                assert (counts[0].matched or 0) + (counts[1].matched or 0) == counts[0].universe
                assert len({each.snapshot_id for each in counts}) == 1
        finally:
            stop.set()
            await writer
            await admin.close()


async def test_an_unreachable_server_is_unavailable_and_says_no_address(tmp_path: object) -> None:
    connection = PostgresConnection(f"postgresql://someone:secret-word@/nowhere?host={quote(str(tmp_path))}")
    with pytest.raises(Unavailable) as caught:
        await PushdownTable(connection, CATALOG, "t", limits=Limits()).describe()
    assert "secret-word" not in caught.value.message
    await connection.close()
