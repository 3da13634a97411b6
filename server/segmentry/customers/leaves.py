"""A leaf over a column gives a mask: true or false for every row, never unknown.

Unset rows meet no positive operator; `neq` and `nin` are exact complements of `eq` and `in`.
Every function returns a fresh array: (n_rows,), bool.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

import numpy as np
import polars as pl

from segmentry.criteria.catalog import EventProperty, Field
from segmentry.criteria.nodes import Leaf, Operator, Scalar, Value
from segmentry.customers.columns import EPOCH, Array, Coded, Column, Instant, Mask, Number, Text

INT64_MIN, INT64_MAX = -(2**63), 2**63 - 1
ORDER = (Operator.GT, Operator.GTE, Operator.LT, Operator.LTE)


def mask(column: Column, field: Field | EventProperty, leaf: Leaf) -> Mask:
    """The rows that meet the leaf. The leaf is bound: its operand already has the column's type."""
    operator, value = leaf.operator, leaf.value
    if operator is Operator.NEQ:
        return ~_equal(column, field, value)
    if operator is Operator.NIN:
        return ~_any_of(column, field, value)
    if operator is Operator.EQ:
        return _equal(column, field, value)
    if operator is Operator.IN:
        return _any_of(column, field, value)
    if operator is Operator.EXISTS:
        # A copy: `present` may be the column's own array, and whoever gets a mask may write to it.
        return column.present.copy() if value else ~column.present
    assert not isinstance(value, tuple), "only in and nin take a list"
    match column:
        case Array():
            assert operator is Operator.CONTAINS, f"{operator} does not apply to lists"
            return _equal(column, field, value)
        case Coded() | Text():
            return _text(column, _folds(field), operator, str(value))
        case Number():
            assert isinstance(value, int | float)
            return _compare(column, operator, value)
        case Instant():
            assert isinstance(value, datetime)
            return _compare_whole(column, operator, microseconds(value))


def microseconds(instant: datetime) -> int:
    """UTC microseconds since 1970, exact for every year from 1 to 9999."""
    return (instant - EPOCH) // timedelta(microseconds=1)


def _folds(field: Field | EventProperty) -> bool:
    return isinstance(field, Field) and field.case_insensitive


def _equal(column: Column, field: Field | EventProperty, value: Value) -> Mask:
    assert not isinstance(value, tuple), "eq and neq take one value"
    return _any_of(column, field, (value,))


def _any_of(column: Column, field: Field | EventProperty, values: Value) -> Mask:
    assert isinstance(values, tuple), "in and nin take a list"
    wanted = [value for value in values if value is not None]
    found = _in(column, field, wanted)
    if None in values:
        found |= ~column.present
    return found


def _in(column: Column, field: Field | EventProperty, wanted: Sequence[Scalar]) -> Mask:
    if not wanted:
        return np.zeros(column.rows, dtype=np.bool_)
    match column:
        case Coded():
            if column.labels and isinstance(column.labels[0], bool):
                flags = {value for value in wanted if isinstance(value, bool)}
                return _look_up(column, [label in flags for label in column.labels])
            words = _words(wanted, folded=_folds(field))
            labels = column.folded if _folds(field) else column.labels
            return _look_up(column, [label in words for label in labels])
        case Text():
            words = _words(wanted, folded=_folds(field))
            series = column.folded if _folds(field) else column.series
            if len(words) == 1:
                return _filled(series == next(iter(words)))
            return _filled(series.is_in(pl.Series(sorted(words), dtype=pl.String)))
        case Array():
            words = _words(wanted, folded=_folds(field))
            labels = column.folded if _folds(field) else column.labels
            return _has_element(column, [index for index, label in enumerate(labels) if label in words])
        case Number():
            numbers = [value for value in wanted if isinstance(value, int | float)]
            return _any_number(column, numbers)
        case Instant():
            instants = [microseconds(value) for value in wanted if isinstance(value, datetime)]
            return _any_whole(column.values, column.valid, instants)


def _words(wanted: Sequence[Scalar], *, folded: bool) -> set[str]:
    return {str(value).casefold() if folded else str(value) for value in wanted}


def _filled(answer: pl.Series) -> Mask:
    """Polars says null for unset; here that is false."""
    return answer.fill_null(value=False).to_numpy(writable=True)


