"""The table of one line of `segmentry match`: field types, rows and events, as the matcher takes them."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

from segmentry.criteria import bind, catalog_toml, dates, paths, suggest, walk
from segmentry.criteria.catalog import Catalog, EventProperty, EventType, Field
from segmentry.criteria.dates import Clock
from segmentry.criteria.match import Cell, EventRow, Row
from segmentry.criteria.nodes import Event, Leaf, Node, Operator, Scalar
from segmentry.errors import InvalidValue, JsonValue, SegmentryError

Id = int | float | str

_TYPES: Mapping[str, Mapping[str, JsonValue]] = {
    **{each: {"type": each} for each in catalog_toml.TYPES},
    "integer": {"type": "number", "integer": True},
    **{each: {"type": "string"} for each in ("text", "varchar")},
    **{each: {"type": "number"} for each in ("float", "real", "double", "decimal")},
    **{each: {"type": "number", "integer": True} for each in ("int", "bigint")},
    **{each: {"type": "datetime"} for each in ("date", "timestamp")},
    "bool": {"type": "boolean"},
}
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
# Whose event it is and when it was, by the names that exports of events use; the first is the documented one.
_OWNER = ("_id", "customer", "customerId", "customer_id")
_WHEN = ("ts", "at", "time", "timestamp")
_LEGAL = "string, enum, number, integer, boolean, datetime, array"


class BadLine(Exception):
    """What is wrong with a line, and where."""

    def __init__(self, code: str, path: str, message: str) -> None:
        super().__init__(message)
        self.answer: JsonValue = {"code": code, "path": path, "message": message}


def instant(text: str, zone: ZoneInfo, path: str) -> datetime:
    """The instant of an ISO text. Raises: BadLine.

    >>> instant("2025-12-16", ZoneInfo("UTC"), "now").isoformat()
    '2025-12-16T00:00:00+00:00'
    """
    try:
        return dates.parse_instant(text, zone)
    except InvalidValue as err:
        raise BadLine("INVALID_VALUE", path, err.message) from err


def shown(value: JsonValue) -> str:
    """A value as a message names it.

    >>> shown([1, 2])
    'a list'
    """
    match value:
        case list():
            return "a list"
        case dict():
            return "an object"
        case _:
            return bind.shown(value)


def catalog(fields: JsonValue, events: tuple[EventType, ...]) -> Catalog:
    """The field types of a line as a catalog. Raises: BadLine.

    >>> catalog({"age": "integer"}, ()).fields[0].integer
    True
    """
    if not isinstance(fields, dict):
        raise BadLine(
            "INVALID_VALUE", "fields", f"fields needs an object of name and type, got {shown(fields)}"
        )
    return Catalog("line", tuple(_field(name, each) for name, each in fields.items()), events)


def _field(name: str, given: JsonValue, parent: str = "fields") -> Field:
    path = paths.member(parent, name)
    if not name or name.startswith("$"):
        raise BadLine("INVALID_FIELD", path, "a field name is not empty and does not start with $")
    if _CONTROL.search(name):
        raise BadLine(
            "INVALID_FIELD", path, f"the field name {json.dumps(name[:60])} has a control character"
        )
    keys: dict[str, JsonValue] = dict(given) if isinstance(given, dict) else {"type": given}
    kind = keys.get("type")
    known = _TYPES.get(kind.strip().casefold()) if isinstance(kind, str) else None
    if known is None:
        near = suggest.nearest(kind, _TYPES, most=1) if isinstance(kind, str) else []
        hint = f"; did you mean {near[0]}?" if near else ""
        raise BadLine("INVALID_VALUE", path, f"{shown(kind)} is not a type ({_LEGAL}){hint}")
    try:
        # The name is the key, verbatim; the rule for stored names does not apply to a line.
        found = catalog_toml.from_mapping({"field": [{**keys, **known, "name": "line"}]}).fields[0]
    except SegmentryError as err:
        raise BadLine("INVALID_VALUE", path, err.violations[0].message) from err
    return replace(found, name=name)


# --- rows


def rows(given: JsonValue, catalog: Catalog, clock: Clock) -> tuple[list[Id], list[Row]]:
    """The ids and the rows of a line, each value as its column holds it. Raises: BadLine.

    >>> from datetime import UTC
    >>> table = catalog({"age": "number"}, ())
    >>> rows([{"_id": 7, "age": 30}], table, Clock.at(datetime.now(UTC)))
    ([7], [{'age': 30.0}])
    """
    if not isinstance(given, list):
        raise BadLine("INVALID_VALUE", "rows", f"rows needs a list of objects, got {shown(given)}")
    seen: dict[Id, int] = {}
    ids: list[Id] = []
    rows: list[Row] = []
    for index, row in enumerate(given):
        path = paths.item("rows", index)
        if not isinstance(row, dict):
            raise BadLine("INVALID_VALUE", path, f"a row is an object, got {shown(row)}")
        row_id = _row_id(row.get("_id"), paths.member(path, "_id"))
        first = seen.setdefault(row_id, index)
        if first != index:
            message = f"rows[{first}] and rows[{index}] have the same _id {json.dumps(row_id)[:60]}"
            raise BadLine("INVALID_VALUE", paths.member(path, "_id"), message)
        ids.append(row_id)
        rows.append(
            {
                field.name: _cell(row.get(field.name), field, clock, paths.member(path, field.name))
                for field in catalog.fields
            }
        )
    return ids, rows


def _row_id(value: JsonValue, path: str) -> Id:
    if (
        isinstance(value, bool)
        or not isinstance(value, int | float | str)
        or (isinstance(value, float) and math.isnan(value))
    ):
        raise BadLine("INVALID_VALUE", path, f"_id needs a number or a text, got {shown(value)}")
    return value


def _cell(value: JsonValue, field: Field, clock: Clock, path: str) -> Cell:
    """A value of a row as its column holds it; None when it is unset."""
    if value is None:
        return None
    match field.type:
        case "number":
            if isinstance(value, int | float) and not isinstance(value, bool):
                return _number(value, field, path)
        case "boolean":
            if isinstance(value, bool):
                return value
        case "datetime":
            if isinstance(value, str):
                return instant(value, clock.zone, path)
        case "string" | "enum":
            if isinstance(value, str):
                return value
        case "array":
            if isinstance(value, list):
                return _elements(value, path)
    kind = "integer" if field.integer else field.type
    raise BadLine("INVALID_VALUE", path, f"{field.name} is of type {kind}, got {shown(value)}")


def _number(value: float, field: Field, path: str) -> int | float | None:
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if not field.integer:
        try:
            return float(value)
        except OverflowError:
            return None
    if value != int(value):
        raise BadLine("INVALID_VALUE", path, f"{field.name} holds whole numbers, got {value}")
    if int(value) not in bind.INT64:
        raise BadLine("INVALID_VALUE", path, f"{field.name} holds 64-bit whole numbers, got {value}")
    return int(value)


def _elements(value: list[JsonValue], path: str) -> tuple[Scalar, ...]:
    elements: list[Scalar] = []
    for index, each in enumerate(value):
        if each is None:
            continue
        if not isinstance(each, str):
            message = f"an array holds texts, got {shown(each)}"
            raise BadLine("INVALID_VALUE", paths.item(path, index), message)
        elements.append(each)
    return tuple(elements)


# --- events


def event_types(given: JsonValue, events: JsonValue) -> tuple[EventType, ...]:
    """The event types of a line, declared or as its events have them. Raises: BadLine.

    >>> event_types({"booking": {"amount": "integer"}}, None)[0].properties[0].name
    'amount'
    """
    if given is None:
        return _inferred(events)
    if not isinstance(given, dict):
        raise BadLine("INVALID_VALUE", "eventTypes", f"eventTypes needs an object, got {shown(given)}")
    types: list[EventType] = []
    for name, properties in given.items():
        path = paths.member("eventTypes", name)
        if not isinstance(properties, dict):
            raise BadLine(
                "INVALID_VALUE", path, f"needs an object of property and type, got {shown(properties)}"
            )
        fields = (_field(each, kind, path) for each, kind in properties.items())
        types.append(
            EventType(name, tuple(EventProperty(field.name, field.type, field.integer) for field in fields))
        )
    return tuple(types)


def asked_event_types(node: Node) -> tuple[EventType, ...]:
    """The event types that criteria ask about, for a line that says that nothing ever happened.

    >>> from segmentry.criteria.parse import loads
    >>> [each.name for each in asked_event_types(loads('{"$event": {"name": "booking", "count": 0}}'))]
    ['booking']
    """
    kinds: dict[str, dict[str, set[str]]] = {}
    for event in walk.nodes(node):
        if isinstance(event, Event):
            asked = kinds.setdefault(event.name, {})
            if event.of is not None:
                asked.setdefault(event.of, set()).add("integer")
            for leaf in () if event.where is None else walk.leaves(event.where):
                if isinstance(leaf, Leaf):
                    values = leaf.value if isinstance(leaf.value, tuple) else (leaf.value,)
                    text = leaf.operator is Operator.EXISTS
                    found = ("string",) if text else (kind for each in values for kind in _kind_of(each))
                    asked.setdefault(leaf.field, set()).update(found)
    return tuple(
        EventType(name, tuple(_property(key, each) for key, each in properties.items()))
        for name, properties in kinds.items()
    )


def _kind_of(value: Scalar) -> set[str]:
    return {"datetime"} if isinstance(value, datetime) else _kind(value)


def _inferred(events: JsonValue) -> tuple[EventType, ...]:
    """Event types from the events themselves: each property has the type that holds all its values."""
    seen: dict[str, dict[str, set[str]]] = {}
    for each in events if isinstance(events, list) else []:
        name = each.get("name") if isinstance(each, dict) else None
        if isinstance(each, dict) and isinstance(name, str):
            kinds = seen.setdefault(name, {})
            properties = _properties(each)
            for key, value in properties.items() if isinstance(properties, dict) else ():
                kinds.setdefault(key, set()).update(_kind(value))
    return tuple(
        EventType(name, tuple(_property(key, kinds) for key, kinds in properties.items()))
        for name, properties in seen.items()
    )


def _properties(event: Mapping[str, JsonValue]) -> JsonValue:
    """What an event says beside whose, what and when: under `properties`, or flat beside them."""
    if event.get("properties") is not None:
        return event["properties"]
    known = {"name", "properties", _key(event, _OWNER), _key(event, _WHEN)}
    return {key: value for key, value in event.items() if key not in known}


def _key(event: Mapping[str, JsonValue], names: Sequence[str]) -> str:
    """The first of the names that the event has, else the documented one."""
    return next((name for name in names if name in event), names[0])


def _kind(value: JsonValue) -> set[str]:
    match value:
        case None:
            return set()
        case bool():
            return {"boolean"}
        case int():
            return {"integer"}
        case float():
            return {"number"}
        case list():
            return {"array"}
        case _:
            return {"string"}


def _property(name: str, kinds: set[str]) -> EventProperty:
    if kinds and kinds <= {"integer", "number"}:
        return EventProperty(name, "number", integer=kinds == {"integer"})
    if kinds == {"boolean"}:
        return EventProperty(name, "boolean")
    return EventProperty(name, "array" if kinds == {"array"} else "string")


def events(given: JsonValue, ids: Sequence[Id], catalog: Catalog, clock: Clock) -> list[list[EventRow]]:
    """For each id the events of that customer. Raises: BadLine.

    >>> from datetime import UTC
    >>> events([], [7], catalog({}, ()), Clock.at(datetime.now(UTC)))
    [[]]
    """
    if not isinstance(given, list):
        raise BadLine("INVALID_VALUE", "events", f"events needs a list of objects, got {shown(given)}")
    theirs: dict[Id, list[EventRow]] = {each: [] for each in ids}
    for index, event in enumerate(given):
        path = paths.item("events", index)
        if not isinstance(event, dict):
            raise BadLine("INVALID_VALUE", path, f"an event is an object, got {shown(event)}")
        whose, when_key = _key(event, _OWNER), _key(event, _WHEN)
        owner = _row_id(event.get(whose), paths.member(path, whose))
        name, ts, properties = event.get("name"), event.get(when_key), _properties(event)
        known = catalog.event_by_name.get(name) if isinstance(name, str) else None
        if known is None:
            raise BadLine("INVALID_EVENT", paths.member(path, "name"), f"Unknown event: {shown(name)}")
        if not isinstance(ts, str):
            raise BadLine(
                "INVALID_VALUE",
                paths.member(path, when_key),
                f"{when_key} needs a time as text, got {shown(ts)}",
            )
        if not isinstance(properties, dict):
            raise BadLine("INVALID_VALUE", paths.member(path, "properties"), "properties needs an object")
        cells: dict[str, Cell] = {}
        for each in known.properties:
            field = Field(each.name, each.type, each.integer)
            here = paths.member(paths.member(path, "properties"), each.name)
            cells[each.name] = _cell(properties.get(each.name), field, clock, here)
        when = instant(ts, clock.zone, paths.member(path, when_key))
        if owner in theirs:
            theirs[owner].append({"name": known.name, "ts": when, "properties": cells})
    return [theirs[each] for each in ids]
