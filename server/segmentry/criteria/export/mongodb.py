"""Criteria as a MongoDB filter: the document that `find` takes, in extended JSON.

`{}` is everyone. Unset is null and missing, and in a field of fractions NaN and infinities too. Text
operators are regular expressions of escaped text, with `(?![\\s\\S])` for the end because `$` also matches
before a last newline. A column with a dot or a leading `$` is no path there, so it is read by `$getField`
(MongoDB 5.0).
"""

from __future__ import annotations

import json
import re
import sys
from datetime import UTC, datetime, timedelta
from typing import assert_never

from segmentry.criteria import dates
from segmentry.criteria.catalog import Field
from segmentry.criteria.export import milliseconds, mongosh
from segmentry.criteria.export.exported import Exported, Source
from segmentry.criteria.export.remarks import Remarks, field_of, note_folded, plain, unresolved
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
from segmentry.errors import JsonValue

Json = dict[str, JsonValue]

_EXACT = 2**53 - 1
# What criteria call unset where numbers have fractions.
_NO_NUMBER: list[JsonValue] = [{"$numberDouble": each} for each in ("NaN", "Infinity", "-Infinity")]
_LARGEST = sys.float_info.max
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# A text of the criteria may say the same; then the note is said needlessly.
_CONSTRUCTED = re.compile(r'\{"\$(?:date|numberLong|numberDouble)": ')
_SPECIAL = re.compile(r"[\\^$.|?*+()\[\]{}]")
_COMPARED = {
    Operator.EQ: "$eq",
    Operator.NEQ: "$ne",
    Operator.GT: "$gt",
    Operator.GTE: "$gte",
    Operator.LT: "$lt",
    Operator.LTE: "$lte",
}
_RANGES = ("$gt", "$gte", "$lt", "$lte")
_TEXT = (Operator.CONTAINS, Operator.STARTS_WITH, Operator.ENDS_WITH)


def export(bound: Node, source: Source) -> Exported:
    """The filter as extended JSON: dates as `$date`, whole numbers beyond 2^53 as `$numberLong`.

    Raises: ExportUnsupported for an `$event`, and for a `$top` that was not resolved.

    >>> from datetime import UTC
    >>> from segmentry.criteria.catalog import Catalog
    >>> golf = Source(Catalog("golf", (Field("handicap", "number"),)), dates.Clock.at(datetime.now(UTC)))
    >>> export(Not(Leaf("handicap", Operator.LT, 10.0)), golf).text
    '{"$nor": [{"handicap": {"$lt": 10, "$gte": -1.7976931348623157e+308}}]}'
    """
    writer = _Writer(source)
    found = writer.node(bound)
    text = json.dumps(found, ensure_ascii=False, allow_nan=False)
    remarks = writer.remarks
    shell = mongosh.printed(found)
    if _CONSTRUCTED.search(text):
        remarks.note(
            "this is extended JSON, for drivers and Compass; in mongosh paste the statement, or EJSON.parse "
            "the text"
        )
    statement = f"db.getCollection({json.dumps(source.catalog.schema, ensure_ascii=False)}).find({shell})"
    return Exported(text, (), found, remarks.exact, "run", tuple(remarks.notes), statement)


class _Writer:
    def __init__(self, source: Source) -> None:
        self.catalog = source.catalog
        self.remarks = Remarks("mongodb")

    def node(self, node: Node) -> Json:
        match node:
            case Everyone():
                return {}
            case And(items):
                return {"$and": [self.node(item) for item in items]}
            case Or(items):
                return {"$or": [self.node(item) for item in items]}
            case Not(item):
                # `$not` has no place at the top of a filter; `$nor` has one everywhere.
                return {"$nor": [self.node(item)]}
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
            return self.unset(field, negated=bool(exists))
        note_folded(self.remarks, field)
        if isinstance(value, tuple):
            return self.listed(field, operator, value)
        if operator in _TEXT and field.type != "array":
            return _test(field, "$regex", pattern(operator, str(value)))
        if operator is Operator.CONTAINS:
            operator = Operator.EQ
        if isinstance(value, datetime):
            plain = Operator.EQ if operator is Operator.NEQ else operator
            same, value, exact = milliseconds.compared(plain, value)
            operator = operator if operator is Operator.NEQ else same
            self.remark_instant(leaf, value, exact=exact)
            if value.microsecond % 1000:
                nobody = operator is Operator.EQ
                return _listed(field, "$in" if nobody else "$nin", [])
        return _test(field, _COMPARED[operator], _value(value))

    def remark_instant(self, leaf: Leaf, value: datetime, *, exact: bool) -> None:
        if not exact:
            self.remarks.inexact(
                f"MongoDB keeps whole milliseconds: times within the one of {dates.iso(value)} are the same "
                f"time in {leaf.field}"
            )

    def unset(self, field: Field, *, negated: bool) -> Json:
        if _has_fractions(field):
            return _listed(field, "$nin" if negated else "$in", [None, *_NO_NUMBER], field.column_name)
        return _test(field, "$ne" if negated else "$eq", None, field.column_name)

    def listed(self, field: Field, operator: Operator, values: tuple[Scalar, ...]) -> Json:
        written = [_value(each) for each in values]
        if None in values and _has_fractions(field):
            written += _NO_NUMBER
        return _listed(field, "$in" if operator is Operator.IN else "$nin", written)


