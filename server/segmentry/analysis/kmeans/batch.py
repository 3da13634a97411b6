"""Clusterings of one matrix that move together: their centroids, and what the last pass found of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from segmentry.analysis.table import Floats

Narrow = NDArray[np.float32]
Bytes = NDArray[np.uint8]
Counts = NDArray[np.int64]
Mask = NDArray[np.bool_]
Rows = NDArray[np.intp]

# The label of a row that no pass has seen; so at most 255 clusters fit.
UNSEEN = 255
MAX_CLUSTERS = 250


@dataclass(eq=False)
class Batch:
    """`m` clusterings with `K` clusters in all; clusters `starts[i]:starts[i+1]` belong to clustering i.

    centroids (K, columns), counts (K,) and sums (K, columns) of the members as of the last pass; labels
    (m, padded rows) within the clustering; inertia (m,) against the centroids that the pass began with,
    in squared prepared units. A pass moves the `active` ones only.
    """

    starts: NDArray[np.int64]
    centroids: Floats
    labels: Bytes
    counts: Counts = field(init=False)
    sums: Floats = field(init=False)
    inertia: Floats = field(init=False)
    active: Mask = field(init=False)

    def __post_init__(self) -> None:
        self.counts = np.zeros(len(self.centroids), np.int64)
        self.sums = np.zeros(self.centroids.shape)
        self.inertia = np.full(len(self), np.inf)
        self.active = np.ones(len(self), np.bool_)

    @classmethod
    def of(cls, centroids: Sequence[Floats], padded: int) -> Batch:
        """One clustering per array of centroids (k, columns), over a matrix laid out in `padded` rows."""
        starts = np.concatenate([[0], np.cumsum([len(each) for each in centroids])]).astype(np.int64)
        labels = np.full((len(centroids), padded), UNSEEN, np.uint8)
        return cls(starts, np.concatenate(centroids).astype(np.float64), labels)

    def __len__(self) -> int:
        return len(self.starts) - 1

    def clusters(self, at: int) -> slice:
        """The clusters of one clustering among all."""
        return slice(int(self.starts[at]), int(self.starts[at + 1]))

    def means(self) -> Floats:
        """The mean of each cluster's members; a cluster without members stays where it is. (K, columns)"""
        held = self.counts > 0
        return np.where(held[:, None], self.sums / np.maximum(self.counts, 1)[:, None], self.centroids)
