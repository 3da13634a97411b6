"""The query cleaned for reading, with a way back: every offset maps to a code point of the raw text."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

_QUOTES = {
    "‘": "'",
    "’": "'",
    "ʼ": "'",
    "′": "'",
    "´": "'",
    "`": "'",
    "“": '"',
    "”": '"',
    "„": '"',
    "«": '"',
    "»": '"',
    "–": "-",
    "—": "-",
    "‐": "-",
    "‑": "-",
    "−": "-",
    "×": "x",
}

# what stands for itself: most of every query
_PLAIN = re.compile(
    "[" + re.escape("".join(chr(code) for code in range(32, 127) if chr(code) not in _QUOTES)) + "]+"
)


class Text(NamedTuple):
    """`norm` is what is read; `to_raw[i]` is the offset in `raw` of `norm[i]`; the last entry is the end."""

    raw: str
    norm: str
    to_raw: Sequence[int]


def normalise(raw: str) -> Text:
    """Fold compatibility forms (NFKC), straighten quotes and dashes, drop control and bidi characters.

    Letters keep their case, because a capital is evidence of a name. Line breaks and tabs become spaces.
    """
    if raw.isascii() and raw.isprintable():
        return Text(raw, raw, range(len(raw) + 1))
    # A part of an instruction stands behind as many blanks as came before it; the last may take a mark.
    at = max(len(raw) - len(raw.lstrip(" ")) - 1, 0)
    chars: list[str] = [" "] * at
    to_raw: list[int] = list(range(at))
    while at < len(raw):
        plain = _PLAIN.match(raw, at)
        # the last letter of a run may take the mark that follows
        end = 0 if plain is None else plain.end() - (plain.end() < len(raw))
        if end > at:
            chars.append(raw[at:end])
            to_raw += range(at, end)
            at = end
            continue
        end = at + 1
        # A base letter and its combining marks compose together, so they are folded as one.
        while end < len(raw) and unicodedata.combining(raw[end]):
            end += 1
        for char in _fold(raw[at:end]):
            chars.append(char)
            to_raw.append(at)
        at = end
    to_raw.append(len(raw))
    return Text(raw, "".join(chars), tuple(to_raw))


def fold(raw: str) -> str:
    """The cleaned text alone, for names and values, which need no way back."""
    return raw if raw.isascii() and raw.isprintable() else normalise(raw).norm


@lru_cache(maxsize=4096)
def _fold(cluster: str) -> str:
    straight = _QUOTES.get(cluster)
    if straight is not None:
        return straight
    folded: list[str] = []
    for char in unicodedata.normalize("NFKC", cluster):
        category = unicodedata.category(char)
        if char in "\t\n\r\v\f" or category.startswith("Z"):
            folded.append(" ")
        elif category[0] != "C":
            folded.append(_QUOTES.get(char, char))
    return "".join(folded)
