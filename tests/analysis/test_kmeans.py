"""The kernels of the sweep: both do the same, and their scores are those of the definitions."""

from __future__ import annotations

from itertools import pairwise
from typing import Any, cast

import numpy as np
import pytest
from segmentry.analysis import sweep as sweeps
from segmentry.analysis.attempt import Attempt
from segmentry.analysis.kmeans import kernel as kernels
from segmentry.analysis.kmeans.batch import Batch
from segmentry.analysis.kmeans.compiled import Compiled
from segmentry.analysis.kmeans.inner import inner
from segmentry.analysis.kmeans.kernel import Kernel
from segmentry.analysis.kmeans.lloyd import improve
from segmentry.analysis.kmeans.plain import Plain
from segmentry.analysis.silhouette import silhouettes
from segmentry.analysis.sweep import fit, sweep
from segmentry.analysis.table import Floats, Labels
from sklearn import metrics

KERNELS: dict[str, Kernel] = {"numba": Compiled(), "numpy": Plain()}


@pytest.fixture(params=list(KERNELS))
def kernel(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Kernel:
    """Each kernel in turn as the one that everything uses, from 100 rows on."""
    chosen = KERNELS[str(request.param)]
    monkeypatch.setattr(kernels, "chosen", lambda: chosen)
    monkeypatch.setattr(sweeps, "FUSED_FROM", 100)
    monkeypatch.setattr(sweeps, "SAMPLE_FROM", 100)
    return chosen


def mixture(rows: int, columns: int = 3, seed: int = 1, groups: int = 4) -> Floats:
    rng = np.random.default_rng(seed)
    centres = rng.normal(0, 3, (groups, columns))
    return centres[rng.integers(0, groups, rows)] + rng.normal(0, 0.6, (rows, columns))


def some_labels(rows: int, k: int, seed: int = 0) -> Labels:
    drawn = np.random.default_rng(seed).integers(0, k, rows)
    drawn[:k] = np.arange(k)
    return drawn.astype(np.int32)


def squared_by_brute_force(X: Floats, labels: Labels) -> float:
    """Spark's definition: the silhouette with squared Euclidean distances between all pairs."""
    apart = ((X[:, None, :] - X[None, :, :]) ** 2).sum(axis=2)
    scores = np.zeros(len(X))
    for row, own in enumerate(labels):
        means = [
            apart[row, labels == c].sum() / max((labels == c).sum() - (c == own), 1) for c in set(labels)
        ]
        a = means[sorted(set(labels)).index(own)]
        b = min(mean for c, mean in zip(sorted(set(labels)), means, strict=True) if c != own)
        scores[row] = (b - a) / max(a, b) if (labels == own).sum() > 1 else 0.0
    return float(scores.mean())


def simplified_by_definition(X: Floats, labels: Labels) -> float:
    means = np.stack([X[labels == c].mean(axis=0) for c in range(labels.max() + 1)])
    apart = np.sqrt(((X[:, None, :] - means[None]) ** 2).sum(axis=2))
    own = apart[np.arange(len(X)), labels]
    apart[np.arange(len(X)), labels] = np.inf
    other = apart.min(axis=1)
    return float(((other - own) / np.maximum(own, other)).mean())


@pytest.mark.parametrize("columns", [1, 3, 4, 9])
def test_the_squared_silhouette_is_the_one_of_all_pairs(kernel: Kernel, columns: int) -> None:
    X = mixture(300, columns)
    labelings = [some_labels(300, 2), some_labels(300, 5), np.arange(300, dtype=np.int32) % 7]
    labelings[1][labelings[1] == 4] = 3
    labelings[1][0] = 4  # a member alone in its cluster
    for labels, found in zip(labelings, inner(X, labelings), strict=True):
        assert found.squared == pytest.approx(squared_by_brute_force(X, labels), abs=1e-9)
        assert found.simplified == pytest.approx(simplified_by_definition(X, labels), abs=1e-9)


def test_the_means_and_the_inertia_are_exact(kernel: Kernel) -> None:
    X, labels = mixture(1_000), some_labels(1_000, 6)
    (found,) = inner(X, [labels])
    means = np.stack([X[labels == c].mean(axis=0) for c in range(6)])
    assert found.means == pytest.approx(means, abs=1e-12)
    assert found.inertia == pytest.approx(float(((X - means[labels]) ** 2).sum()), rel=1e-12)


def test_silhouettes_of_all_labelings_are_those_of_scikit_learn(kernel: Kernel) -> None:
    X = np.round(mixture(700), 1)  # with duplicates, whose distance is exactly 0
    labelings = [fit(X, k, 0).labels for k in (2, 3, 4, 7)]
    for labels, found in zip(labelings, silhouettes(X, labelings, np.random.default_rng(0)), strict=True):
        expected = float(cast("Any", metrics).silhouette_score(X, labels))
        assert found.value == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("columns", [1, 2, 5, 8, 13])
def test_a_sweep_finds_separate_groups_and_no_worse_inertia(kernel: Kernel, columns: int) -> None:
    X = mixture(1_500, columns, seed=columns)
    for k, found in zip((2, 3, 4, 5), sweep(X, (2, 3, 4, 5), 0), strict=True):
        assert found.k == k
        assert found.labels.shape == (1_500,)
        assert found.inertia <= fit(X, k, 0).inertia * 1.01


def test_a_sweep_with_a_sample_is_as_good_as_one_on_all_rows(kernel: Kernel) -> None:
    X = mixture(6_000, groups=5)
    drafts: list[int] = []
    found = sweep(
        X,
        (2, 4, 5, 8),
        3,
        lambda sample, draft: drafts.append(len(sample) * draft.k),
        attempt=Attempt(sample_rows=1_000),
    )
    assert drafts == [2_000, 4_000, 5_000, 8_000]
    for each in found:
        assert each.inertia <= fit(X, each.k, 0).inertia * 1.01


def test_the_kernels_agree_on_separate_groups(monkeypatch: pytest.MonkeyPatch) -> None:
    X = mixture(4_000, 6, groups=5)
    monkeypatch.setattr(sweeps, "FUSED_FROM", 100)
    labels: list[Labels] = []
    for each in KERNELS.values():
        monkeypatch.setattr(kernels, "chosen", lambda each=each: each)
        labels.append(sweep(X, [5], 0)[0].labels)
    agreement = float(cast("Any", metrics).adjusted_rand_score(*labels))
    assert agreement >= 0.999


def test_the_same_seed_gives_the_same_labels(kernel: Kernel) -> None:
    X = mixture(3_000)
    for one, other in zip(sweep(X, (3, 6), 7), sweep(X, (3, 6), 7), strict=True):
        assert np.array_equal(one.labels, other.labels)


def test_duplicates_leave_as_many_clusters_as_rows_differ(kernel: Kernel) -> None:
    X = np.repeat(np.array([[0.0, 0.0], [3.0, 1.0], [9.0, 9.0]]), 200, axis=0)
    (found,) = sweep(X, [6], 0)
    assert found.k == 3
    assert sorted(np.bincount(found.labels).tolist()) == [200, 200, 200]
    assert found.inertia == 0.0


def test_each_pass_lowers_the_inertia_and_counts_every_row(kernel: Kernel) -> None:
    X = mixture(2_000)
    laid = kernel.lay(X)
    batch = Batch.of([X[:3], X[:7]], laid.padded)
    seen: list[Floats] = []
    for _ in range(6):
        improve(laid, batch, 2, 0.0)
        seen.append(batch.inertia.copy())
        assert batch.counts[:3].sum() == batch.counts[3:].sum() == 2_000
        assert batch.sums[:3].sum(axis=0) == pytest.approx(X.sum(axis=0), rel=1e-4)
        batch.active[:] = True
    assert all((later <= earlier * (1 + 1e-6)).all() for earlier, later in pairwise(seen))


def test_an_empty_cluster_starts_again_at_a_far_row(kernel: Kernel) -> None:
    X = mixture(2_000)
    laid = kernel.lay(X)
    batch = Batch.of([np.concatenate([X[:2], [[1e3, 1e3, 1e3]]])], laid.padded)
    improve(laid, batch, 20, 1e-6)
    assert (batch.counts > 0).all()


def test_the_number_of_threads_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    X = mixture(5_000, 4)
    monkeypatch.setattr(sweeps, "FUSED_FROM", 100)
    found: list[Labels] = []
    for threads in ("1", "3"):
        monkeypatch.setenv("OMP_NUM_THREADS", threads)
        compiled = Compiled()
        monkeypatch.setattr(kernels, "chosen", lambda compiled=compiled: compiled)
        found.append(sweep(X, [4], 0)[0].labels)
    assert np.array_equal(found[0], found[1])
