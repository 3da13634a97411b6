"""What the means of the clusters tell of a clustering, exactly and of all rows: O(rows x clusters) work.

With m_c the mean of cluster c, W_c the summed squared distances of its members to it and v_c = W_c / n_c,
the mean squared distance of a row x to the members of c is D_c = |x - m_c|^2 + v_c. Hence the squared
Euclidean silhouette (as Spark's ClusteringEvaluator has it) with a = n / (n - 1) D_own and b the least other
D_c, and the simplified silhouette with distances to means in the place of mean distances.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from segmentry.analysis.kmeans import kernel as kernels
from segmentry.analysis.kmeans.batch import Batch
from segmentry.analysis.table import Floats, Labels, Matrix


@dataclass(frozen=True, eq=False)
class Inner:
    """`means` (k, columns) and `counts` (k,) of the clusters; the silhouettes are None for one cluster."""

    means: Floats
    inertia: float
    simplified: float | None
    squared: float | None


def inner(X: Matrix, labelings: Sequence[Labels]) -> list[Inner]:
    """The inner scores of each labeling (rows,) of `X` (rows, columns), labels 0..k-1 without gaps."""
    if not labelings:
        return []
    kernel = kernels.chosen()
    widths = [int(labels.max(initial=0)) + 1 for labels in labelings]
    batch = Batch.of([np.zeros((width, X.shape[1])) for width in widths], len(X))
    for at, labels in enumerate(labelings):
        batch.labels[at] = labels
        batch.counts[batch.clusters(at)] = np.bincount(labels, minlength=widths[at])
    batch.sums[:] = kernel.totals(X, batch)
    batch.centroids[:] = batch.means()
    scattered = kernel.spreads(X, batch)
    simplified, squared = kernel.score(X, batch, scattered / np.maximum(batch.counts, 1))
    found: list[Inner] = []
    for at, width in enumerate(widths):
        clusters = batch.clusters(at)
        one = width < 2
        found.append(
            Inner(
                batch.centroids[clusters],
                float(scattered[clusters].sum()),
                None if one else float(simplified[at]),
                None if one else float(squared[at]),
            )
        )
    return found
