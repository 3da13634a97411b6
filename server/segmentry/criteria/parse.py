"""Criteria text, or decoded JSON, to the tree. Stops at the first fault.

What the tree cannot hold is refused here: text that is no JSON, an unknown `$` key, an empty combinator, a
value that is an object. What it can hold is left to `check`, so that an unknown field is named before a
wrong value.
"""

from __future__ import annotations

import json
import math

from segmentry.criteria import limits, paths, suggest
from segmentry.criteria.nodes import (
    MEASURES,
    And,
    Event,
    Everyone,
    Leaf,
    Measure,
    Node,
    Not,
    Operator,
    Or,
    Scalar,
    Segment,
    Top,
    Value,
)
from segmentry.criteria.operators import BY_KEY, COMBINATORS, ROWS
from segmentry.criteria.strict_json import MAX_NESTING, decode
from segmentry.errors import (
    Diagnostic,
    InvalidCriteria,
    JsonScalar,
    JsonValue,
    ParseError,
    TooManyValues,
)

__all__ = ["decode", "from_json", "from_value", "loads", "refuse_size"]

MAX_EXACT = 2**53 - 1
_COUNTS = {"$eq", "$ne", "$neq", "$gt", "$gte", "$lt", "$lte"}


def loads(text: str) -> Node:
    """The tree of a criteria text.

    Raises: ParseError (line, column or path) if it is no tree; CriteriaTooComplex and TooManyValues beyond
    a limit; InvalidCriteria for an operator that does not exist.

    >>> loads('{"status": {"$ne": "DELETED"}}')
    Leaf(field='status', operator=<Operator.NEQ: 'neq'>, value='DELETED', path='status.$ne')
    """
    n_bytes = len(text.encode("utf-8", "surrogatepass"))
    if n_bytes > limits.MAX_BYTES:
        raise _too_long(n_bytes)
    return from_json(decode(text))


def from_value(value: JsonValue) -> Node:
    """The tree of criteria that came as a `google.protobuf.Struct`, where every number is a double.

    Integral doubles up to 2^53-1 become integers; larger ones have lost digits already and are refused.

    Raises: as `loads`, and InvalidCriteria (INVALID_VALUE) for NaN, infinities and numbers beyond 2^53-1.

    >>> from_value({"score": {"$gte": 70.0}})
    Leaf(field='score', operator=<Operator.GTE: 'gte'>, value=70, path='score.$gte')
    """
    refuse_size(value)
    return from_json(_exact(value, ""))


def from_json(value: JsonValue) -> Node:
    """The tree of criteria decoded by `decode`, whose integers are exact; size and nesting were bounded.

    Raises: as `loads`.

    >>> from_json({})
    Everyone(path='')
    """
    tree = _Tree()
    node = tree.criteria(value, "", 1, empty=True)
    limits.refuse_depth(tree.depth)
    limits.refuse_nodes(tree.nodes)
    return node


def _too_long(n_bytes: int) -> Exception:
    maximum = limits.MAX_BYTES
    return limits.too_complex(
        "bytes", n_bytes, maximum, f"criteria have {n_bytes:,} bytes, limit {maximum:,}"
    )


def refuse_size(value: JsonValue) -> None:
    """Apply the limits of the text to criteria that came decoded, without recursion.

    Raises: CriteriaTooComplex.

    >>> refuse_size({"status": "ACTIVE"})
    """
    level: list[JsonValue] = [value]
    depth = 0
    while any(isinstance(each, dict | list) for each in level):
        depth += 1
        if depth > MAX_NESTING:
            message = f"brackets are nested more than {MAX_NESTING} deep"
            raise limits.too_complex("nesting", depth, MAX_NESTING, message)
        inner: list[JsonValue] = []
        for each in level:
            if isinstance(each, dict):
                inner.extend(each.values())
            elif isinstance(each, list):
                inner.extend(each)
        level = inner
    # Written without spaces: the least text that could have brought it.
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    n_bytes = len(text.encode("utf-8", "surrogatepass"))
    if n_bytes > limits.MAX_BYTES:
        raise _too_long(n_bytes)


