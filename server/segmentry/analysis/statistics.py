"""Raw statistics of a field, as the profile event shows them."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from segmentry.analysis.events import FieldKind, FieldProfile, ValueShare
from segmentry.analysis.table import Column, Floats, Levels, Numbers
from segmentry.analysis.words import cut

TOP_VALUES = 10


@dataclass(frozen=True, slots=True)
class Spread:
    """The shape of a numeric column. Everything is None when no row has a value."""

    minimum: float | None = None
    maximum: float | None = None
    mean: float | None = None
    deviation: float | None = None
    skew: float | None = None
    distinct: int = 0


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
    # Scaled first: the cube of a deviation of 1e-119 is no float any more.
    return float(((centred / math.sqrt(variance)) ** 3).mean())


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
        distinct=len(np.unique(kept)),
    )


def defined(value: float) -> float | None:
    """The number, or None when it is not finite: what is not defined is absent, never NaN."""
    return value if math.isfinite(value) else None


def profile(column: Column, transform: str = "") -> FieldProfile:
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
        )
    spread = spread_of(column)
    return FieldProfile(
        field.name,
        kind,
        missing=int(np.count_nonzero(~column.finite)),
        minimum=spread.minimum if kind == "numeric" else None,
        maximum=spread.maximum if kind == "numeric" else None,
        mean=spread.mean if kind == "numeric" else None,
        distinct=spread.distinct,
        transform=transform,
    )


def value_share(value: str, count: int, rows: int) -> ValueShare:
    """A level with its share of `rows` in percent, one decimal."""
    return ValueShare(cut(value), round(100 * count / rows, 1) if rows else 0.0, count)
