"""Tables without structure that are otherwise like a prepared matrix: what its scores are held against."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from segmentry.analysis.moments import blocks, moments
from segmentry.analysis.prepare import Prepared
from segmentry.analysis.table import Floats, Mask


@dataclass(frozen=True, eq=False)
class Blob:
    """One Gaussian with the covariance of the scaled quantities; every 0/1 field is shuffled on its own."""

    prepared: Prepared
    covariance: Floats

    @classmethod
    def of(cls, prepared: Prepared) -> Blob:
        """One pass over the matrix."""
        scaled = _scaled(prepared)
        _, covariance = moments(prepared.X)
        n = len(prepared.X)
        return cls(prepared, covariance[np.ix_(scaled, scaled)] * (n / max(n - 1, 1)))

    def table(self, rows: int, rng: np.random.Generator) -> Floats:
        """A table drawn from it. (rows, columns)"""
        null = np.empty((rows, self.prepared.X.shape[1]))
        scaled = _scaled(self.prepared)
        if scaled.any():
            middle = np.zeros(len(self.covariance))
            null[:, scaled] = rng.multivariate_normal(middle, self.covariance, size=rows, method="eigh")
        _shuffle(self.prepared, null, rng)
        return null


@dataclass(frozen=True, eq=False)
class Box:
    """A box that is filled evenly, with the sides of the table along its principal axes.

    0/1 fields are as in `Blob`. `low` and `high` (quantities,) are its sides, `axes`
    (quantities, quantities) their directions, one a column.
    """

    prepared: Prepared
    middle: Floats
    axes: Floats
    low: Floats
    high: Floats

    @classmethod
    def of(cls, prepared: Prepared) -> Box:
        """Two passes over the matrix."""
        scaled = _scaled(prepared)
        middle, covariance = moments(prepared.X)
        middle, covariance = middle[scaled], covariance[np.ix_(scaled, scaled)]
        axes = np.linalg.eigh(covariance)[1] if scaled.any() else covariance
        low, high = np.full(len(middle), np.inf), np.full(len(middle), -np.inf)
        for block in blocks(prepared.X):
            along = (block[:, scaled] - middle) @ axes
            low, high = np.minimum(low, along.min(0)), np.maximum(high, along.max(0))
        return cls(prepared, middle, axes, low, high)

    def table(self, rows: int, rng: np.random.Generator) -> Floats:
        """A table drawn from it. (rows, columns)"""
        null = np.empty((rows, self.prepared.X.shape[1]))
        scaled = _scaled(self.prepared)
        if scaled.any():
            inside = rng.uniform(self.low, self.high, (rows, len(self.middle)))
            null[:, scaled] = inside @ self.axes.T + self.middle
        _shuffle(self.prepared, null, rng)
        return null


def _scaled(prepared: Prepared) -> Mask:
    return np.array(prepared.gaussian, dtype=np.bool_)


def _shuffle(prepared: Prepared, null: Floats, rng: np.random.Generator) -> None:
    """Fill the 0/1 columns of `null` (rows, columns), field by field from rows of the table."""
    X, rows = prepared.X, len(null)
    groups = np.array(prepared.groups)
    for name in dict.fromkeys(prepared.groups):
        columns = (groups == name) & ~_scaled(prepared)
        if columns.any():
            null[:, columns] = X[np.ix_(rng.integers(0, len(X), rows), columns)]
