"""JSON as RFC 8259 has it, and nothing more, with the line and column of the first fault.

`json.loads` accepts NaN, Infinity, 1e999, duplicate keys, lone surrogates and NUL, and raises RecursionError
on deep nesting. Here it is only the fast path for text that has none of these; a small parser of our own
then says where the fault is. Nesting is counted iteratively before either of them runs.
"""

from __future__ import annotations

import json
import math
import re
from typing import NoReturn

from segmentry.errors import CriteriaTooComplex, JsonValue, ParseError

MAX_NESTING = 64
# Float literals stay doubles; an integer needs no more digits than the longest double.
MAX_DIGITS = 400
_TEXT = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"', re.DOTALL)
_BRACKET = re.compile(r"[\[{\]}]")
_SPACE = re.compile(r"[ \t\n\r]*")
_STRING = re.compile(r'"((?:[^"\\\x00-\x1f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*)"')
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?")
_SURROGATE = re.compile("[\ud800-\udfff]")
_UNICODE_FAULT = re.compile("[\ud800-\udfff\x00]")
_WORDS: dict[str, JsonValue] = {"true": True, "false": False, "null": None}


class _Fault(ValueError):
    """The fast path met something that the slow one has to place."""


def decode(text: str, *, max_nesting: int = MAX_NESTING, table: bool = False) -> JsonValue:
    """The value of a strict JSON text; integers stay exact.

    With `table` it may hold rows of data, where NaN and infinities are numbers (they count as unset) and NUL
    is a character.

    Raises: ParseError (metadata line, column, counted from 1); CriteriaTooComplex beyond the nesting.

    >>> decode('{"n": 9007199254740993}')
    {'n': 9007199254740993}
    """
    check_nesting(text, max_nesting)
    if "\\u" not in text and (text.isascii() or not _SURROGATE.search(text)):
        try:
            return json.loads(
                text,
                object_pairs_hook=_object,
                parse_constant=float if table else _constant,
                parse_float=float if table else _float,
                parse_int=_int,
            )
        except ValueError:
            pass
    return _Reader(text, table=table).document()


def refuse_member(text: str, name: str, *, max_nesting: int = MAX_NESTING) -> None:
    """Find the fault in one member of a `table` object that has to be strict JSON itself.

    Raises: ParseError, as `decode` for the member alone, with its line and column in the whole text.

    >>> refuse_member('{"rows": [NaN], "criteria": {"n": 1}}', "criteria")
    """
    check_nesting(text, max_nesting)
    _Reader(text, table=True, strict=name).document()


def check_nesting(text: str, maximum: int = MAX_NESTING) -> None:
    """Refuse a text with more than `maximum` brackets open at once, without recursion.

    Raises: CriteriaTooComplex.

    >>> check_nesting('[[1], [2]]', maximum=2)
    """
    if text.count("[") + text.count("{") <= maximum:
        return
    depth = 0
    # Without the texts only the brackets are walked through: rows of data are mostly texts. Where nothing is
    # escaped every second part between quotes is outside of them.
    outside = _TEXT.sub("", text) if "\\" in text else "".join(text.split('"')[::2])
    for sign in _BRACKET.findall(outside):
        if sign in "[{":
            depth += 1
            if depth > maximum:
                raise CriteriaTooComplex(
                    f"brackets are nested more than {maximum} deep",
                    limit="nesting",
                    actual=depth,
                    maximum=maximum,
                )
        else:
            depth -= 1


def _object(pairs: list[tuple[str, JsonValue]]) -> dict[str, JsonValue]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _Fault
    return found


def _constant(_: str) -> NoReturn:
    raise _Fault


def _float(text: str) -> float:
    value = float(text)
    if math.isinf(value):
        raise _Fault
    return value


def _int(text: str) -> int:
    if len(text) > MAX_DIGITS:
        raise _Fault
    return int(text)


