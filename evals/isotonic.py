"""Isotonic regression: the line that never falls and lies nearest to the points (pool adjacent violators).

scikit-learn has the same; a test holds the two against each other.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple


class Point(NamedTuple):
    """A place on the line, what was seen there, and how much that weighs."""

    x: float
    y: float
    weight: float


def fit(points: Iterable[Point]) -> list[tuple[float, float]]:
    """The steps of the fit: from `x` upwards the value is `y`, until the next step.

    >>> fit([Point(1, 0.0, 1), Point(2, 1.0, 1), Point(3, 0.0, 1), Point(4, 1.0, 1)])
    [(1, 0.0), (2, 0.5), (4, 1.0)]
    """
    pools: list[Point] = []
    for point in _joined(points):
        pools.append(point)
        while len(pools) > 1 and pools[-2].y >= pools[-1].y:
            last, before = pools.pop(), pools.pop()
            pools.append(_pooled(before, last))
    return [(pool.x, pool.y) for pool in pools]


def _joined(points: Iterable[Point]) -> list[Point]:
    """The points in order, one for each place."""
    found: list[Point] = []
    for point in sorted(points):
        if found and found[-1].x == point.x:
            found.append(_pooled(found.pop(), point))
        else:
            found.append(point)
    return found


def _pooled(before: Point, after: Point) -> Point:
    weight = before.weight + after.weight
    return Point(before.x, (before.y * before.weight + after.y * after.weight) / weight, weight)
