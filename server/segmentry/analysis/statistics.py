"""Raw statistics of a field, as the profile event shows them."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass

import numpy as np

from segmentry.analysis.events import FieldKind, FieldProfile, Histogram, ValueShare
from segmentry.analysis.parameters import Role
from segmentry.analysis.table import Column, Floats, Levels, Numbers
from segmentry.analysis.words import cut

TOP_VALUES = 10
BINS = 20
PERCENTILES = (1.0, 25.0, 50.0, 75.0, 99.0)
# Above this many values, different ones are counted in that many evenly spaced ones, and estimated.
EXACT_DISTINCT = 1_000_000


@dataclass(frozen=True, slots=True)
class Spread:
    """The shape of a numeric column. Everything is None when no row has a value."""

    minimum: float | None = None
    maximum: float | None = None
    mean: float | None = None
    deviation: float | None = None
    skew: float | None = None
    distinct: int = 0
    distinct_estimated: bool = False


def kind_of(declared: str) -> FieldKind:
    """`numeric` for integer, float, decimal, number and bigint, `categorical` for everything else.

    >>> kind_of("Decimal"), kind_of("boolean"), kind_of("datetime")
    ('numeric', 'categorical', 'categorical')
    """
    numeric = declared.strip().casefold() in {"integer", "float", "decimal", "number", "bigint"}
    return "numeric" if numeric else "categorical"


def skew_of(values: Floats) -> float:
    """The third standardised moment (population form); 0 for a constant."""
    if len(values) == 0:
        return 0.0
    centred = values - values.mean()
    variance = float((centred**2).mean())
    if variance <= 0 or not math.isfinite(variance):
        return 0.0
    # Scaled first: the cube of 1e-119 is no float. Multiplied: a power takes twenty times as long.
    scaled = centred / math.sqrt(variance)
    return float((scaled * scaled * scaled).mean())


def spread_of(column: Numbers) -> Spread:
    """Minimum to distinct over the rows that hold a usable number."""
    kept = column.values[column.finite]
    if len(kept) == 0:
        return Spread()
    with np.errstate(over="ignore", invalid="ignore"):
        mean, deviation = float(kept.mean()), float(kept.std())
    return Spread(
        minimum=float(kept.min()),
        maximum=float(kept.max()),
        mean=defined(mean),
        deviation=defined(deviation),
        skew=skew_of(column.present),
        distinct=distinct_of(kept),
        distinct_estimated=len(kept) > EXACT_DISTINCT,
    )


def distinct_of(values: Floats) -> int:
    """How many different numbers, exact up to a million of them.

    Above, those of a sample: each that is seen more than once counts once, one that is seen once stands for
    the square root of (values / sample) (the guaranteed-error estimator of Charikar et al., PODS 2000).
    """
    if len(values) <= EXACT_DISTINCT:
        return len(np.unique(values))
    sample = values[np.linspace(0, len(values) - 1, EXACT_DISTINCT).astype(np.intp)]
    _, counts = np.unique(sample, return_counts=True)
    once = int(np.count_nonzero(counts == 1))
    return round(math.sqrt(len(values) / len(sample)) * once) + len(counts) - once


def histogram_of(values: Floats) -> Histogram | None:
    """20 bins of equal width between the least and the greatest value; one for a constant."""
    if len(values) == 0:
        return None
    low, high = float(values.min()), float(values.max())
    # Bins narrower than a number can tell are no bins.
    if high - low <= 1e-12 * max(abs(low), abs(high)):
        return Histogram(low, high, (len(values),))
    counts, _ = np.histogram(values, bins=BINS, range=(low, high))
    return Histogram(low, high, tuple(counts.tolist()))


def defined(value: float) -> float | None:
    """The number, or None when it is not finite: what is not defined is absent, never NaN."""
    return value if math.isfinite(value) else None


def profile(column: Column, transform: str = "", role: Role | None = None) -> FieldProfile:
    """The statistics that are shown for a field, whatever it is used for."""
    field = column.field
    kind = kind_of(field.type)
    if isinstance(column, Levels):
        rows = len(column.codes)
        order = np.argsort(-column.counts, kind="stable")
        present = [int(code) for code in order if column.counts[code] > 0]
        return FieldProfile(
            field.name,
            kind,
            missing=int(np.count_nonzero(column.codes < 0)),
            distinct=len(present),
            top_values=tuple(
                value_share(column.levels[code], int(column.counts[code]), rows)
                for code in present[:TOP_VALUES]
            ),
            transform=transform,
            role=role,
        )
    spread = spread_of(column)
    plain = FieldProfile(
        field.name,
        kind,
        missing=int(np.count_nonzero(~column.finite)),
        distinct=spread.distinct,
        transform=transform,
        role=role,
        distinct_estimated=spread.distinct_estimated,
    )
    if kind != "numeric":
        return plain
    usable = column.present
    points = (
        [float(each) for each in np.percentile(usable, PERCENTILES)]
        if len(usable)
        else [None] * len(PERCENTILES)
    )
    rows = len(column.values)
    kept = column.values[column.finite]
    return dataclasses.replace(
        plain,
        minimum=spread.minimum,
        maximum=spread.maximum,
        mean=spread.mean,
        deviation=spread.deviation,
        p01=points[0],
        p25=points[1],
        p50=points[2],
        p75=points[3],
        p99=points[4],
        skew=spread.skew,
        zero_percentage=100 * int(np.count_nonzero(kept == 0)) / rows if rows else None,
        negative_percentage=100 * int(np.count_nonzero(kept < 0)) / rows if rows else None,
        histogram=histogram_of(usable),
    )


def value_share(value: str, count: int, rows: int) -> ValueShare:
    """A level with its share of `rows` in percent, one decimal."""
    return ValueShare(cut(value), round(100 * count / rows, 1) if rows else 0.0, count)