class _Reader:
    """A recursive descent over one text; nesting was bounded before."""

    def __init__(self, text: str, *, table: bool, strict: str | None = None) -> None:
        self.text = text
        self.table = table
        self.strict = strict
        self.at = 0

    def document(self) -> JsonValue:
        if self.text.startswith("\ufeff"):
            self.fail("a byte order mark is not allowed")
        self.space()
        if self.at == len(self.text):
            self.fail("the text is empty")
        value = self.object(self.strict) if self.sign() == "{" else self.value()
        self.space()
        if self.at < len(self.text):
            self.fail("unexpected text after the end of the JSON value")
        return value

    def fail(self, message: str, at: int | None = None) -> NoReturn:
        place = self.at if at is None else at
        line = self.text.count("\n", 0, place) + 1
        column = place - (self.text.rfind("\n", 0, place) + 1) + 1
        raise ParseError(f"{message} at line {line}, column {column}", line=line, column=column)

    def space(self) -> None:
        found = _SPACE.match(self.text, self.at)
        assert found is not None
        self.at = found.end()

    def sign(self) -> str:
        return self.text[self.at] if self.at < len(self.text) else ""

    def value(self) -> JsonValue:
        sign = self.sign()
        if sign == "{":
            return self.object()
        if sign == "[":
            return self.array()
        if sign == '"':
            return self.string()
        if sign == "-" or ("0" <= sign <= "9"):
            return self.number()
        for word, value in _WORDS.items():
            if self.text.startswith(word, self.at):
                self.at += len(word)
                return value
        for word in ("NaN", "Infinity"):
            if self.text.startswith(word, self.at):
                if not self.table:
                    self.fail(f"{word} is not JSON")
                self.at += len(word)
                return float(word)
        return self.fail("expected a JSON value" if sign else "the text ends in the middle of a value")

    def number(self) -> int | float:
        found = _NUMBER.match(self.text, self.at)
        if found is None:
            if not self.text.startswith("-Infinity", self.at):
                self.fail("expected a number")
            if not self.table:
                self.fail("-Infinity is not JSON")
            self.at += len("-Infinity")
            return -math.inf
        start, self.at = self.at, found.end()
        if found[1] is None and found[2] is None:
            if len(found[0]) > MAX_DIGITS:
                self.fail("number out of range", start)
            return int(found[0])
        value = float(found[0])
        if math.isinf(value) and not self.table:
            self.fail(f"number {found[0][:40]} is out of range", start)
        return value

    def string(self) -> str:
        found = _STRING.match(self.text, self.at)
        if found is None:
            self.bad_string()
        start, self.at = self.at, found.end()
        value = str(json.loads(found[0])) if "\\" in found[1] else found[1]
        fault = _UNICODE_FAULT.search(value)
        if fault and (fault[0] != "\0" or not self.table):
            self.fail(
                "NUL is not allowed" if fault[0] == "\0" else "a lone surrogate is not a character", start
            )
        return value

    def bad_string(self) -> NoReturn:
        at = self.at + 1
        while at < len(self.text):
            sign = self.text[at]
            if sign == '"':
                break
            if sign < " ":
                self.fail("a control character must be escaped", at)
            if sign == "\\":
                if not re.compile(r'\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})').match(self.text, at):
                    self.fail("a broken escape", at)
                at += 1
            at += 1
        self.fail("a string without end")

    def array(self) -> list[JsonValue]:
        items: list[JsonValue] = []
        self.at += 1
        self.space()
        if self.sign() == "]":
            self.at += 1
            return items
        while True:
            self.space()
            items.append(self.value())
            self.space()
            if self.sign() == "]":
                self.at += 1
                return items
            if self.sign() != ",":
                self.fail("expected ',' or ']'")
            self.at += 1

    def object(self, strict: str | None = None) -> dict[str, JsonValue]:
        """An object; its member `strict` holds no rows."""
        found: dict[str, JsonValue] = {}
        self.at += 1
        self.space()
        if self.sign() == "}":
            self.at += 1
            return found
        while True:
            self.space()
            if self.sign() != '"':
                self.fail("expected a key in double quotes")
            start = self.at
            key = self.string()
            if key in found:
                self.fail(f"duplicate key {key!r}", start)
            self.space()
            if self.sign() != ":":
                self.fail("expected ':'")
            self.at += 1
            self.space()
            table, self.table = self.table, self.table and key != strict
            found[key] = self.value()
            self.table = table
            self.space()
            if self.sign() == "}":
                self.at += 1
                return found
            if self.sign() != ",":
                self.fail("expected ',' or '}'")
            self.at += 1
