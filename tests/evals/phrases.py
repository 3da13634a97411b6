"""Plain conditions on the fields of a table, made of its own names and values."""

from __future__ import annotations

from functools import cache

from segmentry.criteria import suggest
from segmentry.criteria.catalog import Catalog, Field
from segmentry.criteria.dates import Clock
from segmentry.criteria.nodes import Leaf, Node
from segmentry.reader.read import read

from evals import tables


@cache
def conditions(table: str, clock: Clock) -> tuple[str, ...]:
    """Conditions that the reader answers alone, one for each field that takes one, on that field."""
    catalog = tables.load(table)
    found: list[str] = []
    for field in catalog.visible:
        text = condition(field, suggest.words(field.name))
        if text is not None and on_field(read_alone(text, catalog, clock), field):
            found.append(text)
    return tuple(found)


def condition(field: Field, name: str) -> str | None:
    """A condition on a field under some name for it, or None for a type that has no plain one."""
    if field.type == "number":
        low, high = field.minimum, field.maximum
        middle = 5 if low is None or high is None else int((low + high) / 2)
        return f"{name} over {middle}"
    if field.type == "enum" and field.values:
        return f"{name} is {field.values[0].value}"
    if field.type == "datetime":
        return f"{name} before 2024"
    return None


def read_alone(text: str, catalog: Catalog, clock: Clock) -> Node | None:
    """The criteria of an answer that needs no second look."""
    draft = read(text, catalog, clock)
    return draft.node if draft.outcome == "ok" and draft.confidence >= 0.9 else None


def on_field(node: Node | None, field: Field) -> bool:
    """Whether criteria are one condition on a field."""
    return isinstance(node, Leaf) and node.field == field.name
