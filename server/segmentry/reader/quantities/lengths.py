"""Lengths that are said without a digit: an hour, half a year, a year and a half."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from segmentry.reader.language.tokens import Token
from segmentry.reader.language.words import word_set

_UNITS: Final = word_set("""
second minute hour day week month quarter year kilometre kilometer km mile metre meter kilo pound gig gigabyte
terabyte
""")


def spoken(tokens: Sequence[Token], at: int) -> tuple[float, str, int] | None:
    """The length that begins at token `at`: (count, unit, the token after it), or None."""
    words = [token.norm for token in tokens[at : at + 6]] + [""] * 6
    count = 1.0
    step = 0
    if words[0] == "half":
        count, step = 0.5, 1
    elif words[:3] == ["a", "quarter", "of"]:
        count, step = 0.25, 3
    elif words[:3] == ["three", "quarters", "of"]:
        count, step = 0.75, 3
    elif words[:2] == ["one", "and"] or words[:2] == ["a", "full"]:
        return None
    if words[step] in ("a", "an", "one"):
        step += 1
    elif not step:
        return None
    unit = words[step]
    if unit not in _UNITS:
        return None
    step += 1
    if words[step : step + 3] == ["and", "a", "half"]:
        count, step = count + 0.5, step + 3
    return count, unit, at + step
