"""Dates told from today: last month, next quarter, last Friday, the day before yesterday."""

from __future__ import annotations

import calendar
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta

from segmentry.criteria.dates import add, start_of
from segmentry.reader.dates import thirds
from segmentry.reader.dates.calendar_dates import MONTHS, WrittenDates
from segmentry.reader.dates.durations import FEW, PLURALS, UNIT_WORDS, WORKING, Lengths
from segmentry.reader.dates.holidays import holiday
from segmentry.reader.dates.when import When, vague

_AHEAD = frozenset({"next", "coming", "upcoming", "following"})
_BEHIND = frozenset({"last", "past", "previous", "preceding", "prior", "recent"})
_HERE = frozenset({"this", "these", "current"})
RELATIVE = _AHEAD | _BEHIND | _HERE
NAMED_DAYS = frozenset({"today", "yesterday", "tomorrow", "tonight"})
_CALENDAR = {"day": "DAY", "week": "WEEK", "month": "MONTH", "quarter": "QUARTER", "year": "YEAR"}
_WEEKDAYS = {
    name.lower(): number
    for names in (calendar.day_name, calendar.day_abbr)
    for number, name in enumerate(names)
    if name not in ("Sun", "Sat", "Mon")  # "sat" and "sun" are words, "mon" is mostly a month
}
WEEKDAY_WORDS = frozenset(_WEEKDAYS)
_SEASONS = frozenset({"spring", "summer", "autumn", "fall", "winter"})
_HOLIDAYS = frozenset(
    {"christmas", "xmas", "easter", "thanksgiving", "ramadan", "diwali", "halloween", "hanukkah"}
)
_EVERY = frozenset({"every", "each"})
_REPEATED = frozenset({"daily", "weekly", "monthly", "quarterly", "yearly", "annually"})
VAGUE_FIRST = _SEASONS | _HOLIDAYS | frozenset({"early", "mid", "late", "middle", "black", "cyber"})
EDGES = frozenset({"beginning", "start", "end", "first", "last"})
# every word with which `RelativeDates.at` finds a date
RELATIVE_FIRST = (
    frozenset(RELATIVE)
    | frozenset(NAMED_DAYS)
    | frozenset(_CALENDAR)
    | WEEKDAY_WORDS
    | VAGUE_FIRST
    | thirds.FIRST
    | {"the", "ytd", "mtd", "qtd", "weekend"}
)


