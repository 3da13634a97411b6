"""What the members of each cluster have in common, on raw values, and how much each field tells of them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from segmentry.analysis.table import Column, Floats, Labels, Levels, Numbers

BINS = 256
FEWEST_FOR_OUTLIERS = 5


@dataclass(frozen=True, slots=True)
class LevelShare:
    """A level among the members and among everyone, 0-1; `lift` is their ratio."""

    level: str
    count: int
    share: float
    population_share: float

    @property
    def lift(self) -> float:
        return self.share / self.population_share if self.population_share else 0.0


@dataclass(frozen=True, slots=True)
class FieldTraits:
    """One field within one cluster. `importance` 0-1, two decimals: the greatest gap between the cumulative
    distributions of members and others (Kolmogorov-Smirnov, on 256 quantile bins), or half the sum of
    absolute share differences (total variation) for levels. Rows without a value are one more bin. `rank`
    0-1 is where the members' median stands among all values. `mean_misleads` where the mean of members or of
    everyone lies beyond all but 1 % of the values it is of; `all_zero` where every member's value is 0."""

    column: Column
    importance: float
    mean: float | None = None
    median: float | None = None
    population_mean: float | None = None
    population_median: float | None = None
    rank: float | None = None
    levels: tuple[LevelShare, ...] = ()
    missing_share: float = 0.0
    population_missing_share: float = 0.0
    mean_misleads: bool = False
    all_zero: bool = False

    @property
    def typical(self) -> float | None:
        """What members are said to have: the mean, or the median where a few values make the mean."""
        return self.median if self.mean_misleads else self.mean

    @property
    def population_typical(self) -> float | None:
        """The same of everyone."""
        return self.population_median if self.mean_misleads else self.population_mean

    @property
    def top(self) -> LevelShare | None:
        """The common level that members have most beyond everyone; None when unset is what marks them."""
        best = max(self.levels, key=lambda each: each.share - each.population_share, default=None)
        beyond = best.share - best.population_share if best else 0.0
        return best if beyond >= self.missing_share - self.population_missing_share else None


def traits(columns: Mapping[str, Column], labels: Labels, k: int) -> list[list[FieldTraits]]:
    """Per cluster 0..k-1 the traits of every column, most important first, ties by field name.

    Rows with a negative label belong to nobody and count among the others. One pass per column.
    """
    found: list[list[FieldTraits]] = [[] for _ in range(k)]
    for column in columns.values():
        per_cluster = (
            _of_numbers(column, labels, k) if isinstance(column, Numbers) else _of_levels(column, labels, k)
        )
        for cluster, each in enumerate(per_cluster):
            found[cluster].append(each)
    return [sorted(each, key=lambda one: (-one.importance, one.column.field.name)) for each in found]


def _shares(bins: Labels, n_bins: int, labels: Labels, k: int) -> tuple[Floats, Floats]:
    """Share of each bin among members (k, bins) and among all others (k, bins)."""
    joint = np.bincount((labels.astype(np.int64) + 1) * n_bins + bins, minlength=(k + 1) * n_bins)
    counts = joint.reshape(k + 1, n_bins).astype(np.float64)
    members, total = counts[1:], counts.sum(axis=0)
    others = total - members
    return (
        members / np.maximum(members.sum(axis=1, keepdims=True), 1),
        others / np.maximum(others.sum(axis=1, keepdims=True), 1),
    )


def _of_numbers(column: Numbers, labels: Labels, k: int) -> list[FieldTraits]:
    values, finite = column.values, column.finite
    kept = values[finite]
    if len(kept) == 0:
        return [FieldTraits(column, 0.0, missing_share=1.0, population_missing_share=1.0) for _ in range(k)]
    # With the greatest value: of two customers no quantile below it tells one from the other.
    cuts = np.quantile(
        column.present if len(column.present) else kept, np.linspace(0, 1, BINS + 1)[1:-1], method="lower"
    )
    edges = np.unique(np.append(cuts, kept.max()))
    bins = np.full(len(values), len(edges) + 1, dtype=np.int32)
    bins[finite] = np.searchsorted(edges, kept, side="right")
    members, others = _shares(bins, len(edges) + 2, labels, k)
    gaps = np.abs(np.cumsum(members - others, axis=1)).max(axis=1)
    population_mean, population_median = _defined_mean(kept), _median(kept)
    everyone_misled = _mean_misleads(kept, population_mean)
    found: list[FieldTraits] = []
    for cluster in range(k):
        inside = values[(labels == cluster) & finite]
        median = _median(inside) if len(inside) else None
        mean = _defined_mean(inside)
        missing = 1.0 - len(inside) / max(1, int(np.count_nonzero(labels == cluster)))
        found.append(
            FieldTraits(
                column,
                round(min(1.0, float(gaps[cluster])), 2),
                mean=mean,
                median=median,
                population_mean=population_mean,
                population_median=population_median,
                rank=_rank(kept, median),
                missing_share=missing,
                population_missing_share=1.0 - len(kept) / len(values),
                mean_misleads=everyone_misled or _mean_misleads(inside, mean),
                all_zero=len(inside) > 0 and not np.any(inside),
            )
        )
    return found


