"""The reference matcher on rows that `segmentry match` cannot bring in, and `$top`."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from segmentry.criteria.match import matches, select, top_rank
from segmentry.criteria.nodes import And, Event, Everyone, Leaf, Node, Not, Operator, Segment, Top
from segmentry.errors import UnknownSegment

NOW = datetime(2025, 12, 16, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    "row", [{}, {"a": None}, {"a": float("nan")}, {"a": float("inf")}, {"a": float("-inf")}]
)
def test_missing_null_nan_and_infinities_are_one_thing(row: dict[str, float | None]) -> None:
    assert matches(Leaf("a", Operator.EXISTS, False), row, NOW)
    assert not matches(Leaf("a", Operator.GTE, -1e308), row, NOW)
    assert matches(Not(Leaf("a", Operator.GTE, -1e308)), row, NOW)


def test_null_elements_of_an_array_do_not_count() -> None:
    leaf = Leaf("t", Operator.IN, ("a", None))
    assert not matches(leaf, {"t": [None]}, NOW)
    assert matches(Leaf("t", Operator.EXISTS, True), {"t": [None]}, NOW)
    assert matches(leaf, {"t": None}, NOW)


def test_contains_on_an_array_is_not_a_substring() -> None:
    assert not matches(Leaf("t", Operator.CONTAINS, "vip"), {"t": ["vip2"]}, NOW)
    assert matches(Leaf("t", Operator.CONTAINS, "vip"), {"t": "vip2"}, NOW)


def test_a_segment_that_was_not_expanded_is_an_error() -> None:
    with pytest.raises(UnknownSegment):
        matches(Segment("s"), {}, NOW)


@pytest.mark.parametrize(
    ("n", "percent", "rank"),
    [
        (10, 10, 1),
        (10, 11, 2),
        (1000, 0.1, 1),
        (3, 33.3, 1),
        (3, 33.4, 2),
        (1, 0.0001, 1),
        (200, 99.5, 199),
        (0, 5, 0),
    ],
)
def test_the_rank_of_a_share_is_exact(n: int, percent: float, rank: int) -> None:
    assert top_rank(n, percent) == rank


def test_tops_inside_other_criteria_look_at_the_whole_table() -> None:
    rows = [{"a": value} for value in (1, 2, 3, 4, None)]
    top = Top("a", 50)
    assert select(top, rows, NOW) == [False, False, True, True, False]
    assert select(Not(top), rows, NOW) == [True, True, False, False, True]
    small = Leaf("a", Operator.LT, 4)
    assert select(And((small, top)), rows, NOW) == [False, False, True, False, False]
    inner: Node = Top("a", 50, "lowest", top)
    assert select(inner, rows, NOW) == [False, False, True, False, False]
    assert select(Top("a", 50, of=Leaf("a", Operator.GT, 9)), rows, NOW) == [False] * 5


def test_events_count_those_of_the_window_alone() -> None:
    history = [
        {"name": "buy", "ts": datetime(2025, 12, day, tzinfo=UTC), "properties": {"n": day}}
        for day in (1, 2, 3)
    ]
    start, end = datetime(2025, 12, 2, tzinfo=UTC), datetime(2025, 12, 3, tzinfo=UTC)
    once = Event("buy", operator=Operator.EQ, value=1, window_start=start, window_end=end)
    assert matches(once, {}, NOW, history)
    total = Event("buy", measure="sum", of="n", operator=Operator.EQ, value=6)
    assert matches(total, {}, NOW, history)
    values = Event("buy", measure="distinct", of="n", operator=Operator.EQ, value=3)
    assert matches(values, {}, NOW, [*history, *history])
    assert not matches(Event("buy"), {}, datetime(2025, 12, 1, tzinfo=UTC), history)
    assert matches(Everyone(), {}, NOW, history)
