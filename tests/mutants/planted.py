"""Errors that somebody could make, one each, planted in the reference matcher or in an engine."""

# Replacements pass through what the replaced parts take, whatever that is:
# pyright: reportUnknownLambdaType=false, reportUnknownArgumentType=false, reportUnknownVariableType=false, reportPrivateUsage=false, reportUnknownMemberType=false, reportUnnecessaryTypeIgnoreComment=false

from __future__ import annotations

import dataclasses
import math
import operator as python
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

import pytest
from segmentry.criteria import dates, linetable, match
from segmentry.criteria.dates import Clock
from segmentry.criteria.match import Cell, Row
from segmentry.criteria.nodes import Leaf, Node, Not, Operator
from segmentry.criteria.operators import BY_OPERATOR

Plant = Callable[[pytest.MonkeyPatch], None]


def _leaf_of(change: Callable[[Any, Operator, Any, bool], bool]) -> Plant:
    """A leaf whose answer, given value, operator, operand and the right answer, is another."""

    def plant(patch: pytest.MonkeyPatch) -> None:
        right = match._leaf  # pyright: ignore[reportPrivateUsage]  # the error goes where it would be made
        patch.setattr(
            match, "_leaf", lambda value, op, operand: change(value, op, operand, right(value, op, operand))
        )

    return plant


def _test_of(operator: Operator, test: Callable[[Any, Any], bool]) -> Plant:
    def plant(patch: pytest.MonkeyPatch) -> None:
        rows = {**BY_OPERATOR, operator: dataclasses.replace(BY_OPERATOR[operator], test=test)}
        patch.setattr(match, "BY_OPERATOR", rows)

    return plant


def _unset_meets_no_negation(value: Any, op: Operator, operand: Any, right: bool) -> bool:
    return right and not (value is None and op in (Operator.NEQ, Operator.NIN))


def _null_in_a_list_is_ignored(value: Any, op: Operator, operand: Any, right: bool) -> bool:
    return False if op is Operator.IN and value is None else right


def _empty_list_is_unset(value: Any, op: Operator, operand: Any, right: bool) -> bool:
    return (not operand) if op is Operator.EXISTS and value == () else right


def _neq_is_any_other_element(value: Any, op: Operator, operand: Any, right: bool) -> bool:
    if op is Operator.NEQ and isinstance(value, tuple):
        return any(each != operand for each in value)  # pyright: ignore[reportUnknownVariableType]
    return right


def _unset_is_small(value: Any, op: Operator, operand: Any, right: bool) -> bool:
    return right or (value is None and op in (Operator.LT, Operator.LTE))


def _three_valued_not(patch: pytest.MonkeyPatch) -> None:
    """NOT of unknown is unknown: whoever has no value is in neither."""
    right = match.matches

    def matches(bound: Node, row: Row, *rest: Any, **named: Any) -> bool:
        if isinstance(bound, Not) and isinstance(bound.item, Leaf) and row.get(bound.item.field) is None:
            return False
        return right(bound, row, *rest, **named)

    patch.setattr(match, "matches", matches)


def _de_morgan_without_nulls(patch: pytest.MonkeyPatch) -> None:
    """`$not $lt` written as `$gte`."""
    right = match.matches
    opposite = {Operator.LT: Operator.GTE, Operator.GTE: Operator.LT, Operator.GT: Operator.LTE}

    def matches(bound: Node, *rest: Any, **named: Any) -> bool:
        if isinstance(bound, Not) and isinstance(bound.item, Leaf) and bound.item.operator in opposite:
            bound = dataclasses.replace(bound.item, operator=opposite[bound.item.operator])
        return right(bound, *rest, **named)

    patch.setattr(match, "matches", matches)


def _closed_window(patch: pytest.MonkeyPatch) -> None:
    right = match.event_total
    step = timedelta(microseconds=1)

    def event(asked: Any, as_of: datetime, events: Any) -> int:
        end = (asked.window_end or as_of) + step
        return right(dataclasses.replace(asked, window_end=end), as_of, events)

    patch.setattr(match, "event_total", event)


