"""Dates that are written out: 2023, March 2024, Q3 2024, 5 March 2024, 2024-03-05, 03/04/2024, the 90s."""

from __future__ import annotations

import calendar
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta

from segmentry.reader.dates.holidays import holiday
from segmentry.reader.dates.when import Interval, When, vague
from segmentry.reader.language.tokens import Token
from segmentry.reader.language.words import word_tuple

MONTHS = {
    name.lower(): number
    for names in (calendar.month_name, calendar.month_abbr, ("",) * 9 + ("sept",))
    for number, name in enumerate(names)
    if name
}
_DECADES = {
    "fifties": 1950,
    "sixties": 1960,
    "seventies": 1970,
    "eighties": 1980,
    "nineties": 1990,
    "noughties": 2000,
}
DECADE_WORDS = frozenset(_DECADES)
DAY_WORDS = {
    word: number
    for number, word in enumerate(
        word_tuple("""
        first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth
        fourteenth fifteenth sixteenth seventeenth eighteenth nineteenth twentieth
        """),
        1,
    )
} | {"thirtieth": 30}
_ORDINALS = {"first": 1, "second": 2, "third": 3, "fourth": 4}
_YEARS_AWAY = {"last": -1, "previous": -1, "this": 0, "current": 0, "next": 1, "coming": 1}

_NAMES = tuple(calendar.month_name)  # the calendar's own sequence asks the locale each time


