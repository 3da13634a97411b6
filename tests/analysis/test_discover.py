from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from segmentry.analysis import events
from segmentry.analysis.parameters import Parameters
from segmentry.criteria import parse
from segmentry.criteria.catalog import Field
from segmentry.customers.snapshot import Snapshot

from tests.analysis.discovering import adds_up, blobs, counted, of_rules, reasons, run
from tests.analysis.tables import AS_OF, numbers, snapshot_of

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


@pytest.mark.parametrize("rows", [300, 2_500])
def test_every_k_has_a_provisional_score_before_the_final_ones(rows: int) -> None:
    _, said = run(blobs(3, rows=rows), Parameters(max_clusters=4))
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
