"""What is left of a tree when empty groups are taken out: they say nothing, and no engine counts them."""

from __future__ import annotations

from typing import assert_never

from segmentry.criteria.nodes import And, Event, Everyone, Leaf, Node, Not, Or, Segment, Top


def tidied(node: Node) -> Node | None:
    """The tree without empty groups, or None when nothing else is in it. Otherwise as it came.

    >>> from segmentry.criteria.nodes import Operator
    >>> tidied(And((Or(()), Leaf("status", Operator.EQ, "ACTIVE"))))
    Leaf(field='status', operator=<Operator.EQ: 'eq'>, value='ACTIVE', path='')
    >>> tidied(Not(And(()))) is None
    True
    """
    match node:
        case And(items) | Or(items):
            kept = tuple(each for item in items if (each := tidied(item)) is not None)
            if kept == items and kept:
                return node
            if len(kept) <= 1:
                return kept[0] if kept else None
            return And(kept, node.path) if isinstance(node, And) else Or(kept, node.path)
        case Not(inner):
            kept_inner = tidied(inner)
            return None if kept_inner is None else Not(kept_inner, node.path)
        case Everyone() | Leaf() | Event() | Segment() | Top():
            return node
        case _:
            assert_never(node)
