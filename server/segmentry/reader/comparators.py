"""Comparisons with a number: at least 5, over 1k, between 10 and 20, 80+, 3 to 7, no more than two."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from segmentry.criteria.nodes import Operator
from segmentry.reader.numbers import Quantity
from segmentry.reader.tokens import Token
from segmentry.reader.words import word_set

GT, GTE, LT, LTE, EQ, NEQ = (Operator.GT, Operator.GTE, Operator.LT, Operator.LTE, Operator.EQ, Operator.NEQ)

_PHRASES: dict[str, Operator] = {
    ">=": GTE,
    "=>": GTE,
    "≥": GTE,
    "<=": LTE,
    "=<": LTE,
    "≤": LTE,
    ">": GT,
    "<": LT,
    "=": EQ,
    "==": EQ,
    "!=": NEQ,
    "<>": NEQ,
    "≠": NEQ,
    "at least": GTE,
    "atleast": GTE,
    "no less than": GTE,
    "no fewer than": GTE,
    "not less than": GTE,
    "not fewer than": GTE,
    "not under": GTE,
    "not below": GTE,
    "minimum": GTE,
    "minimum of": GTE,
    "min": GTE,
    "a minimum of": GTE,
    "greater than or equal to": GTE,
    "more than or equal to": GTE,
    "equal to or greater than": GTE,
    "equal to or more than": GTE,
    "starting at": GTE,
    "starting from": GTE,
    "not lower than": GTE,
    "gte": GTE,
    "higher than or equal to": GTE,
    "equal or greater than": GTE,
    "greater or equal to": GTE,
    "more than": GT,
    "greater than": GT,
    "over": GT,
    "above": GT,
    "exceeding": GT,
    "exceeds": GT,
    "exceed": GT,
    "exceeded": GT,
    "higher than": GT,
    "bigger than": GT,
    "larger than": GT,
    "in excess of": GT,
    "north of": GT,
    "beyond": GT,
    "upwards of": GT,
    "upward of": GT,
    "gt": GT,
    "well over": GT,
    "more then": GT,
    "greater then": GT,
    "higher then": GT,
    "surpassing": GT,
    "past": GT,
    "longer than": GT,
    "at most": LTE,
    "up to": LTE,
    "no more than": LTE,
    "not more than": LTE,
    "no greater than": LTE,
    "not greater than": LTE,
    "not over": LTE,
    "not above": LTE,
    "maximum": LTE,
    "maximum of": LTE,
    "max": LTE,
    "a maximum of": LTE,
    "less than or equal to": LTE,
    "fewer than or equal to": LTE,
    "not exceeding": LTE,
    "lower than or equal to": LTE,
    "equal to or less than": LTE,
    "not higher than": LTE,
    "no higher than": LTE,
    "no over": LTE,
    "lte": LTE,
    "no longer than": LTE,
    "capped at": LTE,
    "less or equal to": LTE,
    "less than": LT,
    "fewer than": LT,
    "under": LT,
    "below": LT,
    "lower than": LT,
    "smaller than": LT,
    "beneath": LT,
    "lt": LT,
    "south of": LT,
    "less then": LT,
    "lower then": LT,
    "shorter than": LT,
    "short of": LT,
    "fewer then": LT,
    "exactly": EQ,
    "equal to": EQ,
    "equals": EQ,
    "equal": EQ,
    "precisely": EQ,
    "is exactly": EQ,
    "not equal to": NEQ,
    "other than": NEQ,
    "not exactly": NEQ,
}
_AFTER: dict[str, Operator] = {
    "or more": GTE,
    "or above": GTE,
    "or over": GTE,
    "or higher": GTE,
    "or greater": GTE,
    "or better": GTE,
    "and better": GTE,
    "or worse": LTE,
    "and worse": LTE,
    "and above": GTE,
    "and over": GTE,
    "and up": GTE,
    "and higher": GTE,
    "and more": GTE,
    "or up": GTE,
    "plus": GTE,
    "+": GTE,
    "upwards": GTE,
    "or bigger": GTE,
    "or larger": GTE,
    "or longer": GTE,
    "or newer": GTE,
    "and newer": GTE,
    "or later": GTE,
    "and later": GTE,
    "onwards": GTE,
    "or earlier": LTE,
    "and earlier": LTE,
    "or older": GTE,
    "and older": GTE,
    "or less": LTE,
    "or under": LTE,
    "or below": LTE,
    "or fewer": LTE,
    "or lower": LTE,
    "and under": LTE,
    "and below": LTE,
    "or smaller": LTE,
    "or shorter": LTE,
    "or younger": LTE,
    "and younger": LTE,
    "and less": LTE,
    "max": LTE,
    "maximum": LTE,
    "minimum": GTE,
    "min": GTE,
    "at least": GTE,
    "at most": LTE,
    "tops": LTE,
    "and lower": LTE,
    "exactly": EQ,
    "and fewer": LTE,
}
# every word of a comparator; never a misspelling of something else
WORDS = frozenset(word for phrase in (*_PHRASES, *_AFTER) for word in phrase.split())
APPROXIMATE = word_set("around about approximately roughly circa nearly almost ~ ≈ approx")


def _by_first(table: Mapping[str, Operator]) -> dict[str, list[tuple[tuple[str, ...], Operator]]]:
    """The phrases by their first word, longest first."""
    found: dict[str, list[tuple[tuple[str, ...], Operator]]] = {}
    for phrase, operator in sorted(table.items(), key=lambda item: -item[0].count(" ")):
        words = tuple(phrase.split())
        found.setdefault(words[0], []).append((words, operator))
    return found


_BY_FIRST = _by_first(_PHRASES)
_AFTER_BY_FIRST = _by_first(_AFTER)
_RANGES = frozenset({"between", "from", "ranging", "anywhere"})
_DIGIT_COUNTS = frozenset({"single", "double", "triple"})
# every word with which a comparison begins, unless a number does
_FIRST = frozenset(_BY_FIRST) | _RANGES | APPROXIMATE | _DIGIT_COUNTS


@dataclass(slots=True)
class Comparison:
    """One or two bounds over tokens `[start, end)`.

    `explicit` is False for a bare number, which only means equality where the pattern says so.
    `approximate` holds the word ("around") that makes it a question, `judged` the one ("better") whose side
    depends on the field.
    """

    bounds: tuple[tuple[Operator, Quantity], ...]
    start: int
    end: int
    explicit: bool
    symbolic: bool = False
    approximate: str = ""
    judged: str = ""

    @property
    def money(self) -> bool:
        return any(quantity.money for _, quantity in self.bounds)

    @property
    def percent(self) -> bool:
        return any(quantity.percent for _, quantity in self.bounds)


def phrase_at(tokens: Sequence[Token], at: int, *, after: bool = False) -> tuple[Operator, int] | None:
    """The comparator whose words begin at `at` and the token after it; the longest wins.

    With `after` the comparators that stand behind their number ("or more").
    """
    for words, operator in (_AFTER_BY_FIRST if after else _BY_FIRST).get(tokens[at].norm, ()):
        end = at + len(words)
        if end > len(tokens) or any(tokens[at + step].norm != words[step] for step in range(1, len(words))):
            continue
        if not (after and end < len(tokens) and _goes_on(tokens, end)):
            return operator, end
    return None


def _goes_on(tokens: Sequence[Token], at: int) -> bool:
    """In "under 5 or more than 100" the words "or more" belong to the second bound."""
    word = tokens[at].norm
    if word in ("than", "then"):
        return True
    return (
        tokens[at - 1].norm in ("over", "above", "under", "below", "least", "most")
        and tokens[at].kind == "number"
    )


_BOTH: Mapping[Operator, frozenset[Operator]] = {
    GT: frozenset({LT, LTE}),
    GTE: frozenset({LT, LTE}),
    LT: frozenset({GT, GTE}),
    LTE: frozenset({GT, GTE}),
}


def doubled(tokens: Sequence[Token], found: Comparison, numbers: Mapping[int, Quantity]) -> Comparison | None:
    """Two bounds before the noun: "at least 3 but fewer than 10 orders", "over 18 and under 30"."""
    at = found.end
    if len(found.bounds) != 1 or not found.explicit:
        return None
    while at < len(tokens) and tokens[at].norm in (",", "but", "and", "yet", "also", "still", "though"):
        at += 1
    if at == found.end or at >= len(tokens):
        return None
    other = comparison(tokens, at, numbers)
    if other is None or len(other.bounds) != 1 or not other.explicit:
        return None
    (first, one), (second, two) = found.bounds[0], other.bounds[0]
    if second not in _BOTH.get(first, frozenset()):
        return None
    low, high = (one, two) if first in (GT, GTE) else (two, one)
    if _value(low) >= _value(high):
        return None
    bounds = ((first, _like(one, two)), (second, _like(two, one)))
    return Comparison(bounds if first in (GT, GTE) else bounds[::-1], found.start, other.end, explicit=True)


def comparison(tokens: Sequence[Token], at: int, numbers: Mapping[int, Quantity]) -> Comparison | None:
    """The comparison that begins at token `at`, or None. `numbers` holds the quantities by first token."""
    word = tokens[at].norm
    if word not in _FIRST:
        number = numbers.get(at)
        return None if number is None else _bare(tokens, number, numbers)
    if word in _RANGES:
        return _between(tokens, at, numbers)
    if word in APPROXIMATE and at + 1 < len(tokens):
        inner = numbers.get(at + 1)
        if inner is not None:
            return Comparison(((EQ, inner),), at, inner.end, explicit=False, approximate=word)
        return None
    if word in _DIGIT_COUNTS and _next(tokens, at) in (
        "digit",
        "digits",
        "figure",
        "figures",
    ):
        return _digits(tokens, at, word)
    if word in _DIGIT_COUNTS and _next(tokens, at) == "-" and _next(tokens, at + 1) in ("digit", "digits"):
        return _digits(tokens, at, word)
    found = phrase_at(tokens, at)
    if found is not None:
        operator, after = found
        # "greater than a 5" and "at least $ 5" put a small word between
        if (
            after < len(tokens)
            and after not in numbers
            and tokens[after].norm in ("a", "an", "the", "of", "only", "-")
        ):
            after += 1
        number = numbers.get(after)
        if number is not None:
            symbolic = tokens[at].kind == "symbol"
            return Comparison(((operator, number),), at, number.end, explicit=True, symbolic=symbolic)
        return None
    number = numbers.get(at)
    return None if number is None else _bare(tokens, number, numbers)


def _bare(tokens: Sequence[Token], number: Quantity, numbers: Mapping[int, Quantity]) -> Comparison:
    after = phrase_at(tokens, number.end, after=True) if number.end < len(tokens) else None
    if after is not None:
        said = tokens[after[1] - 1].norm
        judged = said if said in ("better", "worse") else ""
        return Comparison(((after[0], number),), number.start, after[1], explicit=True, judged=judged)
    joined = number.end
    if joined + 1 < len(tokens) and tokens[joined].norm in ("-", "to", "through", "till", "until"):
        upper = numbers.get(joined + 1)
        if upper is not None and upper.value >= number.value:
            return Comparison(
                ((GTE, _like(number, upper)), (LTE, upper)), number.start, upper.end, explicit=True
            )
    end = number.end
    if (
        end < len(tokens)
        and tokens[end].norm == "s"
        and tokens[end].glued
        and number.value in range(10, 100, 10)
    ):
        # "in their 30s" is ten years
        upper = Quantity(number.value + 9, number.start, end)
        return Comparison(((GTE, number), (LTE, upper)), number.start, end + 1, explicit=True)
    return Comparison(((EQ, number),), number.start, end, explicit=False)


def _between(tokens: Sequence[Token], at: int, numbers: Mapping[int, Quantity]) -> Comparison | None:
    begin = at + 1
    if tokens[at].norm in ("ranging", "anywhere"):
        begin = at + 2
    while begin < len(tokens) and begin not in numbers and tokens[begin].norm in ("the", "a"):
        begin += 1
    lower = numbers.get(begin)
    if lower is None:
        return None
    joined = lower.end
    if joined + 1 >= len(tokens) or tokens[joined].norm not in ("and", "to", "-", "through", "till", "until"):
        return None
    upper = numbers.get(joined + 1)
    if upper is None:
        return None
    low, high = (lower, upper) if _value(lower) <= _value(upper) else (upper, lower)
    end = upper.end
    if end < len(tokens) and tokens[end].norm == "inclusive":
        end += 1
    return Comparison(((GTE, _like(low, high)), (LTE, _like(high, low))), at, end, explicit=True)


def _value(quantity: Quantity) -> float:
    return float(quantity.value)


def _like(number: Quantity, other: Quantity) -> Quantity:
    """In "$10 to 20" and "10-20%" the sign is said once and meant twice."""
    return Quantity(
        number.value,
        number.start,
        number.end,
        number.money or other.money,
        number.percent or other.percent,
        number.minor or other.minor,
        number.assumed,
        number.currency or other.currency,
    )


def _digits(tokens: Sequence[Token], at: int, word: str) -> Comparison:
    end = at + 3 if _next(tokens, at) == "-" else at + 2
    low, high = {"single": (None, 10), "double": (10, 100), "triple": (100, 1000)}[word]
    upper = (LT, Quantity(high, at, end))
    bounds = (upper,) if low is None else ((GTE, Quantity(low, at, end)), upper)
    return Comparison(bounds, at, end, explicit=True)


def _next(tokens: Sequence[Token], at: int) -> str:
    return tokens[at + 1].norm if at + 1 < len(tokens) else ""
