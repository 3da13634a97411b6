"""Normal forms keep the members, and a form that is too large is refused before it is written."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import given, reject, settings
from hypothesis import strategies as st
from segmentry.criteria import check, match
from segmentry.criteria.export import normal
from segmentry.criteria.match import Cell
from segmentry.criteria.nodes import And, Event, Everyone, Leaf, Node, Not, Operator, Or, Top

from tests.criteria.strategies import CATALOG, CLOCK, ROWS, events, leaves, trees

FOLDED = {field.name for field in CATALOG.fields if field.case_insensitive}
TREES = trees(st.one_of(leaves(), leaves(), events()), max_leaves=12)
POSITIVE = set(Operator) - {Operator.NEQ, Operator.NIN}


def members(node: Node, rows: list[Mapping[str, Cell]]) -> list[bool]:
    return match.select(node, rows, CLOCK.as_of, folded=FOLDED)


def bound(node: Node) -> Node:
    return check.require(node, CATALOG, CLOCK).bound


@settings(max_examples=100)
@given(node=TREES, rows=st.lists(ROWS, min_size=1, max_size=6))
def test_negation_normal_form_selects_the_same_customers(node: Node, rows: list[Mapping[str, Cell]]) -> None:
    tree = bound(node)
    assert members(normal.negation(tree), rows) == members(tree, rows)


@settings(max_examples=100)
@given(node=TREES)
def test_negation_stands_on_plain_leaves_only(node: Node) -> None:
    waiting = [normal.negation(bound(node))]
    while waiting:
        each = waiting.pop()
        match each:
            case And(items) | Or(items):
                assert len(items) > 1 or each == normal.NOBODY
                assert not any(type(item) is type(each) for item in items)
                waiting.extend(items)
            case Not(item):
                assert isinstance(item, Leaf)
                assert item.operator is not Operator.EXISTS
                waiting.append(item)
            case Leaf(_, operator, value):
                assert operator in POSITIVE
                assert value is not None
                assert not isinstance(value, tuple) or (value and None not in value)
            case _:
                assert isinstance(each, Everyone | Event)


@settings(max_examples=100)
@given(node=TREES, rows=st.lists(ROWS, min_size=1, max_size=6))
def test_conjunctive_form_selects_the_same_customers(node: Node, rows: list[Mapping[str, Cell]]) -> None:
    tree = bound(node)
    try:
        clauses = normal.conjunctive(normal.negation(tree), 4096, 100_000)
    except normal.TooLarge:
        reject()
    assert members(And(tuple(Or(clause) for clause in clauses)), rows) == members(tree, rows)


def pairs(count: int) -> Node:
    """An Or of `count` Ands of two leaves: 2 ** count clauses."""
    return Or(
        tuple(And((Leaf(f"a{n}", Operator.EQ, n), Leaf(f"b{n}", Operator.EQ, n))) for n in range(count))
    )


def test_a_form_that_would_fill_the_memory_is_measured_and_refused() -> None:
    assert normal.size(pairs(200)) == (2**200, 200 * 2**200)
    with pytest.raises(normal.TooLarge) as caught:
        normal.conjunctive(pairs(200), 50, 256)
    assert caught.value.clauses == 2**200


def test_a_limit_holds_at_the_limit_and_not_one_past_it() -> None:
    assert len(normal.conjunctive(pairs(3), 8, 24)) == 8
    with pytest.raises(normal.TooLarge):
        normal.conjunctive(pairs(3), 7, 24)
    with pytest.raises(normal.TooLarge):
        normal.conjunctive(pairs(3), 8, 23)


def test_repeated_conditions_are_written_once() -> None:
    leaf, other = Leaf("a", Operator.EQ, 1, "x"), Leaf("a", Operator.EQ, 1, "y")
    assert normal.conjunctive(Or((leaf, And((other, Leaf("b", Operator.EQ, 1))))), 50, 256) == [(leaf,)]
    # True == 1 in Python, and nowhere in criteria.
    assert len(normal.conjunctive(And((leaf, Leaf("a", Operator.EQ, value=True))), 50, 256)) == 2


def ranges(field: str, count: int) -> tuple[Node, ...]:
    return tuple(Leaf(field, Operator.GT, number) for number in range(count))


@pytest.mark.parametrize(
    "tree",
    [
        Or((And(ranges("a", 64)), And(ranges("b", 63)), *ranges("c", 10))),
        Or((And(ranges("a", 50)), *ranges("b", 1000))),
        And(tuple(Or((leaf, Leaf("a", Operator.EXISTS, value=False))) for leaf in ranges("a", 4000))),
    ],
    ids=["two products", "long clauses", "many groups"],
)
def test_a_form_is_refused_before_it_is_written(tree: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    def written(*_: object) -> None:
        raise AssertionError("the form was being written")

    monkeypatch.setattr(normal, "_Product", written)
    with pytest.raises(normal.TooLarge):
        normal.conjunctive(tree, 50, 256)


@settings(max_examples=100)
@given(node=TREES, rows=st.lists(ROWS, min_size=1, max_size=6))
def test_flattened_criteria_select_the_same_customers(node: Node, rows: list[Mapping[str, Cell]]) -> None:
    tree = bound(node)
    assert members(normal.flattened(tree), rows) == members(tree, rows)


def test_what_needs_the_rows_has_no_normal_form() -> None:
    with pytest.raises(ValueError, match="Top"):
        normal.negation(Top("score", 10))
