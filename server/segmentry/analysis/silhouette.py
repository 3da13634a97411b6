"""Silhouettes with the Euclidean distance, of many labelings at once: exact, or estimated with an interval.

s(i) = (b - a) / max(a, b), with a the mean distance to one's own cluster and b the least mean distance to
another one; 0 for the only member of a cluster (Rousseeuw 1987, and scikit-learn's `silhouette_score`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from segmentry.analysis.table import Floats, Labels

EXACT_ROWS = 20_000
QUERIES = 4_000
REFERENCES = 30_000
LEAST_REFERENCES = 200
GROUPS = 10
# Distances held at once: 8 million float64 numbers are 64 MB.
BLOCK_CELLS = 8_000_000

Rows: TypeAlias = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Silhouette:
    """The mean silhouette; None when it is not defined (one cluster, or one per row). `low` and `high`
    bound the exact value with 95 % confidence, and are None when `exact`."""

    value: float | None
    low: float | None
    high: float | None
    exact: bool
    sample_size: int


def silhouettes(
    X: Floats, labelings: Sequence[Labels], rng: np.random.Generator, exact_rows: int = EXACT_ROWS
) -> list[Silhouette]:
    """One silhouette per labeling of `X` (rows, columns). Labels are 0..k-1 without gaps.

    Exact up to `exact_rows` rows: O(rows^2) time, memory bounded by blocks. Above, `QUERIES` rows are
    compared with `REFERENCES` others; the simplified silhouette of all rows removes most of the
    sampling error (a control variate), and the interval is a jackknife over groups of references.
    """
    if len(X) <= exact_rows:
        return _exact(X, labelings)
    return _estimate(X, labelings, rng)


def sampled(
    X: Floats, labelings: Sequence[Labels], rows: int, rng: np.random.Generator
) -> list[float | None]:
    """The plain silhouette of a random sample: the provisional score."""
    chosen = np.arange(len(X)) if len(X) <= rows else np.sort(rng.choice(len(X), rows, replace=False))
    packed = [_packed(labels[chosen]) for labels in labelings]
    return [each.value for each in _exact(X[chosen], packed)]


def _packed(labels: Labels) -> Labels:
    return np.unique(labels, return_inverse=True)[1].astype(np.int32)


def _exact(X: Floats, labelings: Sequence[Labels]) -> list[Silhouette]:
    rows = len(X)
    widths = [int(labels.max()) + 1 if rows else 0 for labels in labelings]
    starts = np.concatenate([[0], np.cumsum(widths)]).astype(int)
    members = np.zeros((rows, int(starts[-1])))
    for start, labels in zip(starts, labelings, strict=False):
        members[np.arange(rows), start + labels] = 1.0
    totals = [0.0] * len(labelings)
    step = max(1, BLOCK_CELLS // max(rows, 1))
    squared = np.einsum("ij,ij->i", X, X)
    for first in range(0, rows, step):
        block = slice(first, min(first + step, rows))
        distances = _distances(X[block], squared[block], X, squared)
        # A row's distance to itself must be exactly 0; the expanded square leaves a rounding error.
        distances[np.arange(distances.shape[0]), np.arange(block.start, block.stop)] = 0.0
        sums = distances @ members
        for each, labels in enumerate(labelings):
            own = slice(int(starts[each]), int(starts[each + 1]))
            sizes = members[:, own].sum(axis=0)
            totals[each] += float(_scores(sums[:, own], sizes, labels[block], own_is_reference=True).sum())
    return [
        Silhouette(total / rows if 2 <= width < rows else None, None, None, True, rows)
        for total, width in zip(totals, widths, strict=True)
    ]


def _distances(A: Floats, a2: Floats, B: Floats, b2: Floats) -> Floats:
    squares = a2[:, None] - 2.0 * (A @ B.T) + b2[None, :]
    np.maximum(squares, 0.0, out=squares)
    return np.sqrt(squares, out=squares)


def _scores(
    sums: Floats, sizes: Floats, labels: Labels, *, own_is_reference: bool | NDArray[np.bool_]
) -> Floats:
    """Silhouettes of rows from their summed distances to each cluster: sums (rows, k), sizes (k,)."""
    here = np.arange(len(labels))
    own_size = sizes[labels] - own_is_reference
    with np.errstate(divide="ignore", invalid="ignore"):
        a = np.where(own_size > 0, sums[here, labels] / np.maximum(own_size, 1), 0.0)
        means = sums / np.maximum(sizes, 1e-300)
        means[:, sizes == 0] = np.inf
        means[here, labels] = np.inf
        b = means.min(axis=1)
        widest = np.maximum(a, b)
        scores = np.where((own_size > 0) & np.isfinite(b) & (widest > 0), (b - a) / widest, 0.0)
    return np.nan_to_num(scores, nan=0.0, posinf=0.0, neginf=0.0)


@dataclass(frozen=True, eq=False)
class _Sample:
    """Queries and references as row numbers. References lie in runs, one per jackknife group; `place`
    (queries,) is where a query stands among the references, -1 when it is none of them."""

    queries: Rows
    references: Rows
    runs: tuple[slice, ...]
    place: Rows

    @classmethod
    def draw(cls, labelings: Sequence[Labels], rng: np.random.Generator) -> _Sample:
        rows = len(labelings[0])
        queries = np.sort(rng.choice(rows, min(QUERIES, rows), replace=False))
        references = rng.permutation(_references(labelings, rng))
        ends = np.linspace(0, len(references), GROUPS + 1).astype(int).tolist()
        place = np.full(rows, -1, dtype=np.intp)
        place[references] = np.arange(len(references))
        runs = tuple(slice(first, last) for first, last in pairwise(ends))
        return cls(queries, references, runs, place[queries])

    @property
    def own_run(self) -> Rows:
        """The group that each query is itself a reference of, -1 for none. (queries,)"""
        stops = np.array([run.stop for run in self.runs])
        return np.where(self.place >= 0, np.searchsorted(stops, self.place, side="right"), -1)


def _estimate(X: Floats, labelings: Sequence[Labels], rng: np.random.Generator) -> list[Silhouette]:
    """All labelings against the same queries and references, so that distances are computed once."""
    sample = _Sample.draw(labelings, rng)
    widths = [int(labels.max()) + 1 for labels in labelings]
    starts = np.concatenate([[0], np.cumsum(widths)]).astype(int)
    members = np.zeros((len(sample.references), int(starts[-1])), dtype=np.float32)
    for start, labels in zip(starts, labelings, strict=False):
        members[np.arange(len(members)), start + labels[sample.references]] = 1.0
    counts = np.stack([members[run].sum(axis=0, dtype=np.float64) for run in sample.runs])
    sums = _summed_distances(X, sample, members)
    found: list[Silhouette] = []
    for each, labels in enumerate(labelings):
        own = slice(int(starts[each]), int(starts[each + 1]))
        if widths[each] < 2:
            found.append(Silhouette(None, None, None, False, 0))
            continue
        simple = _simplified(X, labels, widths[each])
        found.append(_controlled(sums[:, :, own], counts[:, own], labels, sample, simple))
    return found


def _summed_distances(X: Floats, sample: _Sample, members: NDArray[np.float32]) -> Floats:
    """Distances of each query to the references of each run, summed per cluster: (runs, queries, k)."""
    narrow = X.astype(np.float32)
    R = narrow[sample.references]
    r2 = np.einsum("ij,ij->i", R, R)
    sums = np.empty((len(sample.runs), len(sample.queries), members.shape[1]))
    step = max(1, BLOCK_CELLS // len(R))
    for first in range(0, len(sample.queries), step):
        block = slice(first, first + step)
        Q = narrow[sample.queries[block]]
        squares = np.einsum("ij,ij->i", Q, Q)[:, None] - 2.0 * (Q @ R.T) + r2[None, :]
        np.maximum(squares, 0.0, out=squares)
        distances = np.sqrt(squares, out=squares)
        itself = sample.place[block]
        distances[np.flatnonzero(itself >= 0), itself[itself >= 0]] = 0.0
        for index, run in enumerate(sample.runs):
            sums[index, block] = distances[:, run] @ members[run]
    return sums


def _controlled(sums: Floats, counts: Floats, labels: Labels, sample: _Sample, simple: Floats) -> Silhouette:
    """The estimate of one labeling from `sums` (runs, queries, k), `counts` (runs, k) and the simplified
    silhouettes of all rows."""
    own_run = sample.own_run

    def scores(without: int | None) -> Floats:
        kept_sums, kept_counts = sums.sum(axis=0), counts.sum(axis=0)
        if without is not None:
            kept_sums, kept_counts = kept_sums - sums[without], kept_counts - counts[without]
        itself = (own_run >= 0) & (own_run != (-1 if without is None else without))
        return _scores(kept_sums, kept_counts, labels[sample.queries], own_is_reference=itself)

    full = scores(None)
    control = simple[sample.queries]
    spread = float(np.var(control))
    beta = float(np.cov(full, control)[0, 1]) / spread if spread > 0 else 0.0
    value = float(full.mean()) - beta * (float(control.mean()) - float(simple.mean()))
    leave_out = np.array([float(scores(each).mean()) for each in range(GROUPS)])
    jackknife = (GROUPS - 1) / GROUPS * float(((leave_out - leave_out.mean()) ** 2).sum())
    residual = full - beta * control
    margin = 1.96 * (jackknife + float(residual.var(ddof=1)) / len(control)) ** 0.5
    return Silhouette(value, max(-1.0, value - margin), min(1.0, value + margin), False, len(control))


def _references(labelings: Sequence[Labels], rng: np.random.Generator) -> Rows:
    """Reference rows: a random sample, topped up so that no cluster has too few of them."""
    rows = len(labelings[0])
    chosen = rng.choice(rows, min(REFERENCES, rows), replace=False)
    extra: list[Rows] = [chosen]
    for labels in labelings:
        sizes = np.bincount(labels)
        held = np.bincount(labels[chosen], minlength=len(sizes))
        for cluster, (have, size) in enumerate(zip(held.tolist(), sizes.tolist(), strict=True)):
            short = min(int(size), LEAST_REFERENCES) - int(have)
            if short > 0:
                others = np.setdiff1d(np.flatnonzero(labels == cluster), chosen)
                extra.append(rng.choice(others, min(short, len(others)), replace=False))
    return np.unique(np.concatenate(extra))


def _simplified(X: Floats, labels: Labels, k: int) -> Floats:
    """The silhouette with distances to cluster means instead of to all members. (rows,)"""
    sizes = np.bincount(labels, minlength=k).astype(np.float64)
    means = np.column_stack([np.bincount(labels, weights=column, minlength=k) for column in X.T])
    means /= np.maximum(sizes, 1)[:, None]
    scores = np.empty(len(X))
    m2 = np.einsum("ij,ij->i", means, means)
    for first in range(0, len(X), 65_536):
        block = X[first : first + 65_536]
        distances = _distances(block, np.einsum("ij,ij->i", block, block), means, m2)
        here, own = np.arange(len(block)), labels[first : first + 65_536]
        a = distances[here, own].copy()
        distances[here, own] = np.inf
        b = distances.min(axis=1)
        widest = np.maximum(a, b)
        scores[first : first + 65_536] = np.where(widest > 0, (b - a) / np.where(widest > 0, widest, 1), 0.0)
    return scores
