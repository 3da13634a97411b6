"""A tree that is called sound has no errors, whatever it holds; and what is plain is called sound."""

from __future__ import annotations

import math
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from segmentry.criteria import check, limits
from segmentry.criteria.dates import Clock
from segmentry.criteria.nodes import And, Event, Everyone, Leaf, Node, Not, Operator, Or, Scalar, Segment, Top
from segmentry.criteria.sound import sound

from tests.criteria.strategies import CATALOG, CLOCK, NODES

VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.sampled_from((10**400, -(10**400))),
    st.floats(),
    st.text(max_size=12),
    st.sampled_from(
        (
            *("{{NOW}}", "{{0_DAYS_AGO}}", "{{3650_YEARS_AGO}}", "{{3651_DAYS_AGO}}", "{{x}}", "ACTIVE"),
            *("{{START_OF_LAST_QUARTER}}", "2025-02-29", "2024-02-29", "2024-2-9", "2025-W01-1"),
            "2025-01-01T00:00:00Z",
        )
    ),
)
NAMES = st.sampled_from([*CATALOG.by_name, "unknown"])
OPERATORS = st.sampled_from(list(Operator))
LEAVES = st.builds(Leaf, NAMES, OPERATORS, st.one_of(VALUES, st.lists(VALUES, max_size=3).map(tuple)))


def refused(node: Node, clock: Clock = CLOCK) -> bool:
    return bool(check.check(node, CATALOG, clock).errors)


@given(LEAVES)
def test_no_condition_that_the_check_refuses_is_sound(leaf: Leaf) -> None:
    assert not (sound(leaf, CATALOG, CLOCK) and refused(leaf))


@given(NODES)
def test_errors_are_those_of_the_check_on_every_tree(node: Node) -> None:
    assert check.errors(node, CATALOG, CLOCK) == check.check(node, CATALOG, CLOCK).errors


@pytest.mark.parametrize("year", [1, 900, 2025, 9999])
@pytest.mark.parametrize(
    "text", ["{{NOW}}", "{{START_OF_LAST_YEAR}}", "{{3650_YEARS_AGO}}", "{{998_YEARS_AGO}}"]
)
def test_a_placeholder_that_leads_out_of_the_calendar_is_never_sound(year: int, text: str) -> None:
    clock = Clock.at(datetime(year, 6, 1, tzinfo=UTC))
    leaf = Leaf("lastSeenAt", Operator.LT, text)
    assert not (sound(leaf, CATALOG, clock) and refused(leaf, clock))


PLAIN: list[Node] = [
    Everyone(),
    Leaf("city", Operator.EQ, "Paarl"),
    Leaf("city", Operator.IN, ("Paarl", "George")),
    Leaf("status", Operator.NEQ, "ACTIVE"),
    Leaf("score", Operator.GTE, 9.5),
    Leaf("visits", Operator.GT, 3),
    Leaf("optIn", Operator.EQ, value=True),
    Leaf("tags", Operator.EXISTS, value=False),
    Leaf("lastSeenAt", Operator.GTE, "{{30_DAYS_AGO}}"),
    Leaf("lastSeenAt", Operator.LT, "2024-01-01"),
    Event("booking", window_start="{{30_DAYS_AGO}}"),
    Top("score", 10, of=Leaf("optIn", Operator.EQ, value=True)),
    Not(Or((Leaf("visits", Operator.GT, 3), And((Leaf("visits", Operator.LT, 3), Everyone()))))),
]


@pytest.mark.parametrize("node", PLAIN, ids=repr)
def test_a_plain_tree_is_sound(node: Node) -> None:
    assert sound(node, CATALOG, CLOCK)


NOT_PLAIN: list[Scalar] = [math.nan, math.inf, 2**53 + 1, True, "9", None]


@pytest.mark.parametrize("value", NOT_PLAIN)
def test_a_number_that_only_the_check_can_judge_is_left_to_it(value: Scalar) -> None:
    assert not sound(Leaf("score", Operator.GT, value), CATALOG, CLOCK)


def test_segments_and_trees_beyond_the_limit_are_left_to_the_check() -> None:
    many = Or((Leaf("visits", Operator.GT, 3),) * limits.MAX_EXPANDED_NODES)
    assert not sound(Segment("seg_7"), CATALOG, CLOCK)
    assert not sound(many, CATALOG, CLOCK)
    assert refused(many)
