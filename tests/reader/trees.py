"""Random criteria over any catalog, with every kind of leaf and group."""

from __future__ import annotations

import random

from segmentry.criteria.catalog import Catalog, Field
from segmentry.criteria.nodes import And, Event, Leaf, Node, Not, Operator, Or, Scalar, Segment, Top
from segmentry.reader.lexicon.names import truth_values

_PERIODS = ("{{30_DAYS_AGO}}", "{{6_MONTHS_AGO}}", "{{2_YEARS_AGO}}")


def tree(draw: random.Random, catalog: Catalog, depth: int = 3) -> Node:
    """A tree that the check accepts, with lists, ranges, denials, events, saved segments and shares."""
    kind = draw.choice(["leaf", "leaf", "and", "or", "not", "nor"] if depth else ["leaf"])
    if kind == "leaf":
        return leaf(draw, catalog)
    items = tuple(tree(draw, catalog, depth - 1) for _ in range(draw.randint(2, 4)))
    match kind:
        case "and":
            return And(items)
        case "or":
            return Or(items)
        case "not":
            return Not(items[0])
        case _:
            return Not(Or(items))


def leaf(draw: random.Random, catalog: Catalog) -> Node:
    """One condition on a random field, event, saved segment or share."""
    special = draw.random()
    if special < 0.06 and catalog.events:
        name = draw.choice(catalog.events).name
        return Event(name, value=draw.randint(1, 9), window_start=draw.choice(_PERIODS))
    if special < 0.1:
        return Segment(f"seg_{draw.randint(1, 9)}")
    numbers = [field for field in catalog.visible if field.type == "number" and truth_values(field) is None]
    if special < 0.14:
        return Top(draw.choice(numbers).name, draw.randint(1, 50))
    return condition(draw, draw.choice([field for field in catalog.visible if not field.pii]))


def condition(draw: random.Random, field: Field) -> Node:
    """A condition that the field takes."""
    values: list[Scalar] = [item.value for item in field.values] or list(field.samples)
    match field.type:
        case "boolean":
            return Leaf(field.name, Operator.EQ, draw.random() < 0.5)
        case "number":
            value = draw.randint(1, 99) if field.integer or field.maximum != 1 else 0.5
            return Leaf(field.name, draw.choice([Operator.GT, Operator.GTE, Operator.LT]), value)
        case "datetime":
            return Leaf(field.name, draw.choice([Operator.GTE, Operator.LT]), draw.choice(_PERIODS))
        case _ if len(values) > 2 and field.type != "array" and Operator.IN in (field.operators or Operator):
            return Leaf(field.name, Operator.IN, tuple(draw.sample(values, 2)))
        case _ if values:
            return Leaf(field.name, Operator.EQ, draw.choice(values))
        case _:
            return Leaf(field.name, Operator.EXISTS, True)
