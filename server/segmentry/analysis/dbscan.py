"""Density-based clusters: for groups of any shape, in few columns, with noise left out."""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from segmentry.analysis import scikit
from segmentry.analysis.table import Floats, Labels

DIRECT_ROWS = 50_000
SAMPLE_ROWS = 20_000
# scikit-learn holds every neighbour of every row at once (its issues 17650, 22531): 8 bytes each.
MOST_NEIGHBOURS = 40_000_000
CURVE_ROWS = 2_000
CURVE_POINTS = 20
# The knee alone cuts groups of uneven density into pieces: with it 22 of 42 moons and rings of known halves
# came out as two groups, with the widest radius range of one number of groups all 42 did.
WIDER = tuple(1.1**step for step in range(13))
# A group of a smaller share does not count when radii are compared.
SUBSTANTIAL = 0.03


@dataclass(frozen=True, eq=False)
class Dense:
    """`labels` (rows,) int32, -1 for noise, 0.. by falling size. `fitted_rows` is below the table's when
    the rest was assigned to the nearest core row within eps. `curve` are distances to the
    `min_samples`-th neighbour, from the least to the greatest. `n_small` groups were too small to be one."""

    labels: Labels
    k: int
    eps: float
    min_samples: int
    fitted_rows: int
    curve: tuple[float, ...]
    n_small: int
    elapsed_s: float


def cluster(  # noqa: PLR0917 - a matrix, a seed, and what DBSCAN is asked for
    X: Floats,
    seed: int,
    eps: float | None,
    min_samples: int | None,
    max_clusters: int,
    least_share: float = 0.0,
) -> Dense:
    """The clusters of `X` (rows, columns). At most `max_clusters`: smaller ones count as noise, and so do
    those that hold less than `least_share` (0-1) of the rows.

    `eps` None takes the knee of the sorted distances to the `min_samples`-th neighbour (Ester et al. 1996),
    widened to the middle of the radii that give the same number of groups. Deterministic for a seed.
    """
    started = time.perf_counter()
    rng = np.random.default_rng([seed, 2])
    rows = len(X)
    neighbours = min_samples or max(5, 2 * X.shape[1])
    fitted = np.arange(rows)
    if rows > DIRECT_ROWS:
        fitted = np.sort(rng.choice(rows, SAMPLE_ROWS, replace=False))
    neighbours = min(neighbours, len(fitted))
    # Numbers of its own: a radius that is given must not change who is drawn afterwards.
    curve = _curve(X[fitted], min(neighbours, len(fitted) - 1), np.random.default_rng([seed, 3]))
    radius = eps or _knee(curve) * _widened(X[fitted], neighbours, seed)
    fitted = _within_memory(X, fitted, radius, rng)
    fit_labels, core = scikit.dbscan(X[fitted], radius, min(neighbours, len(fitted)))
    labels = np.full(rows, -1, dtype=np.int32)
    labels[fitted] = fit_labels
    if len(fitted) < rows:
        rest = np.setdiff1d(np.arange(rows), fitted)
        labels[rest] = _assign(X[rest], X[fitted][core], fit_labels[core], radius)
    labels, k, n_small = _largest_first(labels, max_clusters, least_share)
    ranks = np.linspace(0, len(curve) - 1, CURVE_POINTS).round().astype(np.intp)
    points = tuple(float(each) for each in curve[ranks])
    return Dense(labels, k, radius, neighbours, len(fitted), points, n_small, time.perf_counter() - started)


def _curve(X: Floats, neighbour: int, rng: np.random.Generator) -> Floats:
    """The distances of at most 2,000 rows to their k-th neighbour, ascending."""
    asked = X if len(X) <= CURVE_ROWS else X[rng.choice(len(X), CURVE_ROWS, replace=False)]
    distances, _ = scikit.neighbours(X, asked, neighbour + 1)
    return np.sort(distances[:, -1])


def _knee(curve: Floats) -> float:
    """The distance where the curve bends most: farthest from its chord."""
    positive = curve[curve > 0]
    if len(positive) == 0:
        return 1e-9
    rise = curve[-1] - curve[0]
    if rise <= 0:
        return float(curve[-1])
    across = np.linspace(0.0, 1.0, len(curve))
    bend = int(np.argmax(across - (curve - curve[0]) / rise))
    return float(max(curve[bend], positive[0]))


def _widened(X: Floats, neighbours: int, seed: int) -> float:
    """How much wider than the knee the radius may be: the middle of the longest range of radii that give
    the same number of groups, two or more; 1 where there is none. Judged on at most 2,000 rows."""
    rng = np.random.default_rng([seed, 6])
    sample = X if len(X) <= CURVE_ROWS else X[rng.choice(len(X), CURVE_ROWS, replace=False)]
    if len(sample) <= 2 * neighbours:
        return 1.0
    knee = _knee(_curve(sample, neighbours, rng))
    counts: list[int] = []
    for labels in scikit.dbscan_at(sample, [knee * wider for wider in WIDER], neighbours):
        sizes = np.bincount(labels[labels >= 0], minlength=1)
        counts.append(int(np.count_nonzero(sizes >= SUBSTANTIAL * len(sample))))
    longest = range(0)
    start = 0
    for at in range(1, len(counts) + 1):
        if at == len(counts) or counts[at] != counts[start]:
            # Of equally long ranges the wider radii: fewer pieces.
            if counts[start] >= 2 and at - start >= len(longest):
                longest = range(start, at)
            start = at
    return WIDER[longest[(len(longest) - 1) // 2]] if longest else 1.0


def _within_memory(
    X: Floats, fitted: NDArray[np.intp], eps: float, rng: np.random.Generator
) -> NDArray[np.intp]:
    """Fewer rows when their neighbour lists would not fit: judged by the neighbours of 200 of them."""
    asked = X[rng.choice(fitted, min(200, len(fitted)), replace=False)]
    near = 0
    for row in asked:
        near += int(np.count_nonzero(((X[fitted] - row) ** 2).sum(axis=1) <= eps * eps))
    density = near / len(asked) / len(fitted)
    if density * len(fitted) ** 2 <= MOST_NEIGHBOURS:
        return fitted
    kept = max(500, int((MOST_NEIGHBOURS / density) ** 0.5))
    return np.sort(rng.choice(fitted, min(kept, len(fitted)), replace=False))


def _assign(rows: Floats, core: Floats, core_labels: Labels, eps: float) -> Labels:
    if len(core) == 0:
        return np.full(len(rows), -1, dtype=np.int32)
    distances, nearest = scikit.neighbours(core, rows, 1)
    return np.where(distances[:, 0] <= eps, core_labels[nearest[:, 0]], -1).astype(np.int32)


def _largest_first(labels: Labels, max_clusters: int, least_share: float) -> tuple[Labels, int, int]:
    """Labels 0.. by falling size, how many there are, and how many were below the least share."""
    if not np.any(labels >= 0):
        return labels, 0, 0
    sizes = np.bincount(labels[labels >= 0])
    n_large = int(np.count_nonzero(sizes >= least_share * len(labels)))
    order = np.argsort(-sizes, kind="stable")[: min(max_clusters, n_large)]
    renamed = np.full(len(sizes) + 1, -1, dtype=np.int32)
    renamed[order] = np.arange(len(order), dtype=np.int32)
    return renamed[labels], len(order), len(sizes) - n_large
