from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from segmentry.analysis import codec, events
from segmentry.analysis.discover import discover
from segmentry.analysis.events import AnalysisResult, Event
from segmentry.analysis.parameters import Parameters
from segmentry.criteria import check, parse
from segmentry.criteria.catalog import Field
from segmentry.criteria.dates import Clock
from segmentry.criteria.nodes import And, Leaf, Node, Operator
from segmentry.customers.demo import golf_snapshot
from segmentry.customers.snapshot import Snapshot
from segmentry.errors import EmptyDataset, InvalidCriteria, InvalidParameters, NoUsableFields

from tests.analysis.tables import AS_OF, numbers, snapshot_of


def run(snapshot: Snapshot, parameters: Parameters | None = None) -> tuple[AnalysisResult, list[Event]]:
    """The result and the events, all of which were written as valid JSON on the way."""
    said: list[Event] = []

    def emit(event: Event) -> None:
        json.dumps(codec.encode(event), allow_nan=False)
        said.append(event)

    result = discover(snapshot, parameters or Parameters(), AS_OF, emit)
    json.dumps(codec.encode(result), allow_nan=False)
    return result, said


def reasons(result: AnalysisResult) -> set[str]:
    return {notice.reason for notice in result.notices}


def adds_up(result: AnalysisResult) -> bool:
    """Sizes and percentages, the distinct names, and the cards' order."""
    sizes = [card.size for card in result.segments]
    shares = sum(card.percentage for card in result.segments)
    noise = 100 * result.unassigned / result.rows
    return (
        sum(sizes) + result.unassigned == result.rows
        and abs(shares + noise - 100) <= 0.1
        and len({card.name for card in result.segments}) == len(sizes)
        and len({card.card_id for card in result.segments}) == len(sizes)
        and sizes == sorted(sizes, reverse=True)
        and min(sizes) > 0
    )


def counted(snapshot: Snapshot, node: Node) -> int:
    clock = Clock.at(AS_OF, snapshot.catalog.time_zone)
    return snapshot.count(check.require(node, snapshot.catalog, clock).bound, AS_OF)


def of_rules(card: events.SegmentCard) -> Node:
    """The filter rules read as criteria, independently of the card's own."""
    leaves = tuple(
        Leaf(
            rule.field,
            Operator(rule.operator),
            tuple(each for each in rule.value if isinstance(each, str | int | float))
            if isinstance(rule.value, list)
            else (None if isinstance(rule.value, dict) else rule.value),
        )
        for rule in card.filter_rules
    )
    return And(leaves)


def blobs(k: int, rows: int = 900, seed: int = 1) -> Snapshot:
    rng = np.random.default_rng(seed)
    centres = np.array([[0, 0, 0], [9, 9, 0], [0, 9, 9], [9, 0, 9], [18, 0, 0]])[:k]
    X = centres[np.arange(rows) % k] + rng.normal(0, 1, (rows, 3))
    return numbers(spend=X[:, 0].tolist(), visits=X[:, 1].tolist(), tenure=X[:, 2].tolist())


# --- what a run gives -----------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["telco_churn", "wholesale_customers", "bank_marketing"])
def test_sizes_percentages_and_rule_counts_hold_on_real_tables(
    shared_table: Callable[[str], Snapshot], name: str
) -> None:
    snapshot = shared_table(name)
    result, said = run(snapshot, Parameters(max_clusters=4))
    assert result.tier == "ML_WORKER"
    assert adds_up(result)
    for card in result.segments:
        assert card.fidelity.matched_count == counted(snapshot, parse.loads(card.criteria))
        assert card.fidelity.matched_count == counted(snapshot, of_rules(card))
        assert 1 <= len(card.filter_rules) <= 6
        assert card.characteristics
        assert all(0 <= each.importance <= 1 for each in card.characteristics)
        assert 0 < len(card.name) <= 60
        assert card.suggested_use
        assert card.headline.startswith(f"{card.size:,} customers")
    assert [event for event in said if isinstance(event, events.SegmentCard)] == list(result.segments)


