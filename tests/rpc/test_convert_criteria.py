"""Criteria on the wire: Struct, typed tree, and the one tree between them."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import Any

import pytest
from google.protobuf.json_format import MessageToDict, ParseDict
from google.protobuf.message import DecodeError
from google.protobuf.struct_pb2 import Struct
from hypothesis import given, settings
from hypothesis import strategies as st
from segmentry.criteria import canonical, parse, render
from segmentry.criteria.dates import Clock
from segmentry.criteria.nodes import And, Event, Leaf, Node, Operator
from segmentry.errors import (
    ConflictingCriteria,
    CriteriaTooComplex,
    InvalidCriteria,
    MissingField,
    ParseError,
    SegmentryError,
    TooManyValues,
)
from segmentry.rpc.convert import criteria, struct
from segmentry.v1 import criteria_pb2 as pb
from segmentry.v1.segment_builder_pb2 import BuildResponse, PreviewCountRequest

from tests.rpc.wire import deep_criteria

ALL_KINDS = """{"$and": [
    {"membershipTier": {"$in": ["PLATINUM", "DIAMOND", null]}},
    {"status": "ACTIVE"},
    {"$or": [{"handicap": {"$gte": 0, "$lte": 10}}, {"$not": {"city": {"$startsWith": "Cape"}}}]},
    {"lastBookingAt": {"$lt": "{{60_DAYS_AGO}}"}},
    {"optIn": true}, {"email": {"$exists": false}}, {"rate": {"$gt": 0.5}},
    {"$event": {"name": "booking", "where": {"holes": 18}, "count": {"$gte": 3},
                "within": {"from": "{{90_DAYS_AGO}}", "to": "2025-12-01"}}},
    {"$event": {"name": "purchase", "sum": {"of": "cents", "$gt": 5000}}},
    {"$event": {"name": "purchase", "distinct": {"of": "cents", "$lt": 3}}},
    {"$segment": {"id": "seg_7", "version": 2}}, {"$not": {"$segment": "seg_8"}},
    {"$top": {"field": "lifetimeValue", "percent": 12.5, "order": "lowest", "of": {"status": "ACTIVE"}}}
]}"""


def predicate(field: str = "f", operator: Any = pb.OPERATOR_EQ, *operands: pb.Operand) -> pb.Criteria:
    return pb.Criteria(predicate=pb.Predicate(field=field, operator=operator, operands=operands))


def code_of(error: SegmentryError) -> str:
    return error.code if isinstance(error, InvalidCriteria) else error.reason


def test_every_kind_of_node_survives_both_forms() -> None:
    node = parse.loads(ALL_KINDS)
    for back in (
        criteria.to_node(criteria.to_struct(node)),
        criteria.from_expression(criteria.to_expression(node)),
        criteria.from_expression(pb.Criteria.FromString(criteria.to_expression(node).SerializeToString())),
    ):
        assert canonical.text(back) == canonical.text(node)


def test_leaf_ids_count_in_print_order() -> None:
    expression = criteria.to_expression(parse.loads('{"$and": [{"a": 1}, {"$segment": "s"}, {"b": 2}]}'))
    items = expression.all_of.items
    assert [item.predicate.leaf_id for item in items if item.HasField("predicate")] == ["l1", "l3"]


def test_a_64_bit_integer_stays_exact_in_the_typed_tree() -> None:
    exact = 9007199254740993
    node = criteria.from_expression(predicate("f", pb.OPERATOR_EQ, pb.Operand(integer=exact)))
    assert isinstance(node, Leaf)
    assert node.value == exact
    assert criteria.to_expression(node).predicate.operands[0].integer == exact
    assert str(exact) in canonical.text(node)


@pytest.mark.parametrize(
    ("measure", "exact"),
    [
        *(("sum", each) for each in (0, 3, 2**53 + 1, -(2**53) - 1, 2**63 - 1, -(2**63))),
        *(("count", each) for each in (0, 3, 2**53 + 1)),
    ],
)
def test_the_number_of_an_event_condition_stays_exact_over_64_bits(measure: str, exact: int) -> None:
    asked = str(exact) if measure == "count" else f'{{"of": "cents", "$eq": {exact}}}'
    node = parse.loads(f'{{"$event": {{"name": "purchase", "{measure}": {asked}}}}}')
    printed = criteria.to_expression(node)
    assert (printed.event.value_exact, printed.event.value) == (exact, float(exact))
    assert canonical.text(criteria.from_expression(printed)) == canonical.text(node)
    printed.event.ClearField("value")
    assert canonical.text(criteria.from_expression(printed)) == canonical.text(node)


def test_an_event_condition_of_an_older_reader_has_the_double_alone() -> None:
    node = criteria.from_expression(
        pb.Criteria(event=pb.EventCondition(name="purchase", operator=pb.OPERATOR_GT, value=2.0**60))
    )
    assert isinstance(node, Event)
    assert node.value == 2**60


def test_a_sum_beyond_64_bits_is_told_as_a_double() -> None:
    node = parse.loads(f'{{"$event": {{"name": "purchase", "sum": {{"of": "cents", "$lt": {2**64}}}}}}}')
    printed = criteria.to_expression(node)
    assert not printed.event.HasField("value_exact")
    assert canonical.text(criteria.from_expression(printed)) == canonical.text(node)


@pytest.mark.parametrize(("value", "exact"), [(3.0, 4), (2.0**53, 2**53 + 3), (math.nan, 1), (0.5, 0)])
def test_two_different_numbers_in_an_event_condition_are_refused(value: float, exact: int) -> None:
    event = pb.EventCondition(name="purchase", operator=pb.OPERATOR_GTE, value=value, value_exact=exact)
    with pytest.raises(InvalidCriteria, match="value_exact") as caught:
        criteria.from_expression(pb.Criteria(event=event))
    assert (caught.value.code, caught.value.diagnostics[0].path) == ("INVALID_VALUE", "$event")


def test_a_number_beyond_two_to_the_53_in_a_struct_points_to_the_typed_tree() -> None:
    with pytest.raises(InvalidCriteria, match="expression") as caught:
        criteria.to_node(struct.from_json({"f": 9007199254740993}))
    assert caught.value.code == "INVALID_VALUE"


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_nan_and_infinities_are_refused_in_both_forms(bad: float) -> None:
    with pytest.raises(InvalidCriteria) as in_struct:
        criteria.to_node(struct.from_json({"$and": [{"f": {"$gte": bad}}]}))
    with pytest.raises(InvalidCriteria) as in_tree:
        criteria.from_expression(predicate("f", pb.OPERATOR_GTE, pb.Operand(number=bad)))
    for error in (in_struct.value, in_tree.value):
        assert (error.code, error.metadata["problem"]) == ("INVALID_VALUE", "nan")
    assert in_struct.value.diagnostics[0].path == "$and[0].f.$gte"


def test_both_forms_may_be_sent_when_they_mean_the_same() -> None:
    node = parse.loads('{"status": {"$eq": "ACTIVE"}}')
    request = PreviewCountRequest(criteria=criteria.to_struct(node), expression=criteria.to_expression(node))
    assert canonical.text(criteria.read(request)) == canonical.text(node)


def test_both_forms_that_differ_are_refused() -> None:
    request = PreviewCountRequest(
        criteria=struct.from_json({"status": "ACTIVE"}), expression=predicate("f", 1, pb.Operand(flag=True))
    )
    with pytest.raises(ConflictingCriteria):
        criteria.read(request)


def test_true_and_one_are_different_criteria() -> None:
    request = PreviewCountRequest(
        criteria=struct.from_json({"f": 1}), expression=predicate("f", 1, pb.Operand(flag=True))
    )
    with pytest.raises(ConflictingCriteria):
        criteria.read(request)


def test_no_criteria_at_all_is_a_missing_field_and_an_empty_object_is_everyone() -> None:
    with pytest.raises(MissingField):
        criteria.read(PreviewCountRequest())
    assert canonical.text(criteria.read(PreviewCountRequest(criteria=Struct()))) == "{}"
    assert canonical.text(criteria.read(PreviewCountRequest(expression=pb.Criteria()))) == "{}"


def chain(depth: int) -> dict[str, Any]:
    tree: dict[str, Any] = {"f": 1}
    for _ in range(depth - 1):
        tree = {"$and": [tree]}
    return tree


def test_the_deepest_allowed_criteria_fit_into_a_whole_reply() -> None:
    node = parse.from_json(chain(18))
    reply = BuildResponse()
    reply.clarification.readings.add(
        criteria=criteria.to_struct(node), expression=criteria.to_expression(node)
    )
    decoded = BuildResponse.FromString(reply.SerializeToString()).clarification.readings[0]
    assert canonical.text(criteria.to_node(decoded.criteria)) == canonical.text(node)
    assert canonical.text(criteria.from_expression(decoded.expression)) == canonical.text(node)


def test_one_level_too_deep_is_refused_in_both_forms() -> None:
    with pytest.raises(CriteriaTooComplex):
        criteria.to_node(struct.from_json(chain(19)))
    tree = predicate("f", 1, pb.Operand(flag=True))
    for _ in range(18):
        tree = pb.Criteria(all_of=pb.Group(items=[tree]))
    with pytest.raises(CriteriaTooComplex):
        criteria.from_expression(tree)


def test_what_protobuf_itself_cannot_decode_fails_there() -> None:
    assert PreviewCountRequest.FromString(deep_criteria(5)).HasField("criteria")
    with pytest.raises(DecodeError):
        PreviewCountRequest.FromString(deep_criteria(60))


@pytest.mark.parametrize(
    ("tree", "reason"),
    [
        (pb.Criteria(all_of=pb.Group()), "PARSE_ERROR"),
        (pb.Criteria(all_of=pb.Group(items=[pb.Criteria()])), "PARSE_ERROR"),
        (pb.Criteria(negation=pb.Criteria()), "PARSE_ERROR"),
        (predicate("", 1, pb.Operand(flag=True)), "PARSE_ERROR"),
        (predicate("$and", 1, pb.Operand(flag=True)), "PARSE_ERROR"),
        (predicate("f", 0, pb.Operand(flag=True)), "INVALID_OPERATOR"),
        (predicate("f", 99, pb.Operand(flag=True)), "INVALID_OPERATOR"),
        (predicate("f", 1), "PARSE_ERROR"),
        (predicate("f", 1, pb.Operand(flag=True), pb.Operand(flag=True)), "PARSE_ERROR"),
        (predicate("f", 1, pb.Operand()), "PARSE_ERROR"),
        (predicate("f", 1, pb.Operand(text="a\0b")), "PARSE_ERROR"),
        (predicate("f", 1, pb.Operand(text="x" * 1025)), "CRITERIA_TOO_COMPLEX"),
        (predicate("f", 7, *[pb.Operand(integer=1)] * 1001), "TOO_MANY_VALUES"),
        (pb.Criteria(event=pb.EventCondition(name="e", measure="mean")), "PARSE_ERROR"),
        (pb.Criteria(event=pb.EventCondition(name="e", sum_of="amount")), "PARSE_ERROR"),
        (pb.Criteria(event=pb.EventCondition(name="e", measure="count", sum_of="amount")), "PARSE_ERROR"),
        (pb.Criteria(event=pb.EventCondition(name="e", value=1.5)), "INVALID_VALUE"),
        (pb.Criteria(event=pb.EventCondition(name="e", operator=7)), "INVALID_OPERATOR"),  # pyright: ignore[reportArgumentType]  # an enum is a number on the wire
        (pb.Criteria(top=pb.TopCondition(field="f", percent=math.nan)), "INVALID_VALUE"),
        (pb.Criteria(top=pb.TopCondition(field="f", percent=100)), "INVALID_VALUE"),
        (pb.Criteria(segment=pb.SegmentReference()), "PARSE_ERROR"),
    ],
)
def test_a_typed_tree_that_cannot_be_is_refused_with_its_reason(tree: pb.Criteria, reason: str) -> None:
    with pytest.raises((ParseError, InvalidCriteria, CriteriaTooComplex, TooManyValues)) as caught:
        criteria.from_expression(tree)
    assert code_of(caught.value) == reason


@pytest.mark.parametrize(
    ("seconds", "nanos"), [(10**18, 0), (-(10**18), 0), (0, 1), (0, -1), (0, 2_000_000_000)]
)
def test_an_instant_outside_our_calendar_is_an_invalid_value(seconds: int, nanos: int) -> None:
    operand = pb.Operand()
    operand.instant.seconds, operand.instant.nanos = seconds, nanos
    with pytest.raises(InvalidCriteria):
        criteria.from_expression(predicate("f", pb.OPERATOR_LT, operand))


def test_a_struct_value_without_a_kind_is_no_criteria() -> None:
    broken = Struct()
    broken.fields["f"].Clear()
    with pytest.raises(ParseError):
        criteria.to_node(broken)


def test_a_placeholder_carries_the_instant_it_stands_for_when_the_clock_is_known() -> None:
    clock = Clock.at(datetime(2025, 12, 16, 10, tzinfo=UTC))
    node = parse.loads('{"lastBookingAt": {"$lt": "{{60_DAYS_AGO}}"}}')
    relative = criteria.to_expression(node, clock).predicate.operands[0].relative
    assert relative.placeholder == "60_DAYS_AGO"
    assert relative.resolved.ToJsonString() == "2025-10-17T00:00:00Z"


def test_bound_instants_are_instants_on_the_wire() -> None:
    node = Leaf("at", Operator.GTE, datetime(2025, 10, 17, 0, 0, 0, 250, tzinfo=UTC))
    expression = criteria.to_expression(node)
    assert expression.predicate.operands[0].WhichOneof("kind") == "instant"
    back = criteria.from_expression(expression)
    assert isinstance(back, Leaf)
    assert back.value == "2025-10-17T00:00:00.00025Z"


def test_the_source_json_comes_back_as_it_was_sent() -> None:
    sent = {"$and": [{"membershipTier": {"$in": ["PLATINUM", "DIAMOND"]}}, {"status": "ACTIVE"}]}
    request = ParseDict({"criteria": sent, "tenantId": "t"}, PreviewCountRequest())
    printed = PreviewCountRequest(criteria=criteria.to_struct(criteria.read(request)))
    assert MessageToDict(printed)["criteria"] == sent


scalars = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20),
    st.integers(-(2**53) + 1, 2**53 - 1),
    st.floats(allow_nan=False, allow_infinity=False).filter(lambda x: abs(x) < 2**53),
    st.booleans(),
)
names = st.text("abcXYZ _./é0", min_size=1, max_size=8)
leaves = st.one_of(
    st.builds(
        Leaf,
        names,
        st.sampled_from([Operator.EQ, Operator.NEQ, Operator.GT, Operator.LTE, Operator.CONTAINS]),
        scalars,
    ),
    st.builds(
        Leaf,
        names,
        st.sampled_from([Operator.IN, Operator.NIN]),
        st.lists(scalars | st.none(), max_size=4).map(tuple),
    ),
)
trees: st.SearchStrategy[Any] = st.recursive(
    leaves.map(render.to_json),
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=3).map(lambda items: {"$and": items}),
        st.lists(inner, min_size=1, max_size=3).map(lambda items: {"$or": items}),
        inner.map(lambda item: {"$not": item}),
    ),
    max_leaves=12,
)


@settings(deadline=None)
@given(trees)
def test_any_tree_survives_struct_and_typed_form(tree: Any) -> None:
    node: Node = parse.from_value(tree)
    text = canonical.text(node)
    wire = Struct.FromString(criteria.to_struct(node).SerializeToString())
    assert canonical.text(criteria.to_node(wire)) == text
    typed = pb.Criteria.FromString(criteria.to_expression(node).SerializeToString())
    assert canonical.text(criteria.from_expression(typed)) == text
    assert criteria.to_struct(criteria.to_node(wire)) == wire


@settings(deadline=None, max_examples=200)
@given(st.binary(max_size=200))
def test_random_bytes_are_refused_or_are_criteria_and_never_crash(raw: bytes) -> None:
    for message, convert in ((Struct(), criteria.to_node), (pb.Criteria(), criteria.from_expression)):
        decoded: Any = message
        try:
            decoded.ParseFromString(raw)
            convert(decoded)
        except (DecodeError, SegmentryError):
            continue


def test_a_group_of_one_item_is_that_item_for_canonical_purposes() -> None:
    node = And((Leaf("f", Operator.EQ, 1),))
    assert canonical.text(criteria.from_expression(criteria.to_expression(node))) == canonical.text(node)
