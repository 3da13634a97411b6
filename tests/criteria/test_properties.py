"""What holds for every tree."""

from __future__ import annotations

import json
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st
from segmentry.criteria import canonical, check, limits, parse, render, walk
from segmentry.criteria.match import Cell, select
from segmentry.criteria.nodes import And, Event, Leaf, Node, Not, Or, Top
from segmentry.errors import JsonValue, SegmentryError

from tests.criteria.strategies import CATALOG, CLOCK, LEAF_TREES, NODES, ROWS

FOLDED = {field.name for field in CATALOG.fields if field.case_insensitive}
TABLES = st.lists(ROWS, min_size=1, max_size=6)


def _fits(node: Node) -> bool:
    return limits.depth(node) <= limits.MAX_DEPTH and limits.size(node) <= limits.MAX_NODES


def _select(node: Node, rows: list[Mapping[str, Cell]]) -> list[bool]:
    bound = check.require(node, CATALOG, CLOCK).bound
    return select(bound, rows, CLOCK.as_of, folded=FOLDED)


def _same_shape(one: Node, other: Node) -> bool:
    return repr(_pathless(one)) == repr(_pathless(other))


def _pathless(node: Node) -> JsonValue:
    """Everything but the paths; 70 and 70.0, 1 and true stay apart."""
    match node:
        case And(items) | Or(items):
            return [type(node).__name__, *(_pathless(item) for item in items)]
        case Not(inner):
            return ["not", _pathless(inner)]
        case Leaf(field, operator, value):
            return [field, operator.value, repr(value)]
        case Event():
            where = None if node.where is None else _pathless(node.where)
            return [
                node.name,
                node.measure,
                node.of,
                node.operator.value,
                node.value,
                where,
                str(node.window_start),
            ]
        case Top():
            return [node.field, node.percent, node.order, _pathless(node.of)]
        case _:
            return type(node).__name__


@given(NODES)
def test_the_seed_form_parses_back_to_the_same_tree(node: Node) -> None:
    text = json.dumps(render.to_json(node))
    again = parse.loads(text)
    # Conditions of one object of an `$and` have no brackets of their own, groups of one are not kept.
    assert canonical.text(again) == canonical.text(node)
    assert render.to_json(again) == render.to_json(node)
    if _fits(node):
        assert _same_shape(again, node)
        assert [each.path for each in walk.leaves(again)] == [
            each.path for each in walk.leaves(render.with_paths(node))
        ]


@given(NODES)
def test_the_canonical_form_is_idempotent_and_parses_back(node: Node) -> None:
    text = canonical.text(node, CATALOG)
    again = canonical.canonical(node, CATALOG)
    assert canonical.text(again, CATALOG) == text
    assert canonical.text(parse.loads(text), CATALOG) == text
    assert canonical.fingerprint(node, CATALOG) == canonical.fingerprint(again, CATALOG)


@given(NODES, TABLES)
def test_the_canonical_form_selects_the_same_customers(node: Node, rows: list[Mapping[str, Cell]]) -> None:
    assert _select(canonical.canonical(node, CATALOG), rows) == _select(node, rows)


@given(NODES, TABLES)
def test_a_tree_and_its_complement_share_out_all_customers(
    node: Node, rows: list[Mapping[str, Cell]]
) -> None:
    assert sum(_select(node, rows)) + sum(_select(Not(node), rows)) == len(rows)


@given(LEAF_TREES, TABLES)
def test_order_and_repetition_do_not_change_the_hash_or_the_customers(
    node: Node, rows: list[Mapping[str, Cell]]
) -> None:
    double = Or((And((node, node)), Not(Not(node))))
    assert canonical.fingerprint(double) == canonical.fingerprint(node)
    assert _select(double, rows) == _select(node, rows)


@given(NODES, NODES)
def test_trees_that_differ_never_share_a_sentence(one: Node, other: Node) -> None:
    if canonical.text(one, CATALOG) != canonical.text(other, CATALOG):
        assert render.english(one, CATALOG, CLOCK) != render.english(other, CATALOG, CLOCK)


@given(st.data())
def test_leaves_that_differ_a_little_never_share_a_sentence(data: st.DataObject) -> None:
    leaf = data.draw(LEAF_TREES)
    for change in (Not(leaf), And((leaf, Not(leaf))), Or((leaf, Not(leaf)))):
        if canonical.text(change, CATALOG) != canonical.text(leaf, CATALOG):
            assert render.english(change, CATALOG, CLOCK) != render.english(leaf, CATALOG, CLOCK)


@given(NODES)
def test_a_sentence_is_one_line_of_printable_text_and_the_same_again(node: Node) -> None:
    said = render.english(node, CATALOG, CLOCK)
    assert said
    assert said == render.english(node, CATALOG, CLOCK)


_JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.one_of(
                st.text(max_size=4),
                st.sampled_from(
                    ["$and", "$or", "$not", "$event", "$top", "$segment", "$in", "name", "score"]
                ),
            ),
            inner,
            max_size=3,
        ),
    ),
    max_leaves=10,
)


@given(
    st.one_of(st.text(), _JSON.map(json.dumps), NODES.map(lambda node: json.dumps(render.to_json(node))[:-1]))
)
def test_no_text_raises_anything_but_our_own_errors(text: str) -> None:
    try:
        node = parse.loads(text)
    except SegmentryError:
        return
    checked = check.check(node, CATALOG, CLOCK)
    render.english(node, CATALOG, CLOCK)
    assert all(each.message for each in checked.diagnostics)


@given(_JSON)
def test_no_decoded_value_raises_anything_but_our_own_errors(value: JsonValue) -> None:
    try:
        node = parse.from_value(value)
    except SegmentryError:
        return
    check.check(node, CATALOG, CLOCK)


@given(st.text(max_size=300))
def test_fuzzed_values_never_slip_past_a_check(text: str) -> None:
    for operator in ("$eq", "$gt", "$in", "$contains", "$exists"):
        value: JsonValue = [text] if operator == "$in" else text
        try:
            node = parse.from_value({"lastSeenAt": {operator: value}})
        except SegmentryError:
            continue
        checked = check.check(node, CATALOG, CLOCK)
        if not checked.errors:
            assert operator in ("$eq", "$gt")
            select(checked.bound, [{}], CLOCK.as_of)
        else:
            with pytest.raises(SegmentryError):
                check.require(node, CATALOG, CLOCK)