class WrittenDates:
    """Reads written dates in one query's tokens; `today` is the local date of the request."""

    def __init__(self, tokens: Sequence[Token], today: date, locale: str) -> None:
        self._tokens = tokens
        self.today = today
        self._month_first = locale.lower().replace("_", "-") in ("en-us", "us")
        self._locale_known = "-" in locale or "_" in locale

    def _word(self, index: int) -> str:
        return self._tokens[index].norm if 0 <= index < len(self._tokens) else ""

    def at(self, at: int, *, cued: bool) -> When | None:
        """The one written date that begins at token `at`; `cued` when a preposition stands before it."""
        if at >= len(self._tokens):
            return None
        token = self._tokens[at]
        word = token.norm
        if token.kind == "date":
            return self._digits(word, at)
        if word == "the":
            begin = at + 1 + (self._word(at + 1) == "the")
            found = None if self._word(begin) == "the" else self.at(begin, cued=cued)
            return found if found is None else replace(found, start=at)
        if word == "year" and self._is_year(at + 1):
            return self.at(at + 1, cued=True)
        feast = holiday(self._word, at)
        if feast is not None:
            year, end = self._year_after(feast[2])
            return self.dated(at, end, year, (*feast[:2], 1))
        if word in DAY_WORDS and (found := self._day_in_words(at, DAY_WORDS[word])) is not None:
            return found
        decade = self.decade(at)
        if decade is not None:
            return decade
        if word in ("q", "h") and self._glued(at + 1):
            return self._part(at, at + 2, self._tokens[at + 1].value, word)
        if word in _ORDINALS or word == "last" or token.kind == "ordinal":
            found = self._ordinal_part(at, word)
            if found is not None:
                return found
        month = MONTHS.get(word)
        if month is not None and (word not in ("may", "mar") or cued or token.capitalised):
            return self._month(at, month, cued)
        return self._numeral(at, cued) if token.kind in ("number", "ordinal") else None

    def _day_in_words(self, at: int, day: int) -> When | None:
        """ "First of September 2025", "third July"."""
        begin = at + 2 if self._word(at + 1) == "of" else at + 1
        month = MONTHS.get(self._word(begin))
        if month is None:
            return None
        year, end = self._year_after(begin + 1)
        return self.dated(at, end, year, (month, day, 1))

    def _numeral(self, at: int, cued: bool) -> When | None:
        token = self._tokens[at]
        day = token.value
        if not isinstance(day, int) or token.money or token.percent:
            return None
        skip = 1 if self._word(at + 1) == "of" else 0
        month = MONTHS.get(self._word(at + 1 + skip))
        if month is not None and 1 <= day <= 31:
            year, end = self._year_after(at + 2 + skip)
            return self.dated(at, end, year, (month, day, 1))
        if self._is_year(at):
            if self._word(at + 1) in ("q", "h") and self._glued(at + 2):
                return self._part(at, at + 3, self._tokens[at + 2].value, self._word(at + 1), day)
            return When("absolute", at, at + 1, first_of(day, 1), first_of(day + 1, 1), cued=cued)
        if token.kind == "ordinal" and cued and 1 <= day <= 31:
            return vague(at, at + 1, "Of which month is")
        return None

    def decade(self, at: int) -> When | None:
        """ "90s", "1990s", "'90s", "nineties"; None for anything else."""
        if self._word(at) == "'":
            inner = self.decade(at + 1)
            return inner if inner is None else replace(inner, start=at)
        word = self._word(at)
        if word in _DECADES:
            start, end = _DECADES[word], at + 1
        else:
            value = self._tokens[at].value if at < len(self._tokens) else None
            if (
                not isinstance(value, int)
                or value % 10
                or self._tokens[at].kind != "number"
                or not (self._word(at + 1) == "s" and self._tokens[at + 1].glued)
            ):
                return None
            start, end = value, at + 2
            if value < 100:
                if value < 50:
                    return vague(at, end, "Which century, or which age, is")
                start += 1900
        if not 1900 <= start <= 2100:
            return None
        return When("absolute", at, end, first_of(start, 1), first_of(start + 10, 1))

    # --- quarters and halves -------------------------------------------------------------------------

    def _ordinal_part(self, at: int, word: str) -> When | None:
        """ "Third quarter of 2024", "1st half of last year", "last quarter of 2024"."""
        kind = self._word(at + 1)
        if kind not in ("quarter", "half"):
            return None
        most = 4 if kind == "quarter" else 2
        number = _ORDINALS.get(word, self._tokens[at].value)
        if word == "last":
            if self._word(at + 2) != "of":
                return None
            number = most
        found = self._part(at, at + 2, number, kind[0])
        return None if found is None or (found.parts and self._word(at + 2) == "of") else found

    def _part(
        self, at: int, end: int, number: float | None, kind: str, year: int | None = None
    ) -> When | None:
        size, most = (3, 4) if kind == "q" else (6, 2)
        if not isinstance(number, int) or not 1 <= number <= most:
            return None
        if year is None:
            year, end = self._year_after(end)
        return self.dated(at, end, year, ((number - 1) * size + 1, 0, size))

    # --- months and days -----------------------------------------------------------------------------

    def _month(self, at: int, month: int, cued: bool) -> When | None:
        following = self._tokens[at + 1] if at + 1 < len(self._tokens) else None
        if following is None:
            return self.dated(at, at + 1, None, (month, 0, 1)) if cued else None
        if following.norm == "the" and self._is(at + 2, "ordinal"):
            following = self._tokens[at + 2]
            at_day = at + 2
        else:
            at_day = at + 1
        day = following.value
        if following.kind in ("number", "ordinal") and isinstance(day, int) and len(following.norm) != 4:
            if not 1 <= day <= 31:
                return None
            year, end = self._year_after(at_day + 1)
            return self.dated(at, end, year, (month, day, 1))
        if following.norm == "-" and following.glued and self._glued(at + 2):
            short = self._tokens[at + 2]
            if isinstance(short.value, int) and len(short.norm) == 2:
                return self.dated(at, at + 3, 2000 + short.value, (month, 0, 1))
            if self._is_year(at + 2):
                return self.dated(at, at + 3, int(short.norm), (month, 0, 1))
        year, end = self._year_after(at + 1)
        if year is None and not cued:
            return None
        return self.dated(at, end, year, (month, 0, 1))

    def _year_after(self, at: int) -> tuple[int | None, int]:
        """The year said after a month, day or quarter, and the token after it."""
        begin = at + 1 if self._word(at) in (",", "of", "in") else at
        if self._is_year(begin):
            return int(self._tokens[begin].norm), begin + 1
        if self._word(begin) == "'" and self._glued(begin + 1) and len(self._tokens[begin + 1].norm) == 2:
            short = self._tokens[begin + 1].value
            return (2000 + short, begin + 2) if isinstance(short, int) else (None, at)
        begin += self._word(begin) == "the"
        if self._word(begin) in _YEARS_AWAY and self._word(begin + 1) == "year":
            return self.today.year + _YEARS_AWAY[self._word(begin)], begin + 2
        return None, at

    def _is_year(self, at: int) -> bool:
        if not self._is(at, "number"):
            return False
        token = self._tokens[at]
        plain = len(token.norm) == 4 and not token.money and not token.percent
        return plain and isinstance(token.value, int) and 1900 <= token.value <= 2100

    def _is(self, at: int, kind: str) -> bool:
        return 0 <= at < len(self._tokens) and self._tokens[at].kind == kind

    def _glued(self, at: int) -> bool:
        return self._is(at, "number") and self._tokens[at].glued

    # --- years that are not said ---------------------------------------------------------------------

    def dated(self, at: int, end: int, year: int | None, parts: tuple[int, int, int]) -> When | None:
        """A part of a year: with a year its interval, without the last one begun and the next not over."""
        if year is not None:
            found = in_year(parts, year)
            return None if found is None else When("absolute", at, end, *found)
        behind, ahead = self.behind(parts), self.coming(parts)
        if behind is None or ahead is None:
            return None
        said = _NAMES[parts[0]]
        note = f"{said} was read as {said} {behind[0][:4]}" if parts[2] == 1 and not parts[1] else ""
        return When("absolute", at, end, *behind, assumed=True, note=note, ahead=ahead, parts=parts)

    def behind(self, parts: tuple[int, int, int], until: str | None = None) -> tuple[str, str] | None:
        """The last interval of these parts that has begun (by the date `until`)."""
        limit = until or self.today.isoformat()
        for year in range(int(limit[:4]), int(limit[:4]) - 9, -1):
            found = in_year(parts, year)
            if found is not None and found[0] <= limit:
                return found
        return None

    def coming(self, parts: tuple[int, int, int], since: str | None = None) -> tuple[str, str] | None:
        """The next interval of these parts that is not over (on the date `since`)."""
        limit = since or self.today.isoformat()
        for year in range(int(limit[:4]), int(limit[:4]) + 9):
            found = in_year(parts, year)
            if found is not None and found[1] > limit:
                return found
        return None

    def month_of(self, at: int, end: int, month: int, word: str) -> When | None:
        """ "Last March", "this March", "next March"."""
        year = self.today.year
        if word in ("last", "past", "previous") and month >= self.today.month:
            year -= 1
        elif word in ("next", "coming") and month <= self.today.month:
            year += 1
        return self.dated(at, end, year, (month, 0, 1))

    # --- digits alone --------------------------------------------------------------------------------

    def _digits(self, text: str, at: int) -> When | None:
        if "t" in text or ":" in text:
            return When("absolute", at, at + 1, text.upper(), text.upper())
        numbers = [int(part) for part in text.replace(".", "/").replace("-", "/").split("/")]
        if len(numbers) == 2:
            year, month = numbers if numbers[0] > 12 else numbers[::-1]
            return self.dated(at, at + 1, year, (month, 0, 1))
        first, second, last = numbers
        if first > 99:
            return self.dated(at, at + 1, first, (second, last, 1))
        year = last if last > 99 else 2000 + last
        day_first = self.dated(at, at + 1, year, (second, first, 1)) if second <= 12 else None
        month_first = self.dated(at, at + 1, year, (first, second, 1)) if first <= 12 else None
        if day_first is None or month_first is None or first == second:
            return day_first or month_first
        if "." in text or (self._locale_known and not self._month_first):
            return day_first
        if self._month_first:
            return month_first
        choices = tuple((f"{when.lo}", when) for when in (day_first, month_first))
        return vague(at, at + 1, "Which day is", choices)


