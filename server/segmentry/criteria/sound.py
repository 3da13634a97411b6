"""Trees that are plainly free of errors, seen without casting a value or wording a fault.

A program that makes trees asks this about each, and nearly all of them are sound. What is not plain is left
to the check, which alone says what is wrong.
"""

from __future__ import annotations

import re
from datetime import date, datetime

from segmentry.criteria import countries, dates, limits
from segmentry.criteria.catalog import Catalog, Field, value_key
from segmentry.criteria.dates import Clock
from segmentry.criteria.nodes import And, Event, Everyone, Leaf, Node, Not, Operator, Or, Scalar, Top
from segmentry.criteria.operators import allowed

_EXACT = 2**53
_LISTS = frozenset({Operator.IN, Operator.NIN})
_EXISTS = Operator.EXISTS
_UNITS = ("DAY", "WEEK", "MONTH", "QUARTER", "YEAR")
_NOT_COUNTED = frozenset(
    {"{{NOW}}", *(f"{{{{START_OF_{which}{unit}}}}}" for which in ("", "LAST_", "NEXT_") for unit in _UNITS)}
)
_COUNTED = re.compile(r"\{\{(0|[1-9][0-9]{0,3})_(DAY|WEEK|MONTH|YEAR)S_(AGO|FROM_NOW)\}\}")
# from no year between these does a placeholder other than of years lead out of the calendar
_FIRST, _LAST = 1000, 9000
_DATE = 10  # characters


def sound(node: Node, catalog: Catalog, clock: Clock) -> bool:
    """Whether a tree has no errors for sure; False also for what only the check can say.

    >>> from segmentry.criteria.catalog import Field
    >>> golf, now = Catalog("golf", (Field("handicap", "number"),)), Clock(datetime(2025, 12, 16), None)
    >>> sound(Leaf("handicap", Operator.LT, 10), golf, now), sound(Leaf("age", Operator.LT, 10), golf, now)
    (True, False)
    """
    waiting = [node]
    seen = 0
    while waiting:
        each = waiting.pop()
        seen += 1
        if seen > limits.MAX_EXPANDED_NODES:
            return False
        if isinstance(each, Leaf):
            if not _leaf(each, catalog, clock):
                return False
        elif isinstance(each, And | Or):
            waiting += each.items
        elif isinstance(each, Not):
            waiting.append(each.item)
        elif isinstance(each, Top):
            field = catalog.get(each.field)
            if field is None or field.type not in ("number", "datetime"):
                return False
            waiting.append(each.of)
        elif isinstance(each, Event):
            if not _event(each, catalog, clock):
                return False
        elif not isinstance(each, Everyone):
            return False
    return True


def _event(event: Event, catalog: Catalog, clock: Clock) -> bool:
    plain = event.where is None and event.of is None and event.name in catalog.event_by_name
    return plain and all(
        each is None or isinstance(each, datetime) or _resolves(each, clock)
        for each in (event.window_start, event.window_end)
    )


def _leaf(leaf: Leaf, catalog: Catalog, clock: Clock) -> bool:
    field = catalog.get(leaf.field)
    operator, value = leaf.operator, leaf.value
    if field is None or operator not in allowed(field):
        return False
    if operator is _EXISTS:
        return isinstance(value, bool)
    if operator in _LISTS:
        if not isinstance(value, tuple) or not 0 < len(value) <= limits.MAX_VALUES:
            return False
        return all(_fits(each, field, clock) for each in value)
    return not isinstance(value, tuple) and _fits(value, field, clock)


def _fits(value: Scalar, field: Field, clock: Clock) -> bool:
    kind = field.type
    if kind == "enum" and field.values:
        return value_key(value) in field.value_by_key
    if kind == "number":
        if isinstance(value, bool) or not isinstance(value, int | float):
            return False
        whole = isinstance(value, int) or not field.integer or value.is_integer()
        return (
            abs(value) <= _EXACT and whole
        )  # an int may be too large for any float, so it is compared first
    if kind == "boolean":
        return isinstance(value, bool)
    if not isinstance(value, str) or not value:
        return kind == "datetime" and isinstance(value, datetime)
    if kind == "datetime":
        return _resolves(value, clock)
    if field.format:
        return field.format == "iso3166-alpha2" and value in countries.CODES
    return not dates.looks_like_placeholder(value)


def _resolves(text: str, clock: Clock) -> bool:
    """Whether it is a placeholder or a date that lies within the calendar."""
    year = clock.as_of.year
    if not _FIRST <= year <= _LAST:
        return False
    if text in _NOT_COUNTED:
        return True
    counted = _COUNTED.fullmatch(text)
    if counted is not None:
        amount = int(counted[1])
        return amount <= dates.MAX_OFFSET and (counted[2] != "YEAR" or amount < _FIRST - 1)
    if len(text) != _DATE or text[4] != "-" or text[7] != "-":
        return False
    try:
        return _FIRST <= date.fromisoformat(text).year <= _LAST
    except ValueError:
        return False
