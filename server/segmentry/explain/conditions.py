"""The leaves of criteria one by one, and the same criteria with some of them left out or exchanged."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from segmentry.criteria import walk
from segmentry.criteria.nodes import And, Event, Everyone, Leaf, Node, Not, Or, Segment, Top
from segmentry.criteria.walk import AnyLeaf
from segmentry.explain.place import Place


@dataclass(frozen=True, slots=True)
class Condition:
    """One leaf: as written, and bound by itself. `negated`: it stands under an odd number of `$not`."""

    leaf_id: str
    leaf: AnyLeaf
    bound: Node
    negated: bool


@dataclass(frozen=True, slots=True)
class Clause:
    """One of the parts that the root joins by `$and`; other criteria are one clause.

    `first` and `end` number its leaves: those from `first` up to but not including `end`, counted from 0.
    """

    node: Node
    first: int
    end: int

    @property
    def is_leaf(self) -> bool:
        """Whether the clause is one leaf, rather than a group or a negation."""
        return isinstance(self.node, Leaf | Event | Segment | Top)


def conditions(node: Node, place: Place) -> tuple[Condition, ...]:
    """The leaves of checked criteria in print order, with ids `l1`, `l2` ..."""
    return tuple(
        Condition(f"l{number}", leaf, place.check(leaf).bound, negated)
        for number, (leaf, negated) in enumerate(
            zip(walk.leaves(node), _negated(node, inside=False), strict=True), start=1
        )
    )


def clauses(node: Node) -> tuple[Clause, ...]:
    """The clauses of criteria in written order; `$and` directly inside `$and` is read as one."""
    found: list[Clause] = []
    for part in _conjuncts(node):
        first = found[-1].end if found else 0
        found.append(Clause(part, first, first + len(walk.leaves(part))))
    return tuple(found)


def rebuilt(node: Node, leaves: Sequence[Node | None]) -> Node:
    """The tree with its n-th leaf replaced by `leaves[n]`; where that is None, the leaf is left out.

    Left out means struck from the text: what stood beside it in an `$and` or an `$or` stays, and a group or
    a `$not` with nothing left in it goes too. So leaving a leaf out of an `$and` admits more customers, out
    of an `$or` fewer, and leaving out all that is under a `$not` lifts the exclusion. Nothing left: everyone.
    """
    return _rebuilt(node, iter(leaves)) or Everyone()


def without(node: Node, leaves: Sequence[Node], left_out: Collection[int]) -> Node:
    """As `rebuilt` with `leaves`, but for those that are left out, by number from 0."""
    return rebuilt(node, [None if number in left_out else leaf for number, leaf in enumerate(leaves)])


def exchanged(node: Node, leaves: Sequence[Node], number: int, other: Node) -> Node:
    """As `rebuilt` with `leaves`, but for one that is exchanged for another tree."""
    return rebuilt(node, [other if each == number else leaf for each, leaf in enumerate(leaves)])


def conjunction(items: Sequence[Node]) -> Node:
    """All of them; of none, everyone."""
    if not items:
        return Everyone()
    return items[0] if len(items) == 1 else And(tuple(items))


def _conjuncts(node: Node) -> Iterator[Node]:
    match node:
        case And(items):
            for item in items:
                yield from _conjuncts(item)
        case Everyone():
            return
        case _:
            yield node


def _negated(node: Node, *, inside: bool) -> Iterator[bool]:
    match node:
        case And(items) | Or(items):
            for item in items:
                yield from _negated(item, inside=inside)
        case Not(item):
            yield from _negated(item, inside=not inside)
        case Everyone():
            return
        case Leaf() | Event() | Segment() | Top():
            yield inside


def _rebuilt(node: Node, leaves: Iterator[Node | None]) -> Node | None:
    match node:
        case And(items):
            return _group(And, node, _kept(items, leaves))
        case Or(items):
            return _group(Or, node, _kept(items, leaves))
        case Not(item):
            inner = _rebuilt(item, leaves)
            return None if inner is None else Not(inner, node.path)
        case Everyone():
            return node
        case Leaf() | Event() | Segment() | Top():
            return next(leaves)


def _kept(items: Sequence[Node], leaves: Iterator[Node | None]) -> tuple[Node, ...]:
    rebuilt_items = [_rebuilt(item, leaves) for item in items]
    return tuple(item for item in rebuilt_items if item is not None)


def _group(kind: type[And | Or], was: And | Or, kept: tuple[Node, ...]) -> Node | None:
    if not kept:
        return None
    # What stands alone after something was left out needs no group around it.
    return kept[0] if len(kept) == 1 < len(was.items) else kind(kept, was.path)
