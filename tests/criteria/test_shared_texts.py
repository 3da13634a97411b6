"""Texts of trees that share parts are those that each tree has alone."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from segmentry.criteria import canonical
from segmentry.criteria.nodes import And, Everyone, Leaf, Node, Not, Operator, Or
from segmentry.criteria.shared_texts import SharedTexts

from tests.criteria.strategies import leaves, trees


@given(st.lists(trees(leaves()), min_size=1, max_size=4), st.lists(st.integers(0, 3), min_size=2, max_size=6))
def test_each_text_is_the_canonical_text_of_its_tree(parts: list[Node], drawn: list[int]) -> None:
    shared = SharedTexts()
    for end in range(1, len(drawn) + 1):
        whole = And(tuple(parts[at % len(parts)] for at in drawn[:end]))
        for tree in (whole, Or((whole, parts[0])), And((whole, Not(whole)))):
            assert shared.of(tree) == canonical.text(tree)


def test_an_and_of_everyone_is_everyone() -> None:
    one = Leaf("age", Operator.GT, 30)
    assert SharedTexts().of(And((Everyone(), Or((Everyone(), one))))) == "{}"
    assert SharedTexts().of(And((Everyone(), And((one, one))))) == canonical.text(one)
