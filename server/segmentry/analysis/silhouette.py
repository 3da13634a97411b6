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

from segmentry.analysis.kmeans import kernel as kernels
from segmentry.analysis.kmeans.inner import Inner, inner
from segmentry.analysis.table import Floats, Labels, Matrix

EXACT_ROWS = 20_000
QUERIES = 4_000
REFERENCES = 30_000
LEAST_REFERENCES = 200
GROUPS = 10
# Sums held at once: 4 million float64 numbers are 32 MB.
BLOCK_CELLS = 4_000_000

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
    X: Matrix,
    labelings: Sequence[Labels],
    rng: np.random.Generator,
    exact_rows: int = EXACT_ROWS,
    inners: Sequence[Inner] | None = None,
) -> list[Silhouette]:
    """One silhouette per labeling of `X` (rows, columns). Labels are 0..k-1 without gaps.

    Exact up to `exact_rows` rows: O(rows^2) time, memory bounded by blocks. Above, `QUERIES` rows are
    compared with `REFERENCES` others; the simplified silhouette of all rows removes most of the
    sampling error (a control variate), and the interval is a jackknife over groups of references.
    `inners` are the inner scores of the labelings where they are known already.
    """
    if len(X) <= exact_rows:
        return _exact(X.astype(np.float64, copy=False), labelings)
    return _estimate(X, labelings, inner(X, labelings) if inners is None else inners, rng)


def sampled(
    X: Matrix, labelings: Sequence[Labels], rows: int, rng: np.random.Generator
) -> list[float | None]:
    """The plain silhouette of a random sample: the provisional score."""
    chosen = np.arange(len(X)) if len(X) <= rows else np.sort(rng.choice(len(X), rows, replace=False))
    packed = [_packed(labels[chosen]) for labels in labelings]
    return [each.value for each in _exact(X[chosen].astype(np.float64), packed)]


def _packed(labels: Labels) -> Labels:
    return np.unique(labels, return_inverse=True)[1].astype(np.int32)


