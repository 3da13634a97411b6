"""Date phrases as half-open intervals, symbolic where the language has a placeholder.

Own grammar, because the date libraries return instants and guess: measured on 18 segment phrases, one read
"in the last 2 weeks" as two weeks ahead and another took 5 ms to find nothing.
"""

from __future__ import annotations

import calendar
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Literal

from segmentry.criteria.dates import Clock
from segmentry.criteria.nodes import Operator
from segmentry.reader.numbers import Quantity
from segmentry.reader.tokens import Token

GT, GTE, LT, LTE = Operator.GT, Operator.GTE, Operator.LT, Operator.LTE
WhenKind = Literal["rolling", "within", "next", "ago", "duration", "calendar", "absolute"]

_UNITS = {
    "day": "DAYS",
    "days": "DAYS",
    "d": "DAYS",
    "night": "DAYS",
    "nights": "DAYS",
    "week": "WEEKS",
    "weeks": "WEEKS",
    "wk": "WEEKS",
    "wks": "WEEKS",
    "month": "MONTHS",
    "months": "MONTHS",
    "mo": "MONTHS",
    "mth": "MONTHS",
    "mths": "MONTHS",
    "year": "YEARS",
    "years": "YEARS",
    "yr": "YEARS",
    "yrs": "YEARS",
    "fortnight": "FORTNIGHT",
    "fortnights": "FORTNIGHT",
    "quarter": "QUARTERS",
    "quarters": "QUARTERS",
    "hours": "HOURS",
    "hour": "HOURS",
    "decade": "DECADES",
    "decades": "DECADES",
    "weekend": "",
}
_MONTHS = {
    name.lower(): number
    for names in (calendar.month_name, calendar.month_abbr, ("",) * 9 + ("sept",))
    for number, name in enumerate(names)
    if name
}
_SINCE = frozenset(["since", "from", "after", "following", "starting"])
_BEFORE = frozenset(["before", "prior", "until", "till", "by", "through"])
_CALENDAR = {"day": "DAY", "week": "WEEK", "month": "MONTH", "quarter": "QUARTER", "year": "YEAR"}
_DECADES = {"eighties": 1980, "nineties": 1990, "noughties": 2000, "seventies": 1970, "sixties": 1960}


@dataclass(frozen=True, slots=True)
class When:
    """A date phrase over tokens `[start, end)`: `lo <= t < hi`, each end a placeholder, an ISO date or None.

    `count` and `unit` are set for lengths of time ("60 days"), so that a field can choose the direction.
    `compare` is the comparator of "over 3 months ago" or "for at least 2 years". `unread` asks a question.
    """

    kind: WhenKind
    start: int
    end: int
    lo: str | None = None
    hi: str | None = None
    count: int = 0
    unit: str = ""
    compare: Operator | None = None
    assumed: bool = False
    note: str = ""
    alternatives: tuple[tuple[str, str | None, str | None], ...] = ()
    cued: bool = True

    @property
    def days(self) -> int:
        """The length in days (months as 30, years as 365), to find a counter's window; 0 without length."""
        return self.count * {"DAYS": 1, "WEEKS": 7, "MONTHS": 30, "YEARS": 365}.get(self.unit, 0)

    @property
    def ago(self) -> str:
        return f"{{{{{self.count}_{self.unit}_AGO}}}}"

    @property
    def from_now(self) -> str:
        return f"{{{{{self.count}_{self.unit}_FROM_NOW}}}}"