def _ties_are_lost(patch: pytest.MonkeyPatch) -> None:
    right = match.top_threshold

    def threshold(top: Any, of: Node, values: Any) -> Node:
        return right(top, of, sorted(set(values)))

    patch.setattr(match, "top_threshold", threshold)


def _rank_rounds_down(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(match, "top_rank", lambda n, percent: max(1, math.floor(n * percent / 100)))


def _nan_is_a_number(patch: pytest.MonkeyPatch) -> None:
    right = match.cell

    def cell(row: Row, field: str, folded: Any = ()) -> Cell:
        value = row.get(field)
        return value if isinstance(value, float) else right(row, field, folded)

    patch.setattr(linetable, "_number", lambda value, field, path: value if field.integer else float(value))
    patch.setattr(match, "cell", cell)


def _case_is_kept(patch: pytest.MonkeyPatch) -> None:
    right = match.cell
    patch.setattr(match, "cell", lambda row, field, folded=(): right(row, field, ()))


def _lower_is_not_casefold(patch: pytest.MonkeyPatch) -> None:
    right = match.cell

    def cell(row: Row, field: str, folded: Any = ()) -> Cell:
        value = right(row, field, ())
        return value.lower() if field in folded and isinstance(value, str) else right(row, field, folded)

    patch.setattr(match, "cell", cell)


def _months_of_30_days(patch: pytest.MonkeyPatch) -> None:
    right = dates.resolve

    def resolve(text: str, clock: Clock) -> datetime:
        return right(
            text.replace("3_MONTHS_AGO", "90_DAYS_AGO").replace("1_MONTHS_AGO", "30_DAYS_AGO"), clock
        )

    patch.setattr(dates, "resolve", resolve)


def _time_of_day_is_kept(patch: pytest.MonkeyPatch) -> None:
    right = dates.resolve

    def resolve(text: str, clock: Clock) -> datetime:
        found = right(text, clock)
        return found + timedelta(hours=10) if "AGO" in text else found

    patch.setattr(dates, "resolve", resolve)


def _like(value: str, needle: str) -> bool:
    return any(
        all(sign in ("_", each) for sign, each in zip(needle, value[at:], strict=False))
        for at in range(len(value) - len(needle) + 1)
    )


def _dollar(value: str, needle: str) -> bool:
    return value.endswith((needle, needle + "\n"))


def _folded(value: Any, operand: Any) -> bool:
    return value.casefold() == operand.casefold() if isinstance(value, str) else value == operand


REFERENCE: Mapping[str, Plant] = {
    "three-valued not": _three_valued_not,
    "unset meets no $neq": _leaf_of(_unset_meets_no_negation),
    "null in a list is ignored": _leaf_of(_null_in_a_list_is_ignored),
    "unset is below everything": _leaf_of(_unset_is_small),
    "[] is unset": _leaf_of(_empty_list_is_unset),
    "$neq on arrays is any other element": _leaf_of(_neq_is_any_other_element),
    "$not $lt is $gte": _de_morgan_without_nulls,
    "_ in a needle is any character": _test_of(Operator.CONTAINS, _like),
    "$ also matches before a last newline": _test_of(Operator.ENDS_WITH, _dollar),
    "case is folded": _test_of(Operator.EQ, _folded),
    "case is kept where it should not be": _case_is_kept,
    "lower() for casefold()": _lower_is_not_casefold,
    "$lte is $lt": _test_of(Operator.LTE, python.lt),
    "doubles where integers are": _test_of(
        Operator.EQ, lambda a, b: float(a) == float(b) if isinstance(a, int) else a == b
    ),
    "months of 30 days": _months_of_30_days,
    "the time of day is kept": _time_of_day_is_kept,
    "the window is closed": _closed_window,
    "ties are lost": _ties_are_lost,
    "the rank rounds down": _rank_rounds_down,
    "NaN is a number": _nan_is_a_number,
}
