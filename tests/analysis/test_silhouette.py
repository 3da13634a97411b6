from __future__ import annotations

from typing import Any, cast

import numpy as np
import pytest
from segmentry.analysis import silhouette
from segmentry.analysis.silhouette import Silhouette, sampled, silhouettes
from segmentry.analysis.table import Floats, Labels
from sklearn import metrics
from sklearn.cluster import KMeans


def mixture(rows: int, seed: int, spread: float = 1.0) -> Floats:
    rng = np.random.default_rng(seed)
    centres = rng.normal(0, 3, (4, 3))
    return centres[rng.integers(0, 4, rows)] + rng.normal(0, spread, (rows, 3))


def labelled(X: Floats, k: int) -> Labels:
    model: Any = KMeans(k, n_init=1, random_state=0)  # pyright: ignore[reportArgumentType] # untyped default
    return np.asarray(model.fit_predict(X), dtype=np.int32)


def reference(X: Floats, labels: Labels) -> float:
    return float(cast("Any", metrics).silhouette_score(X, labels))


def test_exact_silhouettes_of_all_k_equal_those_of_scikit_learn() -> None:
    X = mixture(1_500, 1)
    labelings = [labelled(X, k) for k in (2, 3, 5, 8)]
    found = silhouettes(X, labelings, np.random.default_rng(0))
    for labels, each in zip(labelings, found, strict=True):
        assert each.exact
        assert (each.low, each.high) == (None, None)
        assert each.value == pytest.approx(reference(X, labels), abs=1e-6)


def test_a_member_alone_in_its_cluster_counts_zero() -> None:
    X = np.array([[0.0], [0.1], [5.0]])
    labels = np.array([0, 0, 1], dtype=np.int32)
    (found,) = silhouettes(X, [labels], np.random.default_rng(0))
    expected = cast("Any", metrics).silhouette_samples(X, labels)
    assert expected[2] == 0
    assert found.value == pytest.approx(float(expected.mean()))


def test_duplicated_points_of_two_clusters_score_one() -> None:
    X = np.repeat(np.array([[0.0, 1.0], [4.0, 1.0]]), 50, axis=0)
    labels = np.repeat(np.array([0, 1], dtype=np.int32), 50)
    assert silhouettes(X, [labels], np.random.default_rng(0))[0].value == pytest.approx(1.0)


@pytest.mark.parametrize("labels", [[0, 0, 0], [0, 1, 2]], ids=["one cluster", "one cluster per row"])
def test_a_silhouette_that_is_not_defined_is_absent(labels: list[int]) -> None:
    X = np.arange(3.0)[:, None]
    (found,) = silhouettes(X, [np.array(labels, dtype=np.int32)], np.random.default_rng(0))
    assert found.value is None


def test_estimated_intervals_cover_the_exact_value(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(silhouette, "QUERIES", 800)
    monkeypatch.setattr(silhouette, "REFERENCES", 3_000)
    X = mixture(8_000, 3, spread=1.5)
    labelings = [labelled(X, k) for k in (2, 3, 4, 5, 6)]
    exact = [each.value for each in silhouettes(X, labelings, np.random.default_rng(0))]
    covered, errors = 0, list[float]()
    for seed in range(6):
        estimates = silhouettes(X, labelings, np.random.default_rng(seed), exact_rows=1_000)
        for truth, estimate in zip(exact, estimates, strict=True):
            assert truth is not None
            assert estimate.value is not None
            assert estimate.low is not None
            assert estimate.high is not None
            assert not estimate.exact
            covered += estimate.low <= truth <= estimate.high
            errors.append(abs(estimate.value - truth))
    # 95 % intervals: of 30, at least 26 cover with a probability of 98 %, and these seeds are fixed.
    assert covered >= 26
    assert float(np.mean(errors)) < 0.008


@pytest.mark.timeout(120)
def test_the_interval_covers_the_exact_value_in_at_least_94_of_100_trials(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(silhouette, "QUERIES", 300)
    monkeypatch.setattr(silhouette, "REFERENCES", 1_000)
    covered, widths = 0, list[float]()
    for table in range(40):
        rng = np.random.default_rng(table)
        k, spread = 2 + table % 7, 0.5 + table % 4
        centres = rng.normal(0, 3, (k, 3))
        # Sizes differ up to tenfold: every cluster is as hard to see in a sample as it is small.
        of_row = rng.choice(k, 2_000, p=(shares := np.geomspace(1, 0.1, k)) / shares.sum())
        X = centres[of_row] + rng.normal(0, spread, (2_000, 3))
        apart = ((X[:, None] - centres) ** 2).sum(axis=2)
        labels = np.unique(apart.argmin(axis=1), return_inverse=True)[1].astype(np.int32)
        (exact,) = silhouettes(X, [labels], rng)
        assert exact.value is not None
        for trial in range(10):
            (found,) = silhouettes(X, [labels], np.random.default_rng([table, trial]), exact_rows=100)
            assert found.low is not None
            assert found.high is not None
            covered += found.low <= exact.value <= found.high
            widths.append(found.high - found.low)
    assert covered >= 0.94 * 400
    # An interval that says nothing would cover everything.
    assert float(np.median(widths)) < 0.06


def test_a_small_cluster_has_references_in_the_estimate(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(silhouette, "REFERENCES", 2_000)
    rng = np.random.default_rng(5)
    X = np.vstack([rng.normal(0, 1, (40_000, 2)), rng.normal(40, 1, (30, 2))])
    labels = (np.arange(len(X)) >= 40_000).astype(np.int32)
    (found,) = silhouettes(X, [labels], rng)
    assert found.value is not None
    assert found.value > 0.9


def test_the_provisional_score_is_near_the_exact_one() -> None:
    X = mixture(6_000, 4)
    labels = labelled(X, 4)
    (value,) = sampled(X, [labels], 2_000, np.random.default_rng(0))
    assert value == pytest.approx(reference(X, labels), abs=0.03)


def test_an_estimate_of_one_cluster_is_absent() -> None:
    X = mixture(2_000, 4)
    labels = np.zeros(2_000, dtype=np.int32)
    assert silhouettes(X, [labels], np.random.default_rng(0), exact_rows=100) == [
        Silhouette(None, None, None, False, 0)
    ]
