"""Conditions on one field in the words of criteria: which thresholds exist, and how a bound is written."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

import numpy as np

from segmentry.analysis.events import FilterRule, RuleOperator
from segmentry.analysis.table import Floats
from segmentry.criteria import check, dates, operators
from segmentry.criteria.catalog import Catalog, Field
from segmentry.criteria.nodes import And, Everyone, Leaf, Node, Operator, Value
from segmentry.errors import JsonValue

MOST_DAYS = 3650
LONGEST_VALUE = 200
DAY_S = 86_400.0
_RULE_OPERATORS: dict[Operator, RuleOperator] = {
    Operator.EQ: "eq",
    Operator.GT: "gt",
    Operator.LT: "lt",
    Operator.GTE: "gte",
    Operator.LTE: "lte",
    Operator.IN: "in",
    Operator.CONTAINS: "contains",
}


@dataclass(frozen=True, slots=True)
class Edge:
    """A place between two neighbouring values of a field: `below` < `above`. `text` is how criteria write
    the place when the field is a date."""

    below: float
    above: float
    text: str = ""


def roundest(low: float, high: float, *, include: Literal["low", "high"]) -> float:
    """The shortest decimal between two numbers, one of which may itself be taken.

    >>> roundest(815.2, 823.9, include="high"), roundest(31, 32, include="low")
    (820.0, 31.0)
    """
    assert low < high
    fallback = high if include == "high" else low
    for power in range(15, -13, -1):
        step = 10.0**power
        nearest = (math.floor(high / step) if include == "high" else math.ceil(low / step)) * step
        tidy = round(nearest, max(0, -power))
        if (low < tidy <= high) if include == "high" else (low <= tidy < high):
            return tidy
    return fallback


def number_edges(values: Floats, at_most: int) -> list[Edge]:
    """Edges at up to `at_most` quantiles of the values, rising; none for a constant."""
    distinct = np.unique(values)
    if len(distinct) < 2:
        return []
    quantiles = np.quantile(values, np.linspace(0, 1, at_most + 2)[1:-1], method="higher")
    above = np.unique(np.searchsorted(distinct, quantiles))
    if len(distinct) <= at_most + 1:
        above = np.arange(1, len(distinct))
    return [Edge(float(distinct[each - 1]), float(distinct[each])) for each in above if each > 0]


def date_edges(values: Floats, at_most: int, clock: dates.Clock) -> list[Edge]:
    """Edges at starts of days: `{{N_DAYS_AGO}}` up to ten years around `as_of`, else the date itself."""
    if len(values) == 0:
        return []
    edges: dict[float, Edge] = {}
    for wanted in np.unique(np.quantile(values, np.linspace(0, 1, at_most + 2)[1:-1])):
        days = round((clock.as_of.timestamp() - float(wanted)) / DAY_S)
        if 0 < abs(days) <= MOST_DAYS:
            text = f"{{{{{abs(days)}_DAYS_{'AGO' if days > 0 else 'FROM_NOW'}}}}}"
            instant = dates.resolve(text, clock).timestamp()
        elif days == 0:
            text = "{{START_OF_DAY}}"
            instant = dates.resolve(text, clock).timestamp()
        else:
            text = (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=float(wanted))).date().isoformat()
            instant = dates.parse_instant(text, clock.zone).timestamp()
        edges[instant] = Edge(float(np.nextafter(instant, -np.inf)), instant, text)
    return [edges[instant] for instant in sorted(edges)]


def at_least(field: Field, edge: Edge) -> Leaf | None:
    """The condition that holds from `edge.above` on, with an operator that the field takes."""
    return _bound(field, edge, Operator.GTE, Operator.GT)


def below(field: Field, edge: Edge) -> Leaf | None:
    """The condition that holds up to `edge.below`, with an operator that the field takes."""
    return _bound(field, edge, Operator.LT, Operator.LTE)


def _bound(field: Field, edge: Edge, first: Operator, second: Operator) -> Leaf | None:
    taken = operators.allowed(field)
    if edge.text:
        # A date bound stands exactly at `above`: only the operator that splits there is right.
        return Leaf(field.name, first, edge.text) if first in taken else None
    if first in taken:
        return Leaf(field.name, first, _value(field, roundest(edge.below, edge.above, include="high")))
    if second in taken:
        return Leaf(field.name, second, _value(field, roundest(edge.below, edge.above, include="low")))
    return None


def one_of(field: Field, values: Sequence[str | float | bool]) -> Leaf | None:
    """The condition that the field has one of the values, or None when its operators cannot say so."""
    taken = operators.allowed(field)
    if len(values) == 1 and Operator.EQ in taken:
        return Leaf(field.name, Operator.EQ, _value(field, values[0]))
    if Operator.IN in taken:
        return Leaf(field.name, Operator.IN, tuple(_value(field, value) for value in values))
    return None


def sayable(field: Field, value: str | float | bool, clock: dates.Clock) -> bool:
    """Whether criteria can name the value: not text with NUL, text that reads as a placeholder, a code that
    the field's format or list of values does not know ..."""
    if isinstance(value, str) and ("\0" in value or len(value) > LONGEST_VALUE):
        return False
    leaf = one_of(field, [value])
    return leaf is not None and not check.check(leaf, Catalog("", (field,)), clock).errors


def _value(field: Field, value: str | float | bool) -> str | float | int | bool:
    whole = isinstance(value, float) and value.is_integer() and abs(value) <= 2**53
    return int(value) if field.type == "number" and whole else value


def node_of(leaves: Sequence[Leaf]) -> Node:
    """All conditions together; everyone when there is none."""
    if not leaves:
        return Everyone()
    return leaves[0] if len(leaves) == 1 else And(tuple(leaves))


def rules_of(leaves: Sequence[Leaf]) -> tuple[FilterRule, ...]:
    """The same conditions as filter rules."""
    return tuple(
        FilterRule(leaf.field, _RULE_OPERATORS[leaf.operator], _plain(leaf.value)) for leaf in leaves
    )


def _plain(value: Value) -> JsonValue:
    """Learnt conditions hold text, numbers and flags: dates are written as text."""
    assert not isinstance(value, datetime)
    return [_plain(each) for each in value] if isinstance(value, tuple) else value