class DateReader:
    """Reads date phrases in one query's tokens."""

    def __init__(
        self, tokens: Sequence[Token], numbers: Mapping[int, Quantity], clock: Clock, locale: str
    ) -> None:
        self._tokens = tokens
        self._numbers = numbers
        self._today = clock.as_of.astimezone(clock.zone).date()
        self._month_first = locale.lower().replace("_", "-") in ("en-us", "us")
        self._locale_known = "-" in locale or "_" in locale

    def at(self, index: int) -> When | None:
        """The date phrase that begins at token `index`, or None."""
        found = self._phrase(index)
        if found is None:
            return None
        return replace(found, start=index)

    def _word(self, index: int) -> str:
        return self._tokens[index].norm if 0 <= index < len(self._tokens) else ""

    def _phrase(self, at: int) -> When | None:
        word = self._word(at)
        if word in ("in", "within", "during", "over", "for", "on", "throughout", "inside", "across"):
            return self._after_preposition(at, word)
        if word in (
            "more",
            "less",
            "over",
            "under",
            "at",
            "longer",
            "fewer",
            "up",
            "not",
            "no",
            "almost",
            "exactly",
            "upwards",
        ):
            return self._compared(at)
        if word == "the" and self._word(at + 1) in ("last", "past", "previous", "next", "coming", "current"):
            return self._phrase(at + 1)
        if word in ("last", "past", "previous", "this", "next", "current", "coming", "upcoming", "preceding"):
            return self._relative(at)
        if word in _SINCE or word in _BEFORE or word in ("between", "later", "earlier"):
            return self._bounded(at, word)
        if word in ("today", "yesterday", "tomorrow"):
            return _named_day(word, at)
        if word == "year" and self._word(at + 1) == "to" and self._word(at + 2) == "date":
            return When("calendar", at, at + 3, "{{START_OF_YEAR}}", "{{START_OF_NEXT_YEAR}}")
        if word == "ytd":
            return When("calendar", at, at + 1, "{{START_OF_YEAR}}", "{{START_OF_NEXT_YEAR}}")
        length = self._length(at)
        if length is not None:
            return self._after_length(length)
        return self._absolute(at, cued=False)

    # --- lengths: 60 days, half a year, a fortnight ----------------------------------------------

    def _length(self, at: int) -> When | None:
        word = self._word(at)
        count: int | None = None
        begin = at
        number = self._numbers.get(at)
        assumed = False
        if number is not None and not number.money and not number.percent:
            if isinstance(number.value, float) or not 0 <= number.value <= 36500:
                return self._halves(number)
            count, begin, assumed = number.value, number.end, number.assumed
        elif word == "half" and self._word(at + 1) in ("a", "the"):
            if self._word(at + 2) in ("year", "yr"):
                return When("duration", at, at + 3, count=6, unit="MONTHS")
            return None
        elif word in ("a", "an", "one"):
            count, begin = 1, at + 1
        if count is None:
            return None
        if self._word(begin) in ("full", "whole", "calendar", "-", "business", "consecutive"):
            begin += 1
        return self._with_unit(at, begin, count, assumed)

    def _halves(self, number: Quantity) -> When | None:
        months = number.value * 12
        if self._word(number.end) in ("year", "years") and float(months).is_integer() and 0 <= months <= 3650:
            return When("duration", number.start, number.end + 1, count=int(months), unit="MONTHS")
        return None

    def _with_unit(self, start: int, at: int, count: int, assumed: bool) -> When | None:
        unit = _UNITS.get(self._word(at), "")
        if not unit:
            return None
        end = at + 1
        if unit == "FORTNIGHT":
            count, unit = count * 2, "WEEKS"
        elif unit == "QUARTERS":
            count, unit = count * 3, "MONTHS"
        elif unit == "DECADES":
            count, unit = count * 10, "YEARS"
        elif unit == "HOURS":
            count, unit, assumed = -(-count // 24), "DAYS", count % 24 != 0 or assumed
        if (
            unit == "YEARS"
            and self._word(end) == "and"
            and self._word(end + 1) == "a"
            and self._word(end + 2) == "half"
        ):
            count, unit, end = count * 12 + 6, "MONTHS", end + 3
        if not 0 <= count <= 3650:
            return None
        return When("duration", start, end, count=count, unit=unit, assumed=assumed)

    def _after_length(self, length: When, compare: Operator | None = None) -> When | None:
        word = self._word(length.end)
        if word in ("ago", "back", "prior", "earlier"):
            end = length.end + 1
            if self._word(end) == "or" and self._word(end + 1) in ("more", "longer", "earlier"):
                compare, end = LTE, end + 2
            return replace(length, kind="ago", end=end, compare=compare)
        if word == "from" and self._word(length.end + 1) in ("now", "today"):
            return replace(length, kind="next", end=length.end + 2, compare=compare or Operator.EQ)
        if word == "or" and self._word(length.end + 1) in ("more", "longer"):
            return self._after_length(replace(length, end=length.end + 2), GTE)
        if word in ("+", "plus") and length.end == length.start + 2:
            return self._after_length(replace(length, end=length.end + 1), GTE)
        return replace(length, compare=compare)

    # --- in the last 60 days, within 60 days, for over 3 years, in 2023 ------------------------------

    def _after_preposition(self, at: int, word: str) -> When | None:
        inner = at + 1
        if (
            word == "within"
            and self._word(inner) == "the"
            and self._word(inner + 1) not in ("last", "past", "next", "previous")
        ):
            inner += 1
        if self._word(inner) == "the":
            following = self._word(inner + 1)
            if following in (
                "last",
                "past",
                "previous",
                "next",
                "coming",
                "current",
                "preceding",
                "following",
                "upcoming",
            ):
                return self._relative(inner + 1)
            decade = self._decade(inner + 1)
            if decade is not None:
                return decade
            inner += 0
        if self._word(inner) in ("last", "past", "previous", "next", "coming", "this", "current", "upcoming"):
            return self._relative(inner)
        if word in {"over", "across"}:
            return self._compared(at) if word == "over" else None
        if word == "for":
            compared = (
                self._compared(inner)
                if self._word(inner)
                in (
                    "more",
                    "less",
                    "over",
                    "under",
                    "at",
                    "longer",
                    "up",
                    "fewer",
                    "almost",
                    "no",
                    "not",
                    "exactly",
                )
                else None
            )
            if compared is not None:
                return compared
        length = self._length(inner)
        if length is not None:
            if self._word(length.end) in ("ago", "old", "or"):
                return self._after_length(length) if self._word(length.end) != "old" else None
            if word == "within" and self._word(length.end) == "of":
                return None
            kind: WhenKind = "within" if word in ("in", "within", "inside", "during") else "duration"
            end = length.end
            if self._word(end) in ("from", "of") and self._word(end + 1) in ("now", "today"):
                return replace(length, kind="next", end=end + 2)
            return replace(length, kind=kind)
        if word in ("in", "during", "on", "throughout"):
            return self._absolute(inner, cued=True)
        return None

    def _compared(self, at: int) -> When | None:
        word, following = self._word(at), self._word(at + 1)
        third = self._word(at + 2)
        table: list[tuple[tuple[str, ...], Operator]] = [
            (("no", "more", "than"), LTE),
            (("not", "more", "than"), LTE),
            (("no", "less", "than"), GTE),
            (("more", "than"), GT),
            (("longer", "than"), GT),
            (("less", "than"), LT),
            (("fewer", "than"), LT),
            (("at", "least"), GTE),
            (("at", "most"), LTE),
            (("up", "to"), LTE),
            (("over",), GT),
            (("under",), LT),
            (("upwards", "of"), GT),
            (("more", "then"), GT),
            (("exactly",), Operator.EQ),
            (("almost",), GTE),
        ]
        for words, operator in table:
            if (word, following, third)[: len(words)] == words:
                length = self._length(at + len(words))
                if length is None and word == "over" and following in ("the", "last"):
                    return None
                return None if length is None else self._after_length(length, operator)
        return None

    # --- last 3 months, last month, this year, next 30 days -----------------------------------------

    def _relative(self, at: int) -> When | None:
        word = self._word(at)
        following = self._word(at + 1)
        forward = word in ("next", "coming", "upcoming", "following")
        begin = at + 1
        if word == "this" and following in ("past", "last", "coming", "current"):
            return self._relative(at + 1)
        if following in ("few", "couple", "several"):
            return None if following != "couple" else self._couple(at, forward)
        length = self._length(begin) if following not in ("a", "an", "one") else None
        if length is not None and word not in ("this", "current"):
            return replace(length, kind="next" if forward else "rolling", compare=None)
        unit = _CALENDAR.get(following)
        if following == "fortnight":
            return When("next" if forward else "rolling", at, at + 2, count=2, unit="WEEKS")
        if following == "decade" and word in ("last", "past"):
            return When("rolling", at, at + 2, count=10, unit="YEARS")
        if unit is None:
            month = _MONTHS.get(following)
            if month is not None and len(following) > 2:
                return self._month_of(at, at + 2, month, word)
            return None
        if word in ("past", "coming", "preceding") and not forward:
            if unit == "QUARTER":
                return When("rolling", at, at + 2, count=3, unit="MONTHS")
            return When("rolling", at, at + 2, count=1, unit=unit + "S")
        if word in ("this", "current"):
            return When("calendar", at, at + 2, f"{{{{START_OF_{unit}}}}}", f"{{{{START_OF_NEXT_{unit}}}}}")
        if forward:
            last = self._next_period(unit)
            note = f"FROZEN_DATE: the end of next {following} is the date {last}"
            return When("calendar", at, at + 2, f"{{{{START_OF_NEXT_{unit}}}}}", last, note=note)
        return When("calendar", at, at + 2, f"{{{{START_OF_LAST_{unit}}}}}", f"{{{{START_OF_{unit}}}}}")

    def _couple(self, at: int, forward: bool) -> When | None:
        begin = at + 3 if self._word(at + 2) == "of" else at + 2
        found = self._with_unit(at, begin, 2, True)
        return None if found is None else replace(found, kind="next" if forward else "rolling")

    def _next_period(self, unit: str) -> str:
        today = self._today
        if unit == "DAY":
            return (today + timedelta(days=2)).isoformat()
        if unit == "WEEK":
            monday = today - timedelta(days=today.weekday())
            return (monday + timedelta(days=14)).isoformat()
        if unit == "YEAR":
            return _iso(today.year + 2, 1)
        step = 1 if unit == "MONTH" else 3
        start = today.month if unit == "MONTH" else 3 * ((today.month - 1) // 3) + 1
        return _iso(today.year, start + 2 * step)

    # --- since March 2023, before 2024, between March and May 2024 ------------------------------------

    def _bounded(self, at: int, word: str) -> When | None:
        if word in {"between", "from"}:
            both = self._between(at)
            if both is not None:
                return both
            if word == "between":
                return None
        begin = at + 1
        if word in ("prior", "starting", "following") and self._word(begin) in ("to", "from", "in", "on"):
            begin += 1
        if self._word(begin) in ("the", "than", "around"):
            begin += 1
        if word == "since" and self._word(begin) in ("last", "this", "yesterday"):
            inner = self._phrase(begin)
            return None if inner is None or inner.lo is None else replace(inner, kind="absolute", hi=None)
        inner = self._absolute(begin, cued=True)
        if inner is None:
            relative = (
                self._phrase(begin)
                if self._word(begin) in ("last", "this", "next", "today", "yesterday", "tomorrow")
                else None
            )
            length = self._length(begin)
            if length is not None and self._word(length.end) == "ago":
                return When(
                    "absolute",
                    at,
                    length.end + 1,
                    *((length.ago, None) if word in _SINCE else (None, length.ago)),
                )
            if relative is None or relative.lo is None:
                return None
            inner = relative
        if word in ("since", "from", "starting"):
            return replace(inner, kind="absolute", hi=None, alternatives=())
        if word in ("after", "following"):
            return replace(inner, kind="absolute", lo=inner.hi, hi=None)
        if word in ("before", "prior"):
            return replace(inner, kind="absolute", lo=None, hi=inner.lo)
        if word in ("until", "till", "by", "through"):
            # "by 5 March" includes the day; "until 2024" does not include the year, as "before 2024".
            upto = inner.hi if _is_day(inner) or word == "through" else inner.lo
            return replace(inner, kind="absolute", lo=None, hi=upto)
        return None

    def _between(self, at: int) -> When | None:
        first = self._absolute(at + 1, cued=True)
        month = _MONTHS.get(self._word(at + 1))
        end = first.end if first is not None else at + 2
        if (first is None and month is None) or self._word(end) not in (
            "and",
            "to",
            "-",
            "until",
            "till",
            "through",
        ):
            return None
        second = self._absolute(end + 1, cued=True)
        if second is None or second.lo is None:
            return None
        if month is not None and end == at + 2 and second.lo[:4].isdigit():
            # "between March and May 2024": the year is said once
            return When("absolute", at, second.end, _iso(int(second.lo[:4]), month), second.hi)
        if first is None:
            return None
        return When("absolute", at, second.end, first.lo, second.hi)

    # --- 2023, March 2024, Q3 2024, 5 March 2024, 2024-03-05, the 90s ------------------------------------

    def _absolute(self, at: int, *, cued: bool) -> When | None:
        found = self._single(at, cued=cued)
        if found is None:
            return None
        word, following = self._word(found.end), self._word(found.end + 1)
        if word in ("or", "and") and following in ("later", "after", "newer", "onwards", "onward", "since"):
            return replace(found, kind="absolute", hi=None, end=found.end + 2, cued=True)
        if word in ("onwards", "onward"):
            return replace(found, kind="absolute", hi=None, end=found.end + 1, cued=True)
        if word == "or" and following in ("earlier", "before"):
            return replace(found, kind="absolute", lo=None, end=found.end + 2, cued=True)
        if word in ("-", "to") and found.lo is not None and not found.alternatives:
            upper = self._single(found.end + 1, cued=True)
            if upper is not None and upper.lo is not None and upper.lo > found.lo and upper.hi is not None:
                return replace(found, hi=upper.hi, end=upper.end)
        return found

    def _single(self, at: int, *, cued: bool) -> When | None:
        if at >= len(self._tokens):
            return None
        token = self._tokens[at]
        if token.kind == "date":
            return self._written(token.norm, at)
        word = token.norm
        if word == "the":
            return self._decade(at + 1) or self._single(at + 1, cued=cued)
        if (word == "or" and self._word(at + 1) in ("after", "before")) or (
            word == "on" and self._word(at + 1) == "or"
        ):
            return None
        if word in ("q", "h") and at + 1 < len(self._tokens) and self._tokens[at + 1].glued:
            return self._quarter(at)
        month = _MONTHS.get(word)
        if month is not None and (word != "may" or cued or token.capitalised) and word != "mar":
            return self._month(at, month, cued)
        if token.kind in ("number", "ordinal"):
            day = token.value
            skip = 1 if self._word(at + 1) == "of" else 0
            named = _MONTHS.get(self._word(at + 1 + skip))
            if named is not None and isinstance(day, int) and 1 <= day <= 31 and not token.money:
                year, end = self._year_after(at + 2 + skip)
                return self._day(at, end, year, named, day)
            if (
                isinstance(day, int)
                and 1900 <= day <= 2100
                and token.kind == "number"
                and len(token.norm) == 4
            ):
                if self._word(at + 1) == "s" and self._tokens[at + 1].glued:
                    return When("absolute", at, at + 2, _iso(day, 1), _iso(day + 10, 1))
                return When("absolute", at, at + 1, _iso(day, 1), _iso(day + 1, 1), cued=cued)
        return None

    def _decade(self, at: int) -> When | None:
        if at >= len(self._tokens):
            return None
        token = self._tokens[at]
        if token.norm in _DECADES:
            start = _DECADES[token.norm]
            return When("absolute", at, at + 1, _iso(start, 1), _iso(start + 10, 1))
        if (
            token.kind == "number"
            and isinstance(token.value, int)
            and self._word(at + 1) == "s"
            and token.value % 10 == 0
        ):
            short = token.value
            start = (
                short
                if short >= 1900
                else 1900 + short
                if 20 < short < 100
                else 2000 + short
                if short <= 20
                else 0
            )
            if 1900 <= start <= 2100:
                return When("absolute", at, at + 2, _iso(start, 1), _iso(start + 10, 1))
        return None

    def _quarter(self, at: int) -> When | None:
        number = self._tokens[at + 1].value
        size, most = (3, 4) if self._word(at) == "q" else (6, 2)
        if not isinstance(number, int) or not 1 <= number <= most:
            return None
        begin = at + 2 + (1 if self._word(at + 2) in ("of", "in") else 0)
        year, end = self._year_after(begin)
        first = (number - 1) * size + 1
        if year is None:
            year = self._today.year if first <= self._today.month else self._today.year - 1
            return When("absolute", at, at + 2, _iso(year, first), _iso(year, first + size), assumed=True)
        return When("absolute", at, end, _iso(year, first), _iso(year, first + size))

    def _month(self, at: int, month: int, cued: bool) -> When | None:
        following = self._tokens[at + 1] if at + 1 < len(self._tokens) else None
        if (
            (
                following is not None
                and following.kind in ("number", "ordinal")
                and isinstance(following.value, int)
            )
            and 1 <= following.value <= 31
            and len(following.norm) != 4
        ):
            year, end = self._year_after(at + 2)
            return self._day(at, end, year, month, following.value)
        begin = at + 1
        if self._word(begin) in ("of", ",", "in", "last"):
            begin += 1
        year, end = self._year_after(begin)
        if year is None:
            if not cued:
                return None
            past = self._today.year if month <= self._today.month else self._today.year - 1
            return When(
                "absolute",
                at,
                at + 1,
                _iso(past, month),
                _iso(past, month + 1),
                assumed=True,
                note=f"{calendar.month_name[month]} was read as {calendar.month_name[month]} {past}",
            )
        return When("absolute", at, end, _iso(year, month), _iso(year, month + 1))

    def _month_of(self, at: int, end: int, month: int, word: str) -> When:
        year = self._today.year
        if word in ("last", "past", "previous") and month >= self._today.month:
            year -= 1
        elif word in ("next", "coming") and month <= self._today.month:
            year += 1
        return When("absolute", at, end, _iso(year, month), _iso(year, month + 1))

    def _year_after(self, at: int) -> tuple[int | None, int]:
        begin = at + 1 if self._word(at) == "," else at
        if begin < len(self._tokens):
            token = self._tokens[begin]
            if (
                token.kind == "number"
                and isinstance(token.value, int)
                and 1900 <= token.value <= 2100
                and len(token.norm) == 4
            ):
                return token.value, begin + 1
        return None, at

    def _day(self, at: int, end: int, year: int | None, month: int, day: int) -> When | None:
        assumed = year is None
        if year is None:
            year = (
                self._today.year
                if (month, day) <= (self._today.month, self._today.day)
                else self._today.year - 1
            )
        return _one_day(at, end, year, month, day, assumed)

    def _written(self, text: str, at: int) -> When | None:
        if text[4:5] == "-":
            year, month, day = (int(part) for part in text.split("-"))
            return _one_day(at, at + 1, year, month, day, False)
        first, second, last = (int(part) for part in text.replace(".", "/").split("/"))
        year = last if last > 99 else 2000 + last
        day_first = _one_day(at, at + 1, year, second, first, False)
        month_first = _one_day(at, at + 1, year, first, second, False)
        if day_first is None or month_first is None or first == second:
            return day_first or month_first
        if "." in text or (self._locale_known and not self._month_first):
            return day_first
        if self._month_first:
            return month_first
        other = (f"month first: {month_first.lo}", month_first.lo, month_first.hi)
        return replace(day_first, assumed=True, alternatives=(other,))


def _is_day(when: When) -> bool:
    if when.lo is None or when.hi is None or when.lo.startswith("{") or when.hi.startswith("{"):
        return False
    return date.fromisoformat(when.hi) - date.fromisoformat(when.lo) == timedelta(days=1)


def _one_day(  # noqa: PLR0917 - a date and where it stands
    at: int, end: int, year: int, month: int, day: int, assumed: bool
) -> When | None:
    try:
        first = date(year, month, day)
        last = first + timedelta(days=1)
    except (ValueError, OverflowError):
        return None
    return When("absolute", at, end, first.isoformat(), last.isoformat(), assumed=assumed)


def _named_day(word: str, at: int) -> When:
    if word == "today":
        return When("calendar", at, at + 1, "{{START_OF_DAY}}", "{{START_OF_NEXT_DAY}}")
    if word == "yesterday":
        return When("calendar", at, at + 1, "{{START_OF_LAST_DAY}}", "{{START_OF_DAY}}")
    return When("next", at, at + 1, "{{START_OF_NEXT_DAY}}", "{{2_DAYS_FROM_NOW}}", count=1, unit="DAYS")


def _iso(year: int, month: int) -> str:
    year += (month - 1) // 12
    return f"{year:04d}-{(month - 1) % 12 + 1:02d}-01"