def _look_up(column: Coded, hits: Sequence[bool]) -> Mask:
    table = np.zeros(len(column.labels) + 1, dtype=np.bool_)
    table[1:] = hits
    return table[column.codes]


def _has_element(column: Array, labels: Sequence[int]) -> Mask:
    found = np.zeros(column.rows, dtype=np.bool_)
    rows, starts = column.inverted
    for label in labels:
        found[rows[starts[label] : starts[label + 1]]] = True
    return found


def _text(column: Coded | Text, folds: bool, operator: Operator, operand: str) -> Mask:
    """Literal and by code point: no pattern characters, no collation, no Unicode normalising."""
    needle = operand.casefold() if folds else operand
    if isinstance(column, Coded):
        labels = column.folded if folds else tuple(str(label) for label in column.labels)
        test = _TEXT_TESTS[operator]
        return _look_up(column, [test(label, needle) for label in labels])
    series = column.folded if folds else column.series
    match operator:
        case Operator.CONTAINS:
            return _filled(series.str.contains(needle, literal=True))
        case Operator.STARTS_WITH:
            return _filled(series.str.starts_with(needle))
        case Operator.ENDS_WITH:
            return _filled(series.str.ends_with(needle))
        case Operator.GT:
            return _filled(series > needle)
        case Operator.GTE:
            return _filled(series >= needle)
        case Operator.LT:
            return _filled(series < needle)
        case Operator.LTE:
            return _filled(series <= needle)
        case _:
            raise AssertionError(f"{operator} is not a text operator")


_TEXT_TESTS: dict[Operator, Callable[[str, str], bool]] = {
    Operator.CONTAINS: lambda label, needle: needle in label,
    Operator.STARTS_WITH: lambda label, needle: label.startswith(needle),
    Operator.ENDS_WITH: lambda label, needle: label.endswith(needle),
    Operator.GT: lambda label, needle: label > needle,
    Operator.GTE: lambda label, needle: label >= needle,
    Operator.LT: lambda label, needle: label < needle,
    Operator.LTE: lambda label, needle: label <= needle,
}


def _any_number(column: Number, wanted: Sequence[int | float]) -> Mask:
    if column.integer:
        whole = [int(value) for value in wanted if value == math.floor(value)]
        return _any_whole(column.values, column.valid, whole)
    if len(wanted) == 1:
        return column.values == float(wanted[0])
    return np.isin(column.values, np.array(wanted, dtype=np.float64))


def _any_whole(values: np.ndarray, valid: Mask | None, wanted: Sequence[int]) -> Mask:
    inside = [value for value in wanted if _fits(values, value)]
    if not inside:
        return np.zeros(len(values), dtype=np.bool_)
    found = values == inside[0] if len(inside) == 1 else np.isin(values, np.array(inside, dtype=values.dtype))
    return found if valid is None else found & valid


def _compare(column: Number, operator: Operator, operand: float) -> Mask:
    if column.integer:
        if isinstance(operand, float):
            # Integers are compared with integers, so that nothing beyond 2^53 is rounded.
            operand = math.floor(operand) if operator in {Operator.GT, Operator.LTE} else math.ceil(operand)
        return _compare_whole(column, operator, operand)
    # NaN compares false with everything, which is what "unset" has to do.
    return compared(column.values, operator, float(operand))


def _compare_whole(column: Number | Instant, operator: Operator, operand: int) -> Mask:
    if not _fits(column.values, operand):
        above = operand > INT64_MAX
        everything = above if operator in {Operator.LT, Operator.LTE} else not above
        return column.present.copy() if everything else np.zeros(column.rows, dtype=np.bool_)
    found = compared(column.values, operator, operand)
    return found if column.valid is None else found & column.valid


def _fits(values: np.ndarray, operand: int) -> bool:
    return values.dtype == np.object_ or INT64_MIN <= operand <= INT64_MAX


def compared(values: np.ndarray, operator: Operator, operand: float) -> Mask:
    """`values` against one number with eq, neq or an order operator."""
    match operator:
        case Operator.GT:
            found = values > operand
        case Operator.GTE:
            found = values >= operand
        case Operator.LT:
            found = values < operand
        case Operator.LTE:
            found = values <= operand
        case Operator.EQ:
            found = values == operand
        case Operator.NEQ:
            found = values != operand
        case _:
            raise AssertionError(f"{operator} does not order numbers")
    return found.astype(np.bool_, copy=False)
