"""Whether a clustering would come out again: two halves of the table, compared on the rows they share."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from segmentry.analysis.sweep import sweep
from segmentry.analysis.table import Floats, Labels, Matrix

SAMPLE_ROWS = 20_000
# With fewer shared rows the index says more about the draw than about the clusters.
LEAST_SHARED = 20


def stabilities(X: Matrix, ks: Sequence[int], seed: int) -> list[float | None]:
    """The agreement (-1 to 1) of two clusterings per k; None for tables too small to be halved.

    Both are of a random half of at most 20,000 rows; about a quarter of those rows is in both. High values
    mean that the same groups are found again, not that they are far apart: one elongated blob is stable too.
    """
    if not ks:
        return []
    rng = np.random.default_rng([seed, 6])
    rows = min(len(X), SAMPLE_ROWS)
    sample = rng.choice(len(X), rows, replace=False)
    halves = [np.sort(rng.choice(sample, rows // 2, replace=False)) for _ in range(2)]
    shared, *places = np.intersect1d(*halves, assume_unique=True, return_indices=True)
    if len(shared) < LEAST_SHARED or rows // 2 <= max(ks):
        return [None for _ in ks]
    both = [
        [each.labels[place] for each in sweep(X[half].astype(np.float64), ks, seed)]
        for half, place in zip(halves, places, strict=True)
    ]
    return [adjusted_rand(one, other) for one, other in zip(*both, strict=True)]


def adjusted_rand(one: Labels, other: Labels) -> float:
    """How alike two labelings (rows,) are: 1 for the same groups, 0 for chance (Hubert and Arabie 1985)."""
    table = np.zeros((int(one.max()) + 1, int(other.max()) + 1))
    np.add.at(table, (one, other), 1)

    def pairs(counts: Floats) -> float:
        return float((counts * (counts - 1) / 2).sum())

    together, of_one, of_other = pairs(table), pairs(table.sum(axis=1)), pairs(table.sum(axis=0))
    by_chance = of_one * of_other / pairs(np.array([float(len(one))]))
    most = (of_one + of_other) / 2
    # Both labelings are one group, or every row its own: they are the same.
    return 1.0 if most == by_chance else (together - by_chance) / (most - by_chance)
