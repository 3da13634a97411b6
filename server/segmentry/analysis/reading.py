"""How an analysis reads the fields: codes as levels, and values that stand for "unset" as unset."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

import numpy as np

from segmentry.analysis.fields import Advice
from segmentry.analysis.table import Column, FeatureTable, Levels, Numbers


def as_read(table: FeatureTable, advice: Mapping[str, Advice]) -> FeatureTable:
    """The table as it is prepared, profiled and described by rules.

    Numbers of role CODE become levels, because the size of a code means nothing; a sentinel counts as no
    value. Statistics and criteria go on reading the raw values.
    """
    columns = {name: _as_read(column, advice[name]) for name, column in table.columns.items()}
    return dataclasses.replace(table, columns=columns)


def _as_read(column: Column, advice: Advice) -> Column:
    if isinstance(column, Levels):
        return column
    if advice.role == "CODE":
        return levels_of_numbers(column)
    return dataclasses.replace(column, sentinel=advice.sentinel) if advice.sentinel is not None else column


def levels_of_numbers(column: Numbers) -> Levels:
    """A level per number. The texts give back the numbers exactly."""
    held, places = np.unique(column.values[column.finite], return_inverse=True)
    codes = np.full(len(column.values), -1, dtype=np.int32)
    codes[column.finite] = places
    texts = tuple(str(int(value)) if value.is_integer() else repr(value) for value in held.tolist())
    return Levels(column.field, codes, texts)