def pattern(operator: Operator, text: str) -> str:
    r"""The regular expression of a text operator, the same in PCRE and JavaScript.

    >>> pattern(Operator.ENDS_WITH, "a.b")
    'a\\.b(?![\\s\\S])'
    """
    escaped = _SPECIAL.sub(r"\\\g<0>", text)
    match operator:
        case Operator.STARTS_WITH:
            return f"^{escaped}"
        case Operator.ENDS_WITH:
            return rf"{escaped}(?![\s\S])"
        case _:
            return escaped


def _value(value: Scalar) -> JsonValue:
    match value:
        case datetime() if value < _EPOCH:
            # Extended JSON writes a date as text from 1970 on only.
            return {"$date": {"$numberLong": str((value - _EPOCH) // timedelta(milliseconds=1))}}
        case datetime():
            return {"$date": dates.iso(value)}
        case bool():
            return value
        case int() if abs(value) > _EXACT:
            return {"$numberLong": str(value)}
        case _:
            return plain(value)


# --- a test on a column that is a path, and on one that is not


def _has_fractions(field: Field) -> bool:
    return field.type == "number" and not field.integer


def _other_end(operator: str) -> Json:
    """The other end of a range, which keeps a stored NaN and infinities out."""
    return {"$gte": -_LARGEST} if operator.startswith("$lt") else {"$lte": _LARGEST}


def _is_path(column: str) -> bool:
    return "." not in column and not column.startswith("$")


def _test(field: Field, operator: str, value: JsonValue, column: str = "") -> Json:
    column = column or field.compared_column
    if not _is_path(column):
        return {"$expr": _expression(field, column, operator, value)}
    if operator == "$eq":
        return {column: value}
    ranged = operator in _RANGES and _has_fractions(field)
    return {column: {operator: value, **(_other_end(operator) if ranged else {})}}


def _listed(field: Field, operator: str, values: list[JsonValue], column: str = "") -> Json:
    column = column or field.compared_column
    if _is_path(column):
        return {column: {operator: values}}
    one: list[JsonValue] = [_expression(field, column, "$eq", each) for each in values]
    found: Json = {"$expr": {"$or": one}} if one else {"$expr": {"$literal": False}}
    return found if operator == "$in" else {"$nor": [found]}


def _expression(field: Field, column: str, operator: str, value: JsonValue) -> Json:
    """The same test as an aggregation expression, where a missing value is less than everything."""
    read: Json = {"$getField": {"field": {"$literal": column}, "input": "$$ROOT"}}
    literal: Json = {"$literal": value}
    if operator == "$ne":
        return {"$not": [_expression(field, column, "$eq", value)]}
    if operator == "$regex":
        return {"$regexMatch": {"input": read, "regex": literal}}
    if value is None:
        return {"$eq": [{"$ifNull": [read, None]}, None]}
    if field.type == "array":
        return {"$in": [literal, {"$ifNull": [read, []]}]}
    if operator == "$eq":
        return {"$eq": [read, literal]}
    # BSON orders null and then NaN below all numbers, so a bare `$lt` would take both.
    if _has_fractions(field):
        ((bound, end),) = _other_end(operator).items()
        guard: Json = {bound: [read, end]}
    elif field.type == "number":
        guard = {"$gte": [read, _value(-(2**63))]}
    else:
        guard = {"$ne": [{"$ifNull": [read, None]}, None]}
    return {"$and": [guard, {operator: [read, literal]}]}
