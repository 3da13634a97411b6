"""ExplainMember's verdicts against the reference matcher, and what it says to people."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import polars as pl
import pytest
from hypothesis import HealthCheck, assume, given, settings
from segmentry.builder.request import Place
from segmentry.criteria import limits, parse, walk
from segmentry.criteria.catalog import Catalog, EventProperty, EventType, Field
from segmentry.criteria.dates import Clock
from segmentry.criteria.nodes import Node
from segmentry.customers.snapshot import Snapshot
from segmentry.customers.snapshots import SnapshotStore
from segmentry.errors import NotFound
from segmentry.explain.member import ExplainedMember, explain_member

from tests.criteria.strategies import NODES
from tests.explain.tables import CLUBS, PLACE, Club

NOW = datetime(2025, 12, 16, 10, tzinfo=UTC)
CATALOG = Catalog(
    "golf",
    (
        Field("memberId", "string", role="id"),
        Field("email", "string", pii=True),
        Field("status", "enum"),
        Field("handicap", "number"),
        Field("lifetimeValue", "number", integer=True, unit="cents"),
        Field("lastBookingAt", "datetime"),
        Field("tags", "array"),
    ),
    (EventType("booking", (EventProperty("amount", "number", integer=True, unit="cents"),)),),
)
GOLF = Place("demo", "golf", CATALOG, Clock.at(NOW))


@pytest.mark.parametrize("part", range(2))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(node=NODES, table=CLUBS)
def test_every_verdict_is_that_of_the_reference_matcher(part: int, node: Node, table: Club) -> None:
    assume(limits.depth(node) <= limits.MAX_DEPTH and not PLACE.check(node).errors)
    expected = table.who(node)
    by_leaf = [table.who(leaf) for leaf in walk.leaves(node)]
    for row in range(len(table.rows)):
        found = asyncio.run(explain_member(node, str(row + 1), PLACE, table.store))
        assert found.member is expected[row]
        assert [each.holds for each in found.leaves] == [each[row] for each in by_leaf]
        assert all(each.message for each in found.leaves)
        sizes = {len(each.leaf_ids) for each in found.flips}
        assert len(sizes) <= 1
        assert all(each.leaf_ids for each in found.flips)


@pytest.fixture
def club() -> SnapshotStore:
    frame = pl.DataFrame(
        {
            "memberId": ["m1", "m2"],
            "email": ["jo@example.com", None],
            "status": ["ACTIVE", None],
            "handicap": [12.0, None],
            "lifetimeValue": [123456, 900000],
            "lastBookingAt": [datetime(2025, 10, 1, 9, 30, tzinfo=UTC), None],
            "tags": [["golf", "vip2"], None],
        }
    )
    bookings = pl.DataFrame(
        {"owner": [0, 0], "at": [datetime(2025, 12, 1, tzinfo=UTC)] * 2, "amount": [5000, 2550]}
    )
    store = SnapshotStore()
    store.put("demo", "golf", Snapshot.from_frame(frame, CATALOG, {"booking": bookings}))
    return store


async def explained(store: SnapshotStore, criteria: str, key: str = "m1") -> ExplainedMember:
    return await explain_member(parse.loads(criteria), key, GOLF, store)


@pytest.mark.parametrize(
    ("criteria", "message", "actual"),
    [
        ('{"handicap":{"$lt":10}}', "handicap is 12, needs less than 10", 12.0),
        ('{"handicap":{"$gte":10}}', "handicap is 12, which is at least 10", 12.0),
        ('{"$not":{"handicap":{"$gte":10}}}', "handicap is 12, needs not at least 10", 12.0),
        ('{"$not":{"status":"DELETED"}}', "status is ACTIVE, which is not DELETED", "ACTIVE"),
        ('{"lifetimeValue":{"$gte":500000}}', "lifetime value is 1,234.56, needs at least 5,000.00", 123456),
        (
            '{"lastBookingAt":{"$gte":"{{60_DAYS_AGO}}"}}',
            "last booking is 1 Oct 2025 09:30 UTC, needs on or after 17 Oct 2025 (60 days ago)",
            datetime(2025, 10, 1, 9, 30, tzinfo=UTC),
        ),
        (
            '{"tags":{"$contains":"vip"}}',
            'tags is [golf, vip2], needs a list that includes "vip"',
            ("golf", "vip2"),
        ),
        (
            '{"email":{"$endsWith":".co.za"}}',
            'email has a value that is not shown, needs a value that ends with ".co.za"',
            None,
        ),
        (
            '{"$event":{"name":"booking","count":{"$gte":3},"within":"{{30_DAYS_AGO}}"}}',
            "had 2 bookings since 16 Nov 2025 (30 days ago), needs at least 3",
            2,
        ),
        (
            '{"$event":{"name":"booking","sum":{"of":"amount","$gte":10000}}}',
            "had bookings with a total amount of 75.50, needs at least 100.00",
            7550,
        ),
        (
            '{"$top":{"field":"lifetimeValue","percent":50}}',
            "lifetime value is 1,234.56, needs at least 9,000.00 to be in the top 50% by lifetime value",
            123456,
        ),
    ],
)  # fmt: skip
async def test_a_leaf_is_said_in_words(
    club: SnapshotStore, criteria: str, message: str, actual: object
) -> None:
    (leaf,) = (await explained(club, criteria)).leaves
    assert leaf.message == message
    assert leaf.actual == actual


@pytest.mark.parametrize(
    ("criteria", "message"),
    [
        ('{"handicap":{"$lt":10}}', "handicap is unset, needs less than 10"),
        ('{"status":{"$neq":"DELETED"}}', "status is unset, which counts as: not DELETED"),
        ('{"status":null}', "status is unset, as asked"),
        ('{"status":{"$exists":true}}', "status is unset, needs set"),
    ],
)
async def test_a_missing_value_is_said_and_marked(club: SnapshotStore, criteria: str, message: str) -> None:
    (leaf,) = (await explained(club, criteria, "m2")).leaves
    assert (leaf.message, leaf.missing_value, leaf.actual) == (message, True, None)


async def test_a_flip_says_what_would_change_the_verdict(club: SnapshotStore) -> None:
    out = await explained(club, '{"$and":[{"status":"ACTIVE"},{"handicap":{"$lt":10}}]}')
    assert [(each.leaf_ids, each.message) for each in out.flips] == [
        (("l2",), "would match if handicap is less than 10")
    ]
    inside = await explained(club, '{"$or":[{"status":"ACTIVE"},{"handicap":{"$gt":10}}]}')
    assert [each.message for each in inside.flips] == [
        "would no longer match if status is not ACTIVE (or unset) and handicap is not more than 10 (or unset)"
    ]


async def test_personal_values_stand_nowhere_in_an_explanation(club: SnapshotStore) -> None:
    found = await explained(club, '{"$or":[{"email":{"$contains":"o"}},{"email":{"$startsWith":"x"}}]}')
    assert "jo@example.com" not in repr(found)


async def test_an_unknown_customer_is_not_found(club: SnapshotStore) -> None:
    with pytest.raises(NotFound) as refused:
        await explained(club, "{}", "m3")
    assert refused.value.metadata["resourceType"] == "customer"
