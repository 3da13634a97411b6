"""Dates that are written out: 2023, March 2024, Q3 2024, 5 March 2024, 2024-03-05, 03/04/2024, the 90s."""

from __future__ import annotations

import calendar
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta

from segmentry.reader.tokens import Token
from segmentry.reader.when import When

MONTHS = {
    name.lower(): number
    for names in (calendar.month_name, calendar.month_abbr, ("",) * 9 + ("sept",))
    for number, name in enumerate(names)
    if name
}
_DECADES = {"eighties": 1980, "nineties": 1990, "noughties": 2000, "seventies": 1970, "sixties": 1960}


class WrittenDates:
    """Reads written dates in one query's tokens; `today` is the local date of the request."""

    def __init__(self, tokens: Sequence[Token], today: date, locale: str) -> None:
        self._tokens = tokens
        self._today = today
        self._month_first = locale.lower().replace("_", "-") in ("en-us", "us")
        self._locale_known = "-" in locale or "_" in locale

    def _word(self, index: int) -> str:
        return self._tokens[index].norm if 0 <= index < len(self._tokens) else ""

    def at(self, at: int, *, cued: bool) -> When | None:
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
            return self.decade(at + 1) or self._single(at + 1, cued=cued)
        if (word == "or" and self._word(at + 1) in ("after", "before")) or (
            word == "on" and self._word(at + 1) == "or"
        ):
            return None
        if word in ("q", "h") and at + 1 < len(self._tokens) and self._tokens[at + 1].glued:
            return self._quarter(at)
        month = MONTHS.get(word)
        if month is not None and (word != "may" or cued or token.capitalised) and word != "mar":
            return self._month(at, month, cued)
        if token.kind in ("number", "ordinal"):
            day = token.value
            skip = 1 if self._word(at + 1) == "of" else 0
            named = MONTHS.get(self._word(at + 1 + skip))
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
                    return When("absolute", at, at + 2, first_of(day, 1), first_of(day + 10, 1))
                return When("absolute", at, at + 1, first_of(day, 1), first_of(day + 1, 1), cued=cued)
        return None

    def decade(self, at: int) -> When | None:
        if at >= len(self._tokens):
            return None
        token = self._tokens[at]
        if token.norm in _DECADES:
            start = _DECADES[token.norm]
            return When("absolute", at, at + 1, first_of(start, 1), first_of(start + 10, 1))
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
                return When("absolute", at, at + 2, first_of(start, 1), first_of(start + 10, 1))
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
            return When(
                "absolute", at, at + 2, first_of(year, first), first_of(year, first + size), assumed=True
            )
        return When("absolute", at, end, first_of(year, first), first_of(year, first + size))

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
                first_of(past, month),
                first_of(past, month + 1),
                assumed=True,
                note=f"{calendar.month_name[month]} was read as {calendar.month_name[month]} {past}",
            )
        return When("absolute", at, end, first_of(year, month), first_of(year, month + 1))

    def month_of(self, at: int, end: int, month: int, word: str) -> When:
        year = self._today.year
        if word in ("last", "past", "previous") and month >= self._today.month:
            year -= 1
        elif word in ("next", "coming") and month <= self._today.month:
            year += 1
        return When("absolute", at, end, first_of(year, month), first_of(year, month + 1))

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
        return one_day(at, end, year, month, day, assumed)

    def _written(self, text: str, at: int) -> When | None:
        if text[4:5] == "-":
            year, month, day = (int(part) for part in text.split("-"))
            return one_day(at, at + 1, year, month, day, False)
        first, second, last = (int(part) for part in text.replace(".", "/").split("/"))
        year = last if last > 99 else 2000 + last
        day_first = one_day(at, at + 1, year, second, first, False)
        month_first = one_day(at, at + 1, year, first, second, False)
        if day_first is None or month_first is None or first == second:
            return day_first or month_first
        if "." in text or (self._locale_known and not self._month_first):
            return day_first
        if self._month_first:
            return month_first
        other = (f"month first: {month_first.lo}", month_first.lo, month_first.hi)
        return replace(day_first, assumed=True, alternatives=(other,))


def one_day(  # noqa: PLR0917 - a date and where it stands
    at: int, end: int, year: int, month: int, day: int, assumed: bool
) -> When | None:
    try:
        first = date(year, month, day)
        last = first + timedelta(days=1)
    except (ValueError, OverflowError):
        return None
    return When("absolute", at, end, first.isoformat(), last.isoformat(), assumed=assumed)


def first_of(year: int, month: int) -> str:
    year += (month - 1) // 12
    return f"{year:04d}-{(month - 1) % 12 + 1:02d}-01"


def is_day(when: When) -> bool:
    if when.lo is None or when.hi is None or when.lo.startswith("{") or when.hi.startswith("{"):
        return False
    return date.fromisoformat(when.hi) - date.fromisoformat(when.lo) == timedelta(days=1)
