"""The same columns once more in fewer bytes, where that answers a leaf sooner: a compare costs what it reads.

    Compact = Ranked | Seconds | Blocks

Numbers and datetimes with few distinct values (scores with one decimal, days) are *ranked*: one or two
bytes a row, in the order of the values. Datetimes of whole seconds take four bytes of their eight. Short
text is joined in blocks of eight rows, so that a search looks once where it would look eight times.
A compact form only stands beside its column, which stays what is read, shown and written.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from segmentry.criteria.catalog import Field
from segmentry.criteria.nodes import Operator
from segmentry.customers.blocks import Blocks, blocks_of
from segmentry.customers.columns import Coded, Column, Instant, Number, Text, folds, narrow

# Codes of two bytes hold that many distinct values and "unset".
MAX_LEVELS = 0xFFFE
# More distinct values than this among the first rows, and the column is not looked at further.
HEAD_ROWS, HEAD_LEVELS = 100_000, 0x7FFF
MICROSECONDS = 1_000_000


@dataclass(frozen=True)
class Ranked:
    """Numbers or UTC microseconds by rank. `coded`: 0 = unset, otherwise 1 + place in `levels`, ascending."""

    coded: Coded
    levels: Sequence[int | float]

    def run(self, operator: Operator, operand: float) -> tuple[int, int]:
        """First and last code of what meets an ordering operator; the last is the lower when nothing does.

        Python compares integers with floats exactly, so nothing beyond 2^53 is rounded here.
        """
        match operator:
            case Operator.GT:
                return bisect_right(self.levels, operand) + 1, len(self.levels)
            case Operator.GTE:
                return bisect_left(self.levels, operand) + 1, len(self.levels)
            case Operator.LT:
                return 1, bisect_left(self.levels, operand)
            case Operator.LTE:
                return 1, bisect_right(self.levels, operand)
            case _:
                raise AssertionError(f"{operator} does not order values")

    def runs_of(self, wanted: Sequence[int | float]) -> list[tuple[int, int]]:
        """First and last code of each of the values that stand in the column."""
        places = [(bisect_left(self.levels, value), value) for value in wanted]
        return [
            (place + 1, place + 1)
            for place, value in places
            if place < len(self.levels) and self.levels[place] == value
        ]


@dataclass(frozen=True)
class Seconds:
    """Datetimes of whole seconds, as seconds since 1970 in 32 bits."""

    number: Number


Compact = Ranked | Seconds | Blocks


def compacted(store: Mapping[str, Column], fields: Mapping[str, Field]) -> dict[str, Compact]:
    """The compact forms of the columns that have one, by field name."""
    found = {name: compact(column, fields[name]) for name, column in store.items()}
    return {name: form for name, form in found.items() if form is not None}


def compact(column: Column, field: Field) -> Compact | None:
    """The compact form of a column, None where it would save nothing."""
    match column:
        case Number(values, valid):
            # Integers of one or two bytes are as narrow as codes.
            wide = values.dtype != np.object_ and values.itemsize > 2
            return _ranked(column.series, valid) if wide else None
        case Instant(values, valid):
            return _ranked(column.series, valid) or _seconds(values, valid)
        case Text():
            return blocks_of(column.folded if folds(field) else column.series)
        case _:
            return None


def _ranked(series: pl.Series, valid: np.ndarray | None) -> Ranked | None:
    if valid is not None:
        series = series.set(~pl.Series(valid), None)
    elif series.dtype == pl.Float64:
        series = series.fill_nan(None)
    if series.head(HEAD_ROWS).n_unique() > HEAD_LEVELS:
        return None
    levels = series.drop_nulls().unique().sort()
    if len(levels) > MAX_LEVELS:
        return None
    width = narrow(len(levels))
    ranks = pl.DataFrame({"value": levels, "code": np.arange(1, len(levels) + 1, dtype=width)})
    codes = pl.DataFrame({"value": series}).join(ranks, on="value", how="left", maintain_order="left")["code"]
    return Ranked(Coded(codes.fill_null(0).rechunk().to_numpy(), ()), levels.to_list())


def _seconds(values: np.ndarray, valid: np.ndarray | None) -> Seconds | None:
    if not len(values):
        return None
    seconds = pl.Series(values) // MICROSECONDS
    low, high = seconds.min(), seconds.max()
    assert isinstance(low, int)
    assert isinstance(high, int)
    if low < -(2**31) or high >= 2**31 or not (seconds * MICROSECONDS == pl.Series(values)).all():
        return None
    return Seconds(Number(seconds.cast(pl.Int32).to_numpy(), valid))
