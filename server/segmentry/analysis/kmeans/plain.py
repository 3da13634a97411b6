"""The kernel in numpy: blocks of rows, one product with the centroids of all clusterings each."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from segmentry.analysis.kmeans.batch import Batch, Narrow, Rows
from segmentry.analysis.kmeans.kernel import Laid
from segmentry.analysis.table import Floats, Matrix

# Distances held at once: 4 million float32 numbers are 16 MB.
BLOCK_CELLS = 4_000_000
MOST_BLOCK_ROWS = 65_536


class Whole:
    """The rows as they are."""

    def __init__(self, X: Matrix) -> None:
        self.given = X
        self.padded = len(X)
        self._rows = np.ascontiguousarray(X, dtype=np.float32)

    def move(self, batch: Batch) -> None:
        batch.inertia[batch.active] = 0.0
        factors, offsets = _expanded(batch.centroids)
        for block in _blocks(len(self._rows), len(batch.centroids)):
            rows = self._rows[block]
            partial = factors @ rows.T
            partial += offsets[:, None]
            length = float(np.einsum("ij,ij->", rows, rows, dtype=np.float64))
            for at in np.flatnonzero(batch.active).tolist():
                nearest, least = _nearest(partial[batch.clusters(at)])
                batch.inertia[at] += max(float(least.sum(dtype=np.float64)) + length, 0.0)
                _count(batch, at, block, rows, nearest)

    def gains(self, nearest: Narrow, candidates: Floats) -> Narrow:
        factors, offsets = _expanded(candidates)
        apart = factors @ self._rows.T
        apart += offsets[:, None]
        apart += np.einsum("ij,ij->i", self._rows, self._rows)
        np.maximum(apart, 0.0, out=apart)
        return np.minimum(apart, nearest, out=apart)


class Plain:
    """Needs nothing but numpy."""

    name = "numpy"

    def lay(self, X: Matrix) -> Laid:
        return Whole(X)

    def totals(self, X: Matrix, batch: Batch) -> Floats:
        found = np.empty(batch.centroids.shape)
        for at in range(len(batch)):
            clusters = batch.clusters(at)
            labels, k = batch.labels[at, : len(X)], clusters.stop - clusters.start
            for column in range(X.shape[1]):
                found[clusters, column] = np.bincount(labels, X[:, column], minlength=k)
        return found

    def spreads(self, X: Matrix, batch: Batch) -> Floats:
        found = np.zeros(len(batch.centroids))
        for at in range(len(batch)):
            clusters = batch.clusters(at)
            means = batch.centroids[clusters]
            for block in _blocks(len(X), X.shape[1]):
                labels = batch.labels[at, block]
                apart = X[block] - means[labels]
                squares = np.einsum("ij,ij->i", apart, apart)
                found[clusters] += np.bincount(labels, squares, minlength=len(means))
        return found

    def score(self, X: Matrix, batch: Batch, spread: Floats) -> tuple[Floats, Floats]:
        simplified, squared = np.zeros(len(batch)), np.zeros(len(batch))
        for at in range(len(batch)):
            clusters = batch.clusters(at)
            means, counts = batch.centroids[clusters], batch.counts[clusters]
            for block in _blocks(len(X), len(means) * X.shape[1]):
                rows, labels = X[block], batch.labels[at, block]
                apart = np.stack([np.einsum("ij,ij->i", rows - mean, rows - mean) for mean in means])
                simplified[at] += _simplified(apart, labels)
                squared[at] += _squared(apart, labels, counts, spread[clusters])
        return simplified / len(X), squared / len(X)

    def sums(self, asked: Floats, references: Floats, edges: Rows, itself: Rows) -> Floats:
        found = np.empty((len(asked), len(edges) - 1))
        length = np.einsum("ij,ij->i", references, references)
        for block in _blocks(len(asked), 2 * len(references)):
            rows = asked[block]
            squares = np.einsum("ij,ij->i", rows, rows)[:, None] - 2.0 * (rows @ references.T) + length
            distances = np.sqrt(np.maximum(squares, 0.0, out=squares), out=squares)
            # the expanded square leaves a rounding error where the distance is exactly 0
            known = np.flatnonzero(itself[block] >= 0)
            distances[known, itself[block][known]] = 0.0
            found[block] = np.add.reduceat(distances, edges[:-1], axis=1)
        return found


def _blocks(rows: int, width: int) -> Iterator[slice]:
    step = min(MOST_BLOCK_ROWS, max(1, BLOCK_CELLS // max(width, 1)))
    for first in range(0, rows, step):
        yield slice(first, min(first + step, rows))


def _expanded(centroids: Floats) -> tuple[Narrow, Narrow]:
    """Factors and offsets of |x - c|^2 = |x|^2 - 2 c x + |c|^2 without |x|^2, which no centroid changes."""
    return (-2.0 * centroids).astype(np.float32), np.einsum("ij,ij->i", centroids, centroids).astype(
        np.float32
    )


def _nearest(partial: Narrow) -> tuple[NDArray[np.uint8], Narrow]:
    """The nearest of some centroids, (clusters, rows): its number and its distance less |x|^2."""
    least = partial[0].copy()
    nearest = np.zeros(len(least), np.uint8)
    for cluster in range(1, len(partial)):
        closer = partial[cluster] < least
        nearest[closer] = cluster
        np.minimum(least, partial[cluster], out=least)
    return nearest, least


def _count(batch: Batch, at: int, block: slice, rows: Narrow, nearest: NDArray[np.uint8]) -> None:
    """Take the rows that changed their cluster out of the old sums and into the new ones."""
    clusters = batch.clusters(at)
    k = clusters.stop - clusters.start
    old = batch.labels[at, block]
    moved = np.flatnonzero(old != nearest)
    if len(moved) == 0:
        return
    for labels, sign in ((nearest[moved], 1), (old[moved], -1)):
        counted = np.bincount(labels, minlength=256)[:k]
        batch.counts[clusters] += sign * counted
        for column in range(rows.shape[1]):
            added = np.bincount(labels, rows[moved, column], minlength=256)[:k]
            batch.sums[clusters, column] += sign * added
    old[moved] = nearest[moved]


def _simplified(apart: Floats, labels: NDArray[np.uint8]) -> float:
    """The summed simplified silhouettes of some rows, from their squared distances to the means."""
    here = np.arange(len(labels))
    distances = np.sqrt(apart)
    own = distances[labels, here]
    distances[labels, here] = np.inf
    return _summed(own, distances.min(axis=0), np.ones(len(labels), np.bool_))


def _squared(apart: Floats, labels: NDArray[np.uint8], counts: NDArray[np.int64], spread: Floats) -> float:
    """The summed silhouettes of some rows with the squared distance, from cluster means and spreads."""
    here = np.arange(len(labels))
    means = apart + spread[:, None]
    size = counts[labels]
    own = means[labels, here] * (size / np.maximum(size - 1, 1))
    means[labels, here] = np.inf
    return _summed(own, means.min(axis=0), size > 1)


def _summed(own: Floats, other: Floats, defined: NDArray[np.bool_]) -> float:
    widest = np.maximum(own, other)
    defined = defined & np.isfinite(widest) & (widest > 0)
    return float(((other[defined] - own[defined]) / widest[defined]).sum())
