"""The tree as people and programs read it: seed form and paths here, sentences in `english`."""

from __future__ import annotations

from datetime import datetime

from segmentry.criteria import limits, paths
from segmentry.criteria.dates import iso
from segmentry.criteria.english import english, english_leaf
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
    Value,
)
from segmentry.criteria.operators import key
from segmentry.errors import JsonScalar, JsonValue

__all__ = [
    "english",
    "english_leaf",
    "event_json",
    "scalar_json",
    "to_json",
    "value_json",
    "window_json",
    "with_paths",
]


def to_json(node: Node) -> JsonValue:
    """The seed form: bare values for equality, `$and` of one-field objects, the order of the words kept.

    Neighbours that bound one field share an object, as people write a range. Where the form would still pass
    a limit of the parser (a criterion of several keys is one object, its `$and` form is not), other
    conditions that can share an object do too.

    >>> from segmentry.criteria.parse import loads
    >>> to_json(loads('{"status": {"$eq": "ACTIVE"}, "handicap": {"$lt": 10}}'))
    {'$and': [{'status': 'ACTIVE'}, {'handicap': {'$lt': 10}}]}
    >>> to_json(And((Leaf("handicap", Operator.GTE, 0), Leaf("handicap", Operator.LTE, 10))))
    {'handicap': {'$gte': 0, '$lte': 10}}
    """
    fits = limits.depth(node) <= limits.MAX_DEPTH and limits.size(node) <= limits.MAX_NODES
    return _criteria(node, dense=not fits)


def scalar_json(value: Scalar) -> JsonScalar:
    """One operand as JSON; instants as `2025-10-17T00:00:00Z`.

    >>> from datetime import UTC
    >>> scalar_json(datetime(2025, 10, 17, tzinfo=UTC))
    '2025-10-17T00:00:00Z'
    """
    return iso(value) if isinstance(value, datetime) else value


def value_json(value: Value) -> JsonValue:
    """An operand, or a list of them, as JSON.

    >>> value_json(("GOLD", None))
    ['GOLD', None]
    """
    return [scalar_json(each) for each in value] if isinstance(value, tuple) else scalar_json(value)


def _criteria(node: Node, *, dense: bool, inside_and: bool = False) -> dict[str, JsonValue]:
    match node:
        case Everyone():
            return {}
        case And(items):
            runs = _runs(items)
            if len(runs) == 1 and len(items) > 1 and not inside_and:
                return _range(runs[0])
            printed = [
                _range(run) if len(run) > 1 else _criteria(run[0], dense=dense, inside_and=True)
                for run in runs
            ]
            shared = _shared(printed) if dense else None
            return {"$and": [*printed]} if shared is None else shared
        case Or(items):
            return {"$or": [_criteria(item, dense=dense) for item in items]}
        case Not(inner):
            return {"$not": _criteria(inner, dense=dense)}
        case Leaf(field, operator, value):
            plain = value_json(value)
            return {field: plain if operator is Operator.EQ else {key(operator): plain}}
        case Event():
            return {
                "$event": event_json(node, None if node.where is None else _criteria(node.where, dense=dense))
            }
        case Segment(segment_id, version):
            return {"$segment": segment_id if version is None else {"id": segment_id, "version": version}}
        case Top(field, percent, order, of):
            printed_top: dict[str, JsonValue] = {"field": field, "percent": percent}
            if order == "lowest":
                printed_top["order"] = order
            if not isinstance(of, Everyone):
                printed_top["of"] = _criteria(of, dense=dense)
            return {"$top": printed_top}


def _runs(items: tuple[Node, ...]) -> list[list[Node]]:
    """The items of an `$and` in order; neighbours that bound one field by different operators together."""
    runs: list[list[Node]] = []
    for item in items:
        if isinstance(item, Leaf) and item.operator is not Operator.EQ and runs:
            last = [each for each in runs[-1] if isinstance(each, Leaf) and each.operator is not Operator.EQ]
            used = {each.operator for each in last}
            if last and last[0].field == item.field and item.operator not in used:
                runs[-1].append(item)
                continue
        runs.append([item])
    return runs


