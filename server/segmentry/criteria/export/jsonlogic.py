"""Criteria as a JSON-Logic rule over one customer's columns.

The rule uses strict comparisons. Unset is `== null`, which is missing and null alike. Every range and text
operator is guarded by that test: in JavaScript `null < 10` is true and `substr` reads null as "null". Times
are numbers: milliseconds since 1970-01-01T00:00Z, with the microseconds behind the point.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import assert_never

from segmentry.criteria.catalog import Field
from segmentry.criteria.export import normal
from segmentry.criteria.export.exported import Exported, Source
from segmentry.criteria.export.remarks import Remarks, field_of, note_folded, plain, unresolved
from segmentry.criteria.nodes import And, Event, Everyone, Leaf, Node, Not, Operator, Or, Scalar, Segment, Top
from segmentry.errors import JsonValue

Json = dict[str, JsonValue]

_EXACT = 2**53 - 1
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
# Up to here a double tells neighbouring microseconds apart when it counts milliseconds.
_FINE_MS = 2**43
# Below the surrogates, UTF-16 units and code points have one order, whatever they are compared with.
_FIRST_SURROGATE = "\ud800"
_RANGES = {Operator.GT: ">", Operator.GTE: ">=", Operator.LT: "<", Operator.LTE: "<="}
# `var` finds these on every JavaScript object, also where the customer has no such column.
_INHERITED = frozenset(
    {
        "__defineGetter__",
        "__defineSetter__",
        "__lookupGetter__",
        "__lookupSetter__",
        "__proto__",
        "constructor",
        "hasOwnProperty",
        "isPrototypeOf",
        "propertyIsEnumerable",
        "toLocaleString",
        "toString",
        "valueOf",
    }
)
_ALWAYS: Json = {"===": [1, 1]}


def export(bound: Node, source: Source) -> Exported:
    """The rule as JSON, for json-logic-js and its ports.

    Raises: ExportUnsupported for an `$event`, a `$top` that was not resolved, and a column with a dot, which
    `var` takes for a path.

    >>> from segmentry.criteria.catalog import Catalog
    >>> from segmentry.criteria.dates import Clock
    >>> golf = Source(Catalog("golf", (Field("handicap", "number"),)), Clock.at(datetime.now(UTC)))
    >>> export(Leaf("handicap", Operator.LT, 10.0), golf).text
    '{"and": [{"!=": [{"var": "handicap"}, null]}, {"<": [{"var": "handicap"}, 10]}]}'
    """
    writer = _Writer(source)
    found = writer.node(normal.flattened(bound))
    text = json.dumps(found, ensure_ascii=False, allow_nan=False)
    remarks = writer.remarks
    statement = (
        'import jsonLogic from "json-logic-js";\n\n'
        f"const rule = {text};\n"
        "const segment = customers.filter((customer) => jsonLogic.apply(rule, customer));"
    )
    return Exported(text, (), found, remarks.exact, "run", tuple(remarks.notes), statement)


class _Writer:
    def __init__(self, source: Source) -> None:
        self.catalog = source.catalog
        self.remarks = Remarks("jsonlogic")

    def node(self, node: Node) -> Json:
        match node:
            case Everyone():
                return _ALWAYS
            case And(items):
                return {"and": [self.node(item) for item in items]}
            case Or(items):
                return {"or": [self.node(item) for item in items]}
            case Not(item):
                return _not(self.node(item))
            case Leaf():
                return self.leaf(node, field_of(node, self.catalog))
            case Event() | Segment() | Top():
                raise unresolved(self.remarks, node)
            case _:
                assert_never(node)

    def leaf(self, leaf: Leaf, field: Field) -> Json:
        operator, value = leaf.operator, leaf.value
        if operator is Operator.EXISTS or value is None:
            exists = value if operator is Operator.EXISTS else operator is Operator.NEQ
            return _set(self.read(leaf, field.column_name), exists=bool(exists))
        match operator:
            case Operator.NEQ:
                return _not(self.leaf(Leaf(leaf.field, Operator.EQ, value, leaf.path), field))
            case Operator.NIN:
                return _not(self.leaf(Leaf(leaf.field, Operator.IN, value, leaf.path), field))
            case _:
                pass
        note_folded(self.remarks, field)
        read = self.read(leaf, field.compared_column)
        if isinstance(value, tuple):
            return self.listed(leaf, field, read, value)
        operand = self.value(leaf, operator, value)
        match operator:
            case Operator.EQ | Operator.CONTAINS if field.type == "array":
                return {"in": [operand, read]}
            case Operator.EQ:
                return {"===": [read, operand]}
            case Operator.CONTAINS:
                return {"in": [operand, read]}
            case Operator.STARTS_WITH:
                test: Json = {"===": [{"substr": [read, 0, _units(str(value))]}, operand]}
            case Operator.ENDS_WITH:
                test = {"===": [{"substr": [read, -_units(str(value))]}, operand]}
            case _:
                test = {_RANGES[operator]: [read, operand]}
        return {"and": [_set(read, exists=True), test]}

    def read(self, leaf: Leaf, column: str) -> Json:
        if "." in column:
            message = f"JSON-Logic reads the dot of the column {column} as a path; rename the column"
            raise self.remarks.refusal(leaf.path, message)
        if column in _INHERITED:
            self.remarks.inexact(
                f"every JavaScript object has {column}: customers without one need it as null there"
            )
        return {"var": column}

    def listed(self, leaf: Leaf, field: Field, read: Json, values: tuple[Scalar, ...]) -> Json:
        operands: list[JsonValue] = [
            self.value(leaf, Operator.EQ, each) for each in values if each is not None
        ]
        if field.type == "array":
            test: Json = {"some": [read, {"in": [{"var": ""}, operands]}]}
        else:
            test = {"in": [read, operands]}
        if None not in values:
            return test
        return {"or": [_set(self.read(leaf, field.column_name), exists=False), test]}

    def value(self, leaf: Leaf, operator: Operator, value: Scalar) -> JsonValue:
        match value:
            case datetime():
                return self.milliseconds(leaf, value)
            case bool():
                return value
            case int() if abs(value) > _EXACT:
                self.remarks.inexact(
                    f"JavaScript numbers cannot tell {value} of {leaf.field} from its neighbours: it is "
                    "beyond 2^53"
                )
            case str() if operator in _RANGES and max(value, default="") >= _FIRST_SURROGATE:
                self.remarks.inexact(
                    f"JavaScript orders texts by UTF-16 units: {leaf.field} against characters from U+D800 "
                    "on may differ"
                )
            case _:
                pass
        return plain(value)

    def milliseconds(self, leaf: Leaf, instant: datetime) -> JsonValue:
        micros = (instant - _EPOCH) // _MICROSECOND
        self.remarks.note(
            f"{leaf.field} is a number: milliseconds since 1970-01-01T00:00Z, microseconds behind the point"
        )
        if abs(micros) > _FINE_MS * 1000:
            self.remarks.inexact(
                f"a number of milliseconds this far from 1970 has no microseconds: {leaf.field} against "
                f"{instant.year:04}"
            )
        return micros // 1000 if micros % 1000 == 0 else micros / 1000


def _not(rule: Json) -> Json:
    match rule:
        case {"!": [dict() as inner], **others} if not others:
            return inner
        case _:
            return {"!": [rule]}


def _set(read: Json, *, exists: bool) -> Json:
    return {"!=" if exists else "==": [read, None]}


def _units(text: str) -> int:
    """The length in UTF-16 units, as `substr` counts."""
    return len(text.encode("utf-16-le")) // 2
