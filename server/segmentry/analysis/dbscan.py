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


@dataclass(frozen=True, eq=False)
class Density:
    """`labels` (rows,) int32, -1 for noise, 0.. by falling size. `fitted_rows` is below the table's when
    the rest was assigned to the nearest core row within eps."""

    labels: Labels
    k: int
    eps: float
    min_samples: int
    fitted_rows: int
    elapsed_s: float


def cluster(X: Floats, seed: int, eps: float | None, min_samples: int | None, max_clusters: int) -> Density:
    """The clusters of `X` (rows, columns). At most `max_clusters`: smaller ones count as noise.

    `eps` None takes the knee of the sorted distances to the `min_samples`-th neighbour (Ester et al. 1996).
    Deterministic for a seed.
    """
    started = time.perf_counter()
    rng = np.random.default_rng([seed, 2])
    rows = len(X)
    neighbours = min_samples or max(5, 2 * X.shape[1])
    fitted = np.arange(rows)
    if rows > DIRECT_ROWS:
        fitted = np.sort(rng.choice(rows, SAMPLE_ROWS, replace=False))
    radius = eps or _knee(X[fitted], min(neighbours, len(fitted) - 1), rng)
    fitted = _within_memory(X, fitted, radius, rng)
    fit_labels, core = scikit.dbscan(X[fitted], radius, min(neighbours, len(fitted)))
    labels = np.full(rows, -1, dtype=np.int32)
    labels[fitted] = fit_labels
    if len(fitted) < rows:
        rest = np.setdiff1d(np.arange(rows), fitted)
        labels[rest] = _assign(X[rest], X[fitted][core], fit_labels[core], radius)
    labels, k = _largest_first(labels, max_clusters)
    return Density(labels, k, radius, neighbours, len(fitted), time.perf_counter() - started)


def _knee(X: Floats, neighbour: int, rng: np.random.Generator) -> float:
    """The distance where the sorted curve of k-th neighbour distances bends most: farthest from its chord."""
    asked = X if len(X) <= CURVE_ROWS else X[rng.choice(len(X), CURVE_ROWS, replace=False)]
    distances, _ = scikit.neighbours(X, asked, neighbour + 1)
    curve = np.sort(distances[:, -1])
    positive = curve[curve > 0]
    if len(positive) == 0:
        return 1e-9
    rise = curve[-1] - curve[0]
    if rise <= 0:
        return float(curve[-1])
    across = np.linspace(0.0, 1.0, len(curve))
    bend = int(np.argmax(across - (curve - curve[0]) / rise))
    return float(max(curve[bend], positive[0]))


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


def _largest_first(labels: Labels, max_clusters: int) -> tuple[Labels, int]:
    if not np.any(labels >= 0):
        return labels, 0
    sizes = np.bincount(labels[labels >= 0])
    order = np.argsort(-sizes, kind="stable")[:max_clusters]
    renamed = np.full(len(sizes) + 1, -1, dtype=np.int32)
    renamed[order] = np.arange(len(order), dtype=np.int32)
    return renamed[labels], len(order)
