"""Criteria beyond a limit are refused by their count, before the first of their parts is converted."""

from __future__ import annotations

import json
from typing import Any

import pytest
from google.protobuf.struct_pb2 import Struct, Value
from hypothesis import given, settings
from hypothesis import strategies as st
from segmentry.criteria import limits
from segmentry.errors import CriteriaTooComplex, TooManyValues
from segmentry.rpc.convert import criteria, size, struct
from segmentry.v1 import criteria_pb2 as pb


@pytest.fixture
def converted(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """What was handed to the converters while a test ran."""
    seen: list[object] = []

    def note(*given: object) -> Any:
        seen.append(given[0])
        return {}

    monkeypatch.setattr(struct, "to_json", note)
    monkeypatch.setattr(criteria, "_json", note)
    return seen


def many_values() -> Struct:
    message = Struct()
    values = message.fields["status"].struct_value.fields["$in"].list_value.values
    values.extend([Value(null_value=0)] * 200_000)  # pyright: ignore[reportArgumentType]  # an enum is a number on the wire
    return message


def many_entries() -> Struct:
    message = Struct()
    for number in range(20_000):
        message.fields[str(number)].bool_value = True
    return message


def nested_values() -> Struct:
    message = Struct()
    row = [Value(number_value=1)] * 500
    rows = message.fields["f"].list_value.values
    for _ in range(100):
        rows.add().list_value.values.extend(row)
    return message


def long_text() -> Struct:
    message = Struct()
    message.fields["f"].string_value = "x" * 70_000
    return message


@pytest.mark.parametrize("make", [many_values, many_entries, nested_values, long_text])
def test_a_struct_of_more_than_64_kib_of_json_is_refused_unconverted(
    make: Any, converted: list[object]
) -> None:
    with pytest.raises(CriteriaTooComplex) as caught:
        criteria.to_node(make())
    said = caught.value.metadata
    assert (said["limit"], said["maximum"], converted) == ("bytes", str(limits.MAX_BYTES), [])
    assert int(said["actual"]) > limits.MAX_BYTES


def listed(n_values: int, operator: Any = pb.OPERATOR_IN) -> pb.Criteria:
    operands = [pb.Operand(integer=1)] * n_values
    return pb.Criteria(predicate=pb.Predicate(field="score", operator=operator, operands=operands))


def group(*items: pb.Criteria) -> pb.Criteria:
    return pb.Criteria(all_of=pb.Group(items=items))


@pytest.mark.parametrize(
    ("tree", "limit", "actual"),
    [
        (group(*[pb.Criteria()] * 200_000), "nodes", 200_001),
        (group(*[group(*[listed(1)] * 20)] * 20), "nodes", None),
        (group(*[listed(1000)] * 40), "bytes", None),
        (listed(100_000, pb.OPERATOR_LT), "bytes", 200_000),
        (pb.Criteria(top=pb.TopCondition(of=group(*[pb.Criteria()] * 300))), "nodes", 302),
        (pb.Criteria(event=pb.EventCondition(where=group(*[pb.Criteria()] * 300))), "nodes", 302),
    ],
)
def test_a_typed_tree_beyond_a_limit_is_refused_unconverted(
    tree: pb.Criteria, limit: str, actual: int | None, converted: list[object]
) -> None:
    with pytest.raises(CriteriaTooComplex) as caught:
        criteria.from_expression(tree)
    said = caught.value.metadata
    assert (said["limit"], converted) == (limit, [])
    assert actual is None or said["actual"] == str(actual)


def test_a_list_of_too_many_values_is_refused_unconverted_with_its_place(converted: list[object]) -> None:
    tree = group(listed(1), pb.Criteria(negation=listed(100_000)))
    with pytest.raises(TooManyValues) as caught:
        criteria.from_expression(tree)
    assert caught.value.metadata["path"] == "$and[1].$not.score.$in"
    assert (caught.value.metadata["actual"], converted) == ("100000", [])


@pytest.mark.parametrize(
    ("operand", "n_bytes"),
    [(pb.Operand(integer=-12345), 7), (pb.Operand(text="GOLD"), 7), (pb.Operand(flag=True), 2)],
)
def test_an_operand_counts_with_what_it_needs_in_a_list(operand: pb.Operand, n_bytes: int) -> None:
    fitting = limits.MAX_BYTES // (1000 * n_bytes)
    one = pb.Criteria(predicate=pb.Predicate(field="f", operator=pb.OPERATOR_IN, operands=[operand] * 1000))
    size.refuse_expression(group(*[one] * fitting))
    with pytest.raises(CriteriaTooComplex):
        size.refuse_expression(group(*[one] * (fitting + 1)))


json_values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner, max_size=4),
    max_leaves=20,
)


@settings(deadline=None)
@given(st.dictionaries(st.text(max_size=3), json_values, max_size=6))
def test_the_count_is_never_above_the_text_that_the_criteria_came_from(value: dict[str, Any]) -> None:
    # Counted against a limit of exactly that text: what is legal as text is legal as a message.
    n_bytes = len(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(limits, "MAX_BYTES", n_bytes)
        size.refuse_struct(struct.from_json(value))
