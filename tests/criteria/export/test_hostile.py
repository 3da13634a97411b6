"""No text of a criterion ends a literal early: JSON reads back as data, Polars as known calls."""

from __future__ import annotations

import ast
import json

from hypothesis import given, settings
from hypothesis import strategies as st
from segmentry.criteria import check
from segmentry.criteria.export import targets
from segmentry.criteria.export.exported import Source
from segmentry.criteria.nodes import Leaf, Node, Operator
from segmentry.errors import ExportUnsupported, JsonValue

from tests.criteria.strategies import CATALOG, CLOCK, LEAF_TREES

SOURCE = Source(CATALOG, CLOCK)
HOSTILE = st.one_of(
    st.sampled_from(
        ['")', "')", '"""', "\\", '\\"', "\n", "\u2028", "{0}", "${x}", '"); import os #', "*", "?"]
    ),
    st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1, max_size=8),
)
CALLS = {
    *("col", "lit", "when", "then", "element", "is_finite", "is_in", "is_null", "is_not_null", "fill_null"),
    *("cast", "contains", "starts_with", "ends_with", "eval", "any", "datetime"),
}
NAMES = {"pl", "datetime"}
ATTRIBUTES = CALLS | {"str", "list", "String", "timezone", "utc"}


@settings(max_examples=100)
@given(node=LEAF_TREES)
def test_a_polars_expression_holds_known_calls_alone(node: Node) -> None:
    bound = check.require(node, CATALOG, CLOCK).bound
    tree = ast.parse(targets.write("polars", bound, SOURCE).text, mode="eval")
    for each in ast.walk(tree):
        match each:
            case ast.Name():
                assert each.id in NAMES
            case ast.Attribute():
                assert each.attr in ATTRIBUTES
            case ast.Call():
                assert isinstance(each.func, ast.Attribute)
                assert each.func.attr in CALLS
            case _:
                pass


@settings(max_examples=100)
@given(text=HOSTILE, operator=st.sampled_from([Operator.EQ, Operator.CONTAINS, Operator.ENDS_WITH]))
def test_a_text_is_one_literal_in_every_language(text: str, operator: Operator) -> None:
    leaf = Leaf("city", operator, text)
    polars = ast.parse(targets.write("polars", leaf, SOURCE).text, mode="eval")
    assert text in [each.value for each in ast.walk(polars) if isinstance(each, ast.Constant)]
    plain = Leaf("city", operator, "x")
    for target in ("mongodb", "jsonlogic", "elasticsearch", "klaviyo"):
        shape = shaped(json.loads(targets.write(target, leaf, SOURCE).text))
        assert shape == shaped(json.loads(targets.write(target, plain, SOURCE).text))


def shaped(value: JsonValue) -> JsonValue:
    """The JSON without its values: what a text must not change."""
    match value:
        case dict():
            return {key: shaped(each) for key, each in value.items()}
        case list():
            return [shaped(each) for each in value]
        case _:
            return type(value).__name__


@settings(max_examples=100)
@given(node=LEAF_TREES, target=st.sampled_from(sorted(targets.TARGETS)))
def test_the_list_of_targets_promises_no_more_than_an_export_says(node: Node, target: str) -> None:
    row = targets.TARGETS[target]
    try:
        found = targets.write(target, check.require(node, CATALOG, CLOCK).bound, SOURCE)
    except ExportUnsupported:
        return
    assert found.verified == row.verified
    assert found.exact or not row.exact
    assert found.exact or found.notes
