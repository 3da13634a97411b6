# ruff: noqa: E501 - word tables and patterns read better in long lines
"""Quantities in words and digits: twenty-five, a dozen, half a million, 5k, $80, 10 percent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from segmentry.reader.language.tokens import Token
from segmentry.reader.language.words import word_set

_UNITS = {
    "zero": 0, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9,
    "ten": 10, "eleven": 11, "twelve": 12, "thirteen": 13, "fourteen": 14, "fifteen": 15, "sixteen": 16,
    "seventeen": 17, "eighteen": 18, "nineteen": 19,
}  # fmt: skip
_TENS = {
    "twenty": 20, "thirty": 30, "forty": 40, "fourty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80,
    "ninety": 90,
}  # fmt: skip
SCALES = {
    "fiver": 5, "tenner": 10, "fivers": 5, "tenners": 10, "hundred": 100, "thousand": 1_000, "million": 1_000_000, "billion": 1_000_000_000, "grand": 1_000,
    "k": 1_000, "mil": 1_000_000, "mn": 1_000_000, "mln": 1_000_000, "dozen": 12, "hundreds": 100, "thousands": 1_000, "millions": 1_000_000,
    "billions": 1_000_000_000,
}  # fmt: skip
SCALE_WORDS = frozenset(SCALES)
TIMES = {"once": 1, "twice": 2, "thrice": 3}
_HALVED = frozenset({"hundred", "thousand", "million", "billion", "grand", "dozen", "k", "mil"})
_NOTES = frozenset({"fiver", "tenner", "fivers", "tenners"})
_MINOR = frozenset({"cents", "pence", "p"})
_PERCENT = frozenset({"percent", "pct", "percentage"})
MONEY_WORDS = word_set("""
pence dollar dollars usd eur euro euros gbp pound pounds zar rand rands bucks cents yen jpy rupee rupees inr
chf cad aud quid franc francs krona kronor sek nok dkk brl reais
""")
_TIMES_OF_LENGTH = word_set(
    "second seconds minute minutes hour hours day days week weeks month months quarter quarters year years"
)
_TWO_DIGITS = 2
_MOST_OF = 20
_AFTER_SHARE = word_set("and or but , . ; ? ! of who that with") | {""}
_NO_SHARE = _TIMES_OF_LENGTH | word_set("or percent pct more fewer less")
_AFTER_PRICE = word_set("and but or , . ; : ) ? ! a an each per on in at for who with whose")
# every word with which a quantity begins
FIRST = (
    frozenset({"a", "an", "one", "dozen", "half", "minus", "negative"})
    | frozenset(_UNITS)
    | frozenset(_TENS)
    | SCALE_WORDS
    | frozenset(TIMES)
    | MONEY_WORDS
)
_SIGNS = {"$": "$", "€": "EUR", "£": "GBP", "¥": "¥", "₹": "INR", "₽": "RUB", "₩": "KRW", "₺": "TRY"}
_MONEY_CODES = {
    "dollar": "$", "dollars": "$", "bucks": "$", "euro": "EUR", "euros": "EUR", "pound": "GBP", "pounds": "GBP",
    "quid": "GBP", "rand": "ZAR", "rands": "ZAR", "yen": "JPY", "rupee": "INR", "rupees": "INR", "franc": "CHF",
    "francs": "CHF", "krona": "SEK", "kronor": "SEK", "reais": "BRL",
}  # fmt: skip


@dataclass(slots=True)
class Quantity:
    """A number over tokens `[start, end)`. `minor` says that the words named cents.

    `currency` is the code of the money that was said, or its sign where that stands for several.
    """

    value: int | float
    start: int
    end: int
    money: bool = False
    percent: bool = False
    minor: bool = False
    assumed: bool = False
    currency: str = ""


def quantity(tokens: Sequence[Token], at: int) -> Quantity | None:
    """The quantity that begins at token `at`, with its sign of money or percent, or None."""
    if tokens[at].kind != "number" and tokens[at].norm not in FIRST:
        return None
    code = tokens[at].norm in MONEY_WORDS and len(tokens[at].norm) == 3
    begin = at + 1 if code and at + 1 < len(tokens) else at
    minus = tokens[begin].norm in ("minus", "negative") and begin + 1 < len(tokens)
    share = None if minus or code else _share(tokens, begin)
    if share is not None:
        return Quantity(share[0], at, share[1], percent=True)
    bare = _bare(tokens, begin + 1 if minus else begin)
    if bare is None:
        return None
    value, end, assumed = bare
    value = -value if minus else value
    money = code or any(token.money or token.norm in _NOTES for token in tokens[begin:end])
    percent = any(token.percent for token in tokens[begin:end])
    minor = False
    if end < len(tokens):
        following = tokens[end].norm
        if following in _PERCENT or (
            following == "per" and end + 1 < len(tokens) and tokens[end + 1].norm == "cent"
        ):
            percent, end = True, end + (2 if following == "per" else 1)
        elif following in MONEY_WORDS or (following == "p" and tokens[end].glued):
            money, minor, end = True, following in _MINOR, end + 1
            parts = 0 if minor else _hundredths(tokens, value, end)
            if parts:
                value, end = value + parts / 100, end + 1
    currency = _currency(tokens[at:end]) if money and not minor else ""
    return Quantity(value, at, end, money, percent, minor, assumed, currency)


def _share(tokens: Sequence[Token], at: int) -> tuple[int | float, int] | None:
    """ "One in five", "one trip in five", "2 out of 10" in percent; never "one trip in five days"."""
    part = _counted(tokens[at])
    if part is None or at + _TWO_DIGITS >= len(tokens):
        return None
    noun = tokens[at + 1].kind == "word" and tokens[at + 1].norm not in ("in", "out")
    step = at + 2 if noun else at + 1
    said = [token.norm for token in tokens[step : step + 2]]
    begin = step + 2 if said == ["out", "of"] else step + 1 if said[:1] == ["in"] else 0
    whole = _counted(tokens[begin]) if 0 < begin < len(tokens) else None
    following = tokens[begin + 1].norm if whole is not None and begin + 1 < len(tokens) else ""
    if whole is None or not part < whole <= _MOST_OF or following in _NO_SHARE:
        return None
    if (noun or tokens[at].kind == "number") and following not in _AFTER_SHARE and said[0] == "in":
        return None
    share = 100 * part / whole
    return (int(share) if share.is_integer() else share), begin + 1


def _counted(token: Token) -> int | None:
    """A small whole number that is said in one token."""
    if token.kind == "number":
        return token.value if isinstance(token.value, int) and token.text.isdigit() else None
    return _UNITS.get(token.norm)


def _hundredths(tokens: Sequence[Token], value: float, at: int) -> int:
    """ "9 euros 50": what stands behind the money in two digits and ends the clause; 0 where nothing does."""
    if at >= len(tokens) or not isinstance(value, int) or value < 0:
        return 0
    token = tokens[at]
    two = token.kind == "number" and len(token.text) == _TWO_DIGITS and token.text.isdigit()
    closed = at + 1 == len(tokens) or tokens[at + 1].norm in _AFTER_PRICE
    return int(token.text) if two and closed else 0


def _currency(tokens: Sequence[Token]) -> str:
    """The money that a sign or a word names: "€5" EUR, "5 rand" ZAR, "$5" a dollar of some country."""
    for token in tokens:
        if token.kind == "number" and token.money:
            sign = next((char for char in token.text if char in _SIGNS), "")
            return (
                _SIGNS[sign]
                if sign
                else {"R": "ZAR", "U": "USD", "A": "AUD", "C": "CAD"}.get(token.text[:1], "")
            )
        if token.norm in MONEY_WORDS:
            return _MONEY_CODES.get(token.norm, token.norm.upper() if len(token.norm) == 3 else "")
    return ""


def _bare(tokens: Sequence[Token], at: int) -> tuple[int | float, int, bool] | None:
    token = tokens[at]
    if token.kind == "number" and token.value is not None:
        value: int | float = token.value
        end = at + 1
        value, end = _and_half(tokens, value, end)
        while end < len(tokens) and tokens[end].norm in SCALES and tokens[end].norm != "k":
            value, end = _times(value, SCALES[tokens[end].norm]), end + 1
        return value, end, False
    if token.kind != "word":
        return None
    word = token.norm
    following = tokens[at + 1].norm if at + 1 < len(tokens) else ""
    third = tokens[at + 2].norm if at + 2 < len(tokens) else ""
    if word in ("a", "one") and following == "dozen":
        return 12, at + 2, False
    if word == "dozen":
        return 12, at + 1, False
    if word == "a" and following == "couple":
        end = at + (3 if third == "of" else 2)
        if end < len(tokens) and tokens[end].norm in _HALVED:
            return 2 * SCALES[tokens[end].norm], end + 1, True
        return 2, end, True
    if (
        (word, following, third) == ("a", "quarter", "of")
        and at + 4 < len(tokens)
        and tokens[at + 3].norm == "a"
    ):
        scale = SCALES.get(tokens[at + 4].norm, 0)
        return (scale // 4, at + 5, False) if scale >= 100 else None
    if word == "half" and following in ("a", "of") and third in SCALES:
        return SCALES[third] // 2, at + 3, False
    if word == "half" and following == "a" and third == "dozen":
        return 6, at + 3, False
    if word == "a" and following == "grand":
        return SCALES[following], at + 2, False
    if word in ("a", "an") and following in SCALES and not following.endswith("s"):
        words = _spelled(tokens, at + 1)
        return (words[0], words[1], False) if words else None
    if word in TIMES:
        return TIMES[word], at + 1, False
    words = _spelled(tokens, at)
    if words is None:
        return None
    if words[1] < len(tokens) and tokens[words[1]].norm in ("dozen", "dozens"):
        return 12 * words[0], words[1] + 1, False
    whole, end = _and_half(tokens, *words)
    if end > words[1] and end < len(tokens) and tokens[end].norm in _HALVED:
        return _times(whole, SCALES[tokens[end].norm]), end + 1, False
    return whole, end, False


def _and_half(tokens: Sequence[Token], value: float, end: int) -> tuple[int | float, int]:
    """ "Two and a half", where something follows that can be halved."""
    said = [token.norm for token in tokens[end : end + 4]]
    return (value + 0.5, end + 3) if len(said) == 4 and said[:3] == ["and", "a", "half"] else (value, end)


def _times(value: float, factor: int) -> int | float:
    product = value * factor
    return int(product) if isinstance(product, float) and product.is_integer() else product


def _spelled(tokens: Sequence[Token], at: int) -> tuple[int, int] | None:
    total = current = 0
    index = at
    seen = False
    last = ""
    while index < len(tokens):
        word = tokens[index].norm
        if word in _UNITS and last in ("", "tens", "scale"):
            if last == "tens" and not 1 <= _UNITS[word] <= 9:
                break
            current += _UNITS[word]
            last = "units"
        elif word in _TENS and last in ("", "scale"):
            current += _TENS[word]
            last = "tens"
        elif word in SCALES and word not in ("k", "dozen") and not word.endswith("s"):
            if not seen and word == "grand":
                break
            scale = SCALES[word]
            if scale == 100:
                current = max(current, 1) * 100
            else:
                total += max(current, 1) * scale
                current = 0
            last = "scale"
        elif (word == "and" and last == "scale" and _continues(tokens, index + 1)) or (
            word == "-" and last == "tens" and index + 1 < len(tokens) and tokens[index + 1].norm in _UNITS
        ):
            index += 1
            continue
        else:
            break
        seen = True
        index += 1
    return (total + current, index) if seen else None


def _continues(tokens: Sequence[Token], at: int) -> bool:
    return at < len(tokens) and (tokens[at].norm in _UNITS or tokens[at].norm in _TENS)
