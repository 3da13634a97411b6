"""Errors that somebody could make in the MongoDB and JSON-Logic exports and in the canonical form."""

# What is planted goes where the error would be made: into parts that are private, whatever they take.
# pyright: reportPrivateUsage=false, reportUnknownLambdaType=false, reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false, reportUnnecessaryTypeIgnoreComment=false

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any

import pytest
from segmentry.criteria import canonical
from segmentry.criteria.export import jsonlogic, mongodb
from segmentry.criteria.nodes import And, Event, Everyone, Leaf, Node, Not, Operator, Or
from segmentry.criteria.operators import BY_OPERATOR

Plant = Callable[[pytest.MonkeyPatch], None]


def _instead(where: ModuleType | type[Any], name: str, change: Callable[..., Any]) -> Plant:
    """A function or method as another one, which gets the right one first."""

    def plant(patch: pytest.MonkeyPatch) -> None:
        right = getattr(where, name)
        patch.setattr(where, name, lambda *args, **named: change(right, *args, **named))

    return plant


# --- MongoDB


def _not_at_the_top(right: Any, self: Any, node: Node) -> Any:
    return {"$not": self.node(node.item)} if isinstance(node, Not) else right(self, node)


def _de_morgan(right: Any, self: Any, node: Node) -> Any:
    opposite = {Operator.LT: Operator.GTE, Operator.GTE: Operator.LT, Operator.GT: Operator.LTE}
    if isinstance(node, Not) and isinstance(node.item, Leaf) and node.item.operator in opposite:
        return right(self, dataclasses.replace(node.item, operator=opposite[node.item.operator]))
    return right(self, node)


def _dollar(right: Any, operator: Operator, text: str) -> str:
    found: str = right(operator, text)
    return found.replace(r"(?![\s\S])", "$")


def _unescaped(right: Any, operator: Operator, text: str) -> str:
    del right
    before = "^" if operator is Operator.STARTS_WITH else ""
    return f"{before}{text}{r'(?![^])' if operator is Operator.ENDS_WITH else ''}"


def _exists(right: Any, self: Any, field: Any, *, negated: bool) -> Any:
    """`$exists`, which a stored null meets."""
    del right, self
    return {field.column_name: {"$exists": negated}}


def _no_nulls(right: Any, self: Any, field: Any, operator: Operator, values: Any) -> Any:
    return right(self, field, operator, tuple(each for each in values if each is not None))


def _dates_are_text(right: Any, value: Any) -> Any:
    found = right(value)
    return found["$date"] if isinstance(found, dict) and "$date" in found else found


def _unfolded(right: Any, field: Any, operator: str, value: Any, column: str = "") -> Any:
    return right(field, operator, value, column or field.column_name)


# In PCRE and in Python `$` also matches before a last newline, in JavaScript it does not.
END_IS_A_DOLLAR = _instead(mongodb, "pattern", _dollar)
# mingo refuses it.
REFUSED = frozenset({"$not at the top"})
MONGODB: Mapping[str, Plant] = {
    "$not at the top": _instead(mongodb._Writer, "node", _not_at_the_top),
    "$not $lt is $gte": _instead(mongodb._Writer, "node", _de_morgan),
    "a needle is a pattern": _instead(mongodb, "pattern", _unescaped),
    "$exists is about the key": _instead(mongodb._Writer, "unset", _exists),
    "null in a list is dropped": _instead(mongodb._Writer, "listed", _no_nulls),
    "dates are texts": _instead(mongodb, "_value", _dates_are_text),
    "case-insensitive fields read the column itself": _instead(mongodb, "_test", _unfolded),
}


# --- JSON-Logic


def _unguarded(right: Any, self: Any, leaf: Leaf, field: Any) -> Any:
    """In JavaScript null is below ten, and its text is "null"."""
    found = right(self, leaf, field)
    operands = found.get("and", []) if isinstance(found, dict) else []
    guarded = len(operands) == 2 and operands[0] == {"!=": [{"var": field.compared_column}, None]}
    return operands[1] if guarded else found


def _or_for_and(right: Any, self: Any, node: Node) -> Any:
    found = right(self, node)
    return {"or": found["and"]} if isinstance(node, And) else found


