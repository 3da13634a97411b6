"""Criteria as an Elasticsearch query: the object that stands under `query`, all of it in filter context.

Texts have to be mapped as `keyword`, times as `date`. A negation is `must_not`, which takes documents without
the field as criteria do. Elasticsearch keeps no empty list: `[]` and missing are one there.
"""

from __future__ import annotations

import json
import re
from datetime import datetime
from typing import assert_never
from urllib.parse import quote

from segmentry.criteria import dates
from segmentry.criteria.catalog import Field
from segmentry.criteria.export import datemath, milliseconds, normal
from segmentry.criteria.export.exported import Exported, Source
from segmentry.criteria.export.remarks import Remarks, field_of, note_folded, plain, unresolved
from segmentry.criteria.nodes import And, Event, Everyone, Leaf, Node, Not, Operator, Or, Scalar, Segment, Top
from segmentry.errors import JsonValue

Json = dict[str, JsonValue]

_EXACT = 2**53 - 1
_SPECIAL = re.compile(r"[\\*?]")
_RANGES = {Operator.GT: "gt", Operator.GTE: "gte", Operator.LT: "lt", Operator.LTE: "lte"}
_NOBODY: Json = {"match_none": {}}


def export(bound: Node, source: Source) -> Exported:
    """The query as JSON. Moving dates that were kept become date math in the zone of the request's clock.

    Raises: ExportUnsupported for an `$event`, a `$top` that was not resolved, and a column that is no field
    name there (with `*`, or a dot that separates nothing).

    >>> from datetime import UTC
    >>> from segmentry.criteria.catalog import Catalog
    >>> golf = Source(Catalog("golf", (Field("handicap", "number"),)), dates.Clock.at(datetime.now(UTC)))
    >>> export(Leaf("handicap", Operator.LT, 10.0), golf).text
    '{"range": {"handicap": {"lt": 10}}}'
    """
    writer = _Writer(source)
    found = writer.node(normal.flattened(bound))
    text = json.dumps(found, ensure_ascii=False, allow_nan=False)
    remarks = writer.remarks
    remarks.note("it stands under query; the statement is a request for the Kibana console")
    body = json.dumps({"query": found}, ensure_ascii=False, allow_nan=False, indent=2)
    statement = f"GET /{quote(source.catalog.schema.lower(), safe='')}/_search\n{body}"
    return Exported(text, (), found, remarks.exact, "shape", tuple(remarks.notes), statement)


class _Writer:
    def __init__(self, source: Source) -> None:
        self.catalog = source.catalog
        self.clock = source.clock
        self.remarks = Remarks("elasticsearch")

    def node(self, node: Node) -> Json:
        match node:
            case Everyone():
                return {"match_all": {}}
            case And(items):
                return {"bool": {"filter": [self.node(item) for item in items]}}
            case Or(items):
                return _any([self.node(item) for item in items])
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
            return self.exists(leaf, field, exists=bool(exists))
        match operator:
            case Operator.NEQ:
                return _not(self.leaf(Leaf(leaf.field, Operator.EQ, value, leaf.path), field))
            case Operator.NIN:
                return _not(self.leaf(Leaf(leaf.field, Operator.IN, value, leaf.path), field))
            case _:
                pass
        note_folded(self.remarks, field)
        column = self.column(leaf, field.compared_column)
        if isinstance(value, tuple):
            return self.listed(leaf, field, column, value)
        if field.type == "datetime":
            return self.instant(leaf, column, operator, value)
        if field.type in ("string", "enum", "array"):
            self.remarks.note(f"{column} has to be mapped as keyword")
        match operator:
            case Operator.EQ | Operator.CONTAINS if operator is Operator.EQ or field.type == "array":
                return {"term": {column: {"value": _value(value)}}}
            case Operator.CONTAINS:
                return {"wildcard": {column: {"value": f"*{escaped(str(value))}*"}}}
            case Operator.STARTS_WITH:
                return {"prefix": {column: {"value": str(value)}}}
            case Operator.ENDS_WITH:
                return {"wildcard": {column: {"value": f"*{escaped(str(value))}"}}}
            case _:
                return {"range": {column: {_RANGES[operator]: _value(value)}}}

    def column(self, leaf: Leaf, column: str) -> str:
        if "*" in column or not all(column.split(".")):
            message = f"the column {column} is no field name in Elasticsearch; rename it or use an alias"
            raise self.remarks.refusal(leaf.path, message)
        return column

    def exists(self, leaf: Leaf, field: Field, *, exists: bool) -> Json:
        if field.type == "array":
            self.remarks.inexact(
                f"Elasticsearch keeps no empty list: {field.name} is unset there when it is []"
            )
        found: Json = {"exists": {"field": self.column(leaf, field.column_name)}}
        return found if exists else _not(found)

    def listed(self, leaf: Leaf, field: Field, column: str, values: tuple[Scalar, ...]) -> Json:
        operands: list[JsonValue] = [_value(each) for each in values if each is not None]
        if field.type in ("string", "enum", "array") and operands:
            self.remarks.note(f"{column} has to be mapped as keyword")
        test: Json = {"terms": {column: operands}} if operands else _NOBODY
        if None not in values:
            return test
        unset = self.exists(leaf, field, exists=False)
        return _any([unset, test]) if operands else unset

    def instant(self, leaf: Leaf, column: str, operator: Operator, value: Scalar) -> Json:
        if isinstance(value, str):
            moving = datemath.bounds(operator, value)
            if moving is not None:
                self.remarks.note(
                    f"{leaf.field} moves with the clock of the cluster, in days of {self.clock.zone.key}"
                )
                return {"range": {column: {**moving, "time_zone": self.clock.zone.key}}}
            self.remarks.note(
                f"Elasticsearch has no date math for ${operator.value} {value}: it is a fixed time"
            )
            value = dates.resolve(value, self.clock)
        assert isinstance(value, datetime)
        operator, value, exact = milliseconds.compared(operator, value)
        if not exact:
            self.remarks.inexact(
                f"a field of type date keeps whole milliseconds: times within the one of {dates.iso(value)} "
                f"are the same time in {leaf.field}"
            )
        if operator is not Operator.EQ:
            return {"range": {column: {_RANGES[operator]: dates.iso(value)}}}
        if value.microsecond % 1000:
            return _NOBODY
        return {"range": {column: {"gte": dates.iso(value), "lte": dates.iso(value)}}}


def escaped(text: str) -> str:
    r"""A literal text inside a wildcard pattern.

    >>> escaped("50%*?")
    '50%\\*\\?'
    """
    return _SPECIAL.sub(r"\\\g<0>", text)


def _value(value: Scalar) -> JsonValue:
    match value:
        case datetime():
            return dates.iso(value)
        case bool():
            return value
        case int() if abs(value) > _EXACT:
            # A field of type long reads it exactly; a JSON reader in between may not.
            return str(value)
        case _:
            return plain(value)


def _any(queries: list[JsonValue] | list[Json]) -> Json:
    return {"bool": {"should": [*queries], "minimum_should_match": 1}}


def _not(query: Json) -> Json:
    match query:
        case {"bool": {"must_not": [dict() as inner], **others}} if not others:
            return inner
        case _:
            pass
    return {"bool": {"must_not": [query]}}