def _mean_misleads(values: Floats, mean: float | None) -> bool:
    """Whether a few values make the mean: all but 1 % lie on the same side of it.

    Of fewer than a hundred values: one lies so far off that the mean is farther from the median than the
    others are from each other. An undefined mean, the sum being infinite, misleads; of four values none does.
    """
    if len(values) < FEWEST_FOR_OUTLIERS:
        return False
    if mean is None:
        return True
    median = _median(values)
    # The mean of equal values may differ from them in the last digit.
    if math.isclose(mean, median, rel_tol=1e-9):
        return False
    if len(values) < 100:
        others = np.sort(values)[1:-1]
        return abs(mean - median) > float(others[-1]) - float(others[0])
    beyond = min(int(np.count_nonzero(values >= mean)), int(np.count_nonzero(values <= mean)))
    return beyond <= len(values) // 100


def _rank(values: Floats, value: float | None) -> float | None:
    """The share of values below, ties counted half."""
    if value is None:
        return None
    return float(np.count_nonzero(values < value) + np.count_nonzero(values <= value)) / 2 / len(values)


def _of_levels(column: Levels, labels: Labels, k: int) -> list[FieldTraits]:
    n_bins = len(column.levels) + 1
    bins = np.where(column.codes < 0, n_bins - 1, column.codes).astype(np.int32)
    members, others = _shares(bins, n_bins, labels, k)
    gaps = np.abs(members - others).sum(axis=1) / 2
    everyone = np.bincount(bins, minlength=n_bins) / max(1, len(bins))
    found: list[FieldTraits] = []
    for cluster in range(k):
        size = int(np.count_nonzero(labels == cluster))
        order = [int(code) for code in np.argsort(-members[cluster, :-1], kind="stable")[:3]]
        found.append(
            FieldTraits(
                column,
                round(min(1.0, float(gaps[cluster])), 2),
                levels=tuple(
                    LevelShare(
                        column.levels[code],
                        round(float(members[cluster, code]) * size),
                        float(members[cluster, code]),
                        float(everyone[code]),
                    )
                    for code in order
                    if members[cluster, code] > 0
                ),
                missing_share=float(members[cluster, -1]),
                population_missing_share=float(everyone[-1]),
            )
        )
    return found


def _median(values: Floats) -> float:
    """The median; of two middle values that are too large to add, the lower one."""
    with np.errstate(over="ignore"):
        median = float(np.median(values))
    return median if math.isfinite(median) else float(np.quantile(values, 0.5, method="lower"))


def _defined_mean(values: Floats) -> float | None:
    if len(values) == 0:
        return None
    # Sums of huge numbers of both signs give infinities that cancel to no number at all.
    with np.errstate(over="ignore", invalid="ignore"):
        mean = float(values.mean())
    return mean if math.isfinite(mean) else None


def percentages(sizes: Sequence[int], rows: int) -> list[float]:
    """Shares of 0-100 with two decimals that add up to exactly the share of their sum (largest remainder).

    >>> percentages([1, 1, 1], 3)
    [33.34, 33.33, 33.33]
    """
    if rows <= 0:
        return [0.0 for _ in sizes]
    hundredths = [size * 10_000 / rows for size in sizes]
    floors = [math.floor(each) for each in hundredths]
    left = round(sum(hundredths)) - sum(floors)
    by_remainder = sorted(range(len(sizes)), key=lambda index: (floors[index] - hundredths[index], index))
    for index in by_remainder[:left]:
        floors[index] += 1
    return [each / 100 for each in floors]
