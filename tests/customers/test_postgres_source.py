"""Customers and events copied out of a real PostgreSQL: typed, exact, and all of one version."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest
from segmentry.criteria.catalog import Catalog, EventProperty, EventType, Field
from segmentry.criteria.nodes import Event, Leaf, Operator
from segmentry.customers import copied_text
from segmentry.customers.copied_text import CopiedColumn
from segmentry.customers.postgres_source import PostgresSource, Relation
from segmentry.errors import (
    DatasetTooLarge,
    EmptyDataset,
    InvalidParameters,
    Unavailable,
    UnreadableTable,
)

from tests.customers.postgres import database, execute

AS_OF = datetime(2025, 12, 16, 10, tzinfo=UTC)
CUSTOMERS = """
CREATE SCHEMA crm;
CREATE TYPE crm.tier AS ENUM ('GOLD', 'SILVER');
CREATE DOMAIN crm.cents AS numeric(30, 0);
CREATE TABLE crm.customers (
    customer_no text PRIMARY KEY, name text, tier crm.tier, spent bigint, wealth crm.cents, score real,
    ratio double precision, price numeric(10, 2), opted boolean, seen timestamptz, born date,
    joined timestamp, tags text[], numbers int[], doc jsonb, ref uuid, tenant text NOT NULL
);
INSERT INTO crm.customers VALUES
('c-1', E'a\\tb\\\\n\\nc "x" é😀', 'GOLD', 9007199254740993, 123456789012345678901, 0.1, 'NaN', 0.10, true,
 '2025-12-16 12:00:00.123456+02', '2024-02-29', '2025-01-01 00:00:00',
 '{"vip","a;b","q\\"uote",NULL}', '{1,2}',
 '["p", 3, null]', '11111111-2222-3333-4444-555555555555', 't'),
('c-2', '', 'SILVER', -1, 0, 'Infinity', 1e300, 12345678.99, false, 'infinity', '-infinity', NULL, '{}', '{}',
 '{"a": 1}', NULL, 't'),
('c-3', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 't'),
('c-4', E'\\\\N', 'GOLD', 5, 5, 0.5, 0.5, 0.5, true, '0044-03-15 00:00:00+00 BC', '1999-12-31', now(),
 '{{a},{b}}',
 NULL, NULL, NULL, 't'),
('c-9', 'another tenant''s', NULL, 1, 1, 1, 1, 1, true, now(), now(), now(), NULL, NULL, NULL, NULL, 'u');
"""
ORDERS = """
CREATE TABLE crm.orders (customer_no text, ordered_at timestamptz, amount_cents bigint, place text,
    tenant text DEFAULT 't');
