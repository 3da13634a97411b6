"""Lengths of time: 60 days, a fortnight, half a year, two and a half years, 3 or more weeks, a few months."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from segmentry.criteria.nodes import Operator
from segmentry.reader.dates.when import When, vague
from segmentry.reader.language.tokens import Token
from segmentry.reader.quantities.numbers import Quantity

_UNITS = {
    word: unit
    for unit, words in {
        "DAYS": "day days d night nights",
        "WEEKS": "week weeks wk wks",
        "MONTHS": "month months mo mos mth mths",
        "YEARS": "year years yr yrs",
        "FORTNIGHT": "fortnight fortnights",
        "QUARTERS": "quarter quarters",
        "HOURS": "hours hour hrs hr h",
        "DECADES": "decade decades",
    }.items()
    for word in words.split()
}
UNIT_WORDS = frozenset(_UNITS)
PLURALS = frozenset({"days", "weeks", "months", "years", "quarters", "decades"})
FEW = frozenset({"few", "several", "some", "many"})
WORKING = frozenset({"business", "working", "week"})
WHOLE = frozenset({"full", "whole", "complete", "calendar", "consecutive", "-", "entire"})
_MORE = frozenset({"more", "longer", "over", "earlier"})
_LESS = frozenset({"less", "fewer", "under", "later"})
_IN_MONTHS = {"YEARS": 12, "QUARTERS": 3, "DECADES": 120, "MONTHS": 1}
_SHORT = re.compile(r"\d{1,3}m")
_LONGEST = 3650


class Lengths:
    """Reads lengths of time in one query's tokens."""

    def __init__(
        self, tokens: Sequence[Token], word: Callable[[int], str], numbers: Mapping[int, Quantity]
    ) -> None:
        self._tokens = tokens
        self._word = word
        self._numbers = numbers

    def at(self, at: int) -> When | None:
        """The length that begins at token `at`, as a duration; a vague one asks how long it is."""
        number = self._numbers.get(at)
        if number is not None and not number.money and not number.percent:
            return self._counted(at, number)
        word, following = self._word(at), self._word(at + 1)
        if word == "half":
            return self._half(at, at + 2 if following in ("a", "an", "the") else at + 1)
        if word in ("a", "an", "one") and following == "half":
            return self._half(at, at + 2)
        if word in ("a", "one", "an") and following not in FEW:
            return self._with_unit(at, at + 1, 1, False)
        begin = at + 1 if word == "a" else at
        if self._word(begin) in FEW and self._word(begin + 1) in _UNITS:
            return self.unsettled(at, begin + 1)
        return None

    def unsettled(self, at: int, unit: int) -> When | None:
        """ "A few weeks", "several months", "weeks": how many is asked; `unit` is the token of the unit."""
        name = {"FORTNIGHT": "WEEKS", "QUARTERS": "MONTHS", "HOURS": "DAYS", "DECADES": "YEARS"}.get(
            _UNITS[self._word(unit)], _UNITS[self._word(unit)]
        )
        choices = tuple(
            (f"{n} {name.lower()}", When("duration", at, unit + 1, count=n, unit=name)) for n in (2, 3, 6)
        )
        return vague(at, unit + 1, "How long is", choices)

    def _half(self, at: int, unit: int) -> When | None:
        months = {"YEARS": 6, "DECADES": 60}.get(_UNITS.get(self._word(unit), ""))
        return None if months is None else When("duration", at, unit + 1, count=months, unit="MONTHS")

    def _counted(self, at: int, number: Quantity) -> When | None:
        end = number.end
        token = self._tokens[at]
        if _SHORT.fullmatch(token.norm) and end == at + 1:
            # "in the last 6m": months, where no amount can stand
            return When("duration", at, end, count=int(token.norm[:-1]), unit="MONTHS", cued=False)
        if not 0 <= number.value <= 36500:
            return None
        if isinstance(number.value, float):
            return self._fraction(number, end)
        compare = None
        if self._word(end) in ("+", "plus"):
            compare, end = Operator.GTE, end + 1
        elif self._word(end) == "or" and self._word(end + 1) in _MORE | _LESS:
            compare = Operator.GTE if self._word(end + 1) in _MORE else Operator.LTE
            end += 2
        found = self._with_unit(at, end, number.value, number.assumed)
        return found if found is None or compare is None else replace(found, compare=compare)

    def _fraction(self, number: Quantity, end: int) -> When | None:
        months = number.value * _IN_MONTHS.get(_UNITS.get(self._word(end), ""), 0)
        if not months or not float(months).is_integer() or not 0 <= months <= _LONGEST:
            return None
        return When("duration", number.start, end + 1, count=int(months), unit="MONTHS")

    def _with_unit(self, start: int, at: int, count: int, assumed: bool) -> When | None:
        whole = self._word(at) in ("full", "whole", "complete", "calendar", "entire")
        if self._word(at) in WORKING and self._word(at + 1) in ("day", "days", "hours"):
            return self._working(start, at + 2, count)
        if self._word(at) in WHOLE:
            at += 1
        unit = _UNITS.get(self._word(at), "")
        if not unit:
            return None
        end = at + 1
        cap = 1.0
        if unit == "FORTNIGHT":
            count, unit = count * 2, "WEEKS"
        elif unit == "QUARTERS":
            count, unit = count * 3, "MONTHS"
        elif unit == "DECADES":
            count, unit = count * 10, "YEARS"
        elif unit == "HOURS":
            cap = 1.0 if count % 24 == 0 else 0.85  # placeholders have the granularity of a day
            count, unit = -(-count // 24), "DAYS"
        if unit == "YEARS" and self._said(end, "and a half"):
            count, unit, end = count * 12 + 6, "MONTHS", end + 3
        if not 0 <= count <= _LONGEST:
            return None
        note = "WHOLE" if whole else ""
        return When("duration", start, end, count=count, unit=unit, assumed=assumed, note=note, cap=cap)

    def _working(self, start: int, end: int, count: int) -> When | None:
        if count > 500:
            return None
        spans = {f"{count} days": count, f"{-(-count * 7 // 5)} days, weekends counted": -(-count * 7 // 5)}
        choices = tuple(
            (label, When("duration", start, end, count=days, unit="DAYS")) for label, days in spans.items()
        )
        return vague(start, end, "Criteria count every day: how many days is", choices)

    def implied(self, at: int) -> When | None:
        """ "(The last) year and a half", "(the past) half year": a length whose one is not said."""
        if self._word(at) in ("year", "decade") and self._said(at + 1, "and a half"):
            months = 18 if self._word(at) == "year" else 180
            return When("duration", at, at + 4, count=months, unit="MONTHS")
        return self._half(at, at + 1) if self._word(at) == "half" else None

    def _said(self, at: int, words: str) -> bool:
        said = words.split()
        return list(map(self._word, range(at, at + len(said)))) == said
