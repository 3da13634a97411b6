"""Numbers that an answer can carry: its criteria travel as JSON of doubles too, exact to 2^53-1."""

from __future__ import annotations

from segmentry.criteria import walk
from segmentry.criteria.nodes import Event, Leaf, Node
from segmentry.criteria.operators import key
from segmentry.criteria.parse import MAX_EXACT
from segmentry.errors import Diagnostic


def faults(node: Node) -> list[Diagnostic]:
    """One finding per number of a tree that would lose digits on its way to the caller.

    >>> from segmentry.criteria.nodes import Operator
    >>> faults(Leaf("spend", Operator.GT, 2**53 - 1)), faults(Leaf("spend", Operator.GT, 2**53))[0].code
    ([], 'INVALID_VALUE')
    """
    found: list[Diagnostic] = []
    for each in walk.nodes(node):
        match each:
            case Leaf(field, operator, value, path):
                values = value if isinstance(value, tuple) else (value,)
            case Event(operator=operator, value=value, path=path):
                field, values = each.of or each.name, (value,)
            case _:
                continue
        for value in values:
            if isinstance(value, int | float) and abs(value) > MAX_EXACT:
                said = f"{field} {key(operator)} {value}"
                message = f"{said} is beyond {MAX_EXACT}, so no answer can hold it exactly"
                found.append(Diagnostic("INVALID_VALUE", path, message, check=4, field=field, value=value))
    return found
