"""Mean and covariance of a matrix that is too large to be copied."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from segmentry.analysis.table import Floats, Matrix

BLOCK_ROWS = 65_536


def blocks(X: Matrix) -> Iterator[Floats]:
    """The rows in order, some at a time, as float64."""
    for start in range(0, len(X), BLOCK_ROWS):
        yield X[start : start + BLOCK_ROWS].astype(np.float64, copy=False)


def moments(X: Matrix) -> tuple[Floats, Floats]:
    """The mean (columns,) and the covariance (columns, columns), of all rows."""
    middle = X.mean(axis=0, dtype=np.float64)
    products = np.zeros((X.shape[1], X.shape[1]))
    for block in blocks(X):
        centred = block - middle
        products += centred.T @ centred
    return middle, products / len(X)
