"""First scores of a large table come from a sample, before all of its rows are prepared."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest
from numpy.typing import NDArray
from segmentry.analysis import early as earlies
from segmentry.analysis.attempt import Attempt, Checkpoint
from segmentry.analysis.discover import discover
from segmentry.analysis.events import AnalysisResult, ClusterScore, Event, FieldProfile, Progress
from segmentry.analysis.features import feature_table
from segmentry.analysis.parameters import Parameters, Role
from segmentry.analysis.sweep import Drafts, sweep
from segmentry.analysis.table import Levels, Mask
from segmentry.criteria.catalog import Field
from segmentry.customers.snapshot import Snapshot

from tests.analysis.tables import numbers

AS_OF = datetime(2026, 1, 1, tzinfo=UTC)
ASKED = Parameters(preferred_tier="ML_WORKER", max_clusters=5)
ROWS = 4_000


def shop(rows: int = ROWS) -> Snapshot:
    """Three kinds of customers; spending is skewed, so that preparing it takes a logarithm."""
    rng = np.random.default_rng(3)
    kind = rng.integers(0, 3, rows)
    return numbers(
        spend=np.exp(rng.normal(2.0 + 1.5 * kind, 0.3)).tolist(),
        visits=rng.normal(10 + 15 * (kind == 1), 2, rows).tolist(),
        age=rng.normal(40, 8, rows).tolist(),
    )


@pytest.fixture(autouse=True)
def large(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tables of a thousand rows count as large."""
    monkeypatch.setattr(earlies, "SAMPLE_FROM", 1_000)


def found(
    snapshot: Snapshot, parameters: Parameters = ASKED, attempt: Attempt | None = None
) -> tuple[AnalysisResult, list[Event]]:
    said: list[Event] = []
    attempt = attempt or Attempt(sample_rows=1_500)
    return discover(snapshot, parameters, AS_OF, said.append, attempt=attempt), said


def provisional(said: list[Event]) -> list[ClusterScore]:
    return [each for each in said if isinstance(each, ClusterScore) and each.provisional]


def test_the_first_scores_come_before_any_field_is_described() -> None:
    _, said = found(shop())
    kinds = [type(each) for each in said]
    assert kinds.index(ClusterScore) < kinds.index(FieldProfile)
    assert [each.k for each in provisional(said)] == [2, 3, 4, 5]


def test_how_far_the_run_is_never_goes_back() -> None:
    _, said = found(shop())
    fractions = [each.fraction for each in said if isinstance(each, Progress)]
    assert fractions == sorted(fractions)


def test_the_sample_finds_what_all_rows_show() -> None:
    result, said = found(shop())
    assert result.chosen_k == 3
    finals = {each.k: each for each in result.scores}
    best = max(provisional(said), key=lambda each: each.value or -1.0)
    assert best.k == 3
    assert best.value == pytest.approx(finals[3].value, abs=0.05)


def test_the_same_table_gives_the_same_segments_again() -> None:
    (one, _), (other, _) = found(shop()), found(shop())
    assert [card.criteria for card in one.segments] == [card.criteria for card in other.segments]
    assert one.scores[1].inertia == other.scores[1].inertia


def test_an_attempt_that_goes_on_from_a_checkpoint_ends_alike_and_says_no_first_scores() -> None:
    kept: list[Checkpoint] = []
    whole, _ = found(shop(), attempt=Attempt(keep=kept.append, sample_rows=1_500))
    assert [each.stage for each in kept] == ["sample", "polish"]
    for checkpoint in kept:
        again, said = found(shop(), attempt=Attempt(checkpoint, sample_rows=1_500))
        assert [each.inertia for each in again.scores] == [each.inertia for each in whole.scores]
        kinds = [type(each) for each in said]
        assert kinds.index(FieldProfile) < kinds.index(ClusterScore)


@pytest.mark.parametrize(
    "parameters",
    [replace(ASKED, algorithm="dbscan"), replace(ASKED, preferred_tier="HEURISTIC")],
    ids=["dbscan", "heuristic"],
)
def test_other_ways_to_find_segments_draft_nothing(parameters: Parameters) -> None:
    _, said = found(shop(), parameters)
    assert provisional(said) == []


def test_a_sample_with_fewer_different_rows_than_clusters_waits_for_all_rows() -> None:
    few = np.repeat([0.0, 1.0, 2.0], 1_000)
    rare = np.append(few, np.linspace(5, 9, 40))
    result, said = found(numbers(spend=rare.tolist()), attempt=Attempt(sample_rows=3))
    kinds = [type(each) for each in said]
    assert kinds.index(FieldProfile) < kinds.index(ClusterScore)
    assert result.rows == 3_040


class Unread(Levels):
    """A column that nobody may take rows of."""

    def take(self, rows: Mask | NDArray[np.intp]) -> Levels:
        raise AssertionError(f"{len(rows)} rows of a field that is not compared were copied")


def test_the_sample_holds_no_field_that_is_not_compared() -> None:
    table = feature_table(shop())
    note = Unread(Field("note", "string"), np.zeros(ROWS, dtype=np.int32), ("x",))
    wide = replace(table, columns={**table.columns, "note": note})
    names = tuple(table.columns)
    roles: dict[str, Role] = dict.fromkeys(names, "QUANTITY")
    begun = earlies.early(
        wide, names, roles, AS_OF.timestamp(), ASKED, lambda _: None, 0.0, Attempt(sample_rows=1_500)
    )
    assert begun is not None
    assert begun.drafts.ks == range(2, 6)


def test_drafts_are_carried_over_to_the_matrix_of_all_rows() -> None:
    rng = np.random.default_rng(0)
    X = rng.normal(0, 1, (3_000, 3)) + 8 * rng.integers(0, 4, 3_000)[:, None]
    rows = np.arange(0, 3_000, 3)
    labels = sweep(X[rows] * [2.0, 0.5, 1.0] + 7.0, [4], seed=1)[0].labels
    (one,) = Drafts(rows, range(4, 5), ((labels,),)).centroids(X)[0]
    by_hand = [X[rows][labels == cluster].mean(axis=0) for cluster in range(4)]
    np.testing.assert_allclose(one, by_hand)
    (from_drafts,) = sweep(X, [4], seed=1, drafts=Drafts(rows, range(4, 5), ((labels,),)))
    (plain,) = sweep(X, [4], seed=1)
    assert from_drafts.inertia == pytest.approx(plain.inertia, rel=0.01)
