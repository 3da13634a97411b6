"""Criteria that nobody can meet, or that bound one column twice on one side: misread, not meant."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from segmentry.criteria import check
from segmentry.criteria.nodes import And, Leaf, Node, Not, Operator, Or
from segmentry.reader.draft import DraftQuestion
from segmentry.reader.outcomes.doubt import Doubt
from segmentry.reader.outcomes.questions import Readings
from segmentry.reader.scene import Fragment, Scene, label

_LOWER = frozenset({Operator.GT, Operator.GTE})
_UPPER = frozenset({Operator.LT, Operator.LTE})
# beyond rounding to whole numbers on either side
_APART = 2


def doubts(scene: Scene, node: Node) -> list[Doubt]:
    """At most one doubt; free where no column has two conditions that must hold at once."""
    if isinstance(node, Leaf):
        return []
    shared = [pair for group in _groups(node) for pair in _twice(group)]
    if not shared or (len(shared) == 1 and _is_range(*shared[0])):
        return []
    for warning in check.check(node, scene.catalog, scene.clock).warnings:
        if warning.code == "CONTRADICTION":
            return [Doubt("impossible", f"Nobody can meet all that was understood about {warning.field}")]
    for one, other in shared:
        if any({one.operator, other.operator} <= side for side in (_LOWER, _UPPER)):
            return [Doubt("bounded twice", f"{one.field} was given two limits on the same side")]
    return []


def _is_range(one: Leaf, other: Leaf) -> bool:
    """Whether two conditions are the ends of a range that holds whole numbers."""
    low, high = (one, other) if one.operator in _LOWER else (other, one)
    if low.operator not in _LOWER or high.operator not in _UPPER:
        return False
    least, most = low.value, high.value
    return isinstance(least, int | float) and isinstance(most, int | float) and most - least >= _APART


def ask(scene: Scene, node: Node, fragments: Sequence[Fragment], further: Readings) -> DraftQuestion | None:
    """The question which of two conditions that exclude each other is meant, with a reading for each.

    None where leaving one of them out does not make two readings.
    """
    for group in _groups(node):
        for one, other in _twice(group):
            kept = [_without(node, other), _without(node, one)]
            if None in kept:
                continue
            said = [each for each in fragments if each.field == one.field] or list(fragments)
            span = scene.span(min(each.start for each in said), max(each.end for each in said))
            places = [
                further.keep(label(leaf), whole)
                for leaf, whole in zip((one, other), kept, strict=True)
                if whole is not None
            ]
            if len(set(places)) == 2 and None not in places:
                text = f"Nobody can be both in '{span.text}': is {label(one)} meant, or {label(other)}?"
                return DraftQuestion(text, span, tuple(place for place in places if place is not None))
    return None


def _without(node: Node, leaf: Leaf) -> Node | None:
    """The tree with one leaf left out, None if nothing is left of it."""
    match node:
        case And(items) | Or(items):
            left = [each for item in items if (each := _without(item, leaf)) is not None]
            if len(left) < 2:
                return left[0] if left else None
            return And(tuple(left)) if isinstance(node, And) else Or(tuple(left))
        case Not(inner):
            rest = _without(inner, leaf)
            return None if rest is None else Not(rest)
        case _:
            return None if node is leaf else node


def _groups(node: Node) -> Iterator[list[Leaf]]:
    """The leaves that must hold at once, group by group."""
    match node:
        case And(items):
            leaves = [item for item in items if isinstance(item, Leaf)]
            leaves += [
                each
                for item in items
                if isinstance(item, And)
                for each in item.items
                if isinstance(each, Leaf)
            ]
            yield leaves
            for item in items:
                yield from _groups(item)
        case Or(items):
            for item in items:
                yield from _groups(item)
        case Not(inner):
            yield from _groups(inner)
        case _:
            return


def _twice(leaves: list[Leaf]) -> Iterator[tuple[Leaf, Leaf]]:
    for at, leaf in enumerate(leaves):
        for other in leaves[at + 1 :]:
            if other.field == leaf.field:
                yield leaf, other
