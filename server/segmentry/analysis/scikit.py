"""scikit-learn behind typed functions: the only module that imports it, loaded by runs alone."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray
from scipy import optimize
from sklearn.cluster import DBSCAN, HDBSCAN, KMeans
from sklearn.neighbors import NearestNeighbors

from segmentry.analysis.table import Floats, Labels

Matrix = NDArray[np.float64] | NDArray[np.float32]
Rows = NDArray[np.intp]


def kmeans(X: Matrix, k: int, seed: int, restarts: int) -> tuple[Labels, Floats, float]:
    """Labels, centroids and inertia of the best of `restarts` k-means++ starts."""
    starts: Any = restarts  # scikit-learn's stub-less signature reads as `str`, from its default "auto"
    return _fitted(KMeans(k, n_init=starts, random_state=seed), X)


def kmeans_from(X: Matrix, centroids: Floats, passes: int, tolerance: float) -> tuple[Labels, Floats, float]:
    """Labels, centroids and inertia of the passes (Lloyd's) that start at given centroids."""
    start: Any = centroids.astype(X.dtype)
    once: Any = 1
    return _fitted(KMeans(len(centroids), init=start, n_init=once, max_iter=passes, tol=tolerance), X)


def _fitted(model: Any, X: Matrix) -> tuple[Labels, Floats, float]:
    with warnings.catch_warnings():
        # "Fewer distinct points than clusters": the caller counts the clusters that hold rows.
        warnings.simplefilter("ignore")
        model.fit(X)
    return (
        np.asarray(model.labels_, dtype=np.int32),
        np.asarray(model.cluster_centers_, dtype=np.float64),
        float(model.inertia_),
    )


def assignment(costs: Floats) -> list[tuple[int, int]]:
    """The pairs (row, column), one to one, whose costs add up to the least."""
    found: tuple[Rows, Rows] = cast("Any", optimize).linear_sum_assignment(costs)
    rows, columns = found
    return [(int(row), int(column)) for row, column in zip(rows, columns, strict=True)]


def dbscan(X: Floats, eps: float, min_samples: int) -> tuple[Labels, Rows]:
    """Labels (-1 for noise) and the indices of core rows."""
    model: Any = DBSCAN(eps=eps, min_samples=min_samples)
    model.fit(X)
    return np.asarray(model.labels_, dtype=np.int32), np.asarray(model.core_sample_indices_, dtype=np.intp)


def dbscan_at(X: Floats, radii: Sequence[float], min_samples: int) -> list[Labels]:
    """What DBSCAN would give at each radius, of one fit (border rows count as noise). O(n^2) at worst."""
    copied: Any = True  # as `starts` above
    tree: Any = HDBSCAN(min_samples=min_samples, min_cluster_size=max(2, min_samples), copy=copied)
    tree.fit(X)
    return [
        np.asarray(tree.dbscan_clustering(radius, min_cluster_size=1), dtype=np.int32) for radius in radii
    ]


def neighbours(X: Floats, asked: Floats, n_neighbours: int) -> tuple[Floats, Rows]:
    """Distances and indices in `X` of the nearest rows to each asked row, nearest first."""
    index: Any = NearestNeighbors(n_neighbors=n_neighbours)
    index.fit(X)
    distances, found = index.kneighbors(asked)
    return np.asarray(distances, dtype=np.float64), np.asarray(found, dtype=np.intp)
