from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from segmentry.analysis.cards import of_clusters
from segmentry.analysis.conditions import at_least, below, date_edges, number_edges, roundest
from segmentry.analysis.features import feature_table
from segmentry.analysis.halves import by_row
from segmentry.analysis.rules import Learner
from segmentry.analysis.scope import Scope
from segmentry.analysis.table import Mask
from segmentry.criteria import parse
from segmentry.criteria.catalog import Field, FieldValue
from segmentry.criteria.dates import Clock
from segmentry.criteria.nodes import Leaf, Operator
from segmentry.customers.snapshot import Snapshot

from tests.analysis.tables import AS_OF, numbers, snapshot_of

CLOCK = Clock.at(AS_OF)
finite = st.floats(-1e12, 1e12, allow_nan=False)


def learnt(snapshot: Snapshot, members: Mask) -> tuple[Leaf, ...]:
    table = feature_table(snapshot)
    return Learner.of(table.columns, by_row(table.rows, 0), CLOCK).learn(members)


@settings(deadline=None)
@given(st.tuples(finite, finite).filter(lambda pair: pair[0] < pair[1]))
def test_the_roundest_threshold_lies_between_its_neighbours(pair: tuple[float, float]) -> None:
    low, high = pair
    assert low < roundest(low, high, include="high") <= high
    assert low <= roundest(low, high, include="low") < high


@settings(deadline=None)
@given(
    st.lists(finite, min_size=2, max_size=60),
    st.sampled_from([(Operator.GTE, Operator.LT), (Operator.GT, Operator.LTE)]),
)
def test_bounds_split_the_values_where_the_edge_is(
    values: list[float], taken: tuple[Operator, Operator]
) -> None:
    field = Field("x", "number", operators=taken)
    column = np.array(values)
    for edge in number_edges(column, 8):
        lower, upper = at_least(field, edge), below(field, edge)
        assert lower is not None
        assert upper is not None
        assert isinstance(lower.value, int | float)
        assert isinstance(upper.value, int | float)
        above = column >= lower.value if lower.operator is Operator.GTE else column > lower.value
        under = column < upper.value if upper.operator is Operator.LT else column <= upper.value
        assert np.array_equal(above, column >= edge.above)
        assert np.array_equal(under, column <= edge.below)


def test_a_band_in_the_middle_is_a_pair_of_bounds() -> None:
    values = [float(each) for each in range(600)]
    members = np.array([200 <= value < 400 for value in values])
    found = learnt(numbers(x=values), members)
    assert [leaf.operator for leaf in found] == [Operator.GTE, Operator.LT]
    low, high = (leaf.value for leaf in found)
    assert isinstance(low, int)
    assert isinstance(high, int)
    assert abs(low - 200) <= 12
    assert abs(high - 400) <= 12


def test_levels_become_eq_or_in_and_no_more_than_needed() -> None:
    plans = ["gold", "silver", "basic", "free"] * 150
    snapshot = snapshot_of([Field("plan", "string")], {"plan": plans})
    (one,) = learnt(snapshot, np.array([plan == "gold" for plan in plans]))
    assert (one.operator, one.value) == (Operator.EQ, "gold")
    (two,) = learnt(snapshot, np.array([plan in ("gold", "free") for plan in plans]))
    assert two.operator is Operator.IN
    assert isinstance(two.value, tuple)
    assert sorted(map(str, two.value)) == ["free", "gold"]


def test_a_field_that_takes_neither_eq_nor_in_has_no_rule_of_levels() -> None:
    plans = ["gold", "basic"] * 300
    field = Field("plan", "string", operators=(Operator.CONTAINS,))
    snapshot = snapshot_of([field], {"plan": plans})
    assert learnt(snapshot, np.array([plan == "gold" for plan in plans])) == ()


@pytest.mark.parametrize("strange", ["a\0b", "{{NOW}}", "x" * 5_000], ids=["NUL", "placeholder", "long"])
def test_a_value_that_criteria_cannot_name_is_in_no_rule(strange: str) -> None:
    cells = [strange, "plain", "other"] * 200
    snapshot = snapshot_of([Field("note", "string")], {"note": cells})
    assert learnt(snapshot, np.array([cell == strange for cell in cells])) == ()
    (leaf,) = learnt(snapshot, np.array([cell == "plain" for cell in cells]))
    assert leaf.value == "plain"


def test_a_value_outside_the_list_of_the_catalog_is_in_no_rule() -> None:
    field = Field("tier", "enum", values=(FieldValue("GOLD"),))
    snapshot = snapshot_of([field], {"tier": ["GOLD", "TIN"] * 300})
    assert learnt(snapshot, np.array([False, True] * 300)) == ()


def test_at_most_six_conditions_are_learnt() -> None:
    rng = np.random.default_rng(0)
    X = rng.normal(0, 1, (2_000, 9))
    members = np.asarray((np.abs(X) < 1.0).all(axis=1))
    found = learnt(numbers(**{f"f{each}": X[:, each].tolist() for each in range(9)}), members)
    assert 1 <= len(found) <= 6


def test_everyone_and_nobody_need_no_rule() -> None:
    snapshot = numbers(x=[1.0, 2.0, 3.0])
    assert learnt(snapshot, np.ones(3, dtype=np.bool_)) == ()
    assert learnt(snapshot, np.zeros(3, dtype=np.bool_)) == ()


