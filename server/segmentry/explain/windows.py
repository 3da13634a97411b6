"""Events asked for less strictly: fewer of them, or over a longer time."""

from __future__ import annotations

import dataclasses
import math
import re
from collections.abc import Iterator

from segmentry.criteria.nodes import Event, Operator
from segmentry.explain.conditions import Condition

# Every smaller number is tried up to this; a larger one is halved again and again.
_FEW = 12
# Each round of `between` leaves a 25th of the numbers: four are enough for 390,625.
_MOST_BETWEEN = 24
_PERIOD = re.compile(r"\{\{([0-9]+)_(DAY|WEEK|MONTH|YEAR)S_AGO\}\}")
_MONTHS_OF = {"DAY": 12 / 365, "WEEK": 12 * 7 / 365, "MONTH": 1, "YEAR": 12}
_LONGER = (1, 2, 3, 6, 12, 18, 24, 36, 60)


def other_numbers(condition: Condition) -> tuple[Event, ...]:
    """An event leaf with numbers that are easier to meet, the nearest first; none for other leaves.

    Where at least so many are wanted: fewer, down to one. Where at most so many are allowed: more. Under a
    `$not` it is the other way round.
    """
    event = condition.leaf
    if not isinstance(event, Event):
        return ()
    least = event.value + (event.operator is Operator.GT)
    largest = event.value - (event.operator is Operator.LT)
    if event.operator in (Operator.GTE, Operator.GT):
        values = _more(least) if condition.negated else _fewer(least, 1)
        return _with(event, Operator.GTE, values)
    if event.operator in (Operator.LTE, Operator.LT):
        values = _fewer(largest, 0) if condition.negated else _more(largest)
        return _with(event, Operator.LTE, values)
    if event.operator is Operator.EQ and not condition.negated:
        if event.value > 0:
            return _with(event, Operator.GTE, iter((event.value, *_fewer(event.value, 1))))
        return _with(event, Operator.LTE, _more(event.value))
    return ()


def between(event: Event, harder: int) -> tuple[Event, ...]:
    """The event with numbers strictly between a harder one and its own, evenly spaced, the hardest first.

    >>> [each.value for each in between(Event("order", operator=Operator.GTE, value=2), 6)]
    [5, 4, 3]
    """
    step = 1 if event.value > harder else -1
    values = range(harder + step, event.value, step)
    spaced = values[:: max(1, math.ceil(len(values) / _MOST_BETWEEN))]
    return _with(event, event.operator, iter(spaced))


def longer(condition: Condition) -> tuple[Event, ...]:
    """An event leaf of which at least so many are wanted, over more months than its window has.

    None where the window has no moving start.
    """
    event = condition.leaf
    if not isinstance(event, Event) or condition.negated:
        return ()
    if event.operator not in (Operator.GTE, Operator.GT):
        return ()
    found = _PERIOD.fullmatch(event.window_start) if isinstance(event.window_start, str) else None
    if found is None:
        return ()
    months = int(found[1]) * _MONTHS_OF[found[2]]
    # Months are 28 to 31 days: only periods that surely reach further back.
    reaching = [each for each in _LONGER if each * 28 / 30.5 > months]
    return tuple(dataclasses.replace(event, window_start=f"{{{{{each}_MONTHS_AGO}}}}") for each in reaching)


def _with(event: Event, operator: Operator, values: Iterator[int]) -> tuple[Event, ...]:
    return tuple(dataclasses.replace(event, operator=operator, value=value) for value in values)


def _fewer(value: int, least: int) -> Iterator[int]:
    if value <= _FEW:
        yield from range(value - 1, least - 1, -1)
        return
    while value > least:
        value = max(least, value // 2)
        yield value


def _more(value: int) -> Iterator[int]:
    yield from range(value + 1, value + 4)
    yield from (value + 5 * 2**power for power in range(8))
