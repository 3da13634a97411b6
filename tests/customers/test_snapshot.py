"""The snapshot engine on the design's five golfers: who matches, by id."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import polars as pl
import pytest
from segmentry.criteria.catalog import Catalog, Field
from segmentry.criteria.nodes import And, Event, Everyone, Leaf, Node, Not, Operator, Or, Segment, Top, Value
from segmentry.customers.snapshot import Snapshot
from segmentry.errors import UnknownSegment

AS_OF = datetime(2025, 12, 16, 10, tzinfo=UTC)
SIXTY_DAYS_AGO = datetime(2025, 10, 17, tzinfo=UTC)


def leaf(field: str, operator: str, value: Value) -> Leaf:
    return Leaf(field, Operator(operator), value)


def ids(snapshot: Snapshot, node: Node) -> list[int]:
    return [int(row) + 1 for row in np.flatnonzero(snapshot.mask(node, AS_OF))]


@pytest.mark.parametrize(
    ("node", "expected"),
    [
        (Everyone(), [1, 2, 3, 4, 5]),
        (leaf("status", "neq", "DELETED"), [1, 2, 3, 4]),
        (Not(leaf("status", "eq", "DELETED")), [1, 2, 3, 4]),
        (leaf("status", "nin", ("DELETED", None)), [1, 2, 3]),
        (leaf("status", "in", ("ACTIVE", None)), [1, 2, 4]),
        (leaf("status", "in", ()), []),
        (leaf("status", "nin", ()), [1, 2, 3, 4, 5]),
        (leaf("status", "eq", None), [4]),
        (leaf("status", "neq", None), [1, 2, 3, 5]),
        (leaf("membershipTier", "eq", "PLATINUM"), [1]),
        (leaf("handicap", "lt", 10.0), [1, 5]),
        (Not(leaf("handicap", "lt", 10.0)), [2, 3, 4]),
        (And((leaf("handicap", "gte", 0.0), leaf("handicap", "lte", 10.0))), [1, 3, 5]),
        (Not(Or((leaf("status", "eq", "ACTIVE"), leaf("engagementScore", "gte", 70.0)))), [3, 4]),
        (leaf("lastBookingAt", "lt", SIXTY_DAYS_AGO), [1, 5]),
        (leaf("lastBookingAt", "lte", SIXTY_DAYS_AGO), [1, 3, 5]),
        (Not(leaf("lastBookingAt", "gte", SIXTY_DAYS_AGO)), [1, 2, 5]),
        (leaf("lastBookingAt", "eq", SIXTY_DAYS_AGO), [3]),
        (leaf("lastBookingAt", "exists", False), [2]),
        (leaf("tags", "contains", "vip"), [1]),
        (leaf("tags", "neq", "golf"), [2, 4, 5]),
        (leaf("tags", "exists", True), [1, 2, 3, 5]),
        (leaf("tags", "in", ("vip2", None)), [4, 5]),
        (leaf("firstName", "contains", "o_A"), [1]),
        (leaf("firstName", "endsWith", "Jo"), []),
        (leaf("firstName", "startsWith", "Jo"), [1, 3, 5]),
        (leaf("firstName", "gt", "Jo_"), [1, 2]),
        (leaf("points", "eq", 2**53 + 1), [2]),
        (leaf("points", "gt", 2**53), [2]),
        (leaf("points", "lt", 2**70), [1, 2, 4, 5]),
        (leaf("points", "gte", -(2**70)), [1, 2, 4, 5]),
        (leaf("points", "in", (2**80, -1, None)), [3, 4]),
        (leaf("optIn", "eq", True), [1, 4]),
        (leaf("optIn", "neq", True), [2, 3, 5]),
        (Event("order"), [1, 3, 5]),
        (Event("order", value=3), []),
        (Event("order", operator=Operator.LT, value=1), [2, 4]),
        (Event("order", operator=Operator.EQ, value=2), [1]),
        (Event("order", window_start=datetime(2025, 11, 16, tzinfo=UTC), value=2), [1]),
        (Event("order", window_end=datetime(2025, 12, 1, tzinfo=UTC)), [1, 5]),
        (Event("order", where=leaf("shop", "neq", "north")), [1, 5]),
        (Event("order", where=leaf("amount", "gte", 100), operator=Operator.EQ, value=0), [2, 3, 4]),
        (Event("order", measure="sum", of="amount", value=2**53 + 1), [5]),
        (Event("order", measure="sum", of="amount", operator=Operator.LTE, value=0), [2, 3, 4]),
        (Event("order", measure="sum", of="amount", operator=Operator.EQ, value=350), [1]),
        (Top("engagementScore", 50), [1, 5]),
        (Top("engagementScore", 1), [5]),
        (Top("engagementScore", 50, "lowest"), [2, 4]),
        (Top("lastBookingAt", 25, "lowest"), [5]),
        (Top("engagementScore", 50, of=leaf("status", "eq", "ACTIVE")), [1]),
        (Top("engagementScore", 50, of=leaf("handicap", "exists", False)), [2]),
        (Top("engagementScore", 50, of=leaf("status", "eq", "INACTIVE")), []),
    ],
    ids=str,
)  # fmt: skip
def test_a_tree_matches_exactly_these_golfers(five: Snapshot, node: Node, expected: list[int]) -> None:
    assert ids(five, node) == expected
    assert five.count(node, AS_OF) == len(expected)
    # Not is the exact complement, and a second answer from the cache equals the first.
    assert ids(five, Not(node)) == [row for row in (1, 2, 3, 4, 5) if row not in expected]
    assert ids(five, node) == expected


def test_ties_at_the_edge_of_top_stay_together() -> None:
    catalog = Catalog("t", (Field("score", "number"),))
    snapshot = Snapshot.from_frame(pl.DataFrame({"score": [3.0, 2.0, 2.0, 2.0, 1.0]}), catalog)
    assert ids(snapshot, Top("score", 40)) == [1, 2, 3, 4]


def test_top_takes_the_percentage_as_written() -> None:
    catalog = Catalog("t", (Field("score", "number", integer=True),))
    snapshot = Snapshot.from_frame(pl.DataFrame({"score": range(1000)}), catalog)
    assert snapshot.count(Top("score", 0.1), AS_OF) == 1
    assert snapshot.count(Top("score", 0.11), AS_OF) == 2


def test_a_segment_is_resolved_and_an_unknown_one_refused(five: Snapshot) -> None:
    saved = {"seg_1": leaf("status", "eq", "ACTIVE")}
    tree = And((Segment("seg_1"), leaf("handicap", "exists", True)))
    assert five.count(tree, AS_OF, lambda segment: saved[segment.segment_id]) == 1
    with pytest.raises(UnknownSegment, match="seg_1"):
        five.count(tree, AS_OF)


def test_nan_and_infinities_are_unset() -> None:
    catalog = Catalog("t", (Field("x", "number"),))
    snapshot = Snapshot.from_frame(
        pl.DataFrame({"x": [float("nan"), float("inf"), -float("inf"), 1.0, None]}), catalog
    )
    assert ids(snapshot, leaf("x", "exists", True)) == [4]
    assert ids(snapshot, leaf("x", "gte", 0.0)) == [4]
    assert ids(snapshot, leaf("x", "neq", 1.0)) == [1, 2, 3, 5]


@pytest.mark.parametrize("distinct", [3, 6000], ids=["coded", "wide"])
def test_text_is_literal_and_folded_only_on_request(distinct: int) -> None:
    names = ["Straße", "STRASSE", "a%b", None, *(f"n{index}" for index in range(distinct))]
    frame = pl.DataFrame({"plain": names, "folded": names})
    catalog = Catalog("t", (Field("plain", "string"), Field("folded", "string", case_insensitive=True)))
    snapshot = Snapshot.from_frame(frame, catalog)
    assert ids(snapshot, leaf("plain", "eq", "strasse")) == []
    assert ids(snapshot, leaf("folded", "eq", "strasse")) == [1, 2]
    assert ids(snapshot, leaf("folded", "in", ("STRASSE", "A%B"))) == [1, 2, 3]
    assert ids(snapshot, leaf("plain", "contains", "%")) == [3]
    assert ids(snapshot, leaf("folded", "endsWith", "SSE")) == [1, 2]
    assert ids(snapshot, leaf("plain", "in", (None, "a%b"))) == [3, 4]


def test_rows_come_back_as_they_were(five: Snapshot) -> None:
    rows = five.rows_as_mappings()
    assert [row["tags"] for row in rows] == [["vip", "golf"], [], ["golf"], None, ["vip2"]]
    assert [row["optIn"] for row in rows] == [True, False, None, True, None]
    assert rows[0]["lastBookingAt"] == datetime(2025, 10, 16, 23, tzinfo=UTC)
    assert [row["points"] for row in rows] == [2**53, 2**53 + 1, None, -1, 0]
    assert [row["handicap"] for row in rows] == [8.0, None, 10.0, 54.0, 0.0]
    assert five.rows_as_mappings(2) == rows[:2]


def test_analysis_reads_numbers_and_categories(five: Snapshot) -> None:
    np.testing.assert_array_equal(five.numeric("handicap"), [8, np.nan, 10, 54, 0])
    np.testing.assert_array_equal(five.numeric("optIn"), [1, 0, np.nan, 1, np.nan])
    tiers = five.categories("membershipTier")
    assert [tiers.labels[code] if code >= 0 else None for code in tiers.codes] == [
        "PLATINUM", "DIAMOND", None, "GOLD", "platinum",
    ]  # fmt: skip
    assert five.categories("optIn").labels == ("false", "true")
    assert five.categories("tags").labels[0] == ""
    with pytest.raises(ValueError, match="no numbers"):
        five.numeric("status")