def _range(run: list[Node]) -> dict[str, JsonValue]:
    leaves = [each for each in run if isinstance(each, Leaf)]
    return {leaves[0].field: {key(each.operator): value_json(each.value) for each in leaves}}


def event_json(event: Event, where: JsonValue) -> dict[str, JsonValue]:
    """What stands behind `$event`, with its `where` already printed (None: it has none).

    >>> event_json(Event("booking", operator=Operator.EQ, value=0), None)
    {'name': 'booking', 'count': 0}
    """
    printed: dict[str, JsonValue] = {"name": event.name}
    if where is not None:
        printed["where"] = where
    if event.of is not None:
        printed[event.measure] = {"of": event.of, key(event.operator): event.value}
    elif (event.operator, event.value) != (Operator.GTE, 1):
        printed["count"] = (
            event.value if event.operator is Operator.EQ else {key(event.operator): event.value}
        )
    window = window_json(event)
    if window is not None:
        printed["within"] = window
    return printed


def window_json(event: Event) -> JsonValue:
    """The `within` of an event, or None when it has no bound.

    >>> window_json(Event("booking", window_start="{{30_DAYS_AGO}}"))
    '{{30_DAYS_AGO}}'
    """
    start, end = scalar_json(event.window_start), scalar_json(event.window_end)
    if end is None:
        return start
    return {"to": end} if start is None else {"from": start, "to": end}


def _shared(printed: list[dict[str, JsonValue]]) -> dict[str, JsonValue] | None:
    """All conditions in one object, or None if two of them need the same key."""
    merged: dict[str, JsonValue] = {}
    for each in printed:
        for name, value in each.items():
            if name not in merged:
                merged[name] = value
                continue
            if name.startswith("$"):
                return None
            one = merged[name] if isinstance(merged[name], dict) else {"$eq": merged[name]}
            two = value if isinstance(value, dict) else {"$eq": value}
            assert isinstance(one, dict)
            assert isinstance(two, dict)
            if one.keys() & two.keys():
                return None
            merged[name] = {**one, **two}
    return merged or None


def with_paths(node: Node) -> Node:
    """The same tree with every path as its seed form has it.

    >>> from segmentry.criteria.walk import leaves
    >>> [leaf.path for leaf in leaves(with_paths(Not(Leaf("city", Operator.NEQ, "Paarl"))))]
    ['$not.city.$neq']
    """
    return _placed(node, "")


def _placed(node: Node, path: str, *, inside_and: bool = False) -> Node:
    match node:
        case Everyone():
            return Everyone(path)
        case And(items):
            runs = _runs(items)
            if len(runs) == 1 and len(items) > 1 and not inside_and:
                return And(tuple(_placed(item, path) for item in items), path)
            here = paths.member(path, "$and")
            placed = (
                _placed(item, paths.item(here, i), inside_and=True)
                for i, run in enumerate(runs)
                for item in run
            )
            return And(tuple(placed), here)
        case Or(items):
            here = paths.member(path, "$or")
            return Or(tuple(_placed(item, paths.item(here, i)) for i, item in enumerate(items)), here)
        case Not(inner):
            here = paths.member(path, "$not")
            return Not(_placed(inner, here), here)
        case Leaf(field, operator, value):
            here = paths.member(path, field)
            return Leaf(
                field, operator, value, here if operator is Operator.EQ else paths.member(here, key(operator))
            )
        case Event():
            here = paths.member(path, "$event")
            where = None if node.where is None else _placed(node.where, paths.member(here, "where"))
            start, end = node.window_start, node.window_end
            return Event(node.name, where, node.measure, node.of, node.operator, node.value, start, end, here)
        case Segment(segment_id, version):
            return Segment(segment_id, version, paths.member(path, "$segment"), node.name)
        case Top(field, percent, order, of):
            here = paths.member(path, "$top")
            return Top(field, percent, order, _placed(of, paths.member(here, "of")), here)
