"""One table column as the snapshot engine holds it: arrays that a leaf turns into a mask without copies.

    Column = Coded | Text | Number | Instant | Array

Text with few distinct values, enums and booleans are *coded*: one small integer per row and the list of
labels, so any predicate is computed once per label, in Python, and then looked up. Code 0 is "unset".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import polars as pl

from segmentry.criteria.catalog import EventProperty, Field
from segmentry.customers import bitmaps
from segmentry.customers.bitmaps import Mask, Words

Codes = npt.NDArray[np.unsignedinteger]

# Up to here a predicate over all labels costs less than one pass over the rows of a text column.
CODED_LIMIT = 4096
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECONDS = pl.Datetime("us", "UTC")


def _seal(*arrays: np.ndarray | None) -> None:
    """Make arrays read-only: a slip that writes to a column fails at once instead of changing its counts."""
    for each in arrays:
        if each is not None:
            each.setflags(write=False)


def _sealed(words: Words) -> Words:
    _seal(words)
    return words


def _set_words(valid: Mask | None, rows: int) -> Words:
    return _sealed(bitmaps.everyone(rows) if valid is None else bitmaps.packed(valid))


@dataclass(frozen=True)
class Coded:
    """Text or booleans as codes. `codes`: (n_rows,), 0 = unset, otherwise 1 + index into `labels`."""

    codes: Codes
    labels: tuple[str, ...] | tuple[bool, ...]

    def __post_init__(self) -> None:
        _seal(self.codes)

    @property
    def rows(self) -> int:
        return len(self.codes)

    @property
    def present(self) -> Mask:
        return self.codes != 0

    @cached_property
    def present_words(self) -> Words:
        return _sealed(bitmaps.of_series(self.series != 0))

    @cached_property
    def series(self) -> pl.Series:
        """The codes as Polars reads them: the same memory."""
        return pl.Series(self.codes)

    @cached_property
    def folded(self) -> tuple[str, ...]:
        """The labels of a text column, casefolded."""
        return tuple(str(label).casefold() for label in self.labels)


@dataclass(frozen=True)
class Text:
    """Text with many distinct values, as one Arrow string column; null = unset."""

    series: pl.Series

    @property
    def rows(self) -> int:
        return len(self.series)

    @property
    def present(self) -> Mask:
        return self.series.is_not_null().to_numpy()

    @cached_property
    def present_words(self) -> Words:
        return _sealed(bitmaps.of_series(self.series.is_not_null()))

    @cached_property
    def folded(self) -> pl.Series:
        """The casefolded twin. Full Unicode folding, which no engine's lower() is."""
        values = [None if value is None else value.casefold() for value in self.series.to_list()]
        return pl.Series(self.series.name, values, dtype=pl.String)


@dataclass(frozen=True)
class Number:
    """Numbers. `values`: (n_rows,), the narrowest signed integers, or float64 where NaN is unset.

    `valid`: None if no integer is unset.

    Whole numbers beyond 64 bits are kept as Python integers, in an array of objects: slow, exact and rare.
    """

    values: npt.NDArray[np.integer] | npt.NDArray[np.float64] | npt.NDArray[np.object_]
    valid: Mask | None = None

    def __post_init__(self) -> None:
        _seal(self.values, self.valid)

    @property
    def rows(self) -> int:
        return len(self.values)

    @property
    def integer(self) -> bool:
        return self.values.dtype != np.float64

    @property
    def present(self) -> Mask:
        if not self.integer:
            return ~np.isnan(self.values)
        return np.ones(self.rows, dtype=np.bool_) if self.valid is None else self.valid

    @cached_property
    def present_words(self) -> Words:
        if self.integer:
            return _set_words(self.valid, self.rows)
        return _sealed(bitmaps.packed(~np.isnan(self.values.astype(np.float64, copy=False))))

    @cached_property
    def series(self) -> pl.Series:
        """The values as Polars reads them: the same memory. Not for integers beyond 64 bits."""
        assert self.values.dtype != np.object_
        return pl.Series(self.values)


@dataclass(frozen=True)
class Instant:
    """Datetimes as UTC microseconds since 1970. `valid` is None when none is unset."""

    values: npt.NDArray[np.int64]
    valid: Mask | None = None

    def __post_init__(self) -> None:
        _seal(self.values, self.valid)

    @property
    def rows(self) -> int:
        return len(self.values)

    @property
    def present(self) -> Mask:
        return np.ones(self.rows, dtype=np.bool_) if self.valid is None else self.valid

    @cached_property
    def present_words(self) -> Words:
        return _set_words(self.valid, self.rows)

    @cached_property
    def series(self) -> pl.Series:
        """The microseconds as Polars reads them: the same memory."""
        return pl.Series(self.values)


