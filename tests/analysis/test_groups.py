from __future__ import annotations

import numpy as np
import pytest
from segmentry.analysis import dbscan, sweep
from segmentry.analysis.attempt import Attempt
from segmentry.analysis.choose import Candidate, Excess, choose
from segmentry.analysis.silhouette import Silhouette
from segmentry.analysis.table import Floats


def blobs(rows: int, k: int = 3, seed: int = 0) -> Floats:
    rng = np.random.default_rng(seed)
    return rng.permutation(np.arange(k) * 10.0)[np.arange(rows) % k][:, None] + rng.normal(0, 1, (rows, 2))


def candidate(
    k: int, value: float | None, share: float = 0.2, margin: float = 0.0, excess: float | None = None
) -> Candidate:
    low = None if value is None or not margin else value - margin
    high = None if value is None or not margin else value + margin
    score = Silhouette(value, low, high, not margin, 100)
    return Candidate(k, score, share, None if excess is None else Excess(excess, 0.005))


# --- choice ---------------------------------------------------------------------------------------


def test_the_best_silhouette_wins_among_those_without_slivers() -> None:
    choice = choose([candidate(2, 0.9, share=0.001), candidate(3, 0.4), candidate(4, 0.5)], 0.03)
    assert (choice.position, choice.slivers) == (2, False)


def test_ties_within_the_interval_go_to_the_smaller_k() -> None:
    near = [candidate(2, 0.40, margin=0.02), candidate(3, 0.41, margin=0.02), candidate(4, 0.30, margin=0.02)]
    assert choose(near, 0.03).position == 0


def test_exact_scores_have_no_interval_to_tie_in() -> None:
    assert choose([candidate(2, 0.40), candidate(3, 0.4001)], 0.03).position == 1


def test_only_slivers_gives_the_least_bad_and_says_so() -> None:
    choice = choose([candidate(2, 0.9, share=0.001), candidate(3, 0.5, share=0.02)], 0.03)
    assert (choice.position, choice.slivers) == (1, True)


def test_an_undefined_silhouette_is_never_chosen() -> None:
    assert choose([candidate(2, None), candidate(3, -0.1)], 0.03).position == 1


def test_a_silhouette_of_zero_is_a_score_like_any_other() -> None:
    assert choose([candidate(2, 0.0), candidate(3, -0.5)], 0.03).position == 0


def test_the_k_of_the_greatest_excess_is_the_alternative() -> None:
    choice = choose([candidate(2, 0.5, excess=0.1), candidate(4, 0.45, excess=0.2)], 0.03)
    assert (choice.position, choice.alternative_k) == (0, 4)
    assert choose([candidate(2, 0.5, excess=0.3)], 0.03).alternative_k is None


@pytest.mark.parametrize(
    ("value", "excess", "unclear"),
    [(0.5, 0.2, False), (0.5, 0.015, True), (0.2, 0.04, True), (0.2, 0.08, False), (0.4, None, False)],
)
def test_segments_are_unclear_when_a_table_without_groups_does_as_well(
    value: float, excess: float | None, unclear: bool
) -> None:
    assert choose([candidate(2, value, excess=excess)], 0.03).no_clear_segments is unclear


# --- sweep ----------------------------------------------------------------------------------------


def test_the_sample_stage_agrees_with_all_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    X = blobs(6_000, k=4)
    whole = sweep.sweep(X, range(2, 6), seed=0)
    monkeypatch.setattr(sweep, "SAMPLE_FROM", 1_000)
    drafts: list[int] = []
    polished = sweep.sweep(
        X,
        range(2, 6),
        0,
        lambda sample, draft: drafts.append(len(sample) * draft.k),
        attempt=Attempt(sample_rows=800),
    )
    assert drafts == [1_600, 2_400, 3_200, 4_000]
    for one, other in zip(whole, polished, strict=True):
        assert other.inertia <= one.inertia * 1.01
    sizes = [sorted(np.bincount(each.labels).tolist()) for each in (whole[2], polished[2])]
    assert sizes[0] == sizes[1] == [1_500] * 4


def test_the_same_seed_gives_the_same_labels() -> None:
    first, again = (sweep.sweep(blobs(2_000), [5], seed=9)[0] for _ in range(2))
    assert np.array_equal(first.labels, again.labels)


def test_clusters_without_rows_are_not_counted() -> None:
    (found,) = sweep.sweep(np.repeat([[0.0], [1.0]], 20, axis=0), [5], seed=0)
    assert found.k == 2
    assert sorted(set(found.labels.tolist())) == [0, 1]
    assert len(found.inner.means) == 2


# --- dbscan ---------------------------------------------------------------------------------------


def test_rows_beyond_the_direct_limit_join_the_nearest_dense_group(monkeypatch: pytest.MonkeyPatch) -> None:
    X = np.vstack([blobs(3_000), np.full((1, 2), 500.0)])
    direct = dbscan.cluster(X, 0, 1.0, 10, 50)
    monkeypatch.setattr(dbscan, "DIRECT_ROWS", 1_000)
    monkeypatch.setattr(dbscan, "SAMPLE_ROWS", 1_500)
    sampled = dbscan.cluster(X, 0, 1.0, 10, 50)
    assert sampled.fitted_rows == 1_500
    assert sampled.k == direct.k == 3
    assert sampled.labels[-1] == -1
    both = (direct.labels >= 0) & (sampled.labels >= 0)
    assert both.mean() > 0.9
    joint = np.zeros((3, 3))
    np.add.at(joint, (direct.labels[both], sampled.labels[both]), 1)
    assert joint.max(axis=1).sum() == both.sum()


def test_neighbour_lists_are_kept_within_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dbscan, "MOST_NEIGHBOURS", 400_000)
    found = dbscan.cluster(np.repeat([[0.0, 0.0], [9.0, 9.0]], 1_500, axis=0), 0, None, None, 50)
    assert found.fitted_rows < 1_000
    assert found.k == 2
    assert np.all(found.labels >= 0)


def test_clusters_beyond_the_most_wanted_are_noise() -> None:
    found = dbscan.cluster(blobs(900), 0, 1.5, 5, max_clusters=2)
    assert found.k == 2
    assert np.count_nonzero(found.labels < 0) >= 250


def test_labels_are_ordered_by_size_and_eps_is_reported() -> None:
    X = np.vstack([blobs(300, k=1), blobs(900, k=1) + 40])
    found = dbscan.cluster(X, 0, None, None, 50)
    assert found.eps > 0
    sizes = np.bincount(found.labels[found.labels >= 0])
    assert sizes.tolist() == sorted(sizes.tolist(), reverse=True)
