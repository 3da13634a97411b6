"""Extended JSON as the JavaScript that mongosh reads: dates and 64-bit numbers by their constructors.

Pasted as it stands, `{"$date": ...}` is a document there and no date, so a filter would select nobody.
"""

from __future__ import annotations

import json

from segmentry.errors import JsonValue

_WIDTH = 96


def printed(value: JsonValue, indent: int = 0) -> str:
    """A value of extended JSON as JavaScript; what is longer than a line is spread over several.

    >>> printed({"at": {"$lt": {"$date": "2025-10-17T00:00:00Z"}}})
    '{"at": {"$lt": ISODate("2025-10-17T00:00:00Z")}}'
    >>> printed([{"$numberLong": "9007199254740993"}, {"$numberDouble": "-Infinity"}])
    '[NumberLong("9007199254740993"), -Infinity]'
    """
    constructed = _constructed(value)
    if constructed:
        return constructed
    match value:
        case dict():
            items = [f"{_key(key)}: {printed(each, indent + 2)}" for key, each in value.items()]
            return _within("{}", items, indent)
        case list():
            return _within("[]", [printed(each, indent + 2) for each in value], indent)
        case _:
            return json.dumps(value, ensure_ascii=False, allow_nan=False)


def _constructed(value: JsonValue) -> str:
    match value:
        case {"$date": str() as text}:
            return f"ISODate({json.dumps(text)})"
        case {"$date": {"$numberLong": str() as milliseconds}}:
            return f"new Date({milliseconds})"
        case {"$numberLong": str() as digits}:
            return f"NumberLong({json.dumps(digits)})"
        case {"$numberDouble": str() as name}:
            return name
        case _:
            return ""


def _key(name: str) -> str:
    # As a plain key this one sets the prototype.
    return '["__proto__"]' if name == "__proto__" else json.dumps(name, ensure_ascii=False)


def _within(brackets: str, items: list[str], indent: int) -> str:
    line = f"{brackets[0]}{', '.join(items)}{brackets[1]}"
    if len(line) + indent <= _WIDTH and "\n" not in line:
        return line
    margin = " " * (indent + 2)
    inner = ",\n".join(f"{margin}{each}" for each in items)
    return f"{brackets[0]}\n{inner}\n{' ' * indent}{brackets[1]}"
