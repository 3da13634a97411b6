"""Comparisons of instants for stores that keep whole milliseconds and cut the later digits off."""

from __future__ import annotations

from datetime import datetime, timedelta

from segmentry.criteria.nodes import Operator

_MILLISECOND = timedelta(milliseconds=1)


def compared(operator: Operator, instant: datetime) -> tuple[Operator, datetime, bool]:
    """The comparison on whole milliseconds, and whether it says the same of instants with finer digits.

    A time that was cut down is at or after a whole millisecond, or before it, exactly when the full time is;
    every other comparison depends on digits that are gone. On times of whole milliseconds all are exact.
    `eq` with a finer operand stays as it is, and matches nobody there.

    >>> from datetime import UTC
    >>> day = datetime(2025, 1, 1, tzinfo=UTC)
    >>> compared(Operator.LT, day) == (Operator.LT, day, True)
    True
    >>> compared(Operator.GTE, day.replace(microsecond=1)) == (Operator.GT, day, False)
    True
    """
    floor = instant - (instant - instant.replace(microsecond=0)) % _MILLISECOND
    if floor == instant:
        return operator, instant, operator in (Operator.GTE, Operator.LT)
    match operator:
        case Operator.GT | Operator.GTE:
            return Operator.GT, floor, False
        case Operator.LT | Operator.LTE:
            return Operator.LTE, floor, False
        case _:
            return operator, instant, False