JSON_LOGIC: Mapping[str, Plant] = {
    "null is below ten": _instead(jsonlogic._Writer, "leaf", _unguarded),
    "text lengths are code points": _instead(jsonlogic, "_units", lambda right, text: len(text)),
    "$and is $or": _instead(jsonlogic._Writer, "node", _or_for_and),
    "null in a list is dropped": _instead(
        jsonlogic._Writer,
        "listed",
        lambda right, self, leaf, field, read, values: right(
            self, leaf, field, read, tuple(each for each in values if each is not None)
        ),
    ),
    "instants are whole milliseconds": _instead(
        jsonlogic._Writer,
        "milliseconds",
        lambda right, self, leaf, instant: int(right(self, leaf, instant)),
    ),
}


# --- the canonical form


def _complement(operator: Operator, opposite: Operator) -> Plant:
    """`$not` of an operator written as another one, as if everybody had a value."""

    def plant(patch: pytest.MonkeyPatch) -> None:
        row = dataclasses.replace(BY_OPERATOR[operator], complement=opposite)
        patch.setattr(canonical, "BY_OPERATOR", {**BY_OPERATOR, operator: row})

    return plant


def _all_flat(right: Any, items: Any, kind: Any, catalog: Any) -> Node:
    """An `$or` inside an `$and` taken for one group."""
    flat: list[Node] = []
    for each in items:
        inner = canonical.canonical(each, catalog)
        flat.extend(inner.items if isinstance(inner, And | Or) else [inner])
    return right(tuple(flat), kind, catalog)


def _not_not(right: Any, inner: Node, catalog: Any) -> Node:
    return inner if isinstance(inner, Not) else right(inner, catalog)


def _leaf(change: Callable[[Leaf], Leaf]) -> Plant:
    return _instead(canonical, "_leaf", lambda right, leaf, catalog: change(right(leaf, catalog)))


def _without_nulls(leaf: Leaf) -> Leaf:
    if not isinstance(leaf.value, tuple):
        return leaf
    return dataclasses.replace(leaf, value=tuple(each for each in leaf.value if each is not None))


def _contains_is_eq(leaf: Leaf) -> Leaf:
    operator = Operator.EQ if leaf.operator is Operator.CONTAINS else leaf.operator
    return dataclasses.replace(leaf, operator=operator)


def _without_part(**parts: Any) -> Plant:
    def changed(right: Any, node: Node, catalog: Any = None) -> tuple[Node, str]:
        found, text = right(node, catalog)
        if not isinstance(found, Event):
            return found, text
        lost = dataclasses.replace(found, **parts)
        return lost, canonical._dumps(canonical.to_value(lost))  # pyright: ignore[reportPrivateUsage] - as it prints

    return _instead(canonical, "printed", changed)


CANONICAL: Mapping[str, Plant] = {
    "$not $lt is $gte": _complement(Operator.LT, Operator.GTE),
    "$not $gte is $lt": _complement(Operator.GTE, Operator.LT),
    "$not $lte is $gt": _complement(Operator.LTE, Operator.GT),
    "$not $gt is $lte": _complement(Operator.GT, Operator.LTE),
    "$not $contains is $neq": _complement(Operator.CONTAINS, Operator.NEQ),
    "groups of two kinds are one": _instead(canonical, "_group", _all_flat),
    "two nots are one": _instead(canonical, "_negated", _not_not),
    "null in a list is dropped": _leaf(_without_nulls),
    "$contains is $eq on text": _leaf(_contains_is_eq),
    "fractions are cut": _instead(
        canonical,
        "_scalar",
        lambda right, value, field: int(value) if isinstance(value, float) else right(value, field),
    ),
    "where is lost": _without_part(where=None),
    "the start of a window is lost": _without_part(window_start=None),
    "the end of a window is lost": _without_part(window_end=None),
    "a date is midnight in UTC": _instead(
        canonical,
        "_time",
        lambda right, value: (
            f"{value}T00:00:00Z" if isinstance(value, str) and len(value) == 10 else right(value)
        ),
    ),
    "nobody is everyone": _instead(
        canonical,
        "_leaf",
        lambda right, leaf, catalog: Everyone() if leaf.value == () else right(leaf, catalog),
    ),
}