@dataclass(frozen=True, eq=False)
class _Runs:
    """Rows sorted so that those of a run are in the same cluster of every labeling.

    A distance is then added up once, not once per labeling. `order` (rows,) are row numbers, `edges`
    (runs + 1,) where runs begin and end in it, `members` (runs, K) which clusters a run belongs to, with
    the clusters of labeling i in `clusters[i]`. `counts` (K,) are the rows of each cluster.
    """

    order: Rows
    edges: Rows
    members: Floats
    clusters: tuple[slice, ...]
    counts: Floats

    @classmethod
    def of(cls, labelings: Sequence[Labels], first: Rows | None = None) -> _Runs:
        """The runs of labelings (rows,); with `first` (rows,) they are also parted by that number."""
        rows = len(labelings[0])
        code = np.zeros(rows, np.intp) if first is None else first
        for labels in labelings:
            code = np.unique(code * (int(labels.max(initial=0)) + 1) + labels, return_inverse=True)[1]
        order = np.argsort(code, kind="stable")
        begins = np.flatnonzero(np.diff(code[order], prepend=-1))
        widths = [int(labels.max(initial=0)) + 1 for labels in labelings]
        ends = np.cumsum(widths).tolist()
        clusters = tuple(slice(end - width, end) for end, width in zip(ends, widths, strict=True))
        members = np.zeros((len(begins), ends[-1]))
        for place, labels in zip(clusters, labelings, strict=True):
            members[np.arange(len(begins)), place.start + labels[order[begins]]] = 1.0
        edges = np.append(begins, rows).astype(np.intp)
        return cls(order, edges, members, clusters, np.diff(edges) @ members)

    @property
    def place(self) -> Rows:
        """Where each row stands in the order. (rows,)"""
        place = np.empty(len(self.order), np.intp)
        place[self.order] = np.arange(len(self.order))
        return place

    def blocks(self, asked: int) -> list[slice]:
        """Asked rows in parts whose sums fit into memory."""
        step = max(1, BLOCK_CELLS // len(self.members))
        return [slice(first, min(first + step, asked)) for first in range(0, asked, step)]


def _exact(X: Floats, labelings: Sequence[Labels]) -> list[Silhouette]:
    rows = len(X)
    if rows == 0:
        return [Silhouette(None, None, None, True, 0) for _ in labelings]
    kernel, runs = kernels.chosen(), _Runs.of(labelings)
    references, place = X[runs.order], runs.place
    totals = [0.0] * len(labelings)
    for block in runs.blocks(rows):
        sums = kernel.sums(X[block], references, runs.edges, place[block]) @ runs.members
        for each, labels in enumerate(labelings):
            own = runs.clusters[each]
            scores = _scores(sums[:, own], runs.counts[own], labels[block], own_is_reference=True)
            totals[each] += float(scores.sum())
    return [
        Silhouette(total / rows if 2 <= own.stop - own.start < rows else None, None, None, True, rows)
        for total, own in zip(totals, runs.clusters, strict=True)
    ]


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


def _estimate(
    X: Matrix, labelings: Sequence[Labels], inners: Sequence[Inner], rng: np.random.Generator
) -> list[Silhouette]:
    """All labelings against the same queries and references, so that distances are computed once."""
    sample = _Sample.draw(labelings, rng)
    of_group = np.repeat(np.arange(len(sample.runs)), [run.stop - run.start for run in sample.runs])
    runs = _Runs.of([labels[sample.references] for labels in labelings], of_group)
    group_of_run = of_group[runs.order[runs.edges[:-1]]]
    groups = [np.flatnonzero(group_of_run == group) for group in range(len(sample.runs))]
    counts = np.stack([np.diff(runs.edges)[group] @ runs.members[group] for group in groups])
    sums = np.empty((len(groups), len(sample.queries), runs.members.shape[1]))
    references = X[sample.references[runs.order]].astype(np.float64)
    place = np.where(sample.place >= 0, runs.place[sample.place], -1)
    kernel = kernels.chosen()
    asked = X[sample.queries].astype(np.float64)
    for block in runs.blocks(len(asked)):
        of_runs = kernel.sums(asked[block], references, runs.edges, place[block])
        for at, group in enumerate(groups):
            sums[at, block] = of_runs[:, group] @ runs.members[group]
    found: list[Silhouette] = []
    for labels, own, known in zip(labelings, runs.clusters, inners, strict=True):
        if known.simplified is None:
            found.append(Silhouette(None, None, None, False, 0))
            continue
        control = _simplified(asked, labels[sample.queries], known.means)
        found.append(_controlled(sums[:, :, own], counts[:, own], labels, sample, control, known.simplified))
    return found


def _controlled(  # noqa: PLR0917 - the parts of one estimate
    sums: Floats, counts: Floats, labels: Labels, sample: _Sample, control: Floats, simplified: float
) -> Silhouette:
    """The estimate of one labeling from `sums` (runs, queries, k) and `counts` (runs, k), corrected by how
    far the queries' simplified silhouettes `control` (queries,) lie from those of all rows."""
    own_run = sample.own_run

    def scores(without: int | None) -> Floats:
        kept_sums, kept_counts = sums.sum(axis=0), counts.sum(axis=0)
        if without is not None:
            kept_sums, kept_counts = kept_sums - sums[without], kept_counts - counts[without]
        itself = (own_run >= 0) & (own_run != (-1 if without is None else without))
        return _scores(kept_sums, kept_counts, labels[sample.queries], own_is_reference=itself)

    full = scores(None)
    spread = float(np.var(control))
    beta = float(np.cov(full, control)[0, 1]) / spread if spread > 0 else 0.0
    value = float(full.mean()) - beta * (float(control.mean()) - simplified)
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


def _simplified(rows: Floats, labels: Labels, means: Floats) -> Floats:
    """The silhouette with distances to cluster means instead of to all members. (rows,)"""
    apart = np.stack([np.sqrt(np.einsum("ij,ij->i", rows - mean, rows - mean)) for mean in means], axis=1)
    here = np.arange(len(rows))
    own = apart[here, labels]
    apart[here, labels] = np.inf
    other = apart.min(axis=1)
    widest = np.maximum(own, other)
    return np.where(widest > 0, (other - own) / np.where(widest > 0, widest, 1), 0.0)
