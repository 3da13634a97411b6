"""From raw columns to the matrix that is clustered: filled, clipped, logged, scaled, all reported."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from segmentry.analysis.events import Notice
from segmentry.analysis.fields import Role
from segmentry.analysis.statistics import skew_of
from segmentry.analysis.table import HUGE, FeatureTable, Floats, Levels, Numbers

CLIP_PERCENTILES = (0.5, 99.5)
SKEWED = 1.0
MISSING_COLUMN_SHARE = 0.05
MISSING_COLUMN_WEIGHT = 0.5
TOP_LEVELS = 8
LEAST_LEVEL_SHARE = 0.01
MAX_ONE_HOT = 64
DAY_S = 86_400.0


@dataclass(frozen=True, slots=True)
class FieldReport:
    """What was done to one field. `mean` and `scale` are in transformed units, `clipped` counts rows."""

    field: str
    transform: str
    filled: int = 0
    unusable: int = 0
    clipped_low: int = 0
    clipped_high: int = 0
    mean: float = 0.0
    scale: float = 1.0
    levels: tuple[str, ...] = ()
    folded_levels: int = 0
    columns: int = 1


@dataclass(frozen=True, eq=False)
class Prepared:
    """`X` (rows, columns) float64. `gaussian` (columns,) marks scaled quantities; `groups` names the field
    of every column. `dropped` maps fields without variation to the reason."""

    X: Floats
    groups: tuple[str, ...]
    gaussian: tuple[bool, ...]
    reports: tuple[FieldReport, ...]
    dropped: Mapping[str, str]
    notices: tuple[Notice, ...]

    @property
    def fields(self) -> tuple[str, ...]:
        """The fields that take part, in order."""
        return tuple(report.field for report in self.reports)


def prepare(
    table: FeatureTable, features: Sequence[str], roles: Mapping[str, Role], as_of_s: float
) -> Prepared:
    """The matrix of those fields. `as_of_s` (epoch seconds) is the instant that ages are measured at.

    Quantities are clipped to their 0.5 and 99.5 percentiles, logged when that lessens a skew above 1, and
    scaled to mean 0 and deviation 1. Categories become 0/1 columns which are never standardised, because
    that amplifies rare levels. Cost: one sort per numeric field.
    """
    blocks: list[Floats] = []
    groups: list[str] = []
    gaussian: list[bool] = []
    reports: list[FieldReport] = []
    dropped: dict[str, str] = {}
    notices: list[Notice] = []
    one_hot_left = MAX_ONE_HOT
    for name in features:
        column = table.columns[name]
        if isinstance(column, Levels):
            block, report = _one_hot(column, min(TOP_LEVELS, one_hot_left), flag=roles[name] == "FLAG")
            one_hot_left -= block.shape[1] if roles[name] != "FLAG" else 0
            scaled = [False] * block.shape[1]
        elif roles[name] == "FLAG":
            block, report = _flag(column)
            scaled = [False] * block.shape[1]
        else:
            block, report = _quantity(column, as_of_s if roles[name] == "DATE" else None)
            scaled = [True, *[False] * (block.shape[1] - 1)]
        if block.shape[1] == 0:
            dropped[name] = "it does not vary"
            notices.append(Notice("FIELD_DROPPED", f"{name} was left out: it does not vary", name))
            continue
        notices.extend(_notices(report, table.rows))
        blocks.append(block)
        groups.extend([name] * block.shape[1])
        gaussian.extend(scaled)
        reports.append(dataclasses.replace(report, columns=block.shape[1]))
    X = np.hstack(blocks) if blocks else np.empty((table.rows, 0))
    return Prepared(X, tuple(groups), tuple(gaussian), tuple(reports), dropped, tuple(notices))


def _notices(report: FieldReport, rows: int) -> list[Notice]:
    found: list[Notice] = []
    if report.filled:
        text = f"{report.field}: {report.filled:,} of {rows:,} rows have no value and count as typical"
        found.append(Notice("VALUES_IMPUTED", text, report.field))
    if report.unusable:
        text = f"{report.field}: {report.unusable:,} values are beyond 1e15 and were clipped"
        found.append(Notice("VALUES_CLIPPED", text, report.field))
    return found


def _quantity(column: Numbers, as_of_s: float | None) -> tuple[Floats, FieldReport]:
    """One scaled column, and a 0/1 column for "missing" where that is common."""
    name = column.field.name
    values = column.values.copy()
    if as_of_s is not None:
        values = (as_of_s - values) / DAY_S
    finite = column.finite
    huge = finite & (np.abs(np.where(finite, values, 0.0)) > HUGE)
    usable = values[finite & ~huge]
    if len(usable) == 0:
        return np.empty((len(values), 0)), FieldReport(name, "dropped")
    low, high = (float(each) for each in np.percentile(usable, CLIP_PERCENTILES))
    middle = float(np.percentile(usable, 95.0 if as_of_s is not None else 50.0))
    clipped_low = int(np.count_nonzero(finite & (values < low)))
    clipped_high = int(np.count_nonzero(finite & (values > high)))
    values[~finite] = middle
    np.clip(values, low, high, out=values)
    transform = "age in days, scaled" if as_of_s is not None else "scaled"
    skew = skew_of(values)
    if abs(skew) > SKEWED:
        logged = np.log1p(values) if low >= 0 else values
        if low < 0:
            transform = "scaled (skewed: no logarithm of negatives)"
        elif skew > SKEWED and abs(skew_of(logged)) < abs(skew):
            values, transform = logged, f"log1p, {transform}"
    mean, scale = float(values.mean()), float(values.std())
    filled = int(np.count_nonzero(~finite))
    # A constant column of large numbers has a deviation of rounding errors, not of zero.
    varies = scale > 1e-12 * max(1.0, abs(mean))
    columns = [((values - mean) / scale)[:, None]] if varies else []
    if varies and filled / len(values) >= MISSING_COLUMN_SHARE:
        columns.append((~finite)[:, None].astype(np.float64) * MISSING_COLUMN_WEIGHT)
    block = np.hstack(columns) if columns else np.empty((len(values), 0))
    report = FieldReport(
        name,
        transform,
        filled=filled,
        unusable=int(np.count_nonzero(huge)),
        clipped_low=clipped_low,
        clipped_high=clipped_high,
        mean=mean,
        scale=scale if varies else 1.0,
    )
    return block, report


def _flag(column: Numbers) -> tuple[Floats, FieldReport]:
    """One 0/1 column; a row without a value takes the commoner side."""
    kept = column.present
    typical = float(np.median(kept) > 0.5) if len(kept) else 0.0
    values = np.where(column.finite, column.values, typical)
    filled = int(np.count_nonzero(~column.finite))
    varies = bool(len(values)) and float(values.min()) < float(values.max())
    block = values[:, None] if varies else np.empty((len(values), 0))
    return block, FieldReport(column.field.name, "0/1", filled=filled)


def _one_hot(column: Levels, at_most: int, *, flag: bool) -> tuple[Floats, FieldReport]:
    """0/1 columns of the commonest levels, the rest in one more; unset is a level of its own."""
    rows = len(column.codes)
    name = column.field.name
    missing = int(np.count_nonzero(column.codes < 0))
    order = [int(code) for code in np.argsort(-column.counts, kind="stable") if column.counts[code] > 0]
    levels = [column.levels[code] for code in order]
    if len(order) + bool(missing) < 2 or at_most < 1:
        return np.empty((rows, 0)), FieldReport(name, "dropped")
    if flag and len(order) == 2 and not missing:
        true = order[levels.index(max(levels))]
        return (column.codes == true).astype(np.float64)[:, None], FieldReport(
            name, "0/1", levels=tuple(levels)
        )
    kept = [code for code in order[:at_most] if column.counts[code] >= LEAST_LEVEL_SHARE * rows]
    columns = [column.codes == code for code in kept]
    folded = len(order) - len(kept)
    if folded:
        columns.append((column.codes >= 0) & ~np.isin(column.codes, kept))
    if missing:
        columns.append(column.codes < 0)
    block = np.column_stack(columns).astype(np.float64)
    report = FieldReport(
        name,
        f"0/1 for {len(kept)} values" + (", rest together" if folded else ""),
        levels=tuple(levels[: len(kept)]),
        folded_levels=folded,
    )
    return block, report
