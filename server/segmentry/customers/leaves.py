"""A leaf over a column gives a set of rows: every row is in it or not, never unknown.

Unset rows meet no positive operator. The leaves are those of a `plan`: `neq`, `nin`, `$eq null` and
`$exists false` are complements there, and lists hold no null. Polars does the comparing, because it
packs the bits as it goes; where it and the language differ (NaN, null) the set rows decide.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

import numpy as np
import polars as pl

from segmentry.criteria.catalog import EventProperty, Field
from segmentry.criteria.nodes import Leaf, Operator, Scalar
from segmentry.customers import bitmaps
from segmentry.customers import scan as slices
from segmentry.customers.bitmaps import Words
from segmentry.customers.columns import EPOCH, Array, Coded, Column, Instant, Number, Text, folds
from segmentry.customers.compact import MICROSECONDS, Blocks, Compact, Ranked
from segmentry.customers.scan import Cancel, scan, scan_in_threads
from segmentry.customers.totals import COMPARED

ORDER = (Operator.GT, Operator.GTE, Operator.LT, Operator.LTE)
# Up to here one compare per run of codes costs less than one look-up per row (measured at 10M rows:
# 0.15 ms a compare of one-byte codes, 14 ms the look-up).
MAX_RUNS = 24
# Up to here one compare per value costs less than a hash table's look-up per row.
MAX_COMPARES = 4


def words(
    column: Column, field: Field | EventProperty, leaf: Leaf, cancel: Cancel, form: Compact | None = None
) -> Words:
    """The rows that meet the leaf; the words may be the column's own and are not to be written to.

    `form`: the compact form of the column, which is asked instead where it can answer.

    Raises: scan.Cancelled.
    """
    operator, value = leaf.operator, leaf.value
    if operator is Operator.EXISTS:
        assert value is True, "a plan asks only for what is set"
        return column.present_words
    if form is not None and not (isinstance(form, Blocks) and operator is not Operator.CONTAINS):
        return _compact(form, field, leaf, cancel)
    if operator is Operator.IN:
        assert isinstance(value, tuple), "in takes a list"
        return _in(column, field, value, cancel)
    assert not isinstance(value, tuple), "only in takes a list"
    if operator is Operator.EQ:
        return _in(column, field, (value,), cancel)
    match column:
        case Coded() | Text():
            return _text(column, folds(field), operator, str(value), cancel)
        case Number():
            assert isinstance(value, int | float)
            return _compare(column, operator, value, cancel)
        case Instant():
            assert isinstance(value, datetime)
            return _compare_whole(column, operator, microseconds(value), cancel)
        case Array():
            raise AssertionError(f"{operator} does not apply to lists")


def _compact(form: Compact, field: Field | EventProperty, leaf: Leaf, cancel: Cancel) -> Words:
    """As `words`, asked of a compact form."""
    operator, value = leaf.operator, leaf.value
    if isinstance(form, Blocks):
        (needle,) = _texts([str(value)], folded=folds(field))
        return scan_in_threads(
            len(form.series),
            lambda first, n: form.contains(first, n, needle),
            cancel,
            slices.BLOCKS_SLICE_ROWS,
        )
    operands = [_operand(each, field) for each in (value if isinstance(value, tuple) else (value,))]
    if isinstance(form, Ranked):
        runs = [form.run(operator, operands[0])] if operator in ORDER else form.runs_of(operands)
        return _in_runs(form.coded, len(form.levels), [run for run in runs if run[0] <= run[1]], cancel)
    if operator in ORDER:
        # No instant lies between two seconds: what is past a second is at the next one or later.
        second, past = divmod(int(operands[0]), MICROSECONDS)
        above = past and operator in {Operator.GTE, Operator.LT}
        return _compare_whole(form.number, operator, second + bool(above), cancel)
    seconds = [divmod(int(each), MICROSECONDS) for each in operands]
    return _any_whole(form.number, [second for second, past in seconds if not past], cancel)


def _operand(value: Scalar, field: Field | EventProperty) -> int | float:
    """A number or an instant as compact forms hold it."""
    if isinstance(value, datetime):
        return microseconds(value)
    assert isinstance(value, int | float)
    return value if field.integer else float(value)


def microseconds(instant: datetime) -> int:
    """UTC microseconds since 1970, exact for every year from 1 to 9999."""
    return (instant - EPOCH) // timedelta(microseconds=1)


def _in(column: Column, field: Field | EventProperty, wanted: Sequence[Scalar], cancel: Cancel) -> Words:
    assert None not in wanted, "a plan asks for unset rows apart"
    match column:
        case Coded():
            if column.labels and isinstance(column.labels[0], bool):
                return _look_up(column, [label in wanted for label in column.labels], cancel)
            texts = _texts(wanted, folded=folds(field))
            labels = column.folded if folds(field) else column.labels
            return _look_up(column, [label in texts for label in labels], cancel)
        case Text():
            texts = _texts(wanted, folded=folds(field))
            series = column.folded if folds(field) else column.series
            return _any_text(series, sorted(texts), cancel)
        case Array():
            texts = _texts(wanted, folded=folds(field))
            labels = column.folded if folds(field) else column.labels
            return _has_element(column, [index for index, label in enumerate(labels) if label in texts])
        case Number():
            return _any_number(column, [each for each in wanted if isinstance(each, int | float)], cancel)
        case Instant():
            instants = [microseconds(each) for each in wanted if isinstance(each, datetime)]
            return _any_whole(column, instants, cancel)


def _texts(wanted: Sequence[Scalar], *, folded: bool) -> set[str]:
    return {str(value).casefold() if folded else str(value) for value in wanted}


def _any_text(series: pl.Series, wanted: Sequence[str], cancel: Cancel) -> Words:
    if len(wanted) == 1:
        return scan_in_threads(len(series), lambda first, n: series.slice(first, n) == wanted[0], cancel)
    accepted = pl.Series(wanted, dtype=pl.String).implode()
    return scan_in_threads(len(series), lambda first, n: series.slice(first, n).is_in(accepted), cancel)


def _look_up(column: Coded, hits: Sequence[bool], cancel: Cancel) -> Words:
    """The rows whose label is a hit. Code 0, which is "unset", never is."""
    return _in_runs(column, len(hits), _runs(hits), cancel)


def _in_runs(column: Coded, top: int, runs: Sequence[tuple[int, int]], cancel: Cancel) -> Words:
    """The rows whose code is in one of the runs, first and last code each; `top` is the highest code."""
    if not runs:
        return bitmaps.none(column.rows)
    if len(runs) > MAX_RUNS:
        table = np.zeros(top + 1, dtype=np.bool_)
        for low, high in runs:
            table[low : high + 1] = True
        return scan_in_threads(
            column.rows, lambda first, n: bitmaps.packed(table[column.codes[first : first + n]]), cancel
        )

    def test(first: int, length: int) -> Words:
        codes = column.series.slice(first, length)
        found = _run(codes, *runs[0], top)
        for low, high in runs[1:]:
            np.bitwise_or(found, _run(codes, low, high, top), out=found)
        return found

    return scan(column.rows, test, cancel)


def _runs(hits: Sequence[bool]) -> list[tuple[int, int]]:
    """First and last code of each run of neighbouring hits."""
    edges = np.flatnonzero(np.diff(np.array([False, *hits, False], dtype=np.int8)))
    return [(int(first) + 1, int(last)) for first, last in edges.reshape(-1, 2)]


def _run(codes: pl.Series, low: int, high: int, top: int) -> Words:
    if low == high:
        return bitmaps.of_series(codes == low)
    found = bitmaps.of_series(codes >= low)
    if high == top:
        return found
    return np.bitwise_and(found, bitmaps.of_series(codes <= high), out=found)


def _has_element(column: Array, labels: Sequence[int]) -> Words:
    found: Words | None = None
    for label in labels:
        members = column.members(label)
        found = members if found is None else found | members
    return bitmaps.none(column.rows) if found is None else found


def _text(column: Coded | Text, folded: bool, operator: Operator, operand: str, cancel: Cancel) -> Words:
    """Literal and by code point: no pattern characters, no collation, no Unicode normalising."""
    needle = operand.casefold() if folded else operand
    if isinstance(column, Coded):
        labels = column.folded if folded else tuple(str(label) for label in column.labels)
        test = _LABEL_TESTS[operator]
        return _look_up(column, [test(label, needle) for label in labels], cancel)
    series = column.folded if folded else column.series
    search = SERIES_TESTS[operator]
    return scan_in_threads(len(series), lambda first, n: search(series.slice(first, n), needle), cancel)


_LABEL_TESTS: dict[Operator, Callable[[str, str], bool]] = {
    Operator.CONTAINS: lambda label, needle: needle in label,
    Operator.STARTS_WITH: lambda label, needle: label.startswith(needle),
    Operator.ENDS_WITH: lambda label, needle: label.endswith(needle),
    Operator.GT: lambda label, needle: label > needle,
    Operator.GTE: lambda label, needle: label >= needle,
    Operator.LT: lambda label, needle: label < needle,
    Operator.LTE: lambda label, needle: label <= needle,
}
SERIES_TESTS: dict[Operator, Callable[[pl.Series, str], pl.Series]] = {
    Operator.CONTAINS: lambda series, needle: series.str.contains(needle, literal=True),
    Operator.STARTS_WITH: lambda series, needle: series.str.starts_with(needle),
    Operator.ENDS_WITH: lambda series, needle: series.str.ends_with(needle),
    Operator.GT: lambda series, needle: series > needle,
    Operator.GTE: lambda series, needle: series >= needle,
    Operator.LT: lambda series, needle: series < needle,
    Operator.LTE: lambda series, needle: series <= needle,
}


def _any_number(column: Number, wanted: Sequence[int | float], cancel: Cancel) -> Words:
    if column.integer:
        whole = [int(value) for value in wanted if value == math.floor(value)]
        return _any_whole(column, whole, cancel)
    # NaN equals none of them, so unset rows need no second look.
    return _equal_any(column.series, [float(value) for value in wanted], cancel)


def _any_whole(column: Number | Instant, wanted: Sequence[int], cancel: Cancel) -> Words:
    if column.values.dtype == np.object_:
        inside = np.array(wanted, dtype=np.object_)
        found = bitmaps.packed(np.isin(column.values, inside)) if wanted else bitmaps.none(column.rows)
    else:
        found = _equal_any(column.series, [value for value in wanted if _fits(column, value)], cancel)
    return _present(column, found)


def _equal_any(series: pl.Series, wanted: Sequence[float], cancel: Cancel) -> Words:
    if not wanted:
        return bitmaps.none(len(series))
    if len(wanted) > MAX_COMPARES:
        accepted = pl.Series(wanted, dtype=series.dtype).implode()
        return scan_in_threads(len(series), lambda first, n: series.slice(first, n).is_in(accepted), cancel)

    def test(first: int, length: int) -> Words:
        values = series.slice(first, length)
        found = bitmaps.of_series(values == wanted[0])
        for each in wanted[1:]:
            np.bitwise_or(found, bitmaps.of_series(values == each), out=found)
        return found

    return scan(len(series), test, cancel)


def _compare(column: Number, operator: Operator, operand: float, cancel: Cancel) -> Words:
    if column.integer:
        if isinstance(operand, float):
            # Integers are compared with integers, so that nothing beyond 2^53 is rounded.
            operand = math.floor(operand) if operator in {Operator.GT, Operator.LTE} else math.ceil(operand)
        return _compare_whole(column, operator, operand, cancel)
    found = _ordered(column.series, operator, float(operand), cancel)
    # Polars puts NaN above all numbers.
    return _present(column, found) if operator in {Operator.GT, Operator.GTE} else found


def _compare_whole(column: Number | Instant, operator: Operator, operand: int, cancel: Cancel) -> Words:
    if column.values.dtype == np.object_:
        return _present(column, bitmaps.packed(COMPARED[operator](column.values, operand).astype(np.bool_)))
    if not _fits(column, operand):
        everything = (operand > 0) == (operator in {Operator.LT, Operator.LTE})
        return column.present_words if everything else bitmaps.none(column.rows)
    return _present(column, _ordered(column.series, operator, operand, cancel))


def _ordered(series: pl.Series, operator: Operator, operand: float, cancel: Cancel) -> Words:
    test = COMPARED[operator]
    return scan(len(series), lambda first, n: test(series.slice(first, n), operand), cancel)


def _present(column: Number | Instant, found: Words) -> Words:
    if column.valid is None and not (isinstance(column, Number) and not column.integer):
        return found
    return np.bitwise_and(found, column.present_words, out=found)


def _fits(column: Number | Instant, operand: int) -> bool:
    half = 1 << (8 * column.values.itemsize - 1)
    return -half <= operand < half
