"""The id of one line of a batch, also where the line is no strict JSON, so that its answer is told apart."""

from __future__ import annotations

import json
import math
import re

from segmentry.errors import JsonValue

_FIRST_ID = re.compile(r'\s*\{\s*"id"\s*:\s*("(?:[^"\\]|\\.)*"|-?[0-9]+(?:\.[0-9]+)?)')


def of(value: JsonValue, number: int) -> JsonValue:
    """The id of a decoded line, or the line's number (from 1) where it has none or no number at all.

    >>> of("a", 7), of(None, 7), of(math.nan, 7)
    ('a', 7, 7)
    """
    return number if value is None or (isinstance(value, float) and not math.isfinite(value)) else value


def recovered(line: str, number: int) -> JsonValue:
    """The id of a line that is no strict JSON, if it can still be seen, else the line's number.

    >>> recovered('{"id": "a", "query": NaN', 7), recovered("[", 7)
    ('a', 7)
    """
    try:
        lenient: JsonValue = json.loads(line)
    except (ValueError, RecursionError):
        lenient = _first(line)
    value = lenient.get("id") if isinstance(lenient, dict) else None
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    return of(value, number) if isinstance(value, int | float) else number


def _first(line: str) -> JsonValue:
    found = _FIRST_ID.match(line)
    if not found:
        return {}
    try:
        return {"id": json.loads(found[1], strict=False)}
    except ValueError:  # an escape that JSON does not know, or more digits than a number may have
        return {}
