"""The part of the Elasticsearch query language that exports use, over documents with keyword fields.

Unset is missing, null and the empty list alike. Texts are compared by code point, whole.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Mapping
from datetime import datetime
from typing import cast

from segmentry.errors import JsonValue

Query = Mapping[str, JsonValue]


def matches(query: JsonValue, document: Query) -> bool:
    """Whether a document matches; an unknown kind of query is an error."""
    ((kind, body),) = cast("dict[str, dict[str, JsonValue]]", query).items()
    match kind:
        case "match_all":
            return True
        case "match_none":
            return False
        case "bool":
            return _bool(body, document)
        case "exists":
            return bool(_values(document, str(body["field"])))
        case _:
            ((field, operand),) = body.items()
            assert "*" not in field
            return any(_holds(kind, value, operand) for value in _values(document, field))


def _bool(body: Query, document: Query) -> bool:
    assert set(body) <= {"filter", "must_not", "should", "minimum_should_match"}
    should = cast("list[JsonValue]", body.get("should", []))
    assert not should or body["minimum_should_match"] == 1
    return (
        all(matches(each, document) for each in cast("list[JsonValue]", body.get("filter", [])))
        and not any(matches(each, document) for each in cast("list[JsonValue]", body.get("must_not", [])))
        and (not should or any(matches(each, document) for each in should))
    )


def _values(document: Query, field: str) -> list[JsonValue]:
    value = document.get(field)
    return value if isinstance(value, list) else [] if value is None else [value]


def _holds(kind: str, value: JsonValue, operand: JsonValue) -> bool:
    if kind == "terms":
        return any(_equal(value, each) for each in cast("list[JsonValue]", operand))
    body = cast("dict[str, JsonValue]", operand)
    if kind == "range":
        bounds = {key: each for key, each in body.items() if key != "time_zone"}
        return all(_within(key, *_ordered(value, each)) for key, each in bounds.items())
    wanted = body["value"]
    match kind:
        case "term":
            return _equal(value, wanted)
        case "prefix":
            return str(value).startswith(str(wanted))
        case "wildcard":
            return _wildcard(str(wanted)).fullmatch(str(value)) is not None
        case _:
            raise AssertionError(f"no such query: {kind}")


def _equal(value: JsonValue, wanted: JsonValue) -> bool:
    if isinstance(value, int) and not isinstance(value, bool) and isinstance(wanted, str):
        return value == int(wanted)
    return isinstance(value, bool) is isinstance(wanted, bool) and value == wanted


def _within(bound: str, left: float | str, right: float | str) -> bool:
    return {
        "gt": operator.gt,
        "gte": operator.ge,
        "lt": operator.lt,
        "lte": operator.le,
    }[bound](left, right)


def _ordered(value: JsonValue, bound: JsonValue) -> tuple[float, float] | tuple[str, str]:
    if isinstance(value, str) and isinstance(bound, str):
        times = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+(Z|\+00:00)")
        if times.fullmatch(value) and times.fullmatch(bound):
            return datetime.fromisoformat(value).isoformat(), datetime.fromisoformat(bound).isoformat()
        return value, bound
    assert isinstance(value, int | float)
    return value, int(bound) if isinstance(bound, str) else cast("float", bound)


def _wildcard(pattern: str) -> re.Pattern[str]:
    parts = re.findall(r"\\(.)|(\*)|(\?)|(.)", pattern, re.DOTALL)
    text = "".join(
        ".*" if star else "." if mark else re.escape(escaped or plain) for escaped, star, mark, plain in parts
    )
    return re.compile(text, re.DOTALL)
