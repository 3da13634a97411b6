# ruff: noqa: E501 - word tables and patterns read better in long lines
"""Short forms, units and periods in the names of columns: what `avg_basket_eur` says in full words.

One table for all who read names: the catalog that is inferred from a file and the reader of queries.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from segmentry.criteria.catalog import FieldType
from segmentry.criteria.short_forms import (
    BY_TYPE,
    COUNTS,
    INITIALS,
    LAST,
    LIMITED,
    LONG,
    OF_TYPE,
    TOGETHER,
    UNITS,
    WHOLE,
)

CURRENCIES: Final = frozenset(code for code in UNITS.values() if len(code) == 3 and code.isupper())
_LENGTHS: Final = frozenset(
    {"seconds", "minutes", "hours", "days", "weeks", "months", "years", "milliseconds"}
)
_BEFORE_LENGTH: Final = frozenset({"per", "last", "past", "first", "next", "of"})
_WINDOW: Final = re.compile(
    r"(?:^|[_\s.(-]|(?<=[a-z])|last|past|L)(\d{1,4})[\s_-]?(d|days?|w|wks?|weeks?|m|mo|mos|mths?|months?|y|yrs?|years?)"
    r"(?:$|[_\s.)-]|(?=[A-Z]))",
    re.IGNORECASE,
)
_SPELLED: Final = re.compile(r"(?:past|last)_?\s?(week|month|quarter|year)$", re.IGNORECASE)
_DAYS: Final = {"d": 1, "w": 7, "m": 30, "y": 365}
_PERIODS: Final = {"week": 7, "month": 30, "quarter": 90, "year": 365}
_TAILS: Final = frozenset({"id", "no", "dt", "ts", "at", "on", "in", "yn"})
# what stands behind a review and not behind a revenue
_REVIEWED: Final = frozenset({"score", "scr", "rating", "rtg", "stars", "text", "txt", "cnt", "count"})
_COMING: Final = frozenset({"check", "log", "sign", "walk"})
_SHORTEST = 7
_AMOUNTS: Final = frozenset(
    {
        "balance",
        "spend",
        "spent",
        "price",
        "fee",
        "fees",
        "cost",
        "amount",
        "revenue",
        "credit",
        "fare",
        "bill",
        "total",
        "value",
    }
)


def in_full(words: Sequence[str], kind: FieldType) -> tuple[str, ...]:
    """The words of a column's name with short forms written out; `words` are in lower case.

    >>> in_full(("avg", "basket", "eur"), "number")
    ('average', 'basket', 'eur')
    >>> in_full(("term", "dt"), "datetime")
    ('termination', 'date')
    >>> in_full(("lastlogin",), "datetime")
    ('last', 'login')
    """
    if len(words) > 1 and kind in OF_TYPE.get(words[0], ()) and words[1] != "of":
        words = words[1:]
    found: list[str] = []
    for at, word in enumerate(words):
        if word.isdigit() or (at and words[at - 1].isdigit()):
            found.append(word)
            continue
        if word == "ins" and at and words[at - 1] in _COMING:
            found.append(word)  # `checkIns7d` counts no insurance
            continue
        found += _long(words, at, kind).split()
    return tuple(found)


def initials_in_full(words: Sequence[str]) -> tuple[str, ...]:
    """The words with initials such as `nps` and `mrr` written out; the same words where there are none.

    >>> initials_in_full(("mrr", "cents"))
    ('monthly', 'recurring', 'revenue', 'cents')
    """
    if INITIALS.keys().isdisjoint(words):
        return tuple(words)
    return tuple(part for word in words for part in INITIALS.get(word, word).split())


def _long(words: Sequence[str], at: int, kind: FieldType) -> str:
    word = words[at]
    before, after = (words[at - 1] if at else ""), (words[at + 1] if at + 1 < len(words) else "")
    if word == "min":
        trailing = at > 0 and not after and kind == "number" and before not in LIMITED
        return "minutes" if trailing else "minimum"
    if word == "rev" and (after in _REVIEWED or before in COUNTS):
        return "review"
    if word == "pref" and at and not after:
        return "preference"
    if word == "dep" and before in COUNTS:
        return "dependents"
    if word == "exp" and kind == "datetime":
        return (
            "expected" if after and after not in ("dt", "date", "at", "on", "ts", "time", "day") else "expiry"
        )
    if word == "cat" and len(words) == 1 and kind not in ("enum", "string"):
        return word
    if word in LAST and at and not after and kind in ("string", "enum"):
        return LAST[word]
    by_type = BY_TYPE.get((word, kind))
    if by_type is not None:
        return by_type
    if word in LONG:
        return LONG[word]
    return " ".join(LONG.get(part, part) for part in _taken_apart(word))


def _taken_apart(word: str) -> list[str]:
    """The parts of a name that was written together, or the word itself."""
    if len(word) < _SHORTEST or word in WHOLE | TOGETHER or not word.isalpha():
        return [word]
    for cut in range(len(word) - 2, 2, -1):
        head, tail = word[:cut], word[cut:]
        if head not in TOGETHER:
            continue
        if tail in TOGETHER or (tail in _TAILS and len(head) > 3):
            return [head, tail]
        rest = _taken_apart(tail) if len(tail) >= _SHORTEST - 1 else [tail]
        if len(rest) > 1:
            return [head, *rest]
    return [word]


def unit_of(words: Sequence[str]) -> str:
    """The unit that a number's name states: a currency, cents, percent, a length of time, a measure; or "".

    `words` are those of `in_full`. A length of time counts at an end of the name only, and not where it is a
    period (`orders_6_months`) or a rate (`visits_per_month`).

    >>> unit_of(("average", "basket", "eur")), unit_of(("tenure", "months")), unit_of(("orders", "6", "months"))
    ('EUR', 'months', '')
    """
    if len(words) > 1 and words[-1] == "p" and not _AMOUNTS.isdisjoint(words):
        return "cents"  # `card_balance_p` is kept in pence
    for at, word in enumerate(words):
        unit = UNITS.get(word, "")
        if not unit:
            continue
        if unit not in _LENGTHS:
            if unit == "cents" and at != len(words) - 1 and at != 0:
                continue
            if not (at and words[at - 1].isdigit()):
                return unit
            continue
        before = words[at - 1] if at else ""
        last = (
            at == len(words) - 1
            or words[at + 1].isdigit()
            or words[at + 1 :][:2] in (("year", "to"), ("month", "to"))
        )
        if (
            (last or at == 0 or words[at + 1] in ("left", "since", "remaining"))
            and not before.isdigit()
            and before not in _BEFORE_LENGTH
        ):
            return unit
    return ""


def window_days(name: str) -> int | None:
    """The period in days that a counter's name states: `bookingCount30d` 30, `orders_12m` 365, or None.

    >>> window_days("bookingCount30d"), window_days("spend_last_6_months"), window_days("tenure_months")
    (30, 180, None)
    """
    found = _WINDOW.search(name)
    if found is None:
        spelled = _SPELLED.search(name)
        return None if spelled is None else _PERIODS[spelled.group(1).lower()]
    count = int(found.group(1))
    unit = found.group(2)[0].lower()
    twelve = 5 * (count // 12) if unit == "m" else 0  # twelve months are a year
    return twelve + count * _DAYS[unit] or None
