"""Passes over the table until no clustering of a batch gets noticeably better."""

from __future__ import annotations

import numpy as np

from segmentry.analysis.kmeans.batch import Batch
from segmentry.analysis.kmeans.kernel import Laid
from segmentry.analysis.table import Floats


def improve(laid: Laid, batch: Batch, passes: int, tolerance: float) -> None:
    """Move the centroids of the batch's active clusterings; each stops when it gains less than `tolerance`.

    A cluster that lost its last row starts again at the row farthest from the centroids of its
    clustering. Afterwards labels, counts and sums are those of the centroids as they are.
    """
    before = np.full(len(batch), np.inf)
    for left in range(passes, 0, -1):
        laid.move(batch)
        gained = before - batch.inertia
        settled = gained <= tolerance * np.maximum(batch.inertia, 1e-300)
        before = np.where(batch.active, batch.inertia, before)
        batch.active &= ~settled
        if left == 1 or not batch.active.any():
            return
        _to_means(laid, batch)


def _to_means(laid: Laid, batch: Batch) -> None:
    means = batch.means()
    for at in np.flatnonzero(batch.active).tolist():
        clusters = batch.clusters(at)
        batch.centroids[clusters] = means[clusters]
        for empty in np.flatnonzero(batch.counts[clusters] == 0).tolist():
            batch.centroids[clusters.start + empty] = _farthest(laid, batch, clusters, empty)


def _farthest(laid: Laid, batch: Batch, clusters: slice, empty: int) -> Floats:
    nearest = np.full(laid.padded, np.inf, np.float32)
    for place in range(clusters.start, clusters.stop):
        if place != clusters.start + empty:
            nearest = laid.gains(nearest, batch.centroids[place : place + 1])[0]
    return laid.given[int(nearest[: len(laid.given)].argmax())].astype(np.float64)
