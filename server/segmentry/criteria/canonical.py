"""One form for all trees that are written differently and mean the same by plain rules.

It is the identity of criteria: hash, caches, comparison. Rules never look at data, so two trees may still
select the same people and have different canonical forms. A change of the rules changes the prefix `c1`.
"""

from __future__ import annotations

import hashlib
import json
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from segmentry.criteria import dates
from segmentry.criteria.catalog import Catalog, Field
from segmentry.criteria.nodes import And, Event, Everyone, Leaf, Node, Not, Operator, Or, Scalar, Segment, Top
from segmentry.criteria.operators import BY_OPERATOR, allowed, key
from segmentry.criteria.render import scalar_json, value_json, window_json
from segmentry.errors import InvalidValue, JsonValue

VERSION = "c1"
_EXACT = 2**53
_UTC = ZoneInfo("UTC")
# `json.dumps` with options makes a new encoder each time, which takes longer than the encoding
_ENCODER = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"))
_KEYS = {operator: f'"${operator.value}"' for operator in Operator}
_GROUPS: Final = {And: "$and", Or: "$or"}
_QUOTED = json.encoder.encode_basestring


def canonical(node: Node, catalog: Catalog | None = None) -> Node:
    """The canonical tree. It selects the same customers, placeholders stay symbolic, and it is idempotent.

    With a catalog, two rules that need the field's type work too: `$contains` on arrays is `$eq`, and
    datetime texts with a time are written in UTC. No rule then writes an operator that the field does not
    take, so that the form can be sent back as criteria.

    >>> from segmentry.criteria.parse import loads
    >>> canonical(loads('{"$not": {"status": {"$in": ["ACTIVE"]}}}'))
    Leaf(field='status', operator=<Operator.NEQ: 'neq'>, value='ACTIVE', path='')
    """
    return printed(node, catalog)[0]


def text(node: Node, catalog: Catalog | None = None) -> str:
    """The canonical text: sorted keys, no spaces, every operator written out.

    >>> from segmentry.criteria.parse import loads
    >>> text(loads('{"score": {"$gte": 70.0}, "city": "Paarl"}'))
    '{"$and":[{"city":{"$eq":"Paarl"}},{"score":{"$gte":70}}]}'
    """
    return printed(node, catalog)[1]


def fingerprint(node: Node, catalog: Catalog | None = None) -> str:
    """`c1:` and the SHA-256 of the canonical text.

    >>> from segmentry.criteria.nodes import Everyone
    >>> fingerprint(Everyone())[:15]
    'c1:44136fa355b3'
    """
    return f"{VERSION}:{hashlib.sha256(text(node, catalog).encode('utf-8', 'surrogatepass')).hexdigest()}"


def printed(node: Node, catalog: Catalog | None = None) -> tuple[Node, str]:
    """The canonical tree and its text, made together: groups are sorted by the texts of their parts.

    >>> printed(Leaf("age", Operator.GT, 30.0))[1]
    '{"age":{"$gt":30}}'
    """
    match node:
        case Everyone():
            return Everyone(), "{}"
        case And(items):
            return _group(items, And, catalog)
        case Or(items):
            return _group(items, Or, catalog)
        case Not(inner):
            plain, said = printed(inner, catalog)
            negated = _negated(plain, catalog)
            is_new = isinstance(negated, Not) and negated.item is plain
            return negated, f'{{"$not":{said}}}' if is_new else _text(negated)
        case Leaf():
            leaf = _leaf(node, catalog)
            return leaf, _text(leaf)
        case Event():
            where = None if node.where is None else canonical(node.where, _of_event(node.name, catalog))
            start, end = _time(node.window_start), _time(node.window_end)
            where = None if isinstance(where, Everyone) else where
            event = Event(node.name, where, node.measure, node.of, node.operator, node.value, start, end)
            return event, _text(event)
        case Segment(segment_id, version):
            segment = Segment(segment_id, version)
            return segment, _text(segment)
        case Top(field, percent, order, of):
            share = int(percent) if percent == int(percent) else percent
            top = Top(field, share, order, canonical(of, catalog))
            return top, _text(top)


def _group(items: tuple[Node, ...], kind: type[And | Or], catalog: Catalog | None) -> tuple[Node, str]:
    flat: dict[str, Node] = {}
    for item in items:
        plain, said = printed(item, catalog)
        if isinstance(plain, Everyone):
            if kind is Or:
                return plain, said
        elif isinstance(plain, And | Or) and isinstance(plain, kind):
            flat.update({_text(each): each for each in plain.items})
        else:
            flat[said] = plain
    if not flat:
        return Everyone(), "{}"
    if len(flat) == 1:
        said, plain = flat.popitem()
        return plain, said
    # by code point, which for JSON texts is the order of their UTF-8 bytes too
    order = sorted(flat)
    return kind(tuple([flat[each] for each in order])), f'{{"{_GROUPS[kind]}":[{",".join(order)}]}}'


