"""Verdicts are made once for all who fare alike, and are those of each customer all the same."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import get_args

import pytest
from segmentry.criteria.nodes import Everyone
from segmentry.customers.store import NOBODY, Alike
from segmentry.insights.held_rule import HeldRule
from segmentry.insights.rule import QualificationRule, State
from segmentry.insights.verdicts import HeldTable, judged, unused


def rule(rule_id: str, state: State = "ACTIVE") -> QualificationRule:
    at = datetime(2026, 1, 1, tzinfo=UTC)
    return QualificationRule(
        rule_id=rule_id,
        schema_id="golf",
        state=state,
        stage="fit",
        type="metric_condition",
        name=rule_id,
        criteria="{}",
        filter_rules="[]",
        recommendation_id="rec",
        version=2,
        etag=rule_id,
        matched_count=None,
        create_time=at,
        activate_time=at,
    )


def held(rule_id: str, *names: str) -> HeldRule:
    """A rule of so many conditions; the nodes are the whole and, where there are several, each of them."""
    return HeldRule(rule(rule_id), (Everyone(),) * (1 + len(names) if len(names) > 1 else 1), names)


def test_customers_of_two_tables_get_the_verdicts_of_every_rule_in_order() -> None:
    golf = HeldTable(
        [held("gold", "gold", "young"), held("near", "near")],
        # The whole and both conditions of the first, the whole of the second.
        Alike([(True, True, True, False), (False, True, False, True)], [0, 1, NOBODY, 1]),
    )
    shop = HeldTable([held("buyer", "bought")], Alike([(True,), (False,)], [0, 0, 1, 1]))
    ended = rule("ended", "ARCHIVED")
    rules = [rule("buyer"), rule("near"), ended, rule("gold")]
    found = judged(rules, [golf, shop], {"ended": unused(ended)}, ["a", "b", "c", "d"])
    told = [[(each.rule_id, each.qualifies, each.message) for each in found.on(place)] for place in range(4)]
    over = ("ended", False, "the rule is no longer in use")
    assert told == [
        [
            ("buyer", True, "meets it: bought"),
            ("near", False, "does not meet: near"),
            over,
            ("gold", True, "meets all: gold; young"),
        ],
        [
            ("buyer", True, "meets it: bought"),
            ("near", True, "meets it: near"),
            over,
            ("gold", False, "does not meet: young"),
        ],
        [
            ("buyer", False, "does not meet: bought"),
            ("near", None, "there is no customer 'c'"),
            over,
            ("gold", None, "there is no customer 'c'"),
        ],
        [
            ("buyer", False, "does not meet: bought"),
            ("near", True, "meets it: near"),
            over,
            ("gold", False, "does not meet: young"),
        ],
    ]


def test_who_fares_alike_shares_what_is_said() -> None:
    table = HeldTable([held("near", "near")], Alike([(True,), (False,)], [0, 1] * 500))
    found = judged([rule("near")], [table], {}, [str(number) for number in range(1000)])
    assert len(found.ways) == 2
    assert found.on(998) is found.on(0)


@pytest.mark.parametrize("state", get_args(State))
def test_no_rule_has_no_verdict_and_no_table_none_of_its_own(state: State) -> None:
    assert judged([], [], {}, ["a", "b"]).on(1) == ()
    only = rule("only", state)
    assert judged([only], [], {"only": unused(only)}, ["a", "b"]).on(1) == (unused(only),)
