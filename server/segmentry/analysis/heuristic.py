"""The tier that always answers: thirds of the numeric field with the widest range, as the source has it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from segmentry.analysis import words
from segmentry.analysis.statistics import kind_of
from segmentry.analysis.table import FeatureTable, Floats, Mask, Numbers
from segmentry.criteria import operators
from segmentry.criteria.catalog import Field
from segmentry.criteria.nodes import Leaf, Operator

PERCENTILES = (33.0, 67.0)
USES = {
    "Low": "Win-back and entry offers",
    "Mid": "Cross-sell that builds on what they already use",
    "High": "Loyalty and premium offers",
    "Unknown": "Ask for the missing details before addressing them",
    "All": "A general message",
}


@dataclass(frozen=True, eq=False)
class Slice:
    """One card to be: its name, the rows it holds, and the conditions that say so. `rules` are those of
    `leaves` that filter rules can express."""

    name: str
    use: str
    rows: Mask
    leaves: tuple[Leaf, ...]
    rules: tuple[Leaf, ...]


def widest(table: FeatureTable, features: Sequence[str]) -> Numbers | None:
    """The numeric field among `features` with the greatest max - min, the first of equals; None when all
    are constant or none is numeric."""
    best, widest_range = None, 0.0
    for name in features:
        column = table.columns.get(name)
        if not isinstance(column, Numbers) or kind_of(column.field.type) != "numeric":
            continue
        kept = column.values[column.finite]
        # Halved, so that -1e308..1e308 does not overflow.
        reach = float(kept.max() / 2 - kept.min() / 2) if len(kept) else 0.0
        if reach > widest_range:
            best, widest_range = column, reach
    return best


def slices(column: Numbers) -> list[Slice]:
    """Low, Mid and High at the 33rd and 67th percentile (linear), and the rows without a value.

    Where equal percentiles leave a slice empty, the other closed side is tried; a slice that is still
    empty joins its lower neighbour. The sizes add up to the rows.
    """
    low, high = _percentiles(column.values[column.finite])
    taken = operators.allowed(column.field)
    variants = [
        cuts
        for upper, lower in ((Operator.LTE, Operator.GT), (Operator.LT, Operator.GTE))
        if upper in taken and lower in taken
        and (cuts := _cut(column, (low, high), upper, lower))
    ]  # fmt: skip
    found = max(variants, key=len) if variants else []
    if len(found) < 2:
        found = [_everyone(column)]
    if not np.all(column.finite):
        said = words.field_words(column.field)
        unset = (Leaf(column.field.name, Operator.EXISTS, value=False),)
        found.append(Slice(_name(f"Unknown {said}"), USES["Unknown"], ~column.finite, unset, ()))
    return found


def _percentiles(values: Floats) -> tuple[float, float]:
    """The two cuts; of values too far apart to interpolate between, the lower ones."""
    with np.errstate(over="ignore", invalid="ignore"):
        low, high = (float(each) for each in np.percentile(values, PERCENTILES))
    if not (np.isfinite(low) and np.isfinite(high)):
        low, high = (float(each) for each in np.percentile(values, PERCENTILES, method="lower"))
    return low, high


def everyone(rows: int, advice: str = "") -> Slice:
    """The one slice of a table that cannot be cut, and what its owner could do about that."""
    return Slice("All Customers", USES["All"] + advice, np.ones(rows, dtype=np.bool_), (), ())


def _everyone(column: Numbers) -> Slice:
    leaves = () if np.all(column.finite) else (Leaf(column.field.name, Operator.EXISTS, value=True),)
    return Slice("All Customers", USES["All"], column.finite, leaves, ())


def _cut(column: Numbers, cuts: tuple[float, float], upper: Operator, lower: Operator) -> list[Slice]:
    """The slices of one variant that hold rows, each from after one cut up to the next."""
    values, field = column.values, column.field
    bounds: list[tuple[str, float | None, float | None]] = []
    start: float | None = None
    ends: tuple[float | None, ...] = (*cuts, None)
    for label, end in zip(("Low", "Mid", "High"), ends, strict=True):
        if np.any(_between(values, start, end, upper) & column.finite):
            bounds.append((label, start, end))
        elif bounds:
            # An empty slice joins its lower neighbour.
            bounds[-1] = (bounds[-1][0], bounds[-1][1], end)
        else:
            continue
        start = end
    if bounds:
        bounds[0] = (bounds[0][0], None, bounds[0][2])
    found: list[Slice] = []
    for label, first, last in bounds:
        leaves = [Leaf(field.name, lower, _tidy(field, values, first))] if first is not None else []
        leaves += [Leaf(field.name, upper, _tidy(field, values, last))] if last is not None else []
        rows = _between(values, first, last, upper) & column.finite
        name = _name(f"{label} {words.field_words(field)}")
        found.append(Slice(name, USES[label], rows, tuple(leaves), tuple(leaves)))
    return found


def _between(values: Floats, first: float | None, last: float | None, upper: Operator) -> Mask:
    inside = np.ones(len(values), dtype=np.bool_)
    if first is not None:
        inside &= values > first if upper is Operator.LTE else values >= first
    if last is not None:
        inside &= values <= last if upper is Operator.LTE else values < last
    return inside


def _tidy(field: Field, values: Floats, cut: float) -> float | int:
    """The percentile without the noise of its interpolation, where that moves no row across it."""
    tidy = float(f"{cut:.12g}")
    if not (np.array_equal(values <= tidy, values <= cut) and np.array_equal(values < tidy, values < cut)):
        tidy = cut
    return int(tidy) if tidy.is_integer() and abs(tidy) <= 2**53 and field.type == "number" else tidy


def _name(text: str) -> str:
    return text if len(text) <= 60 else text[:59] + "…"
