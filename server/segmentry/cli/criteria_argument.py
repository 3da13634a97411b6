"""Criteria as an argument: JSON text, `@FILE`, or `-` for stdin; read strictly before anything is sent."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from segmentry.cli.problems import usage
from segmentry.errors import JsonValue


def read(text: str) -> dict[str, JsonValue]:
    """The criteria as JSON.

    Raises: CommandError when a file cannot be read; ParseError, CriteriaTooComplex and TooManyValues as
    the server would, with line and column of the fault.
    """
    from segmentry.criteria import parse

    source = _source(text)
    parse.loads(source)
    value = parse.decode(source)
    if not isinstance(value, dict):
        raise usage('criteria are a JSON object such as {"handicap":{"$lt":10}}')
    return value


def names_segments(*criteria: JsonValue) -> bool:
    """Whether any of them names a saved segment, so that the state store is read to answer."""
    return any("$segment" in json.dumps(each) for each in criteria)


def _source(text: str) -> str:
    try:
        if text == "-":
            return sys.stdin.read()
        if text.startswith("@"):
            return Path(text[1:]).read_text(encoding="utf-8")
    except OSError as error:
        why = (
            "there is no such file" if isinstance(error, FileNotFoundError) else error.strerror or str(error)
        )
        raise usage(f"cannot read criteria from {text}: {why}") from error
    except ValueError as error:
        raise usage(f"cannot read criteria from {text}: it is no file of UTF-8 text") from error
    return text
