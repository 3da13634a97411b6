"""Walks over a tree in print order."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from segmentry.criteria.limits import children
from segmentry.criteria.nodes import And, Event, Everyone, Leaf, Node, Not, Or, Segment, Top

AnyLeaf = Leaf | Event | Segment | Top


def leaves(node: Node) -> tuple[AnyLeaf, ...]:
    """Everything in a tree that is true or false by itself, in print order.

    The n-th one (from 1) has the leaf id `l{n}` in replies. What stands inside an event's `where` or a
    top's `of` belongs to that leaf.

    >>> from segmentry.criteria.parse import loads
    >>> [leaf.path for leaf in leaves(loads('{"status": "ACTIVE", "$not": {"city": "Paarl"}}'))]
    ['status', '$not.city']
    """
    return tuple(_leaves(node))


def _leaves(node: Node) -> Iterator[AnyLeaf]:
    match node:
        case Leaf() | Event() | Segment() | Top():
            yield node
        case And(items) | Or(items):
            for item in items:
                yield from _leaves(item)
        case Not(inner):
            yield from _leaves(inner)
        case Everyone():
            return


def nodes(node: Node) -> Iterator[Node]:
    """Every node of a tree, parents first, including those inside `where` and `of`.

    >>> from segmentry.criteria.parse import loads
    >>> len(list(nodes(loads('{"$not": {"city": "Paarl"}}'))))
    2
    """
    yield node
    for child in children(node):
        yield from nodes(child)


def fields(node: Node) -> tuple[str, ...]:
    """The fields of the customer that a tree asks about, each once, in print order.

    >>> from segmentry.criteria.parse import loads
    >>> fields(loads('{"status": "ACTIVE", "handicap": {"$gte": 0, "$lte": 10}}'))
    ('status', 'handicap')
    """
    return tuple(dict.fromkeys(_fields(node)))


def _fields(node: Node) -> Iterator[str]:
    for leaf in leaves(node):
        if isinstance(leaf, Leaf):
            yield leaf.field
        elif isinstance(leaf, Top):
            yield leaf.field
            yield from _fields(leaf.of)


def replace_leaves(node: Node, change: Callable[[AnyLeaf], Node]) -> Node:
    """The same tree with every leaf put through `change`; inner criteria of events and tops are kept.

    >>> from segmentry.criteria.parse import loads
    >>> replace_leaves(loads('{"$not": {"city": "Paarl"}}'), lambda leaf: Everyone())
    Not(item=Everyone(path=''), path='$not')
    """
    match node:
        case Leaf() | Event() | Segment() | Top():
            return change(node)
        case And(items):
            return And(tuple(replace_leaves(item, change) for item in items), node.path)
        case Or(items):
            return Or(tuple(replace_leaves(item, change) for item in items), node.path)
        case Not(inner):
            return Not(replace_leaves(inner, change), node.path)
        case Everyone():
            return node
