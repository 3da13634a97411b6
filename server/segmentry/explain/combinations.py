"""Which leaves to leave out together, where leaving out any one of them lets nobody in."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations as chosen

from segmentry.explain.conditions import Clause

# Twelve make 66 pairs, each counted; more are too many for one call to a database.
MOST_PAIRED = 12
# Numbers of leaves left out that are all tried; beyond, each is half as large again as the one before.
EVERY_SIZE = 16

Leaves = frozenset[int]


def combinations(clauses: Sequence[Clause], order: Sequence[int]) -> Iterator[list[Leaves]]:
    """Sets of leaves by number from 0, in rounds: each round is counted in one call, the next if none helps.

    First whole clauses, and pairs of leaves and clauses. Then the first two, three ... of `order`, which has
    all leaves, those that keep most customers out by themselves first.

    >>> list(combinations((), [2, 0, 1]))
    [[frozenset({0, 2}), frozenset({1, 2}), frozenset({0, 1})], [frozenset({0, 1, 2})]]
    """
    groups = [Leaves(range(each.first, each.end)) for each in clauses if each.end - each.first > 1]
    units = [*groups, *(Leaves([number]) for number in order)][:MOST_PAIRED]
    pairs = [one | other for one, other in chosen(units, 2) if not one & other]
    tried = list(dict.fromkeys([*groups, *pairs]))
    if tried:
        yield tried
    firsts = [Leaves(order[:size]) for size in _sizes(len(order))]
    rest = [each for each in firsts if each not in tried]
    if rest:
        yield rest


def _sizes(most: int) -> Iterator[int]:
    """The numbers from 2 to `most`, the large ones thinned out; `most` itself is always the last."""
    size = 2
    while size < most:
        yield size
        size += max(1, (size - EVERY_SIZE) // 2)
    if most > 1:
        yield most