def test_rows_without_a_value_cost_recall_and_are_not_hidden() -> None:
    values = [None if each % 10 == 0 else float(each % 2) * 50 + each % 7 for each in range(1_000)]
    members = np.array([each % 2 == 1 or each % 10 == 0 for each in range(1_000)])
    snapshot = numbers(x=values)
    scope = Scope.of(snapshot, "", AS_OF)
    fidelity = scope.fidelity(scope.criteria(learnt(snapshot, members)), members)
    assert fidelity.precision == 1
    assert fidelity.recall == pytest.approx(500 / 600)


def test_fidelity_is_what_a_count_from_scratch_gives() -> None:
    rng = np.random.default_rng(1)
    x, y = rng.normal(0, 1, 900), rng.normal(0, 1, 900)
    members = x + y > 0.5
    snapshot = numbers(x=x.tolist(), y=y.tolist())
    scope = Scope.of(snapshot, "", AS_OF)
    leaves = learnt(snapshot, members)
    matched = np.ones(900, dtype=np.bool_)
    for leaf in leaves:
        assert isinstance(leaf.value, int | float)
        column = x if leaf.field == "x" else y
        matched &= column >= leaf.value if leaf.operator is Operator.GTE else column < leaf.value
    held = Learner.of(scope.table.columns, scope.places(0), CLOCK).held_out
    assert held is not None
    assert held.sum() == 450
    fidelity = scope.fidelity(scope.criteria(leaves), members, held)
    assert fidelity.matched_count == matched.sum()
    assert fidelity.held_out == 450
    found = (matched & members & held).sum()
    assert fidelity.held_out_precision == pytest.approx(found / (matched & held).sum())
    assert fidelity.held_out_recall == pytest.approx(found / (members & held).sum())
    assert fidelity.precision == pytest.approx((matched & members).sum() / matched.sum())
    assert fidelity.recall == pytest.approx((matched & members).sum() / members.sum())
    assert fidelity.measured_on == "all 900 rows, rules learnt on half of them"


def test_date_thresholds_are_starts_of_days_in_placeholders() -> None:
    day = 86_400.0
    values = np.array([AS_OF.timestamp() - each * day for each in (1, 30, 60, 5_000)])
    texts = [edge.text for edge in date_edges(values, 8, CLOCK)]
    assert "{{60_DAYS_AGO}}" in texts
    assert all(text.startswith("{{") or len(text) == 10 for text in texts)
    assert texts[0][:2] in ("20", "{{")


def two_camps() -> tuple[Snapshot, Mask]:
    """Members are those who spend much and those who come often: no single conjunction says that."""
    rng = np.random.default_rng(0)
    spend, visits = rng.uniform(0, 100, 4_000), rng.uniform(0, 100, 4_000)
    members = ((spend > 70) & (visits < 50)) | ((spend < 40) & (visits > 80))
    return numbers(spend=spend.tolist(), visits=visits.tolist()), members


def test_several_conjunctions_say_what_one_cannot() -> None:
    snapshot, members = two_camps()
    table = feature_table(snapshot)
    learner = Learner.of(table.columns, by_row(table.rows, 0), CLOCK)
    several = learner.learn_several(members, 4)
    assert several[0] == learner.learn(members)
    scope = Scope.of(snapshot, "", AS_OF)
    alone, together = (
        scope.fidelity(node, members) for node in (scope.criteria(several[0]), scope.any_of(several))
    )
    assert alone.recall is not None
    assert alone.recall < 0.8
    assert together.precision is not None
    assert together.recall is not None
    assert min(together.precision, together.recall) > 0.93


def test_where_one_conjunction_says_it_all_there_is_no_other() -> None:
    values = [float(each) for each in range(2_000)]
    members = np.array([value >= 1_500 for value in values])
    table = feature_table(numbers(x=values))
    assert len(Learner.of(table.columns, by_row(table.rows, 0), CLOCK).learn_several(members, 4)) == 1


def test_nobody_and_everybody_have_no_rule() -> None:
    table = feature_table(numbers(x=[1.0, 2.0, 3.0]))
    learner = Learner.of(table.columns, by_row(table.rows, 0), CLOCK)
    assert learner.learn_several(np.zeros(3, dtype=np.bool_), 4) == ()
    assert learner.learn(np.ones(3, dtype=np.bool_)) == ()


@pytest.mark.parametrize("within", ["", '{"visits":{"$gte":20}}'])
def test_a_card_holds_the_better_rule_with_its_own_fidelity(within: str) -> None:
    snapshot, members = two_camps()
    scope = Scope.of(snapshot, within, AS_OF)
    inside = members if scope.inside is None else members[scope.inside]
    columns = scope.table.columns
    made = {each.size: each for each in of_clusters(scope, inside.astype(np.int32), columns, columns, 0)}
    card = made[int(np.count_nonzero(inside))]
    assert card.fidelity_best is not None
    best = parse.loads(card.criteria_best)
    assert int(np.count_nonzero(scope.matched(best))) == card.fidelity_best.matched_count
    assert card.fidelity_best.held_out_recall is not None
    assert card.fidelity.held_out_recall is not None
    assert card.fidelity_best.held_out_recall > card.fidelity.held_out_recall + 0.1
