"""Tables of PostgreSQL without a catalog: every column is served, or left out and said."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from segmentry.config import Secret, Settings, TableSettings
from segmentry.criteria.nodes import Leaf, Operator
from segmentry.customers.postgres_source import PostgresSource, Relation
from segmentry.customers.served import open_postgres
from segmentry.customers.stores import Stores
from segmentry.errors import InvalidParameters
from segmentry.rpc.tables import fill

from tests.customers.postgres import database

AS_OF = datetime(2025, 12, 16, 10, tzinfo=UTC)
MADE = """
CREATE TABLE people (id int PRIMARY KEY, tags jsonb, doc jsonb, mixed json, span interval, cash money,
    clock time, ip inet, place point);
INSERT INTO people SELECT n, CASE n % 3 WHEN 0 THEN '["a", "b"]' WHEN 1 THEN '["c"]' END::jsonb, '{"a": 1}',
    CASE n % 2 WHEN 0 THEN '["a"]' ELSE '"x"' END::json, '1 day', 3, '10:00', '10.0.0.1', '(1,2)'
FROM generate_series(1, 300) n;
"""
LEAVES = [
    (Leaf("tags", Operator.CONTAINS, "b"), 100),
    (Leaf("tags", Operator.EXISTS, value=False), 100),
    (Leaf("span", Operator.EQ, 86400.0), 300),
    (Leaf("cash", Operator.EQ, 3.0), 300),
    (Leaf("clock", Operator.EQ, "10:00:00"), 300),
    (Leaf("ip", Operator.STARTS_WITH, "10.0"), 300),
]


async def test_lists_in_json_are_arrays_and_what_cannot_be_asked_is_left_out(
    postgres_folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with database(postgres_folder, MADE) as dsn:
        relation = Relation(dsn, "people")
        copied = await PostgresSource(relation, "people").load()
        served = await open_postgres(Stores(), relation, "people", None, most_rows=1000)
        nodes = [node for node, _ in LEAVES]
        assert [each.matched for each in await served.count(nodes, AS_OF)] == [count for _, count in LEAVES]
        assert copied.count_many(nodes, AS_OF) == [count for _, count in LEAVES]
        await served.close()
    assert served.catalog.by_name["tags"].type == "array"
    assert {"doc", "mixed"}.isdisjoint(copied.catalog.by_name)
    assert {"doc", "mixed", "place"}.isdisjoint(served.catalog.by_name)
    for said in ("doc: JSON that holds no lists", "mixed: JSON", "place: point cannot be counted"):
        assert said in caplog.text


async def test_a_table_that_does_not_fit_is_named_at_start(postgres_folder: Path, tmp_path: Path) -> None:
    catalog = tmp_path / "people.toml"
    catalog.write_text(
        '[catalog]\nschema = "people"\n[[field]]\nname = "height"\ntype = "number"\n', encoding="utf-8"
    )
    async with database(postgres_folder, MADE) as dsn:
        table = TableSettings(
            dsn=Secret(dsn),
            relation="people",
            engine="postgresql",
            schema="crowd",
            tenant="acme",
            catalog=catalog,
        )
        with pytest.raises(InvalidParameters, match=r"\[\[table\]\] crowd of tenant acme: .*height"):
            await fill(Stores(), Settings(tables=(table,)))
