# ruff: noqa: E501 - word tables and patterns read better in long lines
"""Words, numbers, quotes and signs of a query, each with its place in the raw text."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from segmentry.reader.language.inflect import stem
from segmentry.reader.language.text import Text, fold, normalise

Kind = Literal["word", "number", "date", "ordinal", "quoted", "symbol", "punct"]

CURRENCIES = "$€£¥₹₽₩₺"
_NUMBER = r"(?:\d{1,3}(?:,\d{3})+|\d{1,3}(?:[ ]\d{3})+(?![\d,.])|\d+)(?:\.\d+)?(?:[eE][+]?\d{1,2}(?![a-zA-Z\d]))?|(?<!\.)\.\d+"
_TOKEN = re.compile(
    rf"""\s*+(?:
    (?P<short>(?<![^\W_])[wW]/(?:o(?:ut)?(?![^\W_]))?)
  | (?P<word>(?!(?<![a-zA-Z])(?:R|US\$|A\$|C\$)\d)[^\W\d_]+(?:'[^\W\d_]+)*|_)
  | (?P<quoted>"[^"]*"|(?<![^\s(\[:=,])'[^']*'(?![^\s)\],.!?;:]))
  | (?P<date>\d{{4}}[-/.]\d{{1,2}}[-/.]\d{{1,2}}(?![\d-])(?:T\d{{2}}:\d{{2}}(?::\d{{2}}(?:\.\d{{1,6}})?)?(?:Z|[+-]\d{{2}}:?\d{{2}})?)?
      | \d{{1,2}}[/.]\d{{1,2}}[/.](?:\d{{4}}|\d{{2}})(?![\d/]|\.\d) | \d{{1,2}}-\d{{1,2}}-(?:19|20)\d{{2}}(?![\d-])
      | (?:19|20)\d{{2}}-(?:0[1-9]|1[0-2])(?![\d-]) | (?:0?[1-9]|1[0-2])/(?:19|20)\d{{2}}(?![\d/]))
  | (?P<code>\d+(?:-\d+){{4,}})
  | (?P<ordinal>\d+(?:st|nd|rd|th)(?![a-zA-Z]))
  | (?P<number>(?:[{re.escape(CURRENCIES)}]\s?|(?<![a-zA-Z])(?:R|US\$|A\$|C\$)(?=\d))?
        (?:(?<![\w.)])-)?(?:{_NUMBER})(?:\s?(?:k|K|m|M|mm|bn|b|B)(?![a-zA-Z\d]))?(?:\s?\s?(?:%|[€£$](?!\d)))?)
  | (?P<symbol>>=|=>|<=|=<|==|!=|<>|≥|≤|≠|>|<|=|\+|~|≈)
  | (?P<punct>[^\w\s]))
    """,
    re.VERBOSE,
)
_LONG_NUMBER, _SHORT_NUMBER = 300, 16
# norm, text, stem, start and end within the chunk, kind, glued
_Piece = tuple[str, str, str, int, int, Kind, bool]
_CONTEXT_FREE = re.compile(r"\(?(?!(?:[kKmMbB]|mm|bn)(?![a-zA-Z]))[a-zA-Z]+(?:['-][a-zA-Z]+)*[),.;:!?]*")
_CAMEL = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[^\Wa-zA-Z_]+|.")
_SCALE = {"k": 1_000, "m": 1_000_000, "mm": 1_000_000, "bn": 1_000_000_000, "b": 1_000_000_000}
_PLURAL_ACRONYM = re.compile(r"[A-Z]{2,}s")  # VIPs, SUVs
_PIECES = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)*|\d+")


@dataclass(slots=True)
class Token:
    """One token. `start` and `end` are code points of the raw query; `norm` is folded to lower case.

    `value` is set for numbers; `glued` says that no space stands before it. Nobody changes one; it is not
    frozen because that makes building one five times as slow, and every word of every query is one.
    """

    norm: str
    text: str
    stem: str
    start: int
    end: int
    kind: Kind
    value: int | float | None = None
    money: bool = False
    percent: bool = False
    glued: bool = False

    @property
    def capitalised(self) -> bool:
        return self.kind == "word" and self.text[:1].isupper()


def tokenise(query: str | Text) -> tuple[Token, ...]:
    """Cut a query into tokens; nothing but white space is left out.

    Most of a query is words between blanks, which are the same tokens wherever they stand and are remembered;
    the one long pattern reads the rest, and every text with double quotes.
    """
    text = query if isinstance(query, Text) else normalise(query)
    to_raw = text.to_raw
    # no token ends with a blank, so those at the end are not searched
    stop = len(text.norm.rstrip())
    found: list[Token] = []
    if '"' in text.norm:
        _read(text, 0, stop, found, whole=True)
        return tuple(found)
    chunks = text.norm.split(" ")
    begin = reached = 0
    for following, chunk in enumerate(chunks, 1):
        start = begin
        begin = start + len(chunk) + 1
        if start < reached or not chunk:
            continue
        pieces = _alone(chunk)
        if pieces:
            for norm, shown, stemmed, first, last, kind, glued in pieces:
                at, end = to_raw[start + first], to_raw[start + last]
                found.append(Token(norm, shown, stemmed, at, end, kind, None, False, False, glued))
        elif (
            chunk.isdecimal()
            and len(chunk) < _SHORT_NUMBER
            and chunk.isascii()
            and (following == len(chunks) or _alone(chunks[following]))
        ):
            end = to_raw[begin - 1]
            found.append(Token(chunk, chunk, chunk, to_raw[start], end, "number", int(chunk)))
        else:
            reached = _read(text, start, stop, found)
    return tuple(found)


@lru_cache(maxsize=20_000)
def _alone(chunk: str) -> tuple[_Piece, ...]:
    """The tokens of what stands between two blanks, where they are the same whatever stands around it.

    So it is for words, with hyphens between and marks behind them; a "k" may belong to the number before.
    """
    if _CONTEXT_FREE.fullmatch(chunk) is None:
        return ()
    found: list[Token] = []
    _read(Text(chunk, chunk, range(len(chunk) + 1)), 0, len(chunk), found, whole=True)
    return tuple(
        (each.norm, each.text, each.stem, each.start, each.end, each.kind, each.glued) for each in found
    )


def _read(text: Text, begin: int, stop: int, found: list[Token], *, whole: bool = False) -> int:
    """Add the tokens from `begin` on, up to the first that a blank follows unless `whole`; where that ends."""
    norm_text, to_raw = text.norm, text.to_raw
    last_end = -1
    for match in _TOKEN.finditer(norm_text, begin, stop):
        kind = match.lastgroup
        start, end = match.span(match.lastindex or 0)
        piece = norm_text[start:end]
        if piece[-1] == " ":
            piece = piece.rstrip(" ")
            end = start + len(piece)
        glued = start == last_end
        if kind == "word" and piece.islower() and piece.isascii():
            found.append(
                Token(
                    piece, piece, stem(piece), to_raw[start], to_raw[end], "word", None, False, False, glued
                )
            )
        elif kind == "short":
            norm = "with" if piece.endswith("/") else "without"
            found.append(Token(norm, piece, norm, to_raw[start], to_raw[end], "word", glued=glued))
        elif kind == "word" and piece.islower():
            found.append(_token(text, piece, start, end, "word", glued))
        elif kind == "word":
            _words(text, piece, start, glued, found)
        elif (
            kind == "number"
            and glued
            and found
            and (found[-1].kind == "word" or found[-1].norm == "_")
            and (piece[-1].isalpha() and piece[:-1].isdigit())
        ):
            # `orders_12m` is a name: twelve and m, not twelve million
            found.append(_number(text, piece[:-1], start, end - 1, glued))
            found.append(_token(text, piece[-1], end - 1, end, "word", True))
        elif kind == "number":
            found.append(_number(text, piece, start, end, glued))
        elif kind == "quoted":
            if len(piece) > 2:
                found.append(_token(text, piece[1:-1], start, end, "quoted", glued))
        elif kind == "date":
            found.append(_token(text, piece, start, end, "date", glued))
        elif kind == "code":
            # 27-82-555-12-34 is no quantity and no date: what it names, only a person knows
            found.append(_token(text, piece, start, end, "word", glued))
        elif kind == "ordinal":
            digits = int(re.sub(r"\D", "", piece)[:9])
            found.append(_token(text, piece, start, end, "ordinal", glued, value=digits))
        else:
            found.append(_token(text, piece, start, end, "symbol" if kind == "symbol" else "punct", glued))
        last_end = end
        if not whole and (end >= stop or norm_text[end] == " "):
            break
    return last_end


def part_periods(tokens: tuple[Token, ...], known: frozenset[tuple[str, str, str]]) -> tuple[Token, ...]:
    """Cut a number from its letter where a field's name says so: (orders, 12m) -> (orders, 12, m)."""
    if not known:
        return tokens
    found: list[Token] = []
    for token in tokens:
        if token.kind == "number" and found and (found[-1].stem, token.norm[:-1], token.norm[-1:]) in known:
            digits, unit, cut = token.norm[:-1], token.norm[-1:], token.end - 1
            found.append(Token(digits, digits, digits, token.start, cut, "number", int(digits)))
            found.append(Token(unit, token.text[-1:], unit, cut, token.end, "word", glued=True))
        else:
            found.append(token)
    return tuple(found)


def name_words(name: str) -> tuple[str, ...]:
    """The words of a field name or a value, in lower case: `bookingCount30d` -> booking, count, 30, d.

    >>> name_words("bookingCount30d")
    ('booking', 'count', '30', 'd')
    >>> name_words("Total / month")
    ('total', 'month')
    """
    if name.islower() and name.isascii() and name.isalpha():
        return (name,)
    words: list[str] = []
    for piece in _PIECES.findall(fold(name)):
        if piece.islower() or piece.isdigit():
            words.append(piece)
        elif piece[1:].islower():
            words.append(piece.casefold())
        else:
            words += [part.casefold() for part in _camel(piece)]
    return tuple(words)


def _token(  # noqa: PLR0917 - the parts of one value
    text: Text,
    piece: str,
    start: int,
    end: int,
    kind: Kind,
    glued: bool,
    *,
    value: float | None = None,
    money: bool = False,
    percent: bool = False,
) -> Token:
    raw_end = text.to_raw[end] if end < len(text.to_raw) else len(text.raw)
    norm = piece.casefold()
    stemmed = stem(norm) if kind == "word" else norm
    return Token(norm, piece, stemmed, text.to_raw[start], raw_end, kind, value, money, percent, glued)


def _words(text: Text, piece: str, start: int, glued: bool, found: list[Token]) -> None:
    if piece == "_":
        return
    at = start
    for part in _camel(piece):
        found.append(_token(text, part, at, at + len(part), "word", glued or at > start))
        at += len(part)


def _camel(piece: str) -> list[str]:
    if (
        piece.islower()
        or piece.istitle()
        or piece.isupper()
        or "'" in piece
        or not piece.isascii()
        or _PLURAL_ACRONYM.fullmatch(piece)
    ):
        return [piece]
    parts = _CAMEL.findall(piece)
    # "McDonald" and "iPhone" are words; only a name with real parts is cut.
    return parts if all(len(part) > 1 for part in parts) else [piece]


def _number(text: Text, piece: str, start: int, end: int, glued: bool) -> Token:
    if piece.isdigit() and piece.isascii() and len(piece) < _LONG_NUMBER:
        return _token(text, piece, start, end, "number", glued, value=int(piece))
    money = any(sign in piece for sign in CURRENCIES) or piece[:1] in "RUAC"
    percent = piece.endswith("%")
    bare = re.sub(rf"[{re.escape(CURRENCIES)}%,\s]|^(?:US|R|A|C)", "", piece)
    scale = re.search(r"(?<=[\d.])(mm|bn|k|m|b)$", bare, re.IGNORECASE)
    digits = bare[: scale.start()] if scale else bare
    value = _value(digits)
    if scale:
        value = _scaled(digits, _SCALE[scale.group().lower()])
    return _token(text, piece, start, end, "number", glued, value=value, money=money, percent=percent)


def _value(digits: str) -> int | float:
    if re.fullmatch(r"-?\d{1,300}", digits):
        return int(digits)
    number = float(digits)
    if number in (float("inf"), float("-inf")):
        return 0
    return int(number) if number.is_integer() and abs(number) < 1e15 and "." not in digits else number


def _scaled(digits: str, factor: int) -> int | float:
    """Multiply exactly: `1.1k` is 1100, without a detour through floats."""
    whole, _, fraction = digits.partition(".")
    if "e" in digits.lower():
        return _value(digits) * factor
    sign = -1 if whole.startswith("-") else 1
    scaled = int(whole.lstrip("-") or 0) * factor
    places = 10 ** len(fraction)
    part = int(fraction or 0) * factor
    if part % places == 0:
        return sign * (scaled + part // places)
    return sign * (scaled + part / places)
