"""Criteria as a Klaviyo segment definition, in the shape of its API revision 2026-07-15.

`condition_groups` are joined by AND, the conditions inside a group by OR: conjunctive normal form. A Klaviyo
condition never takes a profile without the property, so a negation is written with `not-set` beside it. What
Klaviyo leaves open (case, fractions of seconds, empty values, the ids of metrics) makes an export inexact.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from segmentry.criteria.catalog import Field
from segmentry.criteria.export import normal
from segmentry.criteria.export.exported import Exported, Source
from segmentry.criteria.export.klaviyo_filters import Filter, of_leaf
from segmentry.criteria.export.normal import Literal
from segmentry.criteria.export.remarks import Remarks, unresolved
from segmentry.criteria.nodes import And, Event, Everyone, Leaf, Node, Not, Operator, Or, Segment, Top
from segmentry.criteria.walk import nodes
from segmentry.errors import JsonValue

Json = dict[str, JsonValue]

MOST_GROUPS = 50
MOST_CONDITIONS = 256
# What the help pages give as the most that one segment may hold in the account's own editor.
_EDITOR_CONDITIONS = 100
_MICROSECOND = timedelta(microseconds=1)
_SUM_PROPERTY = "$value"
_NUMERIC = {
    Operator.EQ: "equals",
    Operator.NEQ: "not-equals",
    Operator.GT: "greater-than",
    Operator.GTE: "greater-than-or-equal",
    Operator.LT: "less-than",
    Operator.LTE: "less-than-or-equal",
}
_OPPOSITE = {
    Operator.GT: Operator.LTE,
    Operator.GTE: Operator.LT,
    Operator.LT: Operator.GTE,
    Operator.LTE: Operator.GT,
}
_OWN_PROPERTIES = frozenset({"email", "phone_number", "first_name", "last_name", "organization", "title"})
_SPELLED = re.compile(r"(properties|location)\['[^'\\]+'\]")


def export(bound: Node, source: Source) -> Exported:
    """The definition as JSON, for `data.attributes.definition` of Create Segment.

    Raises: ExportUnsupported for an order of texts, for conditions on events that one metric condition cannot
    hold, for a `$top` that was not resolved, and (limit, actual, maximum) for more than 50 groups or 256
    conditions.

    >>> from datetime import UTC
    >>> from segmentry.criteria.catalog import Catalog
    >>> from segmentry.criteria.dates import Clock
    >>> golf = Source(Catalog("golf", (Field("optIn", "boolean"),)), Clock.at(datetime.now(UTC)))
    >>> groups = export(Leaf("optIn", Operator.NEQ, True), golf).json["condition_groups"]
    >>> [condition["filter"]["operator"] for condition in groups[0]["conditions"]]
    ['equals', 'not-set']
    """
    writer = _Writer(source)
    found = writer.definition(bound)
    text = json.dumps(found, ensure_ascii=False, allow_nan=False)
    remarks = writer.remarks
    remarks.note(
        "the statement is the body of POST https://a.klaviyo.com/api/segments (revision 2026-07-15); give it "
        "your name"
    )
    attributes: Json = {"name": f"{source.catalog.schema} segment", "definition": found}
    body: Json = {"data": {"type": "segment", "attributes": attributes}}
    statement = json.dumps(body, ensure_ascii=False, allow_nan=False, indent=2)
    return Exported(text, (), found, remarks.exact, "shape", tuple(remarks.notes), statement)


def spread(node: Node, fields: Mapping[str, Field]) -> Node:
    """A tree in negation normal form, with each leaf as groups of leaves that Klaviyo has a condition for.

    It means the same. `Not(eq)` and the like stand only beside an `exists: false` of the same field.

    >>> both = spread(Not(Leaf("n", Operator.LT, 5)), {"n": Field("n", "number", integer=True)})
    >>> [(each.operator.value, each.value) for each in both.items]
    [('gte', 5), ('exists', False)]
    """
    match node:
        case And(items) | Or(items):
            group = And if isinstance(node, And) else Or
            return normal.grouped(group, (spread(item, fields) for item in items), node.path)
        case Not(Leaf() as leaf):
            unset = replace(leaf, operator=Operator.EXISTS, value=False)
            return normal.grouped(Or, [_negated(leaf, fields[leaf.field]), unset], leaf.path)
        case Leaf():
            return _plain(node, fields[node.field])
        case _:
            return node


def _plain(leaf: Leaf, field: Field) -> Node:
    value = leaf.value
    if isinstance(value, tuple) and field.type not in ("string", "enum"):
        return normal.grouped(Or, (replace(leaf, operator=Operator.EQ, value=each) for each in value))
    if field.type == "datetime" and leaf.operator is Operator.EQ:
        bounds = (replace(leaf, operator=each) for each in (Operator.GTE, Operator.LTE))
        return normal.grouped(And, bounds)
    return leaf


def _negated(leaf: Leaf, field: Field) -> Node:
    """What holds for the customers with a value that the leaf does not take."""
    value = leaf.value
    if isinstance(value, tuple) and field.type not in ("string", "enum"):
        return normal.grouped(And, (Not(replace(leaf, operator=Operator.EQ, value=each)) for each in value))
    if leaf.operator in _OPPOSITE:
        return replace(leaf, operator=_OPPOSITE[leaf.operator])
    if field.type == "boolean":
        return replace(leaf, value=not value)
    if field.type == "datetime":
        sides = (replace(leaf, operator=each) for each in (Operator.LT, Operator.GT))
        return normal.grouped(Or, sides)
    return Not(leaf, leaf.path)


class _Writer:
    def __init__(self, source: Source) -> None:
        self.catalog = source.catalog
        self.fields = {each.name: each.stored for each in source.catalog.fields}
        self.remarks = Remarks("klaviyo")

    def definition(self, bound: Node) -> Json:
        for node in nodes(bound):
            if isinstance(node, Segment | Top):
                raise unresolved(self.remarks, node)
        tree = spread(normal.negation(bound), self.fields)
        try:
            clauses = normal.conjunctive(tree, MOST_GROUPS, MOST_CONDITIONS)
        except normal.TooLarge as large:
            raise self.too_large(large) from large
        if not clauses:
            clauses = _email((True, False))
        elif clauses == [()]:
            clauses = [*_email((True,)), *_email((False,))]
        if sum(map(len, clauses)) > _EDITOR_CONDITIONS:
            self.remarks.note(
                f"the editor of Klaviyo holds {_EDITOR_CONDITIONS} conditions; this definition has more"
            )
        groups: list[JsonValue] = [
            {"conditions": [self.condition(literal) for literal in clause]} for clause in clauses
        ]
        return {"condition_groups": groups}

    def too_large(self, large: normal.TooLarge) -> Exception:
        limit, actual, maximum = "groups", large.clauses, MOST_GROUPS
        if large.clauses <= MOST_GROUPS:
            limit, actual, maximum = "conditions", large.literals, MOST_CONDITIONS
        shown = f"{actual:,}" if actual < 10**15 else f"10^{len(str(actual)) - 1} or more"
        error = self.remarks.refusal(
            "",
            f"as AND of ORs these criteria are {shown} {limit}, and a Klaviyo segment holds {maximum}: split "
            "them into several segments",
        )
        error.metadata.update({"limit": limit, "actual": shown, "maximum": str(maximum)})
        return error

    def condition(self, literal: Literal) -> Json:
        match literal:
            case Event():
                return self.metric(literal)
            case Leaf() if literal.field == _EMAIL:
                state: Filter = {"type": "existence", "operator": "is-set" if literal.value else "not-set"}
                return {"type": "profile-property", "property": "email", "filter": state}
            case Leaf() | Not():
                leaf = literal.item if isinstance(literal, Not) else literal
                assert isinstance(leaf, Leaf)
                field = self.fields[leaf.field]
                found = of_leaf(leaf, field, self.remarks, negated=isinstance(literal, Not))
                return {"type": "profile-property", "property": self.property(leaf, field), "filter": found}

    def property(self, leaf: Leaf, field: Field) -> str:
        name = field.column_name
        if name in _OWN_PROPERTIES or _SPELLED.fullmatch(name):
            return name
        if "'" in name or "\\" in name:
            message = f"Klaviyo has no way to write the property {name}; rename it"
            raise self.remarks.refusal(leaf.path, message)
        return f"properties['{name}']"

    def metric(self, event: Event) -> Json:
        self.remarks.inexact(
            f"metric_id {event.name} stands for the id of that metric in your Klaviyo account: replace it"
        )
        if event.measure == "distinct" or (event.of is not None and not self.is_value(event)):
            message = (
                f"Klaviyo counts events or sums their value, not {event.of} of {event.name}; give the "
                f"property the column {_SUM_PROPERTY} if it is the value"
            )
            raise self.remarks.refusal(event.path, message)
        return {
            "type": "profile-metric",
            "metric_id": event.name,
            "measurement": "count" if event.of is None else "sum",
            "measurement_filter": {
                "type": "numeric",
                "operator": _NUMERIC[event.operator],
                "value": event.value,
            },
            "timeframe_filter": self.timeframe(event),
            "metric_filters": self.metric_filters(event),
        }

    def is_value(self, event: Event) -> bool:
        properties = self.catalog.event_by_name[event.name].properties
        return any(each.name == event.of and each.column_name == _SUM_PROPERTY for each in properties)

    def timeframe(self, event: Event) -> Json:
        start, end = event.window_start, event.window_end
        assert not isinstance(start, str)
        assert not isinstance(end, str)
        if start is None and end is None:
            return {"type": "date", "operator": "alltime"}
        if end is None:
            assert start is not None
            return {"type": "date", "operator": "after", "date": _stamp(_before(start))}
        if start is None:
            return {"type": "date", "operator": "before", "date": _stamp(end)}
        return {
            "type": "date",
            "operator": "between-static",
            "start": _stamp(start),
            "end": _stamp(_before(end)),
        }

    def metric_filters(self, event: Event) -> JsonValue:
        """The `where` of an event: filters joined by AND, each on one property that has a value."""
        if event.where is None:
            return None
        kind = self.catalog.event_by_name[event.name]
        fields = {
            each.name: Field(each.name, each.type, each.integer, column=each.column)
            for each in kind.properties
        }
        where = normal.negation(event.where)
        parts = where.items if isinstance(where, And) else () if isinstance(where, Everyone) else (where,)
        filters: list[JsonValue] = []
        for part in parts:
            if not isinstance(part, Leaf):
                message = (
                    "a Klaviyo metric condition joins filters by AND and takes only set properties: it "
                    f"cannot say this of {event.name}"
                )
                raise self.remarks.refusal(_path(part) or event.path, message)
            field = fields[part.field]
            found = of_leaf(part, field, self.remarks, of_event=True)
            filters.append({"property": field.column_name, "filter": found})
        return filters or None


# A name that no field can have, for the property that every profile may have.
_EMAIL = "$email"


def _email(states: tuple[bool, ...]) -> list[normal.Clause]:
    return [tuple(Leaf(_EMAIL, Operator.EXISTS, each) for each in states)]


def _path(node: Node) -> str:
    match node:
        case Not(item):
            return item.path or node.path
        case And(items) | Or(items) if items:
            return node.path or _path(items[0])
        case _:
            return node.path


def _before(instant: datetime) -> datetime:
    return instant if instant.year == 1 else instant - _MICROSECOND


def _stamp(instant: datetime) -> str:
    return instant.isoformat()