def test_planted_groups_are_found_with_one_score_per_k() -> None:
    result, said = run(blobs(4))
    assert result.chosen_k == 4
    assert not result.no_clear_segments
    assert [score.k for score in result.scores] == [2, 3, 4, 5, 6, 7, 8]
    finals = [each for each in said if isinstance(each, events.ClusterScore) and not each.provisional]
    assert finals == list(result.scores)
    assert all(each.exact and each.low is None for each in finals)
    assert [each.k for each in finals if each.best_so_far][-1] == 4
    assert {card.size for card in result.segments} == {225}
    assert all((card.fidelity.precision or 0) > 0.95 for card in result.segments)


def test_larger_tables_get_a_provisional_score_before_each_final_one() -> None:
    _, said = run(blobs(3, rows=2_500), Parameters(max_clusters=4))
    scores = [each for each in said if isinstance(each, events.ClusterScore)]
    assert [(each.k, each.provisional) for each in scores] == [
        (2, True), (3, True), (4, True), (2, False), (3, False), (4, False),
    ]  # fmt: skip


def test_the_plan_comes_first_and_profiles_before_scores() -> None:
    _, said = run(blobs(3), Parameters(max_clusters=3))
    kinds = [type(each).__name__ for each in said if not isinstance(each, events.Progress | events.Notice)]
    assert kinds[0] == "AnalysisEstimate"
    assert kinds[1:4] == ["FieldProfile"] * 3
    assert kinds[-3:] == ["SegmentCard"] * 3


def test_the_same_seed_gives_the_same_result() -> None:
    first, _ = run(blobs(3), Parameters(seed=7, max_clusters=5))
    again, _ = run(blobs(3), Parameters(seed=7, max_clusters=5))
    without_times = [replace(each, scores=()) for each in (first, again)]
    assert without_times[0] == without_times[1]


@pytest.mark.parametrize("stretch", [1.0, 6.0], ids=["round", "elongated"])
def test_one_blob_is_called_no_clear_segments(stretch: float) -> None:
    X = np.random.default_rng(2).normal(0, 1, (1_500, 3))
    X[:, 1] = X[:, 0] * stretch + X[:, 1]
    result, _ = run(numbers(a=X[:, 0].tolist(), b=X[:, 1].tolist(), c=X[:, 2].tolist()))
    assert result.no_clear_segments
    assert "NO_CLEAR_SEGMENTS" in reasons(result)
    assert "slices of one group" in result.message
    assert adds_up(result)


def test_a_handful_of_whales_is_not_a_segment() -> None:
    rng = np.random.default_rng(3)
    spend = np.concatenate([rng.normal(10, 2, 500), rng.normal(30, 2, 500), rng.normal(500, 5, 3)])
    visits = np.concatenate([rng.normal(1, 1, 500), rng.normal(9, 1, 500), rng.normal(1, 1, 3)])
    result, _ = run(numbers(spend=spend.tolist(), visits=visits.tolist()))
    assert min(card.percentage for card in result.segments) >= 3


def test_a_planted_group_of_one_percent_is_found_when_shares_may_be_small() -> None:
    rng = np.random.default_rng(4)
    X = np.vstack([rng.normal(0, 1, (990, 2)), rng.normal(12, 0.3, (10, 2))])
    result, _ = run(
        numbers(a=X[:, 0].tolist(), b=X[:, 1].tolist()), Parameters(min_segment_share=0.0, max_clusters=3)
    )
    assert result.segments[-1].size == 10


def test_within_limits_rows_and_is_part_of_every_rule() -> None:
    snapshot = blobs(4)
    result, _ = run(snapshot, Parameters(within='{"spend":{"$gte":5}}', max_clusters=3))
    assert result.rows == counted(snapshot, parse.loads('{"spend":{"$gte":5}}')) == 450
    assert adds_up(result)
    for card in result.segments:
        assert card.fidelity.matched_count == counted(snapshot, parse.loads(card.criteria))


