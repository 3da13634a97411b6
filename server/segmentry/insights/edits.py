"""What people made of proposed criteria: one class per build, and which of its leaves they touched."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from segmentry.criteria import canonical, diff, render, walk, witness
from segmentry.criteria.catalog import Catalog
from segmentry.criteria.dates import Clock
from segmentry.criteria.diff import LeafChange
from segmentry.criteria.nodes import Event, Leaf, Node, Not, Operator, Top
from segmentry.criteria.walk import AnyLeaf
from segmentry.errors import InvalidCriteria

Change = Literal[
    "UNTOUCHED",
    "THRESHOLD_CHANGED",
    "CONDITION_ADDED",
    "CONDITION_REMOVED",
    "REWRITTEN",
    "ABANDONED",
    "BUILT_BY_HAND",
]
# Used after a change, and not used.
EDITED: Final[tuple[Change, ...]] = (
    "THRESHOLD_CHANGED",
    "CONDITION_ADDED",
    "CONDITION_REMOVED",
    "REWRITTEN",
)
UNUSED: Final[tuple[Change, ...]] = ("ABANDONED", "BUILT_BY_HAND")

# Operators that ask the same question of another value.
_ALIKE: Final = (
    frozenset({Operator.GT, Operator.GTE}),
    frozenset({Operator.LT, Operator.LTE}),
    frozenset({Operator.EQ, Operator.IN}),
    frozenset({Operator.NEQ, Operator.NIN}),
)


@dataclass(frozen=True, slots=True)
class Edit:
    """From proposed to final criteria. `touched` are leaves of the proposed ones by index, in print order.

    `changes` compare the two as they are written; empty where both have one canonical form.
    """

    change: Change
    changes: tuple[LeafChange, ...] = ()
    touched: frozenset[int] = frozenset()


def edit(proposed: Node, final: Node, catalog: Catalog, clock: Clock) -> Edit:
    """Class what became of proposed criteria by the witness rows that both select.

    Criteria that select the same customers are untouched however they are written, and a condition that was
    only written otherwise counts as no change. Proposed criteria that no longer pass the check of their table
    are compared as texts.

    Raises: InvalidCriteria for final criteria that do not pass the check.

    >>> from datetime import UTC, datetime
    >>> from segmentry.criteria.catalog import Field
    >>> from segmentry.criteria.parse import loads
    >>> golf = Catalog("golf", (Field("age", "number", integer=True), Field("city", "string")))
    >>> clock = Clock.at(datetime(2025, 12, 16, tzinfo=UTC))
    >>> before = loads('{"age": {"$gt": 40}}')
    >>> longer = '{"age": {"$gt": 40}, "city": "Paarl"}'
    >>> for after in ('{"age": {"$gte": 41}}', '{"age": {"$gt": 50}}', longer):
    ...     print(edit(before, loads(after), golf, clock).change)
    UNTOUCHED
    THRESHOLD_CHANGED
    CONDITION_ADDED
    """
    old, new = render.with_paths(proposed), render.with_paths(final)
    if canonical.text(old, catalog) == canonical.text(new, catalog):
        return Edit("UNTOUCHED")
    changes = diff.diff(old, new)
    if same(old, new, catalog, clock):
        return Edit("UNTOUCHED", changes)
    told = [each for each in changes if not _only_written_otherwise(each, catalog, clock)]
    index = {leaf.path: number for number, leaf in enumerate(walk.leaves(old))}
    before = (_leaf(each.before) for each in told if each.before is not None)
    touched = frozenset(index[leaf.path] for leaf in before if leaf.path in index)
    return Edit(_classed(told), changes, touched)


def same(one: Node, other: Node, catalog: Catalog, clock: Clock) -> bool:
    """Whether both select the same witness rows. False where one cannot be checked."""
    try:
        return witness.equal(one, other, catalog, clock)
    except InvalidCriteria:
        return False


def _classed(changes: Sequence[LeafChange]) -> Change:
    kinds = {each.kind for each in changes}
    if kinds == {"added"}:
        return "CONDITION_ADDED"
    if kinds == {"removed"}:
        return "CONDITION_REMOVED"
    if kinds == {"changed"} and all(_same_question(each) for each in changes):
        return "THRESHOLD_CHANGED"
    return "REWRITTEN"


def _only_written_otherwise(change: LeafChange, catalog: Catalog, clock: Clock) -> bool:
    before, after = change.before, change.after
    if change.kind != "changed" or before is None or after is None:
        return False
    return same(before, after, catalog, clock)


def _same_question(change: LeafChange) -> bool:
    before, after = change.before, change.after
    if before is None or after is None or isinstance(before, Not) is not isinstance(after, Not):
        return False
    match _leaf(before), _leaf(after):
        case Leaf() as one, Leaf() as other:
            # `$exists` has no other value than its opposite.
            alike = _alike(one.operator, other.operator) and one.operator is not Operator.EXISTS
            return one.field == other.field and alike
        case Event() as one, Event() as other:
            counted = (one.name, one.where, one.measure, one.of) == (
                other.name,
                other.where,
                other.measure,
                other.of,
            )
            return counted and _alike(one.operator, other.operator)
        case Top() as one, Top() as other:
            return one.field == other.field
        case _:
            return False


def _alike(one: Operator, other: Operator) -> bool:
    return one is other or any({one, other} <= each for each in _ALIKE)


def _leaf(shown: AnyLeaf | Not) -> AnyLeaf:
    """The leaf that a change shows, also where it counts as its opposite."""
    if not isinstance(shown, Not):
        return shown
    (leaf,) = walk.leaves(shown)
    return leaf
