"""The smallest sets of leaves whose change flips a verdict, against all sets."""

from __future__ import annotations

from itertools import combinations

from hypothesis import given, settings
from hypothesis import strategies as st
from segmentry.criteria import parse, walk
from segmentry.criteria.nodes import And, Everyone, Leaf, Node, Not, Operator, Or
from segmentry.explain.flips import MOST_FLIPS, flips, holds


def _combined(inner: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    items = st.lists(inner, min_size=1, max_size=4).map(tuple)
    return st.one_of(st.builds(And, items), st.builds(Or, items), st.builds(Not, inner))


# One instance for every place: leaves are told apart by place, not by identity.
LEAF = Leaf("city", Operator.EQ, "a")
TREES = st.recursive(st.one_of(st.just(LEAF), st.just(Everyone())), _combined, max_leaves=8)


def truth(node: Node, leaves: tuple[bool, ...]) -> bool:
    """The verdict by the definition of `$and`, `$or` and `$not` alone."""
    rest = iter(leaves)

    def of(each: Node) -> bool:
        match each:
            case And(items):
                return False not in {of(item) for item in items}
            case Or(items):
                return True in {of(item) for item in items}
            case Not(item):
                return not of(item)
            case Everyone():
                return True
            case _:
                return next(rest)

    return of(node)


def changed(leaves: tuple[bool, ...], numbers: tuple[int, ...]) -> tuple[bool, ...]:
    return tuple(each is not (number in numbers) for number, each in enumerate(leaves))


@settings(max_examples=1000, deadline=None)
@given(node=TREES, values=st.lists(st.booleans(), min_size=8, max_size=8))
def test_a_flip_changes_the_verdict_and_no_smaller_set_does(node: Node, values: list[bool]) -> None:
    leaves = tuple(values[: len(walk.leaves(node))])
    before = truth(node, leaves)
    assert holds(node, leaves) is before
    numbers = range(len(leaves))
    smallest: list[tuple[int, ...]] = []
    for size in range(len(leaves) + 1):
        smallest = [
            each for each in combinations(numbers, size) if truth(node, changed(leaves, each)) is not before
        ]
        if smallest:
            break
    found = flips(node, leaves)
    assert len(set(found)) == len(found) == min(MOST_FLIPS, len(smallest))
    assert set(found) <= set(smallest)


def test_hundreds_of_leaves_with_astronomically_many_sets_take_no_time() -> None:
    pair = Or((LEAF, LEAF))
    node = And((pair,) * 85)
    found = flips(node, [False] * 170)
    assert len(found) == MOST_FLIPS
    assert all(len(each) == 85 for each in found)


def test_criteria_without_a_leaf_cannot_be_flipped() -> None:
    assert flips(Everyone(), []) == flips(Not(Everyone()), []) == ()


def test_leaving_takes_one_condition_of_an_and_and_all_of_an_or() -> None:
    every, some = parse.loads('{"a":1,"b":1}'), parse.loads('{"$or":[{"a":1},{"b":1}]}')
    assert flips(every, [True, True]) == ((0,), (1,))
    assert flips(some, [True, True]) == ((0, 1),)
