"""Criteria as a sentence, from the labels of the catalog. Deterministic, and complete about unset values."""

from __future__ import annotations

import json

from segmentry.criteria.catalog import Catalog
from segmentry.criteria.dates import Clock, iso
from segmentry.criteria.nodes import And, Event, Everyone, Leaf, Node, Not, Operator, Or, Segment, Top
from segmentry.criteria.operators import BY_OPERATOR
from segmentry.criteria.suggest import words


def english(node: Node, catalog: Catalog, clock: Clock) -> str:
    """The sentence for a whole tree.

    >>> from datetime import UTC, datetime
    >>> english(Everyone(), Catalog("golf", ()), Clock.at(datetime.now(UTC)))
    'everyone'
    """
    match node:
        case Everyone():
            return "everyone"
        case And(items):
            return " and ".join(_inside(item, catalog, clock) for item in items)
        case Or(items):
            return " or ".join(_inside(item, catalog, clock) for item in items)
        case Not(inner):
            return f"not ({english(inner, catalog, clock)})"
        case Leaf() | Event() | Segment() | Top():
            return english_leaf(node, catalog, clock)


def _inside(node: Node, catalog: Catalog, clock: Clock) -> str:
    said = english(node, catalog, clock)
    return f"({said})" if isinstance(node, And | Or) else said


def english_leaf(leaf: Leaf | Event | Segment | Top, catalog: Catalog, clock: Clock) -> str:
    """The phrase for one leaf.

    >>> from datetime import UTC, datetime
    >>> now = Clock.at(datetime.now(UTC))
    >>> english_leaf(Leaf("handicap", Operator.LT, 10), Catalog("golf", ()), now)
    'handicap is less than 10'
    """
    match leaf:
        case Leaf(field, operator, value):
            listed = value if isinstance(value, tuple) else (value,)
            said = " or ".join(
                each if isinstance(each, str) else json.dumps(each, default=iso) for each in listed
            )
            row = BY_OPERATOR[operator]
            phrase = row.negated if operator is Operator.EXISTS and not value else row.english
            unset = " (or unset)" if operator in (Operator.NEQ, Operator.NIN) else ""
            return f"{words(field)} {phrase.format(said)}{unset}"
        case Event():
            return f"{words(leaf.name)} {leaf.measure} {leaf.operator.value} {leaf.value}"
        case Segment():
            return f"in segment {leaf.segment_id}"
        case Top(field, percent, order, of):
            return f"{order} {percent}% by {words(field)} of {english(of, catalog, clock)}"
