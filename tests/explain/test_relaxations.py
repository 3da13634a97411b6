"""What is offered when nobody matches: always something, and the nearest that lets somebody in."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from segmentry.criteria import limits, parse
from segmentry.criteria.match import Cell
from segmentry.criteria.nodes import And, Everyone, Node, Not
from segmentry.customers.suppressed import suppressed
from segmentry.explain.combinations import combinations
from segmentry.explain.conditions import clauses
from segmentry.explain.count import explain_count
from segmentry.explain.relaxations import Relaxation

from tests.criteria.strategies import CLOCK, NODES
from tests.explain.tables import CLUBS, PLACE, Club, club

SLOW = settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def offered(node: Node, table: Club) -> tuple[Relaxation, ...]:
    return asyncio.run(explain_count(node, PLACE, table.store)).relaxations


def one(criteria: str, kind: str, table: Club) -> Node | None:
    """The criteria after the one relaxation of that kind, None where there is none."""
    found = [each.node for each in offered(parse.loads(criteria), table) if each.kind == kind]
    assert len(found) <= 1
    return found[0] if found else None


@pytest.mark.parametrize("part", range(2))
@SLOW
@given(parts=st.lists(NODES, min_size=1, max_size=4), table=CLUBS)
def test_nobody_always_gets_an_offer_that_lets_somebody_in(part: int, parts: list[Node], table: Club) -> None:
    # Both a tree and its opposite: nobody matches, whatever the tree is.
    node = And((*parts, Not(parts[0])))
    assume(limits.depth(node) <= limits.MAX_DEPTH and not PLACE.check(node).errors)
    offers = offered(node, table)
    assert 1 <= len(offers) <= 3
    for each in offers:
        assert each.count.matched == table.count(each.node) > 0
        assert not PLACE.check(each.node).errors
        assert each.label


SIX = [
    '{"city":"x"}', '{"score":{"$lt":0}}', '{"status":"ACTIVE"}',
    '{"optIn":true}', '{"kind":"x"}', '{"visits":1}',
]  # fmt: skip


def all_of(criteria: list[str]) -> Node:
    leaves = [parse.loads(each) for each in criteria]
    return And(tuple(leaves)) if len(leaves) > 1 else leaves[0] if leaves else Everyone()


@pytest.mark.parametrize(
    ("row", "left_out"),
    [
        ({"city": "x", "status": "ACTIVE", "optIn": True, "kind": "x", "visits": 2}, [2, 6]),
        ({"status": "ACTIVE", "optIn": True, "kind": "x"}, [1, 2, 6]),
        ({"optIn": True}, [1, 2, 3, 5, 6]),
        ({"city": "y"}, [1, 2, 3, 4, 5, 6]),
    ],
)
def test_the_fewest_conditions_are_left_out_together(row: dict[str, Cell], left_out: list[int]) -> None:
    table = club([row, {"city": "z"}])
    best = offered(all_of(SIX), table)[0]
    assert best.changes == len(left_out)
    assert table.count(best.node) > 0
    assert best.node == all_of([each for number, each in enumerate(SIX, 1) if number not in left_out])


def test_a_whole_clause_is_left_out_before_two() -> None:
    table = club([{"city": "a", "score": 3.0}])
    node = parse.loads('{"$and":[{"$or":[{"city":"b"},{"city":"c"}]},{"score":{"$gt":1}}]}')
    assert [(each.label, each.changes) for each in offered(node, table)] == [
        ('without "city is b" and without "city is c"', 2)
    ]


def test_an_empty_table_gets_no_offer() -> None:
    assert offered(parse.loads('{"city":"a"}'), club([])) == ()


def test_what_lets_in_too_few_to_show_is_not_offered() -> None:
    table = club([{"city": "a", "score": float(n)} for n in range(9)] + [{"city": "b"}] + [{}] * 10)
    node = parse.loads('{"$and":[{"city":"b"},{"score":{"$gte":0}}]}')
    found = asyncio.run(explain_count(node, PLACE, suppressed(table.store, 5))).relaxations
    assert [(each.label, each.count.matched) for each in found] == [('without "city is b"', 5)]


def test_rounds_of_combinations_end_with_all_leaves() -> None:
    node = parse.loads('{"$and":[' + ",".join(f'{{"visits":{n}}}' for n in range(250)) + "]}")
    rounds = list(combinations(clauses(node), range(250)))
    assert all(len(each) < 100 for each in rounds)
    assert rounds[-1][-1] == frozenset(range(250))


NUMBERS = st.lists(st.one_of(st.none(), st.integers(-50, 50)), min_size=1, max_size=8)
ORDERS = st.sampled_from(["$lt", "$lte", "$gt", "$gte"])


@SLOW
@given(values=NUMBERS, operator=ORDERS, limit=st.integers(-60, 60), negated=st.booleans())
def test_a_number_moves_to_the_nearest_value_of_a_customer(
    *, values: list[int | None], operator: str, limit: int, negated: bool
) -> None:
    table = club([{"visits": value, "city": "a"} for value in values])
    leaf = f'{{"visits":{{"{operator}":{limit}}}}}'
    moving = f'{{"$not":{leaf}}}' if negated else leaf
    criteria = f'{{"$and":[{{"city":"a"}},{{"visits":{{"$exists":true}}}},{moving}]}}'
    present = [value for value in values if value is not None]
    assume(table.count(parse.loads(criteria)) == 0)
    moved = one(criteria, "threshold", table)
    if not present:
        assert moved is None
        return
    assert moved is not None
    upper = (operator in ("$lt", "$lte")) is not negated
    nearest = min(present) if upper else max(present)
    expected = [value == nearest for value in values]
    assert table.who(moved) == expected


DAYS = st.lists(st.one_of(st.none(), st.integers(-40 * 24, 40 * 24)), min_size=1, max_size=8)


@SLOW
@given(hours=DAYS, operator=ORDERS, limit=st.integers(-45, 45), negated=st.booleans())
def test_a_fixed_date_moves_by_the_fewest_days(
    *, hours: list[int | None], operator: str, limit: int, negated: bool
) -> None:
    start = datetime(2025, 12, 16, 10, tzinfo=CLOCK.as_of.tzinfo)
    table = club([{"since": None if each is None else start + timedelta(hours=each)} for each in hours])

    def at(days: int) -> str:
        day = (start + timedelta(days=limit + days)).date().isoformat()
        leaf = f'{{"since":{{"{operator}":"{day}"}}}}'
        inner = f'{{"$not":{leaf}}}' if negated else leaf
        return f'{{"$and":[{{"since":{{"$exists":true}}}},{inner}]}}'

    assume(table.count(parse.loads(at(0))) == 0)
    moved = one(at(0), "threshold", table)
    step = 1 if (operator in ("$lt", "$lte")) is not negated else -1
    by_hand = next((at(step * n) for n in range(1, 200) if table.count(parse.loads(at(step * n)))), None)
    assert (moved is None) == (by_hand is None)
    if moved is not None and by_hand is not None:
        assert moved == parse.loads(by_hand)


@SLOW
@given(hours=DAYS, operator=ORDERS, limit=st.integers(0, 45), negated=st.booleans())
def test_a_moving_date_moves_to_the_next_month_back_or_by_the_fewest_days(
    *, hours: list[int | None], operator: str, limit: int, negated: bool
) -> None:
    table = club([{"since": None if each is None else CLOCK.as_of + timedelta(hours=each)} for each in hours])

    def at(text: str) -> str:
        leaf = f'{{"since":{{"{operator}":"{{{{{text}}}}}"}}}}'
        inner = f'{{"$not":{leaf}}}' if negated else leaf
        return f'{{"$and":[{{"since":{{"$exists":true}}}},{inner}]}}'

    assume(table.count(parse.loads(at(f"{limit}_DAYS_AGO"))) == 0)
    moved = one(at(f"{limit}_DAYS_AGO"), "threshold", table)
    if (operator in ("$lt", "$lte")) is not negated:
        tried = [at(f"{n}_DAYS_AGO" if n >= 0 else f"{-n}_DAYS_FROM_NOW") for n in range(limit - 1, -90, -1)]
    else:
        tried = [at(f"{n}_MONTHS_AGO") for n in range(1, 12)]
    by_hand = next((each for each in tried if table.count(parse.loads(each))), None)
    assert (moved is None) == (by_hand is None)
    if moved is not None and by_hand is not None:
        assert moved == parse.loads(by_hand)


@SLOW
@given(
    booked=st.lists(st.integers(0, 40), min_size=1, max_size=4),
    operator=ORDERS,
    limit=st.integers(1, 45),
    negated=st.booleans(),
)
def test_a_number_of_events_moves_to_the_nearest_that_somebody_has(
    *, booked: list[int], operator: str, limit: int, negated: bool
) -> None:
    happened = [
        (owner, CLOCK.as_of - timedelta(days=1), 1, "x") for owner, n in enumerate(booked) for _ in range(n)
    ]
    table = club([{"city": "a"} for _ in booked], happened)
    leaf = f'{{"$event":{{"name":"booking","count":{{"{operator}":{limit}}}}}}}'
    criteria = f'{{"$not":{leaf}}}' if negated else leaf
    assume(table.count(parse.loads(criteria)) == 0)
    moved = one(criteria, "number", table)
    upper = (operator in ("$lt", "$lte")) is not negated
    nearest = min(booked) if upper else max(booked)
    if not upper and nearest == 0:
        # At least none is met by everybody: that is the event left out.
        assert moved is None
    else:
        assert moved is not None
        assert table.who(moved) == [each == nearest for each in booked]