INSERT INTO crm.orders VALUES
('c-1', '2025-12-01 00:00:00+00', 500, 'shop'), ('c-1', '2025-12-02 00:00:00+00', 700, 'web'),
('c-2', '2025-12-01 00:00:00+00', NULL, NULL), ('c-9', '2025-12-01 00:00:00+00', 1, 'shop'),
('c-2', NULL, 5, 'web'), ('gone', '2025-12-01 00:00:00+00', 1, 'shop');
"""
CATALOG = Catalog(
    "crm",
    (
        Field("name", "string"),
        Field("tier", "enum"),
        Field("spent", "number", integer=True),
        Field("wealth", "number", integer=True),
        Field("score", "number"),
        Field("ratio", "number"),
        Field("price", "number"),
        Field("opted", "boolean"),
        Field("seen", "datetime"),
        Field("born", "datetime"),
        Field("joined", "datetime"),
        Field("labels", "array", column="tags"),
        Field("numbers", "array"),
        Field("doc", "array"),
        Field("ref", "string"),
    ),
    (
        EventType(
            "order",
            (
                EventProperty("amount", "number", integer=True, column="amount_cents"),
                EventProperty("place", "string"),
            ),
            table="crm.orders",
            time_column="ordered_at",
        ),
    ),
    key="customer_no",
)


def source(dsn: str, catalog: Catalog | None = CATALOG, most_rows: int | None = None) -> PostgresSource:
    relation = Relation(dsn, "crm.customers", "t", "tenant")
    return PostgresSource(relation, "crm", catalog, most_rows=most_rows)


async def test_every_type_arrives_exactly_and_what_is_no_value_is_unset_and_said(
    postgres_folder: Path,
) -> None:
    async with database(postgres_folder, CUSTOMERS, ORDERS) as dsn:
        snapshot = await source(dsn).load()
    first, second, third, fourth = snapshot.rows_as_mappings()
    assert first == {
        "name": 'a\tb\\n\nc "x" é😀',
        "tier": "GOLD",
        "spent": 2**53 + 1,
        "wealth": 123456789012345678901,
        "score": 0.10000000149011612,
        "ratio": None,
        "price": 0.1,
        "opted": True,
        "seen": datetime(2025, 12, 16, 10, 0, 0, 123456, tzinfo=UTC),
        "born": datetime(2024, 2, 29, tzinfo=UTC),
        "joined": datetime(2025, 1, 1, tzinfo=UTC),
        "labels": ["vip", "a;b", 'q"uote'],
        "numbers": ["1", "2"],
        "doc": ["p", "3"],
        "ref": "11111111-2222-3333-4444-555555555555",
    }
    # An empty text and an empty list are values; infinity and a date before year 1 are none.
    assert (second["name"], second["labels"], second["numbers"], second["doc"]) == ("", [], [], None)
    assert (second["score"], second["ratio"], second["seen"], second["born"]) == (None, 1e300, None, None)
    assert set(third.values()) == {None}
    assert (fourth["name"], fourth["seen"], fourth["labels"]) == ("\\N", None, None)
    assert snapshot.row_of("c-4") == 3
    assert snapshot.row_of("c-9") is None
    said = " / ".join(snapshot.notes)
    for column in ("score: 1", "ratio: 1", "seen: 2", "born: 1", "tags: 1"):
        assert f"{column} values" in said
    assert "order: 2 events belong to no customer" in said


async def test_events_belong_to_their_customer_and_are_of_the_same_version(postgres_folder: Path) -> None:
    async with database(postgres_folder, CUSTOMERS, ORDERS) as dsn:
        snapshot = await source(dsn).load()
    web = Leaf("place", Operator.EQ, "web")
    bought = Event("order", operator=Operator.GTE, value=1)
    assert snapshot.mask(bought, AS_OF).tolist() == [True, True, False, False]
    spent = Event("order", measure="sum", of="amount", operator=Operator.GTE, value=1200)
    assert snapshot.mask(spent, AS_OF).tolist() == [True, False, False, False]
    online = Event("order", where=web, operator=Operator.EQ, value=1)
    assert snapshot.mask(online, AS_OF).tolist() == [True, False, False, False]


async def test_rows_that_have_not_changed_make_no_new_version(postgres_folder: Path) -> None:
    async with database(postgres_folder, CUSTOMERS, ORDERS) as dsn:
        copied = source(dsn)
        first = await copied.load()
        assert await copied.reload(first) is None
        await execute(dsn, "INSERT INTO crm.orders VALUES ('c-3', '2025-12-03', 1, 'web')")
        second = await copied.reload(first)
    assert second is not None
    assert second.snapshot_id != first.snapshot_id
    bought = Event("order", operator=Operator.GTE, value=1)
    assert (first.count(bought, AS_OF), second.count(bought, AS_OF)) == (2, 3)


@pytest.mark.parametrize("catalog", [CATALOG, None], ids=["declared", "inferred"])
async def test_a_column_that_is_dropped_fails_the_refresh_and_is_named(
    postgres_folder: Path, catalog: Catalog | None
) -> None:
    async with database(postgres_folder, CUSTOMERS, ORDERS) as dsn:
        copied = source(dsn, catalog)
        first = await copied.load()
        await execute(dsn, "ALTER TABLE crm.customers DROP COLUMN spent, DROP COLUMN born")
        with pytest.raises(UnreadableTable, match="no column 'spent', 'born'"):
            await copied.reload(first)


async def test_a_property_of_an_event_that_is_dropped_fails_the_refresh(postgres_folder: Path) -> None:
    async with database(postgres_folder, CUSTOMERS, ORDERS) as dsn:
        first = await source(dsn).load()
        await execute(dsn, "ALTER TABLE crm.orders DROP COLUMN amount_cents")
        with pytest.raises(UnreadableTable, match=r"crm\.orders has no column 'amount_cents'"):
            await source(dsn).reload(first)


async def test_customers_and_events_fit_while_somebody_writes(postgres_folder: Path) -> None:
    """Each customer of the table has exactly one order at every commit; a mixed version would break that."""
    catalog = Catalog("crm", (Field("n", "number"),), (EventType("order", table="orders"),), key="id")
    pairs = "INSERT INTO {table} SELECT {columns} FROM generate_series({low}, {high}) AS n"
    tables = "CREATE TABLE customers (id bigint, n int); CREATE TABLE orders (id bigint, at timestamptz)"

    def grown(low: int) -> str:
        both = (("customers", "n, n"), ("orders", "n, '2025-01-01'::timestamptz"))
        made = [pairs.format(table=table, columns=columns, low=low, high=low + 99) for table, columns in both]
        return f"BEGIN; {'; '.join(made)}; COMMIT"

    async with database(postgres_folder, tables, grown(1)) as dsn:
        copied = PostgresSource(Relation(dsn, "customers"), "crm", catalog)
        done = False

        async def write() -> None:
            low = 101
            while not done:
                await execute(dsn, grown(low))
                low += 100

        sizes: set[int] = set()
        async with asyncio.TaskGroup() as group:
            group.create_task(write())
            for _ in range(10):
                snapshot = await copied.load()
                sizes.add(snapshot.rows)
                assert snapshot.rows % 100 == 0
                assert snapshot.count(Event("order", operator=Operator.EQ, value=1), AS_OF) == snapshot.rows
                assert not snapshot.notes
            done = True
    assert len(sizes) > 1


@pytest.mark.parametrize(
    ("catalog", "relation", "error", "said"),
    [
        (CATALOG, "crm.clients", UnreadableTable, "no relation 'crm.clients'"),
        (
            Catalog("c", (Field("height", "number"),)),
            "crm.customers",
            UnreadableTable,
            "no column 'height'",
        ),
        (Catalog("c", CATALOG.fields, key="no"), "crm.customers", UnreadableTable, "no key column 'no'"),
        (Catalog("c", CATALOG.fields, CATALOG.events), "crm.customers", InvalidParameters, "no key"),
        (Catalog("c", CATALOG.fields), 'crm."x"; DROP TABLE crm.customers', UnreadableTable, "no relation"),
        (None, "crm.customers", UnreadableTable, "no column 'shop' that tells tenants apart"),
        (None, "crm.nobody", EmptyDataset, "no rows"),
    ],
)
async def test_what_cannot_be_copied_is_named(
    postgres_folder: Path, catalog: Catalog | None, relation: str, error: type[Exception], said: str
) -> None:
    nobody = "CREATE TABLE crm.nobody (id int PRIMARY KEY, name text)"
    async with database(postgres_folder, CUSTOMERS, nobody) as dsn:
        column = "shop" if "tells tenants" in said else ""
        with pytest.raises(error, match=said):
            await PostgresSource(Relation(dsn, relation, "t", column), "c", catalog).load()


async def test_a_table_beyond_the_limit_is_refused_with_what_would_work(postgres_folder: Path) -> None:
    async with database(postgres_folder, CUSTOMERS) as dsn:
        plain = Catalog("c", CATALOG.fields)
        with pytest.raises(DatasetTooLarge, match=r"at most 3 are copied.*max_analysis_rows") as caught:
            await source(dsn, plain, most_rows=3).load()
        assert caught.value.metadata["maximum"] == "3"
        assert (await source(dsn, plain, most_rows=4).load()).rows == 4


async def test_a_database_that_is_away_says_so_and_never_its_password() -> None:
    dsn = "postgresql://crm:hunter2@127.0.0.1:1/crm"
    with pytest.raises(Unavailable) as caught:
        await source(dsn).load()
    assert "hunter2" not in repr(caught.value) + repr(Relation(dsn, "x"))


async def test_a_table_of_one_text_column_keeps_its_empty_texts(postgres_folder: Path) -> None:
    made = "CREATE TABLE words (word text); INSERT INTO words VALUES (''), (NULL), ('a'), ('')"
    async with database(postgres_folder, made) as dsn:
        snapshot = await PostgresSource(
            Relation(dsn, "words"), "w", Catalog("w", (Field("word", "string"),))
        ).load()
    assert [row["word"] for row in snapshot.rows_as_mappings()] == ["", None, "a", ""]


async def test_many_pieces_are_one_table(postgres_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whole numbers beyond 64 bits in one piece alone do not change those of the others."""
    monkeypatch.setattr("segmentry.postgresql.copying.PIECE", 1000)
    pieces: list[int] = []
    read = copied_text.read

    def counted(piece: bytes, columns: Sequence[CopiedColumn]) -> pl.DataFrame:
        pieces.append(len(piece))
        return read(piece, columns)

    monkeypatch.setattr(copied_text, "read", counted)
    made = (
        "CREATE TABLE many (id bigint PRIMARY KEY, text text, wide numeric(30, 0)); "
        "INSERT INTO many SELECT n, repeat('é', n % 50), "
        "CASE WHEN n = 29999 THEN 10^25::numeric ELSE n END FROM generate_series(1, 30000) AS n"
    )
    numbers = (Field("id", "number", integer=True), Field("wide", "number", integer=True))
    catalog = Catalog("many", (*numbers, Field("text", "string")), key="id")
    async with database(postgres_folder, made) as dsn:
        snapshot = await PostgresSource(Relation(dsn, "many"), "many", catalog).load()
    assert len(pieces) > 3
    frame = snapshot.frame(["id", "text"])
    assert sorted(frame["id"].to_list()) == list(range(1, 30_001))
    assert frame.filter(pl.col("text").str.len_chars() != pl.col("id") % 50).is_empty()
    row = snapshot.row_of("29999")
    assert row is not None
    assert snapshot.member(row).row["wide"] == 10**25
    assert snapshot.member(row - 1).row["wide"] == snapshot.member(row - 1).row["id"]
