"""Single customers out of a snapshot: by key, by example, and the thresholds that `$top` stands for."""

from __future__ import annotations

from datetime import UTC, datetime

import polars as pl
import pytest
from segmentry.criteria import match
from segmentry.criteria.catalog import Catalog, EventProperty, EventType, Field
from segmentry.criteria.nodes import And, Everyone, Leaf, Node, Not, Operator, Or, Top
from segmentry.customers.demo import golf_snapshot
from segmentry.customers.snapshot import Snapshot
from segmentry.customers.snapshots import SnapshotStore
from segmentry.errors import NotFound

AS_OF = datetime(2025, 12, 16, 10, tzinfo=UTC)
CATALOG = Catalog(
    "shop",
    (Field("score", "number"), Field("name", "string"), Field("tags", "array"), Field("at", "datetime")),
    (EventType("order", (EventProperty("amount", "number", integer=True),)),),
    key="customer_no",
)


def shop() -> Snapshot:
    frame = pl.DataFrame(
        {
            "customer_no": ["c-1", "c-2", "c-3"],
            "score": [1.5, None, 3.0],
            "name": ["Ann", None, "Bo"],
            "tags": [["vip"], [], None],
            "at": [AS_OF, None, datetime(2024, 2, 29, tzinfo=UTC)],
        }
    )
    orders = pl.DataFrame({"owner": [2, 0, 2], "at": [AS_OF, AS_OF, AS_OF], "amount": [5, None, 7]})
    return Snapshot.from_frame(frame, CATALOG, {"order": orders})


@pytest.mark.parametrize("snapshot", [shop(), golf_snapshot(50, as_of=AS_OF)], ids=["shop", "golf"])
def test_a_member_is_the_row_that_the_reference_reads(snapshot: Snapshot) -> None:
    rows, events = snapshot.rows_as_mappings(), snapshot.events_as_mappings()
    for index, (row, happened) in enumerate(zip(rows, events, strict=True)):
        member = snapshot.member(index)
        lists = {name: tuple(value) if isinstance(value, list) else value for name, value in row.items()}
        assert member.row == lists
        assert list(member.events) == happened


async def test_a_customer_is_found_by_the_key_of_the_table_or_by_the_row() -> None:
    store = SnapshotStore()
    store.put("demo", "shop", shop())
    store.put("demo", "golf", golf_snapshot(50, as_of=AS_OF))
    assert (await store.member("demo", "shop", "c-3")).row["name"] == "Bo"
    assert (await store.member("demo", "golf", "50")).key == "50"
    for schema, key in (("shop", "c-4"), ("shop", "1"), ("golf", "51"), ("golf", "0"), ("golf", "one")):
        with pytest.raises(NotFound, match="customer"):
            await store.member("demo", schema, key)


async def test_an_example_is_the_first_customer_that_matches() -> None:
    store = SnapshotStore()
    store.put("demo", "shop", shop())
    found = await store.example("demo", "shop", Leaf("score", Operator.GT, 1.0), AS_OF)
    assert found is not None
    assert found.key == "c-1"
    assert await store.example("demo", "shop", Leaf("score", Operator.GT, 3.0), AS_OF) is None


@pytest.mark.parametrize("order", ["highest", "lowest"])
@pytest.mark.parametrize("field", ["lifetimeValue", "lastActivityAt"])
async def test_a_resolved_top_selects_the_same_customers(field: str, order: str) -> None:
    club = golf_snapshot(500, as_of=AS_OF)
    of = Or((Leaf("status", Operator.EQ, "ACTIVE"), Leaf("handicap", Operator.EXISTS, value=False)))
    trees: list[Node] = [
        Top(field, 10, "highest" if order == "highest" else "lowest"),
        Not(And((Top(field, 33.3, "highest" if order == "highest" else "lowest", of), Everyone()))),
    ]
    store = SnapshotStore()
    store.put("demo", "golf", club)
    resolved = await store.resolve("demo", "golf", trees, AS_OF)
    rows, events = club.rows_as_mappings(), club.events_as_mappings()
    for tree, plain in zip(trees, resolved, strict=True):
        assert plain == match.without_tops(tree, rows, AS_OF, events)
        assert "Top(" not in repr(plain)
        assert club.mask(plain, AS_OF).tolist() == club.mask(tree, AS_OF).tolist()