class RelativeDates:
    """Reads dates that depend on today, in one query's tokens."""

    def __init__(self, word: Callable[[int], str], lengths: Lengths, written: WrittenDates) -> None:
        self._word = word
        self._lengths = lengths
        self._written = written
        self._today = written.today

    def at(self, at: int, *, article: bool = False) -> When | None:
        """The date phrase told from today that begins at token `at`, after "the" where `article` says so."""
        word = self._word(at)
        if word not in RELATIVE_FIRST:
            return None
        following = self._word(at + 1)
        if word == "the":
            # said twice at most: a long row of them would be gone over again from each
            begin = at + 1 + (following == "the")
            found = None if self._word(begin) == "the" else self.at(begin, article=True)
            return found if found is None else replace(found, start=at)
        if word in RELATIVE:
            return self._relative(at, word, following, article)
        if word in NAMED_DAYS:
            return _named_day(word, at)
        if word == "day" and following in ("before", "after"):
            return self._next_door(at, following)
        if word in _CALENDAR and following in ("before", "after"):
            return self._before_last(at, word)
        if word in ("year", "month", "quarter", "week") and (following, self._word(at + 2)) == ("to", "date"):
            return self._here(at, at + 3, _CALENDAR[word])
        if word in ("ytd", "mtd", "qtd"):
            return self._here(at, at + 1, {"y": "YEAR", "m": "MONTH", "q": "QUARTER"}[word[0]])
        if word == "weekend" and article:
            return self._weekend(at, at + 1, "")
        if word in _WEEKDAYS:
            return self._weekday(at, at + 1, _WEEKDAYS[word], "")
        return self._rough(at, word)

    # --- this, last and next -------------------------------------------------------------------------

    def _relative(self, at: int, word: str, following: str, article: bool) -> When | None:
        if word in _HERE and following in _BEHIND | _AHEAD | {"current"}:
            return self._relative(at + 1, following, self._word(at + 2), article)
        if word == "last" and following in ("quarter", "half") and self._word(at + 2) == "of":
            return None  # "the last quarter of 2024"
        begin = at + 1
        forward = word in _AHEAD
        if word not in _HERE:
            found = self._rolling(at, begin, following, forward)
            if found is not None:
                return found
        if following == "calendar":
            begin, following, article = begin + 1, self._word(begin + 1), False
        end = begin + 1
        unit = _CALENDAR.get(following)
        if unit is None:
            return self._named(at, end, word, following)
        if word == "recent" or (word == "following" and not article):
            return None
        if word in ("past", "preceding") or (article and word in ("last", "next", "coming")):
            return self._lately(at, end, word, unit, forward)
        if word in _HERE:
            return self._here(at, end, unit)
        if forward:
            over = add(start_of(self._today, unit), 2, unit).isoformat()
            note = f"FROZEN_DATE: the end of next {following} is the date {over}"
            return When("calendar", at, end, f"{{{{START_OF_NEXT_{unit}}}}}", over, note=note)
        return _last(at, end, unit)

    def _rolling(self, at: int, begin: int, following: str, forward: bool) -> When | None:
        """ "The last 3 months", "the past fortnight", "the next few days", "recent months"."""
        kind = "next" if forward else "rolling"
        if following == "couple":
            length = self._couple(begin)
        elif following in FEW and self._word(begin + 1) in UNIT_WORDS:
            length = self._lengths.unsettled(begin, begin + 1)
        elif following in PLURALS:
            length = self._lengths.unsettled(begin, begin)
        elif following in ("fortnight", "decade"):
            count, unit = (2, "WEEKS") if following == "fortnight" else (10, "YEARS")
            length = When("duration", at, begin + 1, count=count, unit=unit)
        elif following in WORKING and self._word(begin + 1) in ("day", "days"):
            return None
        elif following in ("a", "an", "one") and self._word(begin + 1) != "half":
            length = None
        else:
            length = self._lengths.implied(begin) or self._lengths.at(begin)
        if length is None:
            return None
        if length.kind == "vague":
            choices = tuple((label, replace(when, kind=kind, start=at)) for label, when in length.choices)
            return replace(length, start=at, choices=choices)
        if length.note == "WHOLE" and length.unit in ("WEEKS", "MONTHS", "YEARS"):
            return self._whole(at, length, forward)
        end, cap = length.end, length.cap
        if (self._word(end), self._word(end + 1)) == ("or", "so"):
            end, cap = end + 2, 0.6
        return replace(length, start=at, end=end, kind=kind, compare=None, note="", cued=True, cap=cap)

    def _couple(self, begin: int) -> When | None:
        unit = begin + 2 if self._word(begin + 1) == "of" else begin + 1
        found = self._lengths.at(begin - 1) if self._word(begin - 1) == "a" else None
        if found is not None:
            return found
        word = self._word(unit)
        if word not in UNIT_WORDS:
            return None
        name = {"fortnights": "WEEKS"}.get(word) or f"{word.rstrip('s').upper()}S"
        if name not in ("DAYS", "WEEKS", "MONTHS", "YEARS"):
            return None
        return When(
            "duration", begin, unit + 1, count=2 * (word == "fortnights") + 2, unit=name, assumed=True
        )

    def _whole(self, at: int, length: When, forward: bool) -> When:
        """ "The last 3 full months": whole calendar months, so its far end is a date."""
        unit = length.unit[:-1]
        near = add(start_of(self._today, unit), 1 if forward else 0, unit)
        far = add(near, length.count if forward else -length.count, unit).isoformat()
        note = f"FROZEN_DATE: {length.count} whole {length.unit.lower()} begin or end on the date {far}"
        start = f"{{{{START_OF_{'NEXT_' if forward else ''}{unit}}}}}"
        lo, hi = (start, far) if forward else (far, start)
        return When("calendar", at, length.end, lo, hi, note=note)

    def _lately(self, at: int, end: int, word: str, unit: str, forward: bool) -> When:
        """ "The past year" rolls; "in the last year" mostly does, and may be last year."""
        count, rolled = (3, "MONTHS") if unit == "QUARTER" else (1, f"{unit}S")
        if word == "last" and unit == "QUARTER":
            return _last(at, end, unit)
        kind = "next" if forward else "rolling"
        found = When(kind, at, end, count=count, unit=rolled)
        if word not in ("last", "next") or unit == "DAY":
            return found
        name = unit.lower()
        other = self._relative(at, word, name, False)
        alternatives = () if other is None else ((f"{word} calendar {name}", other.lo, other.hi),)
        return replace(found, cap=0.85, alternatives=alternatives)

    def _here(self, at: int, end: int, unit: str) -> When:
        return When("calendar", at, end, f"{{{{START_OF_{unit}}}}}", f"{{{{START_OF_NEXT_{unit}}}}}")

    def _named(self, at: int, end: int, word: str, name: str) -> When | None:
        """ "Last March", "next Friday", "this weekend", "last summer"."""
        month = MONTHS.get(name)
        if month is not None and len(name) > 2:
            return self._written.month_of(at, end, month, word)
        if name in _WEEKDAYS:
            return self._weekday(at, end, _WEEKDAYS[name], word)
        if name == "weekend":
            return self._weekend(at, end, word)
        if name in _SEASONS | _HOLIDAYS:
            return vague(at, end, "From when to when is")
        return None

    # --- weekdays ------------------------------------------------------------------------------------

    def _weekday(self, at: int, end: int, number: int, word: str) -> When:
        behind = self._today - timedelta(days=(self._today.weekday() - number) % 7)
        ahead = self._today + timedelta(days=(number - self._today.weekday()) % 7)
        monday = start_of(self._today, "WEEK")
        cap = 1.0
        if word in ("last", "previous", "past"):
            behind = behind - timedelta(days=7 * (behind == self._today))
            ahead = behind
            cap = 1.0 if behind < monday else 0.85  # yesterday, or in the week before?
        elif word in _AHEAD:
            ahead = ahead + timedelta(days=7 * (ahead == self._today))
            behind = ahead
            cap = 1.0 if ahead >= monday + timedelta(days=7) else 0.85
        elif word in _HERE:
            behind = ahead = monday + timedelta(days=number)
        elif behind == ahead:
            cap = 0.85  # today, or a week from today?
        return _frozen(at, end, behind, ahead, 1, cap)

    def _weekend(self, at: int, end: int, word: str) -> When:
        saturday = start_of(self._today, "WEEK") + timedelta(days=5)
        week = timedelta(days=7)
        if word in _AHEAD:
            during = self._today >= saturday
            return _frozen(at, end, saturday + week, saturday + week, 2, 1.0 if during else 0.85)
        if word in _HERE:
            return _frozen(at, end, saturday, saturday, 2, 1.0)
        behind = saturday if self._today >= saturday and not word else saturday - week
        return _frozen(at, end, behind, behind if word else saturday, 2, 1.0)

    # --- the day before yesterday, the month before last ----------------------------------------------

    def _next_door(self, at: int, side: str) -> When | None:
        if side == "before" and self._word(at + 2) == "yesterday":
            return When("calendar", at, at + 3, "{{2_DAYS_AGO}}", "{{START_OF_LAST_DAY}}")
        if side == "after" and self._word(at + 2) == "tomorrow":
            return When(
                "next", at, at + 3, "{{2_DAYS_FROM_NOW}}", "{{3_DAYS_FROM_NOW}}", count=2, unit="DAYS"
            )
        return None

    def _before_last(self, at: int, word: str) -> When | None:
        if (self._word(at + 1), self._word(at + 2)) != ("before", "last"):
            return None
        unit = _CALENDAR[word]
        first = add(start_of(self._today, unit), -2, unit).isoformat()
        note = f"FROZEN_DATE: the {word} before last begins on the date {first}"
        return When("calendar", at, at + 3, first, f"{{{{START_OF_LAST_{unit}}}}}", note=note)

    # --- phrases that only a person can settle --------------------------------------------------------

    def _rough(self, at: int, word: str) -> When | None:
        """ "Early 2024", "mid-March", "summer 2024", "Christmas"; and what comes back every week or month."""
        following = self._word(at + 1)
        before = self._word(at - 2) if self._word(at - 1) == "the" else self._word(at - 1)
        part = thirds.part(word, following, before)
        if part is not None:
            begin = at + 2 if following in ("-", "of") else at + 1
            inner = self._written.at(begin, cued=True)
            if inner is None and self._word(begin) == "the":
                inner = self._written.decade(begin + 1)
            if inner is not None:
                return vague(at, inner.end, "From when to when is", thirds.choices(inner, part))
        if word in _SEASONS:
            begin = at + 2 if following in ("of", "in") else at + 1
            inner = self._written.at(begin, cued=True)
            if inner is not None:
                return vague(at, inner.end, "From when to when is", (("all of it", inner),))
        if holiday(self._word, at) is not None:
            return None
        if word in _HOLIDAYS or (word in ("black", "cyber") and following in ("friday", "monday")):
            end = at + 2 if word in ("black", "cyber") or following in ("day", "eve") else at + 1
            return vague(at, end, "Which dates are")
        return None

    def repeated(self, at: int) -> When | None:
        """ "On Sundays", "every month", "quarterly": a rhythm is no period."""
        word, following = self._word(at), self._word(at + 1)
        singular = word.removesuffix("s")
        if word.endswith("s") and (singular in _WEEKDAYS or singular in ("weekday", "weekend")):
            return vague(at, at + 1, "Criteria know dates, no rhythm: since when is")
        if word in _EVERY and following in {*_CALENDAR, *_WEEKDAYS, "weekend"}:
            return vague(at, at + 2, "Criteria know dates, no rhythm: since when is")
        if word in _REPEATED:
            return vague(at, at + 1, "Criteria know dates, no rhythm: since when is")
        return None


def _last(at: int, end: int, unit: str) -> When:
    return When("calendar", at, end, f"{{{{START_OF_LAST_{unit}}}}}", f"{{{{START_OF_{unit}}}}}")


def _frozen(at: int, end: int, behind: date, ahead: date, days: int, cap: float) -> When:  # noqa: PLR0917
    def of(first: date) -> tuple[str, str]:
        return first.isoformat(), (first + timedelta(days=days)).isoformat()

    note = f"FROZEN_DATE: the weekday is the date {behind}" + (
        f", or {ahead} where it lies ahead" if ahead != behind else ""
    )
    other = None if ahead == behind else of(ahead)
    return When("absolute", at, end, *of(behind), note=note, cap=cap, ahead=other)


def _named_day(word: str, at: int) -> When:
    if word in ("today", "tonight"):
        return When("calendar", at, at + 1, "{{START_OF_DAY}}", "{{START_OF_NEXT_DAY}}")
    if word == "yesterday":
        return When("calendar", at, at + 1, "{{START_OF_LAST_DAY}}", "{{START_OF_DAY}}")
    return When("next", at, at + 1, "{{START_OF_NEXT_DAY}}", "{{2_DAYS_FROM_NOW}}", count=1, unit="DAYS")
