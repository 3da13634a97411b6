"""How large criteria may be. Depth 18 leaves room for the envelope: protobuf refuses 100 nested messages."""

from __future__ import annotations

from segmentry.criteria.nodes import And, Event, Node, Not, Or, Top
from segmentry.errors import CriteriaTooComplex

MAX_BYTES = 64 * 1024
MAX_DEPTH = 18
MAX_NODES = 256
MAX_VALUES = 1000
MAX_STRING_BYTES = 1024
MAX_EXPANDED_NODES = 1024
MAX_HOPS = 8


def children(node: Node) -> tuple[Node, ...]:
    """The criteria directly inside a node, in print order.

    >>> from segmentry.criteria.nodes import Everyone
    >>> children(Not(Everyone()))
    (Everyone(path=''),)
    """
    match node:
        case And(items) | Or(items):
            return items
        case Not(inner):
            return (inner,)
        case Event():
            return () if node.where is None else (node.where,)
        case Top():
            return (node.of,)
        case _:
            return ()


def size(node: Node) -> int:
    """The number of nodes: every combinator and every leaf.

    >>> from segmentry.criteria.nodes import Leaf, Operator
    >>> size(Not(Leaf("city", Operator.EQ, "Paarl")))
    2
    """
    return 1 + sum(size(child) for child in children(node))


def depth(node: Node) -> int:
    """The number of criteria objects from the root to the deepest leaf; a bare leaf is 1.

    >>> from segmentry.criteria.nodes import Leaf, Operator
    >>> depth(Not(Leaf("city", Operator.EQ, "Paarl")))
    2
    """
    return 1 + max((depth(child) for child in children(node)), default=0)


def enforce(node: Node) -> None:
    """Refuse a tree that no text could have brought in, such as one from the typed wire form.

    Raises: CriteriaTooComplex (limit, actual, maximum).

    >>> from segmentry.criteria.nodes import Everyone
    >>> enforce(Everyone())
    """
    refuse_depth(depth(node))
    refuse_nodes(size(node))


def refuse_depth(actual: int) -> None:
    """Raises: CriteriaTooComplex if criteria are nested deeper than the limit.

    >>> refuse_depth(18)
    """
    if actual > MAX_DEPTH:
        raise too_complex("depth", actual, MAX_DEPTH, f"criteria are nested {actual} deep, limit {MAX_DEPTH}")


def refuse_nodes(actual: int, maximum: int = MAX_NODES) -> None:
    """Raises: CriteriaTooComplex if criteria have more nodes than `maximum`.

    >>> refuse_nodes(256)
    """
    if actual > maximum:
        raise too_complex("nodes", actual, maximum, f"criteria have {actual:,} nodes, limit {maximum:,}")


def too_complex(limit: str, actual: int, maximum: int, message: str, path: str = "") -> CriteriaTooComplex:
    """The error of one limit, with the place when there is one.

    >>> too_complex("depth", 19, 18, "too deep").metadata["limit"]
    'depth'
    """
    error = CriteriaTooComplex(message, limit=limit, actual=actual, maximum=maximum)
    if path:
        error.metadata["path"] = path
    return error
