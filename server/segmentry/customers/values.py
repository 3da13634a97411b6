"""Columns back as values: Polars series, Python rows, and the arrays that an analysis reads."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import numpy as np
import numpy.typing as npt
import polars as pl

from segmentry.criteria.match import Cell
from segmentry.customers.columns import EPOCH, MICROSECONDS, Array, Coded, Column, Instant, Number, Text

SECOND = 1e6


@dataclass(frozen=True)
class Categories:
    """A column as codes. `codes`: (n_rows,) int32, -1 = unset; `labels[code]` is the value as text."""

    codes: npt.NDArray[np.int32]
    labels: tuple[str, ...]


def series_of(column: Column, name: str) -> pl.Series:
    """The column as Polars would hold it: unset = null, datetimes in UTC microseconds."""
    match column:
        case Text(series):
            return series.alias(name)
        case Coded(codes, labels):
            palette = pl.Series(
                [None, *labels], dtype=pl.Boolean if labels and isinstance(labels[0], bool) else pl.String
            )
            return palette.gather(pl.Series(codes)).alias(name)
        case Number(values, valid):
            if values.dtype == np.object_:
                series = pl.Series(name, values.tolist(), dtype=pl.Int128)
            else:
                series = pl.Series(name, values, nan_to_null=True)
                series = series if values.dtype == np.float64 else series.cast(pl.Int64)
            return series if valid is None else series.set(~pl.Series(valid), None)
        case Instant(values, valid):
            series = pl.Series(name, values).cast(MICROSECONDS)
            return series if valid is None else series.set(~pl.Series(valid), None)
        case Array(offsets, codes, labels, valid):
            elements = pl.Series(labels, dtype=pl.String).gather(pl.Series(codes))
            owners = np.repeat(np.arange(column.rows), np.diff(offsets))
            grouped = (
                pl.DataFrame({"row": owners, "element": elements})
                .group_by("row", maintain_order=True)
                .agg("element")
            )
            rows = pl.DataFrame({"row": np.arange(column.rows)}).join(
                grouped, on="row", how="left", maintain_order="left"
            )
            lists = rows["element"].fill_null(pl.Series([[]], dtype=pl.List(pl.String)))
            return (lists if valid is None else lists.set(~pl.Series(valid), None)).alias(name)


def cell(column: Column, row: int) -> Cell:
    """One value as the reference matcher reads it: unset = None, instants aware UTC, lists as tuples."""
    match column:
        case Text(series):
            text: str | None = series[row]
            return text
        case Coded(codes, labels):
            code = int(codes[row])
            return labels[code - 1] if code else None
        case Array(offsets, codes, labels, valid):
            if valid is not None and not valid[row]:
                return None
            return tuple(labels[int(code)] for code in codes[int(offsets[row]) : int(offsets[row + 1])])
        case Number(values, valid):
            if valid is not None and not valid[row]:
                return None
            number: int | float = values[row] if values.dtype == np.object_ else values[row].item()
            return None if number != number else number  # noqa: PLR0124  # NaN is what is not itself
        case Instant(values, valid):
            if valid is not None and not valid[row]:
                return None
            return EPOCH + timedelta(microseconds=int(values[row]))


def numeric(column: Column) -> npt.NDArray[np.float64]:
    """(n_rows,) float64, NaN = unset. Booleans are 0 and 1, datetimes seconds since 1970.

    May be the column itself, so it is not for writing to. Raises: ValueError for text and lists.
    """
    match column:
        case Number(values, valid):
            floats = values.astype(np.float64, copy=False)
            return floats if valid is None else np.where(valid, floats, np.nan)
        case Instant(values, valid):
            floats = values / SECOND
            return floats if valid is None else np.where(valid, floats, np.nan)
        case Coded(codes, labels) if labels == (False, True):
            return np.array([np.nan, 0.0, 1.0])[codes]
        case _:
            raise ValueError("text has no numbers")


def categories(column: Column) -> Categories:
    """The column as codes and labels, labels in their own order; numbers and dates as their text.

    Lists are the text of the sorted list. Cost grows with the number of distinct values: for wide text too.
    """
    if isinstance(column, Coded):
        labels = tuple(
            "true" if label is True else "false" if label is False else label for label in column.labels
        )
        return Categories(column.codes.astype(np.int32) - 1, labels)
    series = series_of(column, "value")
    if isinstance(column, Array):
        series = series.list.sort().list.join("; ")
    distinct = series.drop_nulls().unique().sort()
    codes = pl.DataFrame({"value": series}).join(
        pl.DataFrame({"value": distinct, "code": np.arange(len(distinct), dtype=np.int32)}),
        on="value", how="left", maintain_order="left",
    )["code"]  # fmt: skip
    labels = distinct.cast(pl.String).to_list()
    return Categories(codes.fill_null(-1).to_numpy(), tuple(labels))
