"""What the plots of a result show, as frozen values: the fields of the messages in the contract."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class HeatmapCell:
    """One field in one segment: the `mean` of the members, and how many population deviations it is above
    the population's. None where it is not defined."""

    mean: float | None
    z: float | None


@dataclass(frozen=True, slots=True)
class HeatmapRow:
    """One segment; `cells` are in the order of the heatmap's fields."""

    card_id: str
    cells: tuple[HeatmapCell, ...]


@dataclass(frozen=True, slots=True)
class Heatmap:
    """Segments by fields, most important field first, segments in the order of the cards. `units` are what
    the means of each field are in; empty where that is not known."""

    fields: tuple[str, ...]
    rows: tuple[HeatmapRow, ...]
    units: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ScatterSeries:
    """Points of one segment; an empty `card_id` is of customers in none. `x` and `y` are of equal length,
    and empty for a segment that is too small to show."""

    card_id: str
    x: tuple[float, ...]
    y: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Scatter:
    """Customers on the two axes of greatest variance. `x_explained` and `y_explained` are the shares (0-1)
    of the variance along each, of all `rows`."""

    series: tuple[ScatterSeries, ...]
    x_explained: float
    y_explained: float
    rows: int


@dataclass(frozen=True, slots=True)
class Plots:
    """What is drawn beside the scores. None where there is nothing to draw, or too few customers."""

    heatmap: Heatmap | None = None
    scatter: Scatter | None = None
