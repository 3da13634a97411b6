"""The numbers behind the plots of a clustering: means by segment, and customers on two axes.

A point of the scatter is a customer without a key, and with few fields its place gives the values away.
Hence segments of few customers have no points, and a small table no scatter at all.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from segmentry.analysis.events import SegmentCard
from segmentry.analysis.figures import Heatmap, HeatmapCell, HeatmapRow, Plots, Scatter, ScatterSeries
from segmentry.analysis.moments import moments
from segmentry.analysis.recipes import DAY_S
from segmentry.analysis.table import HUGE, Column, Floats, Labels, Levels, Matrix

HEATMAP_FIELDS = 12
SCATTER_POINTS = 2_000
# Small segments would be a handful of specks among 2,000 points of a large table.
LEAST_POINTS = 20
LEAST_ROWS = 50
LEAST_MEMBERS = 20


def plots(
    cards: Sequence[SegmentCard],
    labels: Labels,
    X: Matrix,
    columns: Mapping[str, Column],
    *,
    as_of_s: float,
    seed: int,
) -> Plots:
    """The plots of clusters 0..k-1 of `labels` (rows,), -1 for nobody; `cards` are in their order.

    `X` (rows, columns) is the prepared matrix; `columns` are raw. `as_of_s` (epoch seconds) is the instant
    that ages are measured at. Same arguments: same points.
    """
    return Plots(heatmap(cards, labels, columns, as_of_s), scatter(cards, labels, X, seed))


def heatmap(
    cards: Sequence[SegmentCard], labels: Labels, columns: Mapping[str, Column], as_of_s: float
) -> Heatmap | None:
    """The 12 fields with the greatest importance on any card, ties by the greatest |z|; None without any.

    Numbers have the mean of those who have one, yes/no fields the share of yes, dates the age in days.
    """
    importance: dict[str, float] = {}
    for card in cards:
        for each in card.characteristics:
            importance[each.feature] = max(importance.get(each.feature, 0.0), each.importance)
    found: dict[str, tuple[HeatmapCell, ...]] = {}
    for name, column in columns.items():
        values = _values(column, as_of_s)
        if values is not None:
            found[name] = tuple(_cells(values, labels, len(cards)))
    order = sorted(found, key=lambda name: (-importance.get(name, 0.0), -_farthest(found[name]), name))
    fields = tuple(order[:HEATMAP_FIELDS])
    if not fields:
        return None
    rows = (
        HeatmapRow(card.card_id, tuple(found[name][at] for name in fields)) for at, card in enumerate(cards)
    )
    return Heatmap(fields, tuple(rows), tuple(_unit(columns[name]) for name in fields))


def scatter(cards: Sequence[SegmentCard], labels: Labels, X: Matrix, seed: int) -> Scatter | None:
    """At most 2,000 customers on the first two principal components of the whole matrix (rows, columns).

    Each segment has its share of the points, but 20 where it has as many customers. An axis points where
    the column that weighs most on it grows. None below 50 rows and where nothing varies.
    """
    rows = len(X)
    if rows < LEAST_ROWS:
        return None
    middle, covariance = moments(X)
    total = float(np.trace(covariance))
    if total <= 0:
        return None
    variances, vectors = np.linalg.eigh(covariance)
    # Ascending: the last two are the greatest.
    axes = vectors[:, ::-1][:, :2]
    heaviest = np.abs(axes).argmax(axis=0)
    axes = axes * np.where(axes[heaviest, np.arange(axes.shape[1])] < 0, -1.0, 1.0)
    explained = [max(0.0, float(each)) / total for each in variances[::-1][:2]]
    members = [np.flatnonzero(labels == label) for label in (*range(len(cards)), -1)]
    ids = [*(card.card_id for card in cards), ""]
    rng = np.random.default_rng([seed, 8])
    series: list[ScatterSeries] = []
    for card_id, inside, points in zip(ids, members, _shares([len(each) for each in members]), strict=True):
        if len(inside) == 0 and not card_id:
            continue
        drawn = np.sort(rng.choice(inside, points, replace=False))
        places = np.round((X[drawn].astype(np.float64) - middle) @ axes, 3)
        y = places[:, 1] if places.shape[1] > 1 else np.zeros(points)
        series.append(ScatterSeries(card_id, tuple(places[:, 0].tolist()), tuple(y.tolist())))
    return Scatter(tuple(series), explained[0], explained[1] if len(explained) > 1 else 0.0, rows)


def _shares(sizes: Sequence[int]) -> list[int]:
    """How many points each group gets: a few for each, the rest by size; none for a group to be hidden.

    >>> _shares([900, 90, 10])
    [900, 90, 0]
    >>> _shares([989_900, 10_000, 100])
    [1940, 39, 20]
    """
    shown = [size if size >= LEAST_MEMBERS else 0 for size in sizes]
    if sum(shown) <= SCATTER_POINTS:
        return shown
    least = min(LEAST_POINTS, SCATTER_POINTS // len(sizes))
    base = [min(size, least) for size in shown]
    left = SCATTER_POINTS - sum(base)
    return [
        few + left * (size - few) // (sum(shown) - sum(base)) for size, few in zip(shown, base, strict=True)
    ]


def _values(column: Column, as_of_s: float) -> Floats | None:
    """Numbers of a field, NaN where there is none to use; None for a field that has no mean. (rows,)"""
    if isinstance(column, Levels):
        if column.field.type != "boolean":
            return None
        yes = column.levels.index("true") if "true" in column.levels else len(column.levels)
        return np.where(column.codes < 0, np.nan, column.codes == yes)
    values = np.where(column.finite, column.values, np.nan)
    values[np.abs(values) > HUGE] = np.nan
    return (as_of_s - values) / DAY_S if column.field.type == "datetime" else values


def _unit(column: Column) -> str:
    """What the mean of a field is in."""
    if column.field.type == "datetime":
        return "days ago"
    return "share of yes" if isinstance(column, Levels) else column.field.unit


def _cells(values: Floats, labels: Labels, k: int) -> Iterator[HeatmapCell]:
    held = ~np.isnan(values)
    kept = values[held]
    if len(kept) == 0:
        yield from (HeatmapCell(None, None) for _ in range(k))
        return
    everyone, deviation = float(kept.mean()), float(kept.std())
    # A constant column of large numbers has a deviation of rounding errors, not of zero.
    varies = deviation > 1e-12 * max(1.0, abs(everyone))
    groups = labels[held] + 1
    counts = np.bincount(groups, minlength=k + 1)[1:]
    sums = np.bincount(groups, weights=kept, minlength=k + 1)[1:]
    for count, total in zip(counts.tolist(), sums.tolist(), strict=True):
        mean = total / count if count else None
        z = (mean - everyone) / deviation if mean is not None and varies else None
        yield HeatmapCell(mean, z)


def _farthest(cells: Sequence[HeatmapCell]) -> float:
    return max((abs(each.z) for each in cells if each.z is not None), default=0.0)
