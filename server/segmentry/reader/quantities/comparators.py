"""Comparisons with a number: at least 5, over 1k, between 10 and 20, 80+, 3 to 7, no more than two."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from segmentry.criteria.nodes import Operator
from segmentry.reader.language.tokens import Token
from segmentry.reader.language.words import word_set
from segmentry.reader.quantities.comparator_phrases import AFTER, BEFORE, EQ, GT, GTE, LT, LTE
from segmentry.reader.quantities.numbers import SCALES, Quantity

APPROXIMATE = word_set("around about approximately roughly circa nearly almost ~ ≈ approx")


_RANGES = frozenset({"between", "from", "ranging", "anywhere"})
_ROUND = {"hundreds": 100, "thousands": 1_000, "millions": 1_000_000}
_FIGURES = frozenset({"figure", "figures"})
_TIME = word_set("second seconds minute minutes hour hours day days week weeks month months year years")
_DIGIT_COUNTS = frozenset({"single", "double", "triple"})
# every word with which a comparison begins, unless a number does
FIRST = frozenset(BEFORE) | _RANGES | APPROXIMATE | _DIGIT_COUNTS | frozenset(_ROUND)


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
    phrases = (AFTER if after else BEFORE).get(tokens[at].norm)
    if phrases is None:
        return None
    following = _next(tokens, at)
    for words, operator in phrases:
        end = at + len(words)
        if len(words) > 1 and (
            words[1] != following
            or end > len(tokens)
            or any(tokens[at + step].norm != words[step] for step in range(2, len(words)))
        ):
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
    if word not in FIRST:
        number = numbers.get(at)
        return None if number is None else _bare(tokens, number, numbers)
    if word in _RANGES:
        both = _between(tokens, at, numbers)
        if both is not None or word != "from":
            return both
    if word in APPROXIMATE and at + 1 < len(tokens):
        inner = numbers.get(at + 1)
        if inner is not None:
            return Comparison(((EQ, inner),), at, inner.end, explicit=False, approximate=word)
        return None
    if word in _ROUND and _next(tokens, at) != "of":
        rough = Quantity(_ROUND[word], at, at + 1)
        return Comparison(((EQ, rough),), at, at + 1, explicit=False, approximate=word)
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
        if number is not None and not (word == "within" and _next(tokens, number.end - 1) in _TIME):
            symbolic = tokens[at].kind == "symbol"
            return Comparison(((operator, number),), at, number.end, explicit=True, symbolic=symbolic)
        return None
    number = numbers.get(at)
    return None if number is None else _bare(tokens, number, numbers)


def _bare(tokens: Sequence[Token], number: Quantity, numbers: Mapping[int, Quantity]) -> Comparison | None:
    after = phrase_at(tokens, number.end, after=True) if number.end < len(tokens) else None
    vague = _nearly(tokens, number.end)
    if vague:
        return Comparison(
            ((EQ, number),), number.start, vague, explicit=False, approximate=tokens[vague - 1].norm
        )
    if _next(tokens, number.end - 1) in _FIGURES or (
        _next(tokens, number.end - 1) == "-" and _next(tokens, number.end) in _FIGURES
    ):
        return _figures(tokens, number)
    if after is not None:
        said = tokens[after[1] - 1].norm
        judged = said if said in ("better", "worse") else ""
        return Comparison(((after[0], number),), number.start, after[1], explicit=True, judged=judged)
    joined = number.end
    if joined + 1 < len(tokens) and tokens[joined].norm in ("-", "to", "through", "till", "until", "."):
        if tokens[joined].norm == "." and tokens[joined + 1].norm == ".":
            joined += 1
        upper = numbers.get(joined + 1)
        if (
            upper is not None
            and upper.value >= number.value
            and tokens[number.end].norm + tokens[joined].norm != "."
        ):
            lower = _scaled_like(tokens, number, upper)
            return Comparison(
                ((GTE, _like(lower, upper)), (LTE, upper)), number.start, upper.end, explicit=True
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
    if joined + 1 < len(tokens) and (tokens[joined].norm, tokens[joined + 1].norm) == ("up", "to"):
        joined += 1
    if joined + 1 >= len(tokens) or tokens[joined].norm not in ("and", "to", "-", "through", "till", "until"):
        return None
    upper = numbers.get(joined + 1)
    if upper is None:
        return None
    lower = _scaled_like(tokens, lower, upper)
    low, high = (lower, upper) if _value(lower) <= _value(upper) else (upper, lower)
    end = upper.end
    if end < len(tokens) and tokens[end].norm == "inclusive":
        end += 1
    return Comparison(((GTE, _like(low, high)), (LTE, _like(high, low))), at, end, explicit=True)


def _scaled_like(tokens: Sequence[Token], lower: Quantity, upper: Quantity) -> Quantity:
    """In "10 to 20 thousand" and "1-2k" the scale is said once and meant twice."""
    last = upper.end - 1
    if upper.currency and last > upper.start and tokens[last].norm not in SCALES:
        last -= 1  # "2 to 3 thousand euros"
    scale = SCALES.get(tokens[last].norm, 0) or SCALES.get(tokens[last].norm[-1:], 0)
    own = tokens[lower.end - 1].norm
    if not scale or own in SCALES or own[-1:] in SCALES or not isinstance(lower.value, int):
        return lower
    if not 0 < lower.value < 1000 or lower.value * scale > upper.value:
        return lower
    small = scale < 1000  # "one to two hundred" may begin at one
    return replace(lower, value=lower.value * scale, assumed=lower.assumed or small)


def _nearly(tokens: Sequence[Token], at: int) -> int:
    """The token after "or so", "-ish", "or thereabouts" behind a number; 0 where none of them stands."""
    if _next(tokens, at - 1) == "or" and _next(tokens, at) in ("so", "thereabouts"):
        return at + 2
    if _next(tokens, at - 1) == "-" and _next(tokens, at) == "ish":
        return at + 2
    return at + 1 if _next(tokens, at - 1) in ("ish", "odd") else 0


def _figures(tokens: Sequence[Token], number: Quantity) -> Comparison | None:
    """ "Five figures", "a six-figure sum": as many digits before the point."""
    if not isinstance(number.value, int) or not 1 <= number.value <= 12 or number.money:
        return None
    end = number.end + (2 if _next(tokens, number.end - 1) == "-" else 1)
    low, high = 10 ** (number.value - 1), 10**number.value
    bounds = ((GTE, Quantity(low, number.start, end)), (LT, Quantity(high, number.start, end)))
    return Comparison(bounds, number.start, end, explicit=True)


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