@dataclass(frozen=True)
class Array:
    """Lists of text without null elements. Row r holds `codes[offsets[r]:offsets[r + 1]]`, codes from 0.

    A list that is empty is a value (`valid` True), a missing one is not.
    """

    offsets: npt.NDArray[np.int64]
    codes: Codes
    labels: tuple[str, ...]
    valid: Mask | None = None

    def __post_init__(self) -> None:
        _seal(self.offsets, self.codes, self.valid)

    @property
    def rows(self) -> int:
        return len(self.offsets) - 1

    @property
    def present(self) -> Mask:
        return np.ones(self.rows, dtype=np.bool_) if self.valid is None else self.valid

    @cached_property
    def folded(self) -> tuple[str, ...]:
        return tuple(label.casefold() for label in self.labels)

    @cached_property
    def present_words(self) -> Words:
        return _set_words(self.valid, self.rows)

    @cached_property
    def index(self) -> tuple[Words | npt.NDArray[np.int32], ...]:
        """For each label the customers that have it: as words, or as rows where those take fewer bytes."""
        owners = np.repeat(np.arange(self.rows, dtype=np.int32), np.diff(self.offsets))
        order = np.argsort(self.codes, kind="stable")
        starts = np.searchsorted(self.codes[order], np.arange(len(self.labels) + 1))
        members = owners[order]
        found: list[Words | npt.NDArray[np.int32]] = []
        for first, last in pairwise(starts.tolist()):
            rows = members[first:last]
            # A row number is 32 bits, a word is 64 bits for 64 rows.
            dense = 32 * len(rows) > self.rows
            found.append(_sealed(bitmaps.of_rows(rows, self.rows)) if dense else rows.copy())
        return tuple(found)

    def members(self, label: int) -> Words:
        """The customers that have the label; maybe the column's own words, which are read-only."""
        members = self.index[label]
        if members.dtype == np.uint64:
            return members.view(np.uint64)
        return bitmaps.of_rows(members, self.rows)


Column = Coded | Text | Number | Instant | Array
BOOLEANS = (False, True)


def folds(field: Field | EventProperty) -> bool:
    """Whether the field compares without case."""
    return isinstance(field, Field) and field.case_insensitive


def narrow(labels: int) -> type[np.uint8 | np.uint16 | np.uint32]:
    """The smallest code type for that many labels plus "unset"."""
    if labels < 0xFF:
        return np.uint8
    return np.uint16 if labels < 0xFFFF else np.uint32


def column_of(series: pl.Series, field: Field | EventProperty) -> Column:
    """Cast a Polars column to what the field declares; what cannot be cast, NaN and infinities become unset.

    Integers stay exact; times without an offset are read as UTC and finer than microseconds are cut.
    """
    match field.type:
        case "number":
            return _number(series, integer=field.integer)
        case "boolean":
            return boolean(series)
        case "datetime":
            return _instant(series)
        case "array":
            return _array(series)
        case "string" | "enum":
            return text(series)


def text(series: pl.Series) -> Coded | Text:
    """A text column, coded when it has few distinct values."""
    series = series.cast(pl.String).rechunk()
    # Two looks: a wide column is recognised by its head, without hashing all of it.
    if series.head(20_000).n_unique() > CODED_LIMIT or series.n_unique() > CODED_LIMIT + 1:
        return Text(series)
    labels = series.drop_nulls().unique().sort()
    codes = series.cast(pl.Enum(labels)).to_physical().cast(pl.UInt32).fill_null(0xFFFFFFFF).to_numpy()
    # 0xFFFFFFFF + 1 wraps to 0, the code of "unset".
    return Coded((codes + np.uint32(1)).astype(narrow(len(labels))), tuple(labels.to_list()))


def boolean(series: pl.Series) -> Coded:
    numbers = series.cast(pl.Boolean).cast(pl.UInt8) + 1
    return Coded(numbers.fill_null(0).rechunk().to_numpy(), BOOLEANS)


