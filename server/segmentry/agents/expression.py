"""How numbered phrases hang together, as the logic expert writes it: `1 & (2 or 3) & not 4`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

MAX_LENGTH = 200
MAX_DEPTH = 8
# An expression over more does not fit into the answer that the logic expert may write.
MOST_PHRASES = 24
_TOKEN = re.compile(r"\s*(\d{1,2}|&|\(|\)|or\b|not\b)")


class BadLogic(ValueError):
    """The text is no expression over the phrases. The message says where and why, in our own words."""


@dataclass(frozen=True, slots=True)
class Expression:
    """`number` is set for a phrase; `items` for the others, one item for `not`."""

    kind: Literal["phrase", "and", "or", "not"]
    number: int = 0
    items: tuple[Expression, ...] = ()

    def numbers(self) -> Iterator[int]:
        """Every phrase that is named, in order."""
        if self.kind == "phrase":
            yield self.number
        for item in self.items:
            yield from item.numbers()


def parse(text: str, n_phrases: int) -> Expression:
    """The expression of a text; `&` binds tighter than `or`, `not` tightest.

    Raises: BadLogic for anything else, a phrase that does not exist or one named twice.

    >>> found = parse("1 & (2 or 3) & not 4", 4)
    >>> found.kind, list(found.numbers())
    ('and', [1, 2, 3, 4])
    """
    if len(text) > MAX_LENGTH:
        raise BadLogic(f"the expression has {len(text)} characters, limit {MAX_LENGTH}")
    tokens = _tokens(text)
    found = _Parser(tokens, n_phrases).whole()
    named = list(found.numbers())
    twice = next((number for number in named if named.count(number) > 1), None)
    if twice is not None:
        raise BadLogic(f"phrase {twice} is named twice")
    return found


def _tokens(text: str) -> list[str]:
    tokens: list[str] = []
    at = 0
    while at < len(text.rstrip()):
        match = _TOKEN.match(text, at)
        if match is None:
            raise BadLogic(
                f"only numbers, &, or, not and brackets are read; something else stands at {at + 1}"
            )
        tokens.append(match[1])
        at = match.end()
    return tokens


class _Parser:
    def __init__(self, tokens: list[str], n_phrases: int) -> None:
        self._tokens = tokens
        self._n_phrases = n_phrases
        self._at = 0

    def whole(self) -> Expression:
        found = self._or(0)
        if self._at < len(self._tokens):
            raise BadLogic(f"'{self._tokens[self._at]}' stands where the expression should end")
        return found

    def _or(self, depth: int) -> Expression:
        items = [self._and(depth)]
        while self._next() == "or":
            self._at += 1
            items.append(self._and(depth))
        return items[0] if len(items) == 1 else Expression("or", items=tuple(items))

    def _and(self, depth: int) -> Expression:
        items = [self._not(depth)]
        while self._next() == "&":
            self._at += 1
            items.append(self._not(depth))
        return items[0] if len(items) == 1 else Expression("and", items=tuple(items))

    def _not(self, depth: int) -> Expression:
        if depth > MAX_DEPTH:
            raise BadLogic(f"brackets stand more than {MAX_DEPTH} deep")
        mark = self._next()
        self._at += 1
        if mark == "not":
            return Expression("not", items=(self._not(depth + 1),))
        if mark == "(":
            inner = self._or(depth + 1)
            if self._next() != ")":
                raise BadLogic("a bracket is not closed")
            self._at += 1
            return inner
        if mark.isdigit():
            number = int(mark)
            if not 1 <= number <= self._n_phrases:
                raise BadLogic(f"there is no phrase {number}; there are {self._n_phrases}")
            return Expression("phrase", number)
        raise BadLogic("a phrase is missing" if not mark else f"'{mark}' stands where a phrase should")

    def _next(self) -> str:
        return self._tokens[self._at] if self._at < len(self._tokens) else ""
