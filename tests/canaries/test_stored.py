"""The stored queries are fifty, known to the reader, and about all of the language."""

from __future__ import annotations

import pytest
from segmentry.builder.plan import answers_alone
from segmentry.canaries.stored import TENANT, stored
from segmentry.criteria.nodes import Event, Leaf, Node, Not, Operator, Or
from segmentry.criteria.walk import leaves
from segmentry.reader import read
from segmentry.rpc.interceptors import auth

from evals.case_files import load
from tests.reader.known_texts import Index, Text

STORED = stored()


def node(query: str) -> Node:
    found = read.read(query, STORED.place.catalog, STORED.place.clock)
    assert found.node is not None
    return found.node


def test_there_are_fifty_different_ones() -> None:
    assert len(set(STORED.queries)) == len(STORED.queries) == 50


@pytest.mark.parametrize("query", STORED.queries)
def test_the_reader_is_sure_of_each(query: str) -> None:
    draft = read.read(query, STORED.place.catalog, STORED.place.clock)
    assert answers_alone(draft), draft.message
    assert not STORED.place.check(node(query)).errors


def test_together_they_say_most_of_what_can_be_said() -> None:
    trees = [node(each) for each in STORED.queries]
    said = [leaf for tree in trees for leaf in leaves(tree)]
    operators = {each.operator for each in said if isinstance(each, Leaf)}
    rare = {Operator.CONTAINS, Operator.ENDS_WITH}
    assert operators >= set(Operator) - rare
    assert {each.name for each in said if isinstance(each, Event)} == {
        each.name for each in STORED.place.catalog.events
    }
    assert any(isinstance(each, Or) for each in trees)
    assert any(isinstance(each, Not) or "or unset" in STORED.place.english(each) for each in trees)
    asked = {each.field for each in said if isinstance(each, Leaf)}
    assert asked == {each.name for each in STORED.place.catalog.fields}


def test_none_is_like_a_case_that_the_reader_and_the_experts_are_judged_by() -> None:
    index = Index([Text(each, "stored") for each in STORED.queries])
    alike = [case.id for case in load() if case.current is None and index.like(case.query) is not None]
    assert not alike


def test_no_caller_can_be_whom_they_are_paid_by() -> None:
    assert auth.TENANT.fullmatch("demo")
    assert not auth.TENANT.fullmatch(TENANT)
