"""K-Means for every k of a range: labels, inertia and, in two stages, first scores early.

Where the compiled kernel is installed, and in any case from 100,000 rows on, all k move together: every
read of the table serves each of them (`kmeans/`). Their starts are found on a sample of 20,000 rows, the
best of each k is polished on all rows. Below that, without the kernel, scikit-learn fits each k on all
rows with 10 starts. Inertia and time beside scikit-learn: benchmarks/sweep.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from segmentry.analysis.attempt import FIRST, Attempt, Checkpoint, key_of
from segmentry.analysis.kmeans import kernel as kernels
from segmentry.analysis.kmeans.batch import MAX_CLUSTERS, Bytes
from segmentry.analysis.kmeans.inner import Inner, inner
from segmentry.analysis.kmeans.stages import assigned, polished, starts
from segmentry.analysis.table import Floats, Labels, Matrix

SAMPLE_FROM = 100_000
# below this the fits take no time, and a start more or less decides
FUSED_FROM = 2_000
RESTARTS = 10


@dataclass(frozen=True, eq=False)
class Clustering:
    """One k: `labels` (rows,) int32 in 0..k-1, and what the means of its clusters tell.

    `k` counts the clusters that hold rows. `elapsed_s` is the time until it was there.
    """

    k: int
    labels: Labels
    inner: Inner
    elapsed_s: float

    @property
    def inertia(self) -> float:
        """The squared distances of the rows to the mean of their cluster, summed, in prepared units."""
        return self.inner.inertia


@dataclass(frozen=True, eq=False)
class Draft:
    """One k on the sample alone: what the provisional score is computed from."""

    k: int
    labels: Labels


@dataclass(frozen=True, eq=False)
class Drafts:
    """Fits of a sample that was prepared by itself: of each of `ks` the labels (rows,) of one or two rivals.

    `rows` are the places of the sample in the table.
    """

    rows: NDArray[np.intp]
    ks: range
    labels: tuple[tuple[Labels, ...], ...]

    def centroids(self, X: Matrix) -> tuple[tuple[Floats, ...], ...]:
        """The means of the drafted clusters in the matrix of the whole table, which is scaled a little
        differently. Per k and rival (clusters, columns)."""
        sample = X[self.rows].astype(np.float64)
        return tuple(tuple(_means(sample, labels) for labels in of_k) for of_k in self.labels)


def sample_of(rows: int, at_most: int, rng: np.random.Generator) -> NDArray[np.intp]:
    """The places of a random sample, ascending."""
    return np.sort(rng.choice(rows, min(rows, at_most), replace=False))


def sweep(
    X: Matrix,
    ks: Sequence[int],
    seed: int,
    on_draft: Callable[[Floats, Draft], None] = lambda _sample, _draft: None,
    on_clustering: Callable[[Clustering], None] = lambda _clustering: None,
    *,
    attempt: Attempt = FIRST,
    drafts: Drafts | None = None,
) -> list[Clustering]:
    """One clustering per k, in the order of `ks`. Same matrix, seed, drafts and `attempt.sample_rows`: same
    labels.

    `on_draft` gets the sample and each k's sample fit, when there is a sample stage; `on_clustering` each
    finished k. An `attempt` that goes on from a checkpoint gives the labels of the one that left it.
    scikit-learn's fits leave none: they take a few seconds at most. With `drafts` of the same `ks` there is
    no sample stage: all rows go on from them.
    """
    fused_from = FUSED_FROM if kernels.is_compiled() else SAMPLE_FROM
    if len(X) >= fused_from and max(ks) <= MAX_CLUSTERS:
        return _together(X, ks, seed, on_draft, on_clustering, attempt=attempt, drafts=drafts)
    finished: list[Clustering] = []
    for k in ks:
        finished.append(fit(X, k, seed))
        on_clustering(finished[-1])
    return finished


def _together(
    X: Matrix,
    ks: Sequence[int],
    seed: int,
    on_draft: Callable[[Floats, Draft], None],
    on_clustering: Callable[[Clustering], None],
    *,
    attempt: Attempt,
    drafts: Drafts | None,
) -> list[Clustering]:
    started = time.perf_counter()
    key = key_of(X, ks, seed, kernels.chosen().name)
    settled = attempt.after("polish", key)
    if settled is not None:
        ended = assigned(X, [of_k[0] for of_k in settled])
    else:
        ended = _fitted(X, ks, seed, on_draft, key=key, attempt=attempt, drafts=drafts)
        attempt.keep(Checkpoint("polish", key, tuple((centroids,) for centroids, _ in ended)))
    labelings = [_packed(labels.astype(np.int32)) for _, labels in ended]
    found: list[Clustering] = []
    for labels, scores in zip(labelings, inner(X, labelings), strict=True):
        found.append(Clustering(len(scores.means), labels, scores, time.perf_counter() - started))
        on_clustering(found[-1])
    return found


def _fitted(
    X: Matrix,
    ks: Sequence[int],
    seed: int,
    on_draft: Callable[[Floats, Draft], None],
    *,
    key: str,
    attempt: Attempt,
    drafts: Drafts | None,
) -> list[tuple[Floats, Labels | Bytes]]:
    """Centroids and labels of each k by the two stages; of a table no larger than the sample by the first."""
    rivals = attempt.after("sample", key)
    if rivals is None and drafts is not None:
        rivals = drafts.centroids(X)
        attempt.keep(Checkpoint("sample", key, rivals))
    if rivals is None:
        rng = np.random.default_rng(seed)
        if len(X) <= attempt.sample_rows:
            return [(of_k[0].centroids, of_k[0].labels) for of_k in starts(X, ks, rng)]
        sample = X[sample_of(len(X), attempt.sample_rows, rng)].astype(np.float64)
        found = starts(sample, ks, rng)
        rivals = tuple(tuple(start.centroids for start in of_k) for of_k in found)
        attempt.keep(Checkpoint("sample", key, rivals))
        for k, of_k in zip(ks, found, strict=True):
            on_draft(sample, Draft(k, _packed(of_k[0].labels)))
    return [*polished(X, rivals)]


def fit(X: Matrix, k: int, seed: int, restarts: int = RESTARTS) -> Clustering:
    """K-Means of one k on all rows by scikit-learn, the best of `restarts` k-means++ starts."""
    from segmentry.analysis import scikit  # noqa: PLC0415 - takes a second, which the compiled kernel saves

    started = time.perf_counter()
    labels = _packed(scikit.kmeans(X, k, seed, restarts)[0])
    (scores,) = inner(X, [labels])
    return Clustering(len(scores.means), labels, scores, time.perf_counter() - started)


def _means(rows: Floats, labels: Labels) -> Floats:
    held = _packed(labels)
    sums = np.zeros((int(held.max()) + 1, rows.shape[1]))
    np.add.at(sums, held, rows)
    return sums / np.bincount(held)[:, None]


def _packed(labels: Labels) -> Labels:
    """Labels without the numbers of clusters that hold no row."""
    counts = np.bincount(labels)
    return labels if counts.all() else np.searchsorted(np.flatnonzero(counts), labels).astype(np.int32)