def _exact(value: JsonValue, path: str) -> JsonValue:
    match value:
        case dict():
            return {key: _exact(each, paths.member(path, key)) for key, each in value.items()}
        case list():
            return [_exact(each, paths.item(path, index)) for index, each in enumerate(value)]
        case float():
            if not math.isfinite(value):
                raise _invalid_value(path, f"{value} is not a number that can be compared", None)
            if not value.is_integer():
                return value
            if abs(value) > MAX_EXACT:
                message = (
                    f"{value:.0f} is beyond 2^53-1, where a double loses digits; send it in `expression`"
                )
                raise _invalid_value(path, message, value)
            return int(value)
        case _:
            return value


def _invalid_value(path: str, message: str, value: JsonValue) -> InvalidCriteria:
    return InvalidCriteria([Diagnostic("INVALID_VALUE", path, message, check=4, value=value)])


class _Tree:
    """One parse; counts what the limits are about."""

    def __init__(self) -> None:
        self.depth = 0
        self.nodes = 0

    def criteria(self, value: JsonValue, path: str, depth: int, *, empty: bool = False) -> Node:
        self.depth = max(self.depth, depth)
        if not isinstance(value, dict):
            raise _no_tree(path, f"expected an object of conditions, got {_kind(value)}")
        if not value:
            if empty:
                return Everyone(path)
            raise _no_tree(path, "{} means everyone and stands only at the root or in $top.of")
        items: list[Node] = []
        for key, inner in value.items():
            items.extend(self.entry(key, inner, path, depth))
        return items[0] if len(items) == 1 else And(tuple(items), path)

    def entry(self, key: str, value: JsonValue, path: str, depth: int) -> list[Node]:
        here = paths.member(path, key)
        match key:
            case "$and" | "$or":
                return [self.group(key, value, here, depth)]
            case "$not":
                self.nodes += 1
                return [Not(self.criteria(value, here, depth + 1), here)]
            case "$event":
                self.nodes += 1
                return [self.event(value, here, depth)]
            case "$segment":
                self.nodes += 1
                return [self.segment(value, here)]
            case "$top":
                self.nodes += 1
                return [self.top(value, here, depth)]
            case _ if key.startswith("$"):
                raise _unknown_operator(key, here, field="")
            case _:
                return self.field(self.text(key, here), value, here)

    def group(self, key: str, value: JsonValue, path: str, depth: int) -> Node:
        self.nodes += 1
        if not isinstance(value, list) or not value:
            got = "an empty list" if value == [] else _kind(value)
            raise _no_tree(path, f"{key} needs a list of one or more conditions, got {got}")
        items: list[Node] = []
        for index, each in enumerate(value):
            here = paths.item(path, index)
            item = self.criteria(each, here, depth + 1)
            # Several entries in one object of an $and are items of that $and: nothing is nested for them.
            implicit = isinstance(item, And) and item.path == here and key == "$and"
            items.extend(item.items if implicit and isinstance(item, And) else (item,))
        return And(tuple(items), path) if key == "$and" else Or(tuple(items), path)

    def field(self, name: str, value: JsonValue, path: str) -> list[Node]:
        if not isinstance(value, dict):
            self.nodes += 1
            return [Leaf(name, Operator.EQ, self.operand(value, path, "$eq"), path)]
        if not value:
            raise _no_tree(path, f"{name} needs a value or at least one operator, got {{}}")
        leaves: list[Node] = []
        for key, operand in value.items():
            self.nodes += 1
            here = paths.member(path, key)
            if key not in BY_KEY:
                raise _unknown_operator(key, here, field=name)
            leaves.append(Leaf(name, BY_KEY[key], self.operand(operand, here, key), here))
        return leaves

    def operand(self, value: JsonValue, path: str, key: str) -> Value:
        if isinstance(value, list):
            if len(value) > limits.MAX_VALUES:
                raise TooManyValues(
                    f"{key} has {len(value):,} values, limit {limits.MAX_VALUES:,}",
                    path=path,
                    actual=len(value),
                    maximum=limits.MAX_VALUES,
                )
            return tuple(self.scalar(each, paths.item(path, i)) for i, each in enumerate(value))
        return self.scalar(value, path)

    def scalar(self, value: JsonValue, path: str) -> Scalar:
        if isinstance(value, str):
            return self.text(value, path)
        if isinstance(value, dict | list):
            raise _invalid_value(path, f"expected a single value, got {_kind(value)}", None)
        if isinstance(value, float) and not math.isfinite(value):
            raise _invalid_value(path, f"{value} is not a number that can be compared", None)
        return value

    def text(self, text: str, path: str) -> str:
        if not text.isascii() or "\0" in text:
            for sign in text:
                if sign == "\0" or "\ud800" <= sign <= "\udfff":
                    what = "NUL is not allowed" if sign == "\0" else "a lone surrogate is not a character"
                    raise _no_tree(path, what)
        n_bytes = len(text.encode())
        if n_bytes > limits.MAX_STRING_BYTES:
            maximum = limits.MAX_STRING_BYTES
            raise limits.too_complex(
                "string bytes", n_bytes, maximum, f"a text has {n_bytes:,} bytes, limit {maximum:,}", path
            )
        return text

    def event(self, value: JsonValue, path: str, depth: int) -> Node:
        parts = _parts(value, path, ("name", "where", *MEASURES, "within"), "$event")
        name = self.text(_text(parts.get("name"), paths.member(path, "name"), "an event name"), path)
        where = None
        if "where" in parts:
            where = self.criteria(parts["where"], paths.member(path, "where"), depth + 1)
        given: list[Measure] = [*filter(parts.__contains__, MEASURES)]
        if len(given) > 1:
            raise _no_tree(path, f"$event takes one of {', '.join(MEASURES)}, not {' and '.join(given)}")
        of, operator, number = None, Operator.GTE, 1
        measure: Measure = given[0] if given else "count"
        here = paths.member(path, measure)
        compared = parts.get(measure)
        if measure != "count":
            if not isinstance(compared, dict) or len(compared) != 2 or "of" not in compared:
                raise _no_tree(here, f'{measure} looks like {{"of": property, "$gte": number}}')
            of = self.text(_text(compared["of"], paths.member(here, "of"), "a property"), here)
            compared = {key: each for key, each in compared.items() if key != "of"}
        if given:
            operator, number = _comparison(compared, here)
        if measure != "sum" and number < 0:
            raise _invalid_value(here, "a count is never below 0", number)
        start, end = self.window(parts.get("within"), paths.member(path, "within"), given="within" in parts)
        return Event(name, where, measure, of, operator, number, start, end, path)

    def window(self, value: JsonValue, path: str, *, given: bool) -> tuple[str | None, str | None]:
        if not given:
            return None, None
        if not isinstance(value, dict):
            return self.text(_text(value, path, "a time"), path), None
        parts = _parts(value, path, ("from", "to"), "within")
        if "from" not in parts:
            raise _no_tree(path, "within needs 'from'")
        start = self.text(_text(parts["from"], paths.member(path, "from"), "a time"), path)
        if "to" not in parts:
            return start, None
        return start, self.text(_text(parts["to"], paths.member(path, "to"), "a time"), path)

    def segment(self, value: JsonValue, path: str) -> Node:
        if isinstance(value, str):
            return Segment(self.text(_text(value, path, "a segment id"), path), None, path)
        parts = _parts(value, path, ("id", "version"), "$segment")
        segment_id = self.text(_text(parts.get("id"), paths.member(path, "id"), "a segment id"), path)
        if "version" not in parts:
            return Segment(segment_id, None, path)
        version = parts["version"]
        if isinstance(version, bool) or not isinstance(version, int) or version < 1:
            raise _invalid_value(paths.member(path, "version"), "a version is a whole number from 1", None)
        return Segment(segment_id, version, path)

    def top(self, value: JsonValue, path: str, depth: int) -> Node:
        parts = _parts(value, path, ("field", "percent", "order", "of"), "$top")
        field = self.text(_text(parts.get("field"), paths.member(path, "field"), "a field"), path)
        percent = parts.get("percent")
        if isinstance(percent, bool) or not isinstance(percent, int | float) or not 0 < percent < 100:
            message = "percent is a number above 0 and below 100"
            raise _invalid_value(
                paths.member(path, "percent"), message, None if isinstance(percent, dict | list) else percent
            )
        order = parts.get("order", "highest")
        if order not in ("highest", "lowest"):
            raise _invalid_value(paths.member(path, "order"), 'order is "highest" or "lowest"', order)
        of: Node = Everyone(paths.member(path, "of"))
        if "of" in parts:
            of = self.criteria(parts["of"], paths.member(path, "of"), depth + 1, empty=True)
        return Top(field, percent, "highest" if order == "highest" else "lowest", of, path)