def test_dates_and_levels_become_rules_that_the_engine_counts() -> None:
    rng = np.random.default_rng(5)
    recent = np.arange(800) % 2 == 0
    days = np.where(recent, rng.integers(1, 40, 800), rng.integers(300, 600, 800))
    fields = [Field("lastOrderAt", "datetime"), Field("plan", "string"), Field("emailOptIn", "boolean")]
    snapshot = snapshot_of(
        fields,
        {
            "lastOrderAt": [AS_OF - timedelta(days=int(day)) for day in days],
            "plan": ["gold" if each else "basic" for each in recent],
            "emailOptIn": [bool(each) for each in rng.integers(0, 2, 800)],
        },
    )
    names = ("lastOrderAt", "plan", "emailOptIn")
    result, _ = run(snapshot, Parameters(included_features=names, max_clusters=2))
    rules = {rule.field: rule for card in result.segments for rule in card.filter_rules}
    assert rules
    for card in result.segments:
        assert card.fidelity.matched_count == counted(snapshot, parse.loads(card.criteria))
        assert card.fidelity.matched_count == counted(snapshot, of_rules(card))
        assert "emailOptIn" in card.suggested_use


def test_an_explicit_list_characterises_by_those_fields_alone() -> None:
    result, _ = run(blobs(3), Parameters(included_features=("spend", "tenure"), max_clusters=3))
    named = {each.feature for card in result.segments for each in card.characteristics}
    assert named <= {"spend", "tenure"}
    assert "TOO_FEW_FIELDS" in reasons(result)


def test_more_than_eight_fields_are_used_with_a_warning_that_names_better_ones() -> None:
    rng = np.random.default_rng(6)
    result, _ = run(numbers(**{f"f{each}": rng.normal(0, 1, 80).tolist() for each in range(10)}))
    (warning,) = [each for each in result.notices if each.reason == "TOO_MANY_FIELDS"]
    assert "f0, f1" in warning.message
    assert len(result.parameters.included_features or ()) == 10


# --- tiers ----------------------------------------------------------------------------------------


def test_the_model_tier_without_a_key_falls_back_visibly() -> None:
    result, said = run(blobs(3), Parameters(preferred_tier="LLM", max_clusters=3))
    (fallback,) = result.fallbacks
    assert (fallback.from_tier, fallback.to_tier) == ("LLM", "ML_WORKER")
    assert fallback.reason == "LLM_NOT_CONFIGURED"
    assert fallback in said
    assert result.tier == "ML_WORKER"


def test_the_heuristic_tier_cuts_thirds_whose_rules_are_exact() -> None:
    result, said = run(blobs(3), Parameters(preferred_tier="HEURISTIC"))
    assert result.tier == "HEURISTIC"
    assert result.chosen_k is None
    assert {card.name.split()[0] for card in result.segments} == {"Low", "Mid", "High"}
    assert all((card.fidelity.precision, card.fidelity.recall) == (1, 1) for card in result.segments)
    assert not any(isinstance(each, events.ClusterScore) for each in said)
    assert adds_up(result)


# --- dbscan ---------------------------------------------------------------------------------------


def test_dbscan_leaves_noise_unassigned() -> None:
    rng = np.random.default_rng(7)
    X = np.vstack([rng.normal(0, 0.2, (300, 2)), rng.normal(5, 0.2, (300, 2)), rng.uniform(-10, 15, (40, 2))])
    result, _ = run(
        numbers(a=X[:, 0].tolist(), b=X[:, 1].tolist()), Parameters(algorithm="dbscan", min_samples=8)
    )
    assert result.chosen_k == len(result.segments) >= 2
    assert result.unassigned > 0
    assert adds_up(result)


