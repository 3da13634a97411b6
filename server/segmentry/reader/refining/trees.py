"""Changes of a tree at numbered leaves: every subtree that no number names comes back as the same object."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from itertools import count

from segmentry.criteria.nodes import And, Event, Everyone, Leaf, Node, Not, Operator, Or, Scalar, Segment, Top
from segmentry.criteria.walk import AnyLeaf

Change = Callable[[int, AnyLeaf], Node | None]


def rewritten(node: Node, change: Change) -> Node:
    """The tree with every leaf put through `change` with its number in print order, from 0.

    None takes a leaf out; groups that lose their last item go with it, groups left with one item collapse,
    and nothing left is everyone.
    """
    return _rewritten(node, change, count()) or Everyone()


def without(node: Node, gone: Collection[int]) -> Node:
    """The tree without some leaves."""
    return rewritten(node, lambda at, leaf: None if at in gone else leaf)


def exchanged(node: Node, new: Mapping[int, Node | None]) -> Node:
    """The tree with other conditions in the place of some leaves; None takes one out."""
    return rewritten(node, new.get)


def replaced(node: Node, old: Collection[int], new: Node) -> Node:
    """The tree with `new` in the place of the first of the leaves `old`, and the others gone."""
    first = min(old)
    return exchanged(node, {at: new if at == first else None for at in old})


def appended(current: Node, items: tuple[Node, ...]) -> Node:
    """`$and` of old and new, flat: a bare root is wrapped, an `$and` grows, everyone is replaced."""
    if isinstance(current, Everyone):
        return joined(items)
    old = current.items if isinstance(current, And) else (current,)
    fresh = tuple(item for item in items if not any(same(item, known) for known in old))
    return And((*old, *fresh)) if fresh else current


def either(current: Node, node: Node) -> Node:
    """`$or` of old and new; nobody is left to add to everyone."""
    if isinstance(current, Everyone):
        return current
    old = current.items if isinstance(current, Or) else (current,)
    return Or((*old, *(node.items if isinstance(node, Or) else (node,))))


def within_last(current: Node, node: Node) -> Node | None:
    """The other reading of "or X": only the last condition is widened."""
    if not isinstance(current, And):
        return None
    return And((*current.items[:-1], either(current.items[-1], node)))


def joined(items: tuple[Node, ...]) -> Node:
    """One condition as it is, several as an `$and`."""
    return items[0] if len(items) == 1 else And(items)


def parts(node: Node) -> tuple[Node, ...]:
    """The conditions that must all hold."""
    return node.items if isinstance(node, And) else (node,)


def field_of(leaf: AnyLeaf) -> str:
    """The field of a leaf; an event answers with its name, a saved segment with its id."""
    match leaf:
        case Leaf(field) | Top(field):
            return field
        case Event(name):
            return name
        case Segment(segment_id):
            return segment_id


def values_in(leaf: Leaf) -> tuple[Scalar, ...]:
    """The operands of a leaf."""
    return leaf.value if isinstance(leaf.value, tuple) else (leaf.value,)


def listing(field: str, values: tuple[Scalar, ...], *, denied: bool = False) -> Leaf:
    """Equality with one value, a list with several, each once; `denied` for their opposites."""
    once = tuple({(type(value), value): value for value in values}.values())
    if len(once) == 1:
        return Leaf(field, Operator.NEQ if denied else Operator.EQ, once[0])
    return Leaf(field, Operator.NIN if denied else Operator.IN, once)


def same(one: Node, other: Node) -> bool:
    """True for trees that are equal in every type too: 1 and True are not."""
    return one == other and repr(one) == repr(other)


def _rewritten(node: Node, change: Change, number: count[int]) -> Node | None:
    match node:
        case And(items) | Or(items):
            kind: type[And | Or] = And if isinstance(node, And) else Or
            kept: list[Node] = []
            touched = False
            for item in items:
                new = _rewritten(item, change, number)
                touched |= new is not item
                if new is None:
                    continue
                # What comes in the place of one leaf joins its group; a group that stood there stays.
                kept += (new,) if new is item or type(item) is kind else _joining(new, kind)
            if not touched:
                return node
            if not kept:
                return None
            return kept[0] if len(kept) == 1 else kind(tuple(kept))
        case Not(inner):
            new = _rewritten(inner, change, number)
            if new is inner:
                return node
            return None if new is None else Not(new)
        case Everyone():
            return node
        case Leaf() | Event() | Segment() | Top():
            return change(next(number), node)


def _joining(new: Node, kind: type[And | Or]) -> tuple[Node, ...]:
    match new:
        case And(items) | Or(items) if type(new) is kind:
            return items
        case _:
            return (new,)
