"""The rows of one analysis as plain arrays: all that the computation knows of a customer table."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from segmentry.criteria.catalog import Catalog, Field

Floats: TypeAlias = NDArray[np.float64]
# A matrix of many rows: beyond some millions float64 would be half of what a worker may take.
Matrix: TypeAlias = NDArray[np.float64] | NDArray[np.float32]
Codes: TypeAlias = NDArray[np.int32]
Mask: TypeAlias = NDArray[np.bool_]
Labels: TypeAlias = NDArray[np.int32]

# Above this a number overflows when squared or summed in float64; it is an outlier in every real table.
HUGE = 1e15
MANY_ROWS = 2_000_000


@dataclass(frozen=True, eq=False)
class Numbers:
    """A number or datetime field: `values` (rows,) float64, NaN where unset; datetimes in epoch seconds.
    Rows that hold the `sentinel` count as unset."""

    field: Field
    values: Floats
    sentinel: float | None = None

    @cached_property
    def finite(self) -> Mask:
        """Rows that hold a usable number. (rows,)"""
        usable = np.isfinite(self.values)
        return usable if self.sentinel is None else usable & (self.values != self.sentinel)

    @cached_property
    def present(self) -> Floats:
        """The usable numbers alone, without those beyond `HUGE`, in row order."""
        usable = self.finite & (self.values >= -HUGE) & (self.values <= HUGE)
        # Of a column without gaps a copy would be as large as the column.
        return self.values if usable.all() else self.values[usable]

    def take(self, rows: Mask | NDArray[np.intp]) -> Numbers:
        return Numbers(self.field, self.values[rows], self.sentinel)


@dataclass(frozen=True, eq=False)
class Levels:
    """A text, enum or boolean field: `codes` (rows,) int32 into `levels`, -1 where unset."""

    field: Field
    codes: Codes
    levels: tuple[str, ...]

    @cached_property
    def counts(self) -> NDArray[np.int64]:
        """How many rows hold each level. (levels,)"""
        return np.bincount(self.codes[self.codes >= 0], minlength=len(self.levels)).astype(np.int64)

    def take(self, rows: Mask | NDArray[np.intp]) -> Levels:
        return Levels(self.field, self.codes[rows], self.levels)


Column = Numbers | Levels


@dataclass(frozen=True, eq=False)
class FeatureTable:
    """Columns of equal length, by field name in the catalog's order. `left_out` names the fields that
    have no such column (arrays)."""

    catalog: Catalog
    rows: int
    columns: Mapping[str, Column]
    left_out: tuple[str, ...] = ()

    def take(self, rows: Mask | NDArray[np.intp]) -> FeatureTable:
        """The same table with some of its rows."""
        columns = {name: column.take(rows) for name, column in self.columns.items()}
        n_rows = int(np.count_nonzero(rows)) if rows.dtype == np.bool_ else len(rows)
        return dataclasses.replace(self, rows=n_rows, columns=columns)

    def spread(self, at_most: int) -> FeatureTable:
        """At most that many rows, evenly spaced; the table itself when it is no longer."""
        if self.rows <= at_most:
            return self
        return self.take(np.linspace(0, self.rows - 1, at_most).astype(np.intp))


def empty_matrix(rows: int, columns: int) -> Matrix:
    """Room for a matrix: float64, beyond `MANY_ROWS` float32, which the passes of a sweep read anyhow."""
    shape = (rows, columns)
    return np.empty(shape, np.float32) if rows > MANY_ROWS else np.empty(shape, np.float64)


def levels_of(field: Field, values: Sequence[str | bool | None]) -> Levels:
    """A column from Python values; levels are in order of first appearance."""
    index: dict[str, int] = {}
    codes = np.empty(len(values), dtype=np.int32)
    for row, value in enumerate(values):
        codes[row] = -1 if value is None else index.setdefault(text_of(value), len(index))
    return Levels(field, codes, tuple(index))


def text_of(value: str | bool) -> str:
    """The level name of a value: booleans as JSON writes them."""
    return value if isinstance(value, str) else ("true" if value else "false")
