"""A line of a batch that cannot be used, and why."""

from __future__ import annotations

import json

from segmentry.criteria import strict_json
from segmentry.errors import JsonValue, ParseError, SegmentryError

_SHOWN = 60


class BadLine(Exception):
    """What is wrong with a line, the JSON path of it, and what would work."""

    def __init__(self, code: str, path: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.path = path
        self.message = message


def of_error(error: SegmentryError, path: str = "") -> BadLine:
    """A fault of the parts below as one of this line; `path` stands before the path of the fault itself."""
    if error.violations:
        first = error.violations[0]
        return BadLine(first.reason, first.field, error.message)
    inner = error.diagnostics[0].path if error.diagnostics else error.metadata.get("path", "")
    whole = f"{path}.{inner}" if path and inner else path or inner
    return BadLine(getattr(error, "code", error.reason), whole, error.message)


def said(value: JsonValue) -> str:
    """A value as a message names it.

    >>> said([1]), said("x"), said(3)
    ('a list', "the text 'x'", '3')
    """
    match value:
        case list():
            return "a list"
        case dict():
            return "an object"
        case str():
            return f"the text {value[:_SHOWN]!r}"
        case _:
            return json.dumps(value)[:_SHOWN]


def decoded(line: bytes) -> dict[str, JsonValue]:
    """The object of one line of strict JSON, but that rows may hold NaN, which counts as unset.

    Raises: BadLine with PARSE_ERROR and the byte or column of the fault.
    """
    try:
        text = line.decode()
    except UnicodeDecodeError as error:
        raise BadLine("PARSE_ERROR", "", f"a line is UTF-8 text; byte {error.start + 1} is not") from error
    try:
        value = _strict(text)
    except SegmentryError as error:
        raise BadLine("PARSE_ERROR", "", error.message.replace("at line 1, column", "at column")) from error
    if not isinstance(value, dict):
        raise BadLine("PARSE_ERROR", "", f"a line is a JSON object with query and schema, got {said(value)}")
    return value


def _strict(text: str) -> JsonValue:
    try:
        return strict_json.decode(text)
    except ParseError:
        value = strict_json.decode(text, table=True)
        if not isinstance(value, dict) or "rows" not in value:
            raise
        # What is wrong outside the rows is wrong without them too.
        rest = json.dumps({key: each for key, each in value.items() if key != "rows"})
        try:
            strict_json.decode(rest)
        except ParseError:
            pass
        else:
            return value
        raise
