"""Criteria in both wire forms, and the one tree between them.

Both forms become JSON and go through the one parser, so limits, faults and paths are the same for both.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any, cast

from google.protobuf.message import Message
from google.protobuf.struct_pb2 import Struct
from google.protobuf.timestamp_pb2 import Timestamp

from segmentry.criteria import canonical, dates, limits, parse, paths, render, walk
from segmentry.criteria.bind import INT64
from segmentry.criteria.dates import Clock
from segmentry.criteria.nodes import (
    And,
    Event,
    Everyone,
    Leaf,
    Node,
    Not,
    Operator,
    Or,
    Scalar,
    Segment,
    Top,
)
from segmentry.errors import (
    ConflictingCriteria,
    Diagnostic,
    InvalidCriteria,
    JsonValue,
    MissingField,
    ParseError,
)
from segmentry.rpc.convert import size, struct
from segmentry.v1 import criteria_pb2 as pb

_OPERATORS: dict[Operator, pb.Operator.ValueType] = {
    Operator.EQ: pb.OPERATOR_EQ,
    Operator.NEQ: pb.OPERATOR_NEQ,
    Operator.GT: pb.OPERATOR_GT,
    Operator.GTE: pb.OPERATOR_GTE,
    Operator.LT: pb.OPERATOR_LT,
    Operator.LTE: pb.OPERATOR_LTE,
    Operator.IN: pb.OPERATOR_IN,
    Operator.NIN: pb.OPERATOR_NIN,
    Operator.CONTAINS: pb.OPERATOR_CONTAINS,
    Operator.STARTS_WITH: pb.OPERATOR_STARTS_WITH,
    Operator.ENDS_WITH: pb.OPERATOR_ENDS_WITH,
    Operator.EXISTS: pb.OPERATOR_EXISTS,
}
_BY_NUMBER = {int(number): operator for operator, number in _OPERATORS.items()}
_LISTS = {Operator.IN, Operator.NIN}
_PLACEHOLDER = re.compile(r"\{\{([A-Za-z0-9_]+)\}\}")
_EXACT = 2**53 - 1


def read(request: Message, criteria: str = "criteria", expression: str = "expression") -> Node:
    """The criteria of a request that holds them as a Struct, as a typed tree, or as both.

    Raises: MissingField when neither is there; ConflictingCriteria when both are and differ in canonical
    form; whatever `to_node` and `from_expression` raise.
    """
    has_struct, has_tree = request.HasField(criteria), request.HasField(expression)
    if not has_struct and not has_tree:
        raise MissingField(
            f"{criteria} is needed: a JSON object such as "
            f'{{"status": "ACTIVE"}}, or {{}} for everyone; or the typed tree in {expression}',
            field=criteria,
        )
    node = to_node(cast("Struct", getattr(request, criteria))) if has_struct else None
    typed = from_expression(cast("pb.Criteria", getattr(request, expression))) if has_tree else None
    if node is None or typed is None:
        return cast("Node", node if node is not None else typed)
    if canonical.text(node) != canonical.text(typed):
        raise ConflictingCriteria(
            f"{criteria} and {expression} are different criteria; send one of them",
            field=expression,
        )
    # The typed tree keeps what a Struct cannot: the order of keys.
    return typed


def to_node(criteria: Struct) -> Node:
    """The tree of a Struct. Raises: as `criteria.parse.from_value`, and INVALID_VALUE for NaN."""
    size.refuse_struct(criteria)
    return parse.from_value(struct.to_json(criteria))


def to_struct(node: Node) -> Struct:
    """The seed form as a Struct."""
    return struct.from_json(cast("dict[str, JsonValue]", render.to_json(node)))


def from_expression(expression: pb.Criteria) -> Node:
    """The tree of the typed form; 64-bit integers stay exact.

    Raises: ParseError where it is no tree; CriteriaTooComplex and TooManyValues beyond a limit;
    InvalidCriteria for an operator or a value that cannot be.
    """
    size.refuse_expression(expression)
    return parse.from_json(_json(expression, "", 1))


def to_expression(node: Node, clock: Clock | None = None) -> pb.Criteria:
    """The typed form, with leaf ids `l1`, `l2` ... in print order, as `criteria.walk.leaves` gives them.

    With a `clock`, placeholders carry the instant that they stand for.
    """
    ids = {id(leaf): f"l{number}" for number, leaf in enumerate(walk.leaves(node), start=1)}
    return _Printer(ids, clock).criteria(node)


# --- typed form to JSON ---------------------------------------------------------------------------


def _json(tree: pb.Criteria, path: str, depth: int) -> JsonValue:
    # One level of ours costs two of protobuf's, so a tree that decoded may still be deeper than the limit.
    limits.refuse_depth(depth)
    match tree.WhichOneof("node"):
        case "all_of":
            return _group("$and", tree.all_of, path, depth)
        case "any_of":
            return _group("$or", tree.any_of, path, depth)
        case "negation":
            return {"$not": _json(tree.negation, paths.member(path, "$not"), depth + 1)}
        case "predicate":
            return _predicate(tree.predicate, path)
        case "event":
            return {"$event": _event(tree.event, paths.member(path, "$event"), depth)}
        case "segment":
            return _segment(tree.segment)
        case "top":
            return {"$top": _top(tree.top, paths.member(path, "$top"), depth)}
        case None:
            return {}


def _group(key: str, group: pb.Group, path: str, depth: int) -> JsonValue:
    here = paths.member(path, key)
    return {key: [_json(item, paths.item(here, i), depth + 1) for i, item in enumerate(group.items)]}


def _predicate(predicate: pb.Predicate, path: str) -> JsonValue:
    field = predicate.field
    if not field or field.startswith("$"):
        # As JSON the name would be an operator; no field can be called so.
        raise ParseError(f"a predicate at {path or 'the root'} needs a field's name", path=path)
    here = paths.member(path, field)
    operator = _BY_NUMBER.get(int(predicate.operator))
    if operator is None:
        raise _unknown_operator(int(predicate.operator), here, field)
    operands = [_operand(each, here) for each in predicate.operands]
    if operator in _LISTS:
        return {field: {f"${operator.value}": operands}}
    if len(operands) != 1:
        raise ParseError(
            f"{operator.value} at {here} needs exactly one operand, got {len(operands)}", path=here
        )
    return {field: operands[0] if operator is Operator.EQ else {f"${operator.value}": operands[0]}}


def _unknown_operator(number: int, path: str, field: str) -> InvalidCriteria:
    said = "no operator" if number == 0 else f"operator number {number}, which is none of ours"
    return InvalidCriteria(
        [
            Diagnostic(
                "INVALID_OPERATOR",
                path,
                f"the predicate at {path} has {said}; there are {', '.join(each.value for each in Operator)}",
                check=2,
                field=field,
                value=number,
            )
        ]
    )


def _operand(operand: pb.Operand, path: str) -> JsonValue:
    match operand.WhichOneof("kind"):
        case "text":
            return operand.text
        case "number":
            number = operand.number
            return int(number) if number.is_integer() and abs(number) <= _EXACT else _finite(number, path)
        case "integer":
            return operand.integer
        case "flag":
            return operand.flag
        case "instant":
            return _instant(operand.instant, path)
        case "relative":
            return "{{" + operand.relative.placeholder + "}}"
        case "null":
            return None
        case None:
            raise ParseError(f"an operand at {path} has no kind", path=path)


def _finite(number: float, path: str) -> float:
    if number - number == 0.0:
        return number
    error = InvalidCriteria(
        [Diagnostic("INVALID_VALUE", path, "NaN and infinities are no numbers to compare with", check=4)]
    )
    error.metadata["problem"] = "nan"
    raise error


def _instant(stamp: Timestamp, path: str) -> str:
    try:
        whole = datetime.fromtimestamp(stamp.seconds, UTC)
    except (ValueError, OverflowError, OSError):
        whole = None
    if whole is None or not 0 <= stamp.nanos < 1_000_000_000 or stamp.nanos % 1000:
        message = "an instant lies between the years 1 and 9999, in whole microseconds"
        raise InvalidCriteria([Diagnostic("INVALID_VALUE", path, message, check=4)])
    return dates.iso(whole.replace(microsecond=stamp.nanos // 1000))


def _event(event: pb.EventCondition, path: str, depth: int) -> JsonValue:
    printed: dict[str, JsonValue] = {"name": event.name}
    if event.HasField("where"):
        printed["where"] = _json(event.where, paths.member(path, "where"), depth + 1)
    number = int(event.operator)
    operator = Operator.GTE if number == 0 else _BY_NUMBER.get(number)
    if operator is None:
        raise _unknown_operator(number, path, "")
    comparison: dict[str, JsonValue] = {f"${operator.value}": _compared(event, path)}
    match event.measure:
        case "" | "count" if not event.sum_of:
            printed["count"] = comparison
        case "sum" | "distinct" as measure:
            printed[measure] = {"of": event.sum_of, **comparison}
        case "" | "count":
            raise ParseError(f"sum_of at {path} needs the measure sum or distinct", path=path)
        case other:
            message = f"measure at {path} is count, sum or distinct, not {other[:64]!r}"
            raise ParseError(message, path=path)
    window: dict[str, JsonValue] = {}
    if event.HasField("window_start"):
        window["from"] = _operand(event.window_start, paths.member(path, "within"))
    if event.HasField("window_end"):
        window["to"] = _operand(event.window_end, paths.member(path, "within"))
    if window:
        printed["within"] = window
    return printed


def _compared(event: pb.EventCondition, path: str) -> JsonValue:
    if event.HasField("value_exact"):
        exact = event.value_exact
        if event.HasField("value") and event.value != float(exact):
            message = (
                f"value is {event.value!r} and value_exact is {exact}; send one of them, or the same in both"
            )
            raise InvalidCriteria([Diagnostic("INVALID_VALUE", path, message, check=4)])
        return exact
    if not event.HasField("value"):
        return 1
    return int(event.value) if event.value.is_integer() else _finite(event.value, path)


def _segment(segment: pb.SegmentReference) -> JsonValue:
    printed: JsonValue = {"$segment": segment.segment_id}
    if segment.HasField("version"):
        printed = {"$segment": {"id": segment.segment_id, "version": segment.version}}
    outside = segment.HasField("member") and not segment.member
    return {"$not": printed} if outside else printed


def _top(top: pb.TopCondition, path: str, depth: int) -> JsonValue:
    percent = top.percent
    printed: dict[str, JsonValue] = {
        "field": top.field,
        "percent": int(percent) if percent.is_integer() else _finite(percent, path),
    }
    if top.order:
        printed["order"] = top.order
    if top.HasField("of"):
        printed["of"] = _json(top.of, paths.member(path, "of"), depth + 1)
    return printed


# --- tree to typed form ---------------------------------------------------------------------------


class _Printer:
    def __init__(self, ids: dict[int, str], clock: Clock | None) -> None:
        self._ids = ids
        self._clock = clock

    def criteria(self, node: Node) -> pb.Criteria:
        match node:
            case Everyone():
                return pb.Criteria()
            case And(items):
                return pb.Criteria(all_of=pb.Group(items=[self.criteria(item) for item in items]))
            case Or(items):
                return pb.Criteria(any_of=pb.Group(items=[self.criteria(item) for item in items]))
            case Not(inner):
                return pb.Criteria(negation=self.criteria(inner))
            case Leaf():
                return pb.Criteria(predicate=self.predicate(node))
            case Event():
                return pb.Criteria(event=self.event(node))
            case Segment(segment_id, version):
                return pb.Criteria(segment=pb.SegmentReference(segment_id=segment_id, version=version))
            case Top(field, percent, order, of):
                top = pb.TopCondition(field=field, percent=percent, order=order)
                if not isinstance(of, Everyone):
                    top.of.CopyFrom(self.criteria(of))
                return pb.Criteria(top=top)

    def predicate(self, leaf: Leaf) -> pb.Predicate:
        values: tuple[Scalar, ...] = leaf.value if isinstance(leaf.value, tuple) else (leaf.value,)
        return pb.Predicate(
            field=leaf.field,
            operator=_OPERATORS[leaf.operator],
            operands=[self.operand(value) for value in values],
            leaf_id=self._ids.get(id(leaf), ""),
        )

    def operand(self, value: Scalar) -> pb.Operand:
        match value:
            case None:
                return pb.Operand(null=True)
            case bool():
                return pb.Operand(flag=value)
            case int():
                return _integer(value)
            case float():
                return pb.Operand(number=value)
            case datetime():
                return pb.Operand(instant=_stamp(value))
            case str():
                return self.text(value)

    def text(self, value: str) -> pb.Operand:
        found = _PLACEHOLDER.fullmatch(value)
        if found is None:
            return pb.Operand(text=value)
        relative = pb.RelativeTime(placeholder=found[1])
        if self._clock is not None and dates.is_placeholder(value):
            relative.resolved.CopyFrom(_stamp(dates.resolve(value, self._clock)))
        return pb.Operand(relative=relative)

    def event(self, event: Event) -> pb.EventCondition:
        printed = pb.EventCondition(
            name=event.name,
            measure=event.measure,
            operator=_OPERATORS[event.operator],
            value=event.value,
            sum_of=event.of or "",
        )
        if event.value in INT64:
            printed.value_exact = event.value
        if event.where is not None:
            printed.where.CopyFrom(self.criteria(event.where))
        if event.window_start is not None:
            printed.window_start.CopyFrom(self.operand(event.window_start))
        if event.window_end is not None:
            printed.window_end.CopyFrom(self.operand(event.window_end))
        return printed


def _integer(value: int) -> pb.Operand:
    # Beyond int64 only a double is left; criteria never compare such numbers exactly.
    return pb.Operand(integer=value) if -(2**63) <= value < 2**63 else pb.Operand(number=float(value))


def _stamp(instant: datetime) -> Timestamp:
    stamp: Any = Timestamp()
    stamp.FromDatetime(instant)
    return cast("Timestamp", stamp)
