"""The smallest sets of leaves whose change would change a verdict.

On the negation normal form: to hold, an `$and` needs the sum of what its items need and an `$or` the least;
to fail, the other way round; a `$not` swaps both. Leaves are taken as independent of each other: two leaves
over one field count as two.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, product

from segmentry.criteria.nodes import And, Everyone, Node, Not, Or

# Enough for a person to choose from; the number of smallest sets can be astronomical.
MOST_FLIPS = 5


@dataclass(frozen=True, slots=True)
class _Part:
    """A node of the normal form: `every` of the items, or any of them, or a leaf by its number.

    `to_hold` and `to_fail`: how many leaves must change at least; infinite when no change helps.
    """

    to_hold: float
    to_fail: float
    items: tuple[_Part, ...] = ()
    every: bool = True
    number: int = -1

    def cost(self, *, wanted: bool) -> float:
        return self.to_hold if wanted else self.to_fail


def holds(node: Node, leaves: Sequence[bool]) -> bool:
    """Whether a tree holds when its n-th leaf in print order is `leaves[n]`.

    >>> from segmentry.criteria.parse import loads
    >>> holds(loads('{"$and": [{"a": 1}, {"$not": {"b": 1}}]}'), [True, False])
    True
    """
    return _part(node, iter(enumerate(leaves)), negated=False).to_hold == 0


def flips(node: Node, leaves: Sequence[bool], most: int = MOST_FLIPS) -> tuple[tuple[int, ...], ...]:
    """Up to `most` of the smallest sets of leaves, by number from 0, that change whether the tree holds.

    Empty when no change of leaves does: criteria without any. O(nodes) for the costs, O(nodes * most) for the
    sets.

    >>> from segmentry.criteria.parse import loads
    >>> flips(loads('{"$and": [{"a": 1}, {"$or": [{"b": 1}, {"c": 1}]}]}'), [True, False, False])
    ((1,), (2,))
    """
    whole = _part(node, iter(enumerate(leaves)), negated=False)
    wanted = whole.to_hold != 0
    if math.isinf(whole.cost(wanted=wanted)):
        return ()
    return tuple(tuple(sorted(each)) for each in islice(_sets(whole, most, wanted=wanted), most))


def _part(node: Node, leaves: Iterator[tuple[int, bool]], *, negated: bool) -> _Part:
    match node:
        case Everyone():
            return _Part(math.inf, 0) if negated else _Part(0, math.inf)
        case Not(item):
            return _part(item, leaves, negated=not negated)
        case And(items) | Or(items):
            parts = tuple(_part(item, leaves, negated=negated) for item in items)
            every = isinstance(node, And) is not negated
            to_hold, to_fail = [part.to_hold for part in parts], [part.to_fail for part in parts]
            if every:
                return _Part(sum(to_hold), min(to_fail), parts, every)
            return _Part(min(to_hold), sum(to_fail), parts, every)
        case _:
            number, truth = next(leaves)
            holding = truth is not negated
            return _Part(0 if holding else 1, 1 if holding else 0, number=number)


def _sets(part: _Part, most: int, *, wanted: bool) -> Iterator[frozenset[int]]:
    """Smallest sets that make a part hold or fail, each once, at most `most` of them."""
    least = part.cost(wanted=wanted)
    if least == 0:
        yield frozenset()
    elif not part.items:
        yield frozenset([part.number])
    elif part.every is wanted:
        each = [list(islice(_sets(item, most, wanted=wanted), most)) for item in part.items]
        for chosen in product(*each):
            yield frozenset[int]().union(*chosen)
    else:
        for item in part.items:
            if item.cost(wanted=wanted) == least:
                yield from _sets(item, most, wanted=wanted)