def _no_tree(path: str, message: str) -> ParseError:
    place = f" at {path}" if path else ""
    return ParseError(f"{message}{place}", path=path)


def _kind(value: JsonValue) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case str():
            return f"the text {json.dumps(value[:60], ensure_ascii=False)}"
        case int() | float():
            return f"the number {value}" if abs(value) < 1e30 else "a number"
        case list():
            return "a list"
        case dict():
            return "an object"


def _parts(value: JsonValue, path: str, known: tuple[str, ...], name: str) -> dict[str, JsonValue]:
    if not isinstance(value, dict):
        raise _no_tree(path, f"{name} needs an object with {', '.join(known)}, got {_kind(value)}")
    for key in value:
        if key not in known:
            raise _no_tree(paths.member(path, key), f"{name} has no key {key!r} (it has {', '.join(known)})")
    return value


def _text(value: JsonValue, path: str, what: str) -> str:
    if not isinstance(value, str) or not value:
        raise _no_tree(
            path, f"expected {what} as text, got {_kind(value) if value != '' else 'an empty text'}"
        )
    return value


def _comparison(value: JsonValue, path: str) -> tuple[Operator, int]:
    key, number = "$eq", value
    if isinstance(value, dict):
        if len(value) != 1:
            raise _no_tree(path, "exactly one comparison is needed here")
        key, number = next(iter(value.items()))
        path = paths.member(path, key)
        if key not in _COUNTS:
            raise _unknown_operator(key, path, field="", legal=[each for each in _COUNTS if each != "$ne"])
    if isinstance(number, float) and number.is_integer():
        number = int(number)
    if isinstance(number, bool) or not isinstance(number, int):
        shown: JsonScalar = None if isinstance(number, dict | list) else number
        raise _invalid_value(path, f"expected a whole number, got {_kind(number)}", shown)
    return BY_KEY[key], number


def _unknown_operator(key: str, path: str, *, field: str, legal: list[str] | None = None) -> InvalidCriteria:
    choices = legal or ([row.key for row in ROWS] if field else [*COMBINATORS])
    near: list[str] = suggest.nearest(key, choices, most=1, least=0.0)
    if legal is not None:
        message = f"{key} compares no number of events; there are {', '.join(legal)}"
    elif key in BY_KEY and not field:
        message = f'{key} belongs inside a field, such as {{"score": {{{json.dumps(key)}: 70}}}}'
        near = []
    elif key in COMBINATORS:
        message = f"{key} takes whole conditions; write it around the field"
        near = []
    else:
        message = f"{key} is not an operator; there are {', '.join(choices)}"
    return InvalidCriteria(
        [Diagnostic("INVALID_OPERATOR", path, message, tuple(near), check=2, field=field, value=key)]
    )