def test_dbscan_without_dense_groups_falls_back_to_thirds() -> None:
    X = np.random.default_rng(8).uniform(0, 1, (200, 2))
    result, _ = run(
        numbers(a=X[:, 0].tolist(), b=X[:, 1].tolist()),
        Parameters(algorithm="dbscan", eps=1e-6, min_samples=5),
    )
    assert [each.reason for each in result.fallbacks] == ["NO_CLUSTERS"]
    assert "MOSTLY_NOISE" in reasons(result)
    assert result.tier == "HEURISTIC"
    assert adds_up(result)


# --- edge inputs ----------------------------------------------------------------------------------


def test_no_rows_is_an_error_that_names_the_schema() -> None:
    with pytest.raises(EmptyDataset) as caught:
        run(numbers(a=[]))
    assert caught.value.metadata == {"schemaId": "customers"}


def test_within_that_matches_nobody_is_an_empty_dataset() -> None:
    with pytest.raises(EmptyDataset, match="within"):
        run(numbers(a=[1.0, 2.0]), Parameters(within='{"a":{"$gt":5}}'))


def test_unsound_within_is_refused() -> None:
    with pytest.raises(InvalidCriteria):
        run(numbers(a=[1.0, 2.0]), Parameters(within='{"b":5}'))


def test_unsound_parameters_are_refused() -> None:
    with pytest.raises(InvalidParameters):
        run(numbers(a=[1.0, 2.0]), Parameters(min_clusters=9))


@pytest.mark.parametrize("rows", [1, 40], ids=["one row", "equal rows"])
def test_no_variation_gives_one_card_of_everyone(rows: int) -> None:
    result, _ = run(numbers(a=[3.0] * rows, b=[1.0] * rows))
    (card,) = result.segments
    assert (card.name, card.size, card.percentage) == ("All Customers", rows, 100)
    assert (card.filter_rules, card.criteria) == ((), "{}")
    assert card.fidelity.matched_count == rows
    assert result.tier == "HEURISTIC"
    assert "NO_VARIATION" in reasons(result)
    assert result.scores == ()


@pytest.mark.parametrize("rows", [2, 3, 4, 8])
def test_few_rows_cap_k_below_their_number(rows: int) -> None:
    result, _ = run(numbers(a=[float(each) for each in range(rows)]))
    assert {"K_CAPPED", "TINY_DATASET"} <= reasons(result)
    assert all(score.k < rows for score in result.scores)
    assert adds_up(result)


def test_two_distinct_points_are_two_segments_with_silhouette_one() -> None:
    result, _ = run(numbers(a=[0.0, 5.0] * 50, b=[1.0, 9.0] * 50), Parameters(min_clusters=3))
    assert result.chosen_k == 2
    assert result.scores[0].value == pytest.approx(1.0)
    assert {"K_CAPPED", "DUPLICATES"} <= reasons(result)


def test_constant_and_empty_columns_are_dropped_with_a_reason() -> None:
    rng = np.random.default_rng(9)
    snapshot = numbers(a=rng.normal(0, 1, 60).tolist(), same=[2.0] * 60, none=[None] * 60)
    result, _ = run(snapshot)
    notes = {note.field: note.reason for note in result.fields if not note.used}
    assert notes == {"same": "CONSTANT", "none": "ALL_NULL"}
    explicit, _ = run(snapshot, Parameters(included_features=("a", "same", "none")))
    dropped = {note.field for note in explicit.fields if note.reason == "FIELD_DROPPED"}
    assert dropped == {"same", "none"}
    assert explicit.parameters.included_features == ("a",)


def text_only() -> Snapshot:
    return snapshot_of([Field("city", "string")], {"city": ["Rome", "Oslo"] * 30})


def test_no_numeric_field_gives_one_card_and_asks_for_numbers() -> None:
    result, _ = run(text_only())
    assert [card.name for card in result.segments] == ["All Customers"]
    assert "NO_USABLE_FIELDS" in reasons(result)
    assert [each.reason for each in result.fallbacks] == ["NO_USABLE_FIELDS"]
    assert "numeric attributes" in result.message


def test_no_usable_field_is_an_error_when_the_worker_was_asked_for() -> None:
    with pytest.raises(NoUsableFields):
        run(text_only(), Parameters(preferred_tier="ML_WORKER"))