def _number(series: pl.Series, *, integer: bool) -> Number:
    if integer:
        whole = series
        if series.dtype.is_float():
            whole = series.set(~(series.is_finite() & (series == series.round(0))), None)
        narrow_enough = whole.cast(pl.Int64, strict=False)
        if whole.dtype.is_integer() and narrow_enough.null_count() > whole.null_count():
            beyond = np.array([0 if value is None else value for value in whole.to_list()], dtype=np.object_)
            return Number(beyond, whole.is_not_null().to_numpy())
        whole = narrow_enough.rechunk()
        valid = None if whole.null_count() == 0 else whole.is_not_null().to_numpy()
        return Number(narrowed(whole.fill_null(0)), valid)
    floats = series.cast(pl.Float64, strict=False).fill_null(float("nan")).rechunk().to_numpy()
    if not np.isfinite(floats).all():
        floats = np.where(np.isfinite(floats), floats, np.nan)
    return Number(floats)


def narrowed(whole: pl.Series) -> npt.NDArray[np.integer]:
    """Signed integers in the fewest bytes, because a compare costs what it reads."""
    low, high = pl.Series([whole.min(), whole.max()], dtype=pl.Int64).fill_null(0).to_list()
    for width in (np.int8, np.int16, np.int32):
        bounds = np.iinfo(width)
        if bounds.min <= low and high <= bounds.max:
            return whole.to_numpy().astype(width)
    return whole.to_numpy()


def _instant(series: pl.Series) -> Instant:
    if isinstance(series.dtype, pl.Datetime) and series.dtype.time_zone is not None:
        times = series.dt.convert_time_zone("UTC").cast(MICROSECONDS)
    else:
        times = series.cast(pl.Datetime("us")).dt.replace_time_zone("UTC")
    whole = times.to_physical().rechunk()
    valid = None if whole.null_count() == 0 else whole.is_not_null().to_numpy()
    return Instant(whole.fill_null(0).to_numpy(), valid)


def _array(series: pl.Series) -> Array:
    lists = series.cast(pl.List(pl.String)).list.drop_nulls().rechunk()
    valid = None if lists.null_count() == 0 else lists.is_not_null().to_numpy()
    lengths = lists.list.len().fill_null(0).cast(pl.Int64).to_numpy()
    offsets = np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(lengths, dtype=np.int64)])
    # An empty list explodes to one null, and no element is null here.
    elements = lists.explode().drop_nulls()
    labels = elements.unique().sort()
    dictionary = pl.DataFrame({"label": labels, "code": np.arange(len(labels), dtype=np.uint32)})
    codes = (
        pl.DataFrame({"label": elements})
        .join(dictionary, on="label", how="left", maintain_order="left")["code"]
        .to_numpy()
    )
    return Array(offsets, codes.astype(narrow(len(labels))), tuple(labels.to_list()), valid)


def array_of(rows: Sequence[Sequence[str] | None]) -> Array:
    """An array column from Python lists; None is unset."""
    return _array(pl.Series("", rows, dtype=pl.List(pl.String)))


def taken(column: Column, rows: npt.NDArray[np.intp]) -> Column:
    """The rows listed, in their order, as a column of its own."""
    match column:
        case Coded(codes, labels):
            return Coded(codes[rows], labels)
        case Text(series):
            return Text(series.gather(rows))
        case Number(values, valid):
            return Number(values[rows], None if valid is None else valid[rows])
        case Instant(values, valid):
            return Instant(values[rows], None if valid is None else valid[rows])
        case Array(offsets, codes, labels, valid):
            spans = [codes[offsets[row] : offsets[row + 1]] for row in rows]
            ends = np.cumsum([0, *(len(span) for span in spans)], dtype=np.int64)
            elements = np.concatenate([codes[:0], *spans])
            return Array(ends, elements, labels, None if valid is None else valid[rows])


def part(column: Column, first: int, last: int) -> Column:
    """The rows `first` to `last` of a column, on the same memory."""
    rows = slice(first, last)
    match column:
        case Coded(codes, labels):
            return Coded(codes[rows], labels)
        case Text(series):
            return Text(series[rows])
        case Number(values, valid):
            return Number(values[rows], None if valid is None else valid[rows])
        case Instant(values, valid):
            return Instant(values[rows], None if valid is None else valid[rows])
        case Array(offsets, codes, labels, valid):
            inside = offsets[first : last + 1]
            elements = codes[int(inside[0]) : int(inside[-1])]
            return Array(inside - inside[0], elements, labels, None if valid is None else valid[rows])