def in_year(parts: tuple[int, int, int], year: int) -> tuple[str, str] | None:
    """The interval of (first month, day or 0, months) in a year; None for a day that the year lacks."""
    month, day, months = parts
    if not 1 <= year <= 9990 or not 1 <= month <= 12:
        return None
    if not day:
        return first_of(year, month), first_of(year, month + months)
    try:
        first = date(year, month, day)
        return first.isoformat(), (first + timedelta(days=1)).isoformat()
    except (ValueError, OverflowError):
        return None


def first_of(year: int, month: int) -> str:
    year += (month - 1) // 12
    return f"{year:04d}-{(month - 1) % 12 + 1:02d}-01"


def is_day(when: When) -> bool:
    """True for an interval of one day of the calendar."""
    if when.lo is None or when.hi is None or when.lo.startswith("{") or when.hi.startswith("{"):
        return when.lo in ("{{START_OF_DAY}}", "{{START_OF_LAST_DAY}}", "{{START_OF_NEXT_DAY}}")
    if len(when.lo) > 10:
        return True
    return date.fromisoformat(when.hi) - date.fromisoformat(when.lo) == timedelta(days=1)


def joined(dates: WrittenDates, first: When, second: When) -> When | None:
    """From the first to the second, both included; a year that is said once counts for both."""
    lo, hi, ahead = first.lo, second.hi, None
    if first.parts and second.parts:
        both = _yearless(dates, first.parts, second.parts)
        if both is None:
            return None
        (lo, hi), ahead = both
    elif first.parts and second.lo is not None and second.lo[:4].isdigit():
        begun = dates.behind(first.parts, second.lo)
        lo = None if begun is None else begun[0]
    elif second.parts and first.lo is not None and first.lo[:4].isdigit():
        over = dates.coming(second.parts, first.lo)
        hi = None if over is None else over[1]
    elif second.ahead is not None and lo is not None and lo.startswith("{"):
        hi = second.ahead[1]  # "between now and the end of March"
    if lo is None or hi is None or (lo[:1] != "{" and hi[:1] != "{" and lo >= hi):
        return None
    over_new_year = bool(first.parts and second.parts and first.parts[0] > second.parts[0])
    return When(
        "absolute",
        first.start,
        second.end,
        lo,
        hi,
        cap=0.85 if over_new_year else 1.0,
        assumed=ahead is not None,
        ahead=ahead,
        parts=first.parts if ahead else None,
        cued=first.cued or second.cued,
    )


def _yearless(
    dates: WrittenDates, first: tuple[int, int, int], second: tuple[int, int, int]
) -> tuple[Interval, Interval] | None:
    begun = dates.behind(first)
    over = None if begun is None else dates.coming(second, begun[0])
    later_end = dates.coming(second)
    later = None if later_end is None else dates.behind(first, later_end[0])
    if begun is None or over is None or later is None or later_end is None:
        return None
    return (begun[0], over[1]), (later[0], later_end[1])