def test_text_that_is_named_is_used_as_categories() -> None:
    result, _ = run(text_only(), Parameters(included_features=("city",)))
    assert sorted(str(card.filter_rules[0].value) for card in result.segments) == ["Oslo", "Rome"]
    assert result.scores[0].value == pytest.approx(1.0)


def test_endless_text_that_is_named_is_dropped() -> None:
    snapshot = snapshot_of(
        [Field("note", "string"), Field("a", "number")],
        {"note": [f"remark {each % 90}" for each in range(300)], "a": [float(each) for each in range(300)]},
    )
    result, _ = run(snapshot, Parameters(included_features=("note", "a")))
    assert any(note.field == "note" and note.reason == "FIELD_DROPPED" for note in result.fields)
    assert result.parameters.included_features == ("a",)


def test_strange_text_crashes_nothing_and_is_cut() -> None:
    cells = ["🎉" * 200, "a\x00b\nc", "x" * 1_000_000, "plain"]
    snapshot = snapshot_of([Field("mood", "string")], {"mood": [cells[each % 4] for each in range(80)]})
    result, said = run(snapshot, Parameters(included_features=("mood",)))
    assert adds_up(result)
    shown = [
        share.value for each in said if isinstance(each, events.FieldProfile) for share in each.top_values
    ]
    assert max(len(value) for value in shown) <= 40
    assert not any("\x00" in value for value in shown)
    assert all(len(card.name) <= 60 and "\x00" not in card.name for card in result.segments)


def test_duplicates_are_reported_and_change_nothing_else() -> None:
    rng = np.random.default_rng(10)
    spend = np.repeat(rng.normal(0, 1, 60), 10).tolist()
    result, _ = run(numbers(spend=spend, visits=spend[::-1]))
    assert "DUPLICATES" in reasons(result)
    assert adds_up(result)


def test_huge_numbers_reach_no_reply_as_infinity() -> None:
    values = [*np.random.default_rng(11).normal(0, 1, 100).tolist(), 1e308, 1e308, -1e308, 1e308]
    result, _ = run(numbers(a=values))
    assert "VALUES_CLIPPED" in reasons(result)
    assert adds_up(result)


def test_personal_and_outcome_fields_are_neither_used_nor_shown() -> None:
    rng = np.random.default_rng(12)
    rows = 200
    snapshot = snapshot_of(
        [
            Field("mail", "string"),
            Field("customer_id", "number"),
            Field("churned", "number"),
            Field("a", "number"),
        ],
        {
            "mail": [f"canary{each % 15}@example.org" for each in range(rows)],
            "customer_id": [float(each) for each in range(rows)],
            "churned": [float(each % 2) for each in range(rows)],
            "a": rng.normal(0, 1, rows).tolist(),
        },
    )
    result, said = run(snapshot)
    assert result.parameters.included_features == ("a",)
    unused = {(note.field, note.reason) for note in result.fields if not note.used}
    assert unused == {("mail", "PERSONAL_DATA"), ("customer_id", "IDENTIFIER"), ("churned", "LEAKAGE")}
    assert "canary" not in json.dumps([codec.encode(each) for each in (*said, result)])


# --- the golf club --------------------------------------------------------------------------------


def test_the_golf_club_has_distinct_sensible_cards() -> None:
    snapshot = golf_snapshot(4_000, as_of=AS_OF)
    result, _ = run(snapshot)
    assert result.tier == "ML_WORKER"
    assert not result.no_clear_segments
    assert len(result.segments) >= 2
    assert adds_up(result)
    personal = {field.name for field in snapshot.catalog.fields if field.pii}
    for card in result.segments:
        assert card.fidelity.matched_count == counted(snapshot, parse.loads(card.criteria)) > 0
        assert card.filter_rules
        assert card.notices == ()
        assert not personal & {each.feature for each in card.characteristics}
        assert "OptIn" in card.suggested_use