def _negated(inner: Node, catalog: Catalog | None) -> Node:
    if isinstance(inner, Not):
        return inner.item
    if isinstance(inner, Leaf):
        complement = BY_OPERATOR[inner.operator].complement
        if complement is not None and _takes(
            None if catalog is None else catalog.get(inner.field), complement
        ):
            return Leaf(inner.field, complement, inner.value)
        if inner.operator is Operator.EXISTS:
            return Leaf(inner.field, Operator.EXISTS, not inner.value)
    return Not(inner)


def _leaf(leaf: Leaf, catalog: Catalog | None) -> Leaf:
    field = None if catalog is None else catalog.get(leaf.field)
    operator, value = leaf.operator, leaf.value
    if isinstance(value, tuple):
        ordered = {_bytes(each): each for each in (_scalar(each, field) for each in value)}
        unset = [None] if ordered.pop(b"null", 0) is None else []
        value = (*(ordered[each] for each in sorted(ordered)), *unset)
        single = {Operator.IN: Operator.EQ, Operator.NIN: Operator.NEQ}.get(operator)
        if len(value) == 1 and single is not None and (unset or _takes(field, single)):
            operator, value = single, value[0]
    else:
        value = _scalar(value, field)
    if (
        operator is Operator.CONTAINS
        and field is not None
        and field.type == "array"
        and _takes(field, Operator.EQ)
    ):
        operator = Operator.EQ
    if value is None and operator in (Operator.EQ, Operator.NEQ):
        return Leaf(leaf.field, Operator.EXISTS, operator is Operator.NEQ)
    return Leaf(leaf.field, operator, value)


def _takes(field: Field | None, operator: Operator) -> bool:
    return field is None or operator in allowed(field)


def _scalar(value: Scalar, field: Field | None) -> Scalar:
    if isinstance(value, float) and value.is_integer() and abs(value) <= _EXACT:
        return int(value)
    if isinstance(value, datetime):
        return _time(value)
    if isinstance(value, str) and field is not None and field.type == "datetime":
        return _time(value)
    return value


def _time(value: Scalar) -> str | None:
    if isinstance(value, datetime):
        return dates.iso(value)
    if not isinstance(value, str):
        return None
    # A date alone is midnight in the request's zone, which the symbolic form does not know.
    if dates.looks_like_placeholder(value) or dates.is_date_only(value):
        return value
    try:
        return dates.iso(dates.parse_instant(value, _UTC))
    except InvalidValue:
        return value


def _of_event(name: str, catalog: Catalog | None) -> Catalog | None:
    if catalog is None or name not in catalog.event_by_name:
        return None
    return catalog.properties_of(name)


def _bytes(value: Scalar) -> bytes:
    return _dumps(scalar_json(value)).encode("utf-8", "surrogatepass")


def _dumps(value: JsonValue) -> str:
    # what most leaves hold; the encoder asks five questions before it comes to them
    return _QUOTED(value) if isinstance(value, str) else _ENCODER.encode(value)


def _text(node: Node) -> str:
    """As `_dumps(to_value(node))`, without a value in between for what most trees are made of."""
    match node:
        case And(items):
            return f'{{"$and":[{",".join([_text(item) for item in items])}]}}'
        case Or(items):
            return f'{{"$or":[{",".join([_text(item) for item in items])}]}}'
        case Not(inner):
            return f'{{"$not":{_text(inner)}}}'
        case Leaf(field, operator, value):
            return f"{{{_QUOTED(field)}:{{{_KEYS[operator]}:{_dumps(value_json(value))}}}}}"
        case _:
            return _dumps(to_value(node))


def to_value(node: Node) -> JsonValue:
    """A canonical tree as JSON with every operator written out.

    >>> to_value(Leaf("status", Operator.EQ, "ACTIVE"))
    {'status': {'$eq': 'ACTIVE'}}
    """
    match node:
        case Everyone():
            return {}
        case And(items):
            return {"$and": [to_value(item) for item in items]}
        case Or(items):
            return {"$or": [to_value(item) for item in items]}
        case Not(inner):
            return {"$not": to_value(inner)}
        case Leaf(field, operator, value):
            return {field: {key(operator): value_json(value)}}
        case Event():
            return {"$event": _event(node)}
        case Segment(segment_id, version):
            pinned: dict[str, JsonValue] = {"id": segment_id}
            return {"$segment": pinned if version is None else {**pinned, "version": version}}
        case Top(field, percent, order, of):
            return {"$top": {"field": field, "of": to_value(of), "order": order, "percent": percent}}


def _event(event: Event) -> JsonValue:
    printed: dict[str, JsonValue] = {"name": event.name}
    if event.where is not None:
        printed["where"] = to_value(event.where)
    compared: dict[str, JsonValue] = {key(event.operator): event.value}
    if event.of is not None:
        printed[event.measure] = {"of": event.of, **compared}
    else:
        printed["count"] = compared
    window = window_json(event)
    if window is not None:
        printed["within"] = window if isinstance(window, dict) else {"from": window}
    return printed
