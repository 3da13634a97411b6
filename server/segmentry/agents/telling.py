"""Conditions in words for a prompt, with no more of them than the catalog lets out.

A condition is the caller's own, but it may hold what he never wrote: a value that a misspelt word was taken
for was seen in the rows. So the rule of the cards holds here too (`agents/cards.py`), and words of the
request, which are sent anyway, may be repeated.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from segmentry.agents.cards import disclosed
from segmentry.agents.groups import everything
from segmentry.agents.marks import one_line
from segmentry.criteria import walk
from segmentry.criteria.catalog import Catalog, Field
from segmentry.criteria.nodes import Event, Leaf, Node, Operator, Scalar, Segment, Top
from segmentry.criteria.walk import AnyLeaf

UNTOLD: Final = "a condition that is not shown"
_HIDDEN_VALUE: Final = "(a value)"
_MOST_VALUES: Final = 12
_SIGNS: Final = {
    Operator.EQ: "is",
    Operator.IN: "is",
    Operator.NEQ: "is not",
    Operator.NIN: "is none of",
    Operator.GT: "is above",
    Operator.GTE: "is at least",
    Operator.LT: "is below",
    Operator.LTE: "is at most",
    Operator.CONTAINS: "contains",
    Operator.STARTS_WITH: "starts with",
    Operator.ENDS_WITH: "ends with",
}


@dataclass(frozen=True, slots=True)
class Told:
    """One condition in words; `whole` where nothing of it was kept back."""

    text: str
    whole: bool = True


class Teller:
    """Tells the conditions of one catalog to a model that is also sent `said`, the words of the request."""

    def __init__(self, catalog: Catalog, said: str) -> None:
        self._catalog = catalog
        self._keys = everything(catalog).keys
        self._said = said.casefold()

    def leaf(self, leaf: AnyLeaf) -> Told:
        """One condition on one line."""
        match leaf:
            case Leaf():
                return self._of_field(leaf)
            case Event(name):
                key = self._keys.get(name)
                if key is None:
                    return Told(UNTOLD, whole=False)
                what = key if leaf.of is None else f"{leaf.measure} of {one_line(leaf.of, 64)} of {key}"
                sign = _SIGNS.get(leaf.operator, leaf.operator.value)
                return Told(f"{what} {sign} {leaf.value}{_window(leaf)}", whole=leaf.where is None)
            case Segment():
                return Told(
                    "member of a saved segment" if leaf.name == "" else f"in segment {leaf.name}", whole=False
                )
            case Top(field, percent, order):
                key = self._keys.get(field)
                if key is None:
                    return Told(UNTOLD, whole=False)
                return Told(f"{key} is in the {order} {percent:g} %")

    def whole(self, node: Node) -> bool:
        """Whether every condition of a tree may be told as it is."""
        return all(self.leaf(each).whole for each in walk.leaves(node))

    def _of_field(self, leaf: Leaf) -> Told:
        field, key = self._catalog.get(leaf.field), self._keys.get(leaf.field)
        if field is None or key is None:
            return Told(UNTOLD, whole=False)
        if leaf.operator is Operator.EXISTS:
            return Told(f"{key} is {'set' if leaf.value else 'not set'}")
        values = leaf.value if isinstance(leaf.value, tuple) else (leaf.value,)
        told = [self._value(each, field) for each in values[:_MOST_VALUES]]
        texts = list(dict.fromkeys(_HIDDEN_VALUE if each is None else each for each in told))
        if len(values) > _MOST_VALUES:
            texts.append(f"{len(values) - _MOST_VALUES} more")
        return Told(f"{key} {_SIGNS[leaf.operator]} {' or '.join(texts)}", whole=None not in told)

    def _value(self, value: Scalar, field: Field) -> str | None:
        """A value as it may be told, None where it is kept back."""
        if value is None:
            return "not set"
        if isinstance(value, bool):
            return "yes" if value else "no"
        text = value.isoformat() if isinstance(value, datetime) else str(value)
        if text.casefold() in self._said:
            return one_line(text, 64)
        if field.pii or field.llm != "values":
            return None
        if not isinstance(value, str) or field.type == "datetime":
            return one_line(text, 64)
        listed = {str(each.value) for each in disclosed(field)}
        return one_line(text, 64) if text in listed else None


def _window(event: Event) -> str:
    start, end = event.window_start, event.window_end
    parts = ([f"from {start}"] if start is not None else []) + ([f"until {end}"] if end is not None else [])
    return f" {' '.join(parts)}" if parts else ""
