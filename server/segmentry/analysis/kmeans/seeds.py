"""Starting centroids: chains of k-means++, of which the first k make a start for every k.

The greedy form of Arthur and Vassilvitskii (2007), as scikit-learn has it: of a few rows drawn in proportion
to their squared distance from the centres so far, the one that lowers the sum of those distances most.
"""

from __future__ import annotations

from math import log

import numpy as np

from segmentry.analysis.kmeans.batch import Rows
from segmentry.analysis.kmeans.kernel import Laid
from segmentry.analysis.table import Floats, Matrix


def chains(laid: Laid, most: int, restarts: int, rng: np.random.Generator) -> list[Floats]:
    """`restarts` arrays of `most` rows each; rows may repeat when fewer of them differ."""
    return [_chain(laid, most, rng) for _ in range(restarts)]


def _chain(laid: Laid, most: int, rng: np.random.Generator) -> Floats:
    X = laid.given
    rows = len(X)
    trials = 2 + int(log(max(most, 1)))
    chosen = [int(rng.integers(rows))]
    nearest = laid.gains(np.full(laid.padded, np.inf, np.float32), _wide(X[chosen]))[0]
    for _ in range(1, most):
        reached: Floats = np.cumsum(nearest[:rows], dtype=np.float64)
        thresholds: Floats = rng.random(trials) * reached[-1]
        drawn: Rows = np.searchsorted(reached, thresholds, side="right")
        asked = np.minimum(drawn, rows - 1)
        found = laid.gains(nearest, _wide(X[asked]))
        best = int(found[:, :rows].sum(axis=1, dtype=np.float64).argmin())
        chosen.append(int(asked[best]))
        nearest = found[best]
    return _wide(X[chosen])


def _wide(rows: Matrix) -> Floats:
    return rows.astype(np.float64, copy=False)
