# pyright: reportUnknownMemberType=false, reportUntypedFunctionDecorator=false
# ruff: noqa: PLR0917 - compiled functions take arrays, not objects that hold them
# numba has no types of its own; what leaves this module is annotated
"""The kernel compiled by numba, for tables of a million rows. Only imported where numba is installed.

Rows lie in blocks of 512 with the columns one under the other, so that a distance is computed for many rows
at once in the processor's vector registers; a centroid is expanded to |c|^2 - 2 c x, one multiply-add per
column. Sums are only corrected for the rows that changed their cluster.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from os import environ
from typing import Any, TypeVar, cast

import numba
import numpy as np
from numpy.typing import NDArray

from segmentry.analysis.kmeans.batch import Batch, Bytes, Narrow, Rows
from segmentry.analysis.kmeans.kernel import Laid
from segmentry.analysis.table import Floats, Matrix

BLOCK = 512
# Columns are padded to whole groups, so that one pass over a block's sums serves several of them.
GROUP = 4
# Blocks that are filled at once where rows have to be widened first.
LAID_AT_ONCE = 256
PARTS = 16
T = TypeVar("T")


def _has_cache() -> bool:
    """Whether compiled code can be kept; on a read-only disk each process compiles for itself."""
    try:
        numba.njit(cache=True)(_has_cache)
    except RuntimeError:  # numba found no folder that it can write to
        return False
    return True


_FAST: dict[str, Any] = {"nogil": True, "cache": _has_cache(), "boundscheck": False}


class Blocks:
    """Rows in blocks (blocks, padded columns, 512)."""

    def __init__(self, X: Matrix, threads: int) -> None:
        self.given = X
        self._threads = threads
        self._blocks, self._length = _in_blocks(X)
        self.padded = len(self._blocks) * BLOCK

    def move(self, batch: Batch) -> None:
        factors = _widened(-2.0 * batch.centroids, self._blocks)
        offsets = np.einsum("ij,ij->i", batch.centroids, batch.centroids).astype(np.float32)
        K, m, columns = len(offsets), len(batch), self.given.shape[1]

        def part(first: int, last: int) -> tuple[NDArray[np.int64], Floats, Floats]:
            counts, sums, inertia = np.zeros(K, np.int64), np.zeros((K, columns)), np.zeros(m)
            _move(
                self._blocks, len(self.given), first, last, factors, offsets, batch.starts, batch.active,
                batch.labels, counts, sums, inertia,
            )  # fmt: skip
            return counts, sums, inertia

        batch.inertia[batch.active] = self._length
        for counts, sums, inertia in _over(len(self._blocks), part, self._threads):
            batch.counts += counts
            batch.sums += sums
            batch.inertia += inertia
        np.maximum(batch.inertia, 0.0, out=batch.inertia)

    def gains(self, nearest: Narrow, candidates: Floats) -> Narrow:
        found = np.empty((len(candidates), self.padded), np.float32)
        _gains(self._blocks, _widened(candidates, self._blocks), nearest, found)
        return found


class Compiled:
    """Uses as many threads as OMP_NUM_THREADS says, one without it; the result is the same."""

    name = "numba"

    def __init__(self) -> None:
        self._threads = max(1, int(environ.get("OMP_NUM_THREADS") or 1))

    def lay(self, X: Matrix) -> Laid:
        return Blocks(X, self._threads)

    def totals(self, X: Matrix, batch: Batch) -> Floats:
        found = np.zeros(batch.centroids.shape)

        def part(first: int, last: int) -> Floats:
            own = np.zeros(found.shape)
            rows, labels, first, last = _wide(X, batch, first, last)
            _totals(rows, first, last, batch.starts, labels, own)
            return own

        for own in _over(len(X), part, self._threads):
            found += own
        return found

    def spreads(self, X: Matrix, batch: Batch) -> Floats:
        found = np.zeros(len(batch.centroids))

        def part(first: int, last: int) -> Floats:
            own = np.zeros(len(found))
            rows, labels, first, last = _wide(X, batch, first, last)
            _spreads(rows, first, last, batch.centroids, batch.starts, labels, own)
            return own

        for own in _over(len(X), part, self._threads):
            found += own
        return found

    def score(self, X: Matrix, batch: Batch, spread: Floats) -> tuple[Floats, Floats]:
        simplified, squared = np.zeros(len(batch)), np.zeros(len(batch))

        def part(first: int, last: int) -> tuple[Floats, Floats]:
            simple, square = np.zeros(len(batch)), np.zeros(len(batch))
            rows, labels, first, last = _wide(X, batch, first, last)
            _score(
                rows, first, last, batch.centroids, batch.starts, labels, batch.counts, spread, simple, square
            )
            return simple, square

        for simple, square in _over(len(X), part, self._threads):
            simplified += simple
            squared += square
        return simplified / len(X), squared / len(X)

    def sums(self, asked: Floats, references: Floats, edges: Rows, itself: Rows) -> Floats:
        del itself  # differences are exactly 0 between a row and itself
        blocks, _ = _in_blocks(asked)
        wide = _widened(references, blocks)
        found = np.empty((len(edges) - 1, len(blocks) * BLOCK))

        def part(first: int, last: int) -> None:
            _sums(blocks, first, last, wide, edges, found)

        _over(len(blocks), part, self._threads)
        return found[:, : len(asked)].T


def _in_blocks(X: Matrix) -> tuple[Narrow, float]:
    """The rows in blocks, and the sum of their squares."""
    rows, columns = X.shape
    blocks = np.zeros((-(-rows // BLOCK), -(-columns // GROUP) * GROUP, BLOCK), np.float32)
    if X.dtype == np.float64:
        return blocks, float(_lay(X, blocks))
    step = LAID_AT_ONCE * BLOCK
    wide = ((at, X[at : at + step].astype(np.float64)) for at in range(0, rows, step))
    return blocks, sum(float(_lay(part, blocks[at // BLOCK :])) for at, part in wide)


def _wide(X: Matrix, batch: Batch, first: int, last: int) -> tuple[Floats, Bytes, int, int]:
    """Rows and labels with a range of them, in float64: narrow rows are widened for the range alone.

    Compiled code is of one type of number: for another one it would be compiled once more, in seconds.
    """
    if X.dtype == np.float64:
        return cast("Floats", X), batch.labels, first, last
    part = X[first:last].astype(np.float64)
    return part, np.ascontiguousarray(batch.labels[:, first:last]), 0, last - first


def _widened(points: Floats, blocks: Narrow) -> Narrow:
    """Points (n, columns) with the columns that blocks are padded to."""
    wide = np.zeros((len(points), blocks.shape[1]), np.float32)
    wide[:, : points.shape[1]] = points
    return wide


def _over(count: int, part: Callable[[int, int], T], threads: int) -> list[T]:
    """`part` of a fixed number of ranges of `count`, in order, so that sums do not depend on the threads."""
    edges = np.linspace(0, count, min(PARTS, count) + 1).astype(int).tolist()
    if threads == 1 or count < PARTS:
        return [part(first, last) for first, last in pairwise(edges)]
    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(part, edges[:-1], edges[1:]))


@numba.njit(inline="always", fastmath=True, **_FAST)
def _partial(blocks: Any, b: int, factors: Any, c: int, offset: Any, out: Any) -> None:
    """|c|^2 - 2 c x of the rows of a block."""
    w0, w1, w2, w3 = factors[c, 0], factors[c, 1], factors[c, 2], factors[c, 3]
    for i in range(BLOCK):
        out[i] = (
            offset + blocks[b, 0, i] * w0 + blocks[b, 1, i] * w1 + blocks[b, 2, i] * w2 + blocks[b, 3, i] * w3
        )
    for j in range(4, factors.shape[1], 4):
        w0, w1, w2, w3 = factors[c, j], factors[c, j + 1], factors[c, j + 2], factors[c, j + 3]
        for i in range(BLOCK):
            out[i] += (
                blocks[b, j, i] * w0
                + blocks[b, j + 1, i] * w1
                + blocks[b, j + 2, i] * w2
                + blocks[b, j + 3, i] * w3
            )


@numba.njit(inline="always", fastmath=True, **_FAST)
def _apart(blocks: Any, b: int, centroids: Any, c: int, out: Any) -> None:
    """|x - c|^2 of the rows of a block, by differences: exact near the centroid."""
    for i in range(BLOCK):
        out[i] = np.float32(0)
    for j in range(0, centroids.shape[1], 4):
        c0, c1, c2, c3 = centroids[c, j], centroids[c, j + 1], centroids[c, j + 2], centroids[c, j + 3]
        for i in range(BLOCK):
            d0, d1 = blocks[b, j, i] - c0, blocks[b, j + 1, i] - c1
            d2, d3 = blocks[b, j + 2, i] - c2, blocks[b, j + 3, i] - c3
            out[i] += d0 * d0 + d1 * d1 + d2 * d2 + d3 * d3


@numba.njit(fastmath=True, **_FAST)
def _move(
    blocks: Any, rows: int, first: int, last: int, factors: Any, offsets: Any, starts: Any, active: Any,
    labels: Any, counts: Any, sums: Any, inertia: Any,
) -> None:  # fmt: skip
    columns = sums.shape[1]
    least = np.empty(BLOCK, np.float32)
    nearest = np.empty(BLOCK, np.int32)
    partial = np.empty(BLOCK, np.float32)
    for b in range(first, last):
        base = b * BLOCK
        size = min(BLOCK, rows - base)
        for s in range(len(starts) - 1):
            if not active[s]:
                continue
            start = starts[s]
            for c in range(start, starts[s + 1]):
                _partial(blocks, b, factors, c, offsets[c], partial)
                if c == start:
                    for i in range(BLOCK):
                        least[i] = partial[i]
                        nearest[i] = 0
                else:
                    number = np.int32(c - start)
                    for i in range(BLOCK):
                        nearest[i] = number if partial[i] < least[i] else nearest[i]
                        least[i] = min(partial[i], least[i])
            total = np.float32(0)
            for i in range(size):
                total += least[i]
            inertia[s] += total
            changed = 0
            for i in range(size):
                changed += nearest[i] != labels[s, base + i]
            if changed == 0:
                continue
            for i in range(size):
                old, new = labels[s, base + i], nearest[i]
                if old != new:
                    labels[s, base + i] = new
                    counts[start + new] += 1
                    for j in range(columns):
                        sums[start + new, j] += blocks[b, j, i]
                    if old != 255:
                        counts[start + old] -= 1
                        for j in range(columns):
                            sums[start + old, j] -= blocks[b, j, i]


@numba.njit(**_FAST)
def _lay(X: Any, blocks: Any) -> float:
    """Fill the blocks; the sum of the squares."""
    rows, columns = X.shape
    length = 0.0
    for row in range(rows):
        b, i = row // BLOCK, row % BLOCK
        for j in range(columns):
            value = np.float32(X[row, j])
            blocks[b, j, i] = value
            length += float(value) * float(value)
    return length


@numba.njit(**_FAST)
def _totals(X: Any, first: int, last: int, starts: Any, labels: Any, found: Any) -> None:
    for i in range(first, last):
        for s in range(len(starts) - 1):
            cluster = starts[s] + labels[s, i]
            for j in range(X.shape[1]):
                found[cluster, j] += X[i, j]


@numba.njit(**_FAST)
def _spreads(X: Any, first: int, last: int, means: Any, starts: Any, labels: Any, found: Any) -> None:
    for s in range(len(starts) - 1):
        start = starts[s]
        for i in range(first, last):
            cluster = start + labels[s, i]
            for j in range(X.shape[1]):
                apart = X[i, j] - means[cluster, j]
                found[cluster] += apart * apart


@numba.njit(**_FAST)
def _score(
    X: Any, first: int, last: int, centroids: Any, starts: Any, labels: Any, counts: Any, spread: Any,
    simplified: Any, squared: Any,
) -> None:  # fmt: skip
    columns = X.shape[1]
    rows = np.empty((columns, BLOCK))
    apart, own, other = np.empty(BLOCK), np.empty(BLOCK), np.empty(BLOCK)
    own_mean, other_mean = np.empty(BLOCK), np.empty(BLOCK)
    for base in range(first, last, BLOCK):
        size = min(BLOCK, last - base)
        for i in range(size):
            for j in range(columns):
                rows[j, i] = X[base + i, j]
        for s in range(len(starts) - 1):
            for i in range(BLOCK):
                own[i], own_mean[i], other[i], other_mean[i] = 0.0, -1.0, np.inf, np.inf
            for c in range(starts[s], starts[s + 1]):
                for i in range(BLOCK):
                    apart[i] = 0.0
                for j in range(columns):
                    centre = centroids[c, j]
                    for i in range(BLOCK):
                        step = rows[j, i] - centre
                        apart[i] += step * step
                number, count = c - starts[s], counts[c]
                share = count / max(count - 1, 1)
                for i in range(size):
                    mean = apart[i] + spread[c]
                    if labels[s, base + i] == number:
                        own[i] = apart[i]
                        own_mean[i] = mean * share if count > 1 else -1.0
                    else:
                        other[i] = min(other[i], apart[i])
                        other_mean[i] = min(other_mean[i], mean)
            for i in range(size):
                here, there = np.sqrt(own[i]), np.sqrt(other[i])
                widest = max(here, there)
                if 0.0 < widest < np.inf:
                    simplified[s] += (there - here) / widest
                widest = max(own_mean[i], other_mean[i])
                if own_mean[i] >= 0.0 and 0.0 < widest < np.inf:
                    squared[s] += (other_mean[i] - own_mean[i]) / widest


# a sum in float32 is handed on to one in float64 before its rounding shows
_TERMS = 128


@numba.njit(fastmath=True, **_FAST)
def _sums(blocks: Any, first: int, last: int, references: Any, edges: Any, found: Any) -> None:
    apart, partial = np.empty(BLOCK, np.float32), np.empty(BLOCK, np.float32)
    for b in range(first, last):
        base = b * BLOCK
        for run in range(len(edges) - 1):
            for i in range(BLOCK):
                found[run, base + i] = 0.0
            for begin in range(edges[run], edges[run + 1], _TERMS):
                for i in range(BLOCK):
                    partial[i] = np.float32(0)
                for r in range(begin, min(begin + _TERMS, edges[run + 1])):
                    _apart(blocks, b, references, r, apart)
                    for i in range(BLOCK):
                        partial[i] += np.sqrt(apart[i])
                for i in range(BLOCK):
                    found[run, base + i] += partial[i]


@numba.njit(fastmath=True, **_FAST)
def _gains(blocks: Any, candidates: Any, nearest: Any, found: Any) -> None:
    apart = np.empty(BLOCK, np.float32)
    for b in range(len(blocks)):
        base = b * BLOCK
        for c in range(len(candidates)):
            _apart(blocks, b, candidates, c, apart)
            for i in range(BLOCK):
                found[c, base + i] = min(apart[i], nearest[base + i])
