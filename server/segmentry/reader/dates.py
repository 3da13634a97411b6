"""Date phrases as half-open intervals, symbolic where the language has a placeholder.

Own grammar, because the date libraries return instants and guess: measured on 18 segment phrases, one read
"in the last 2 weeks" as two weeks ahead and another took 5 ms to find nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

from segmentry.criteria.dates import Clock
from segmentry.criteria.nodes import Operator
from segmentry.reader.calendar_dates import MONTHS, WrittenDates, first_of, is_day
from segmentry.reader.numbers import Quantity
from segmentry.reader.tokens import Token
from segmentry.reader.when import When, WhenKind

GT, GTE, LT, LTE = Operator.GT, Operator.GTE, Operator.LT, Operator.LTE

_UNITS = {
    word: unit
    for unit, words in {
        "DAYS": "day days d night nights",
        "WEEKS": "week weeks wk wks",
        "MONTHS": "month months mo mth mths",
        "YEARS": "year years yr yrs",
        "FORTNIGHT": "fortnight fortnights",
        "QUARTERS": "quarter quarters",
        "HOURS": "hours hour",
        "DECADES": "decade decades",
    }.items()
    for word in words.split()
}
_SINCE = frozenset(["since", "from", "after", "following", "starting"])
_BEFORE = frozenset(["before", "prior", "until", "till", "by", "through"])
_COMPARISONS = {
    "no more than": LTE, "not more than": LTE, "no less than": GTE, "more than": GT, "longer than": GT,
    "less than": LT, "fewer than": LT, "at least": GTE, "at most": LTE, "up to": LTE, "over": GT, "under": LT,
    "upwards of": GT, "more then": GT, "exactly": Operator.EQ, "almost": GTE,
}  # fmt: skip
_COMPARED: dict[str, list[tuple[tuple[str, ...], Operator]]] = {}
for _phrase, _operator in _COMPARISONS.items():
    _COMPARED.setdefault(_phrase.split()[0], []).append((tuple(_phrase.split()), _operator))
_PREPOSITIONS = frozenset({"in", "within", "during", "over", "for", "on", "throughout", "inside", "across"})
_RELATIVE = frozenset(
    {"last", "past", "previous", "this", "next", "current", "coming", "upcoming", "preceding"}
)
_BOUNDS = _SINCE | _BEFORE | {"between", "later", "earlier"}
_NAMED_DAYS = frozenset({"today", "yesterday", "tomorrow"})
# every word with which a date phrase begins, unless a number or a written date does
_FIRST = (
    _PREPOSITIONS
    | frozenset(_COMPARED)
    | _RELATIVE
    | _BOUNDS
    | _NAMED_DAYS
    | frozenset(MONTHS)
    | {"the", "year", "ytd", "half", "a", "an", "one", "q", "h"}
)
_WRITTEN = frozenset({"number", "ordinal", "date"})
_CALENDAR = {"day": "DAY", "week": "WEEK", "month": "MONTH", "quarter": "QUARTER", "year": "YEAR"}


class DateReader:
    """Reads date phrases in one query's tokens."""

    def __init__(
        self,
        tokens: Sequence[Token],
        words: Mapping[int, str],
        numbers: Mapping[int, Quantity],
        clock: Clock,
        locale: str,
    ) -> None:
        self._tokens = tokens
        self._words = words
        self._numbers = numbers
        self._today = clock.today
        self._written = WrittenDates(tokens, self._today, locale)

    def at(self, index: int) -> When | None:
        """The date phrase that begins at token `index`, or None."""
        if (
            self._words.get(index) not in _FIRST
            and index not in self._numbers
            and self._tokens[index].kind not in _WRITTEN
        ):
            return None
        found = self._phrase(index)
        return found if found is None or found.start == index else replace(found, start=index)

    def _word(self, index: int) -> str:
        return self._words.get(index, "")

    def _phrase(self, at: int) -> When | None:
        word = self._word(at)
        if word in _PREPOSITIONS:
            return self._after_preposition(at, word)
        if word in _COMPARED:
            return self._compared(at)
        if word == "the" and self._word(at + 1) in ("last", "past", "previous", "next", "coming", "current"):
            return self._phrase(at + 1)
        if word in _RELATIVE:
            return self._relative(at)
        if word in _BOUNDS:
            return self._bounded(at, word)
        if word in _NAMED_DAYS:
            return _named_day(word, at)
        if word == "year" and self._word(at + 1) == "to" and self._word(at + 2) == "date":
            return When("calendar", at, at + 3, "{{START_OF_YEAR}}", "{{START_OF_NEXT_YEAR}}")
        if word == "ytd":
            return When("calendar", at, at + 1, "{{START_OF_YEAR}}", "{{START_OF_NEXT_YEAR}}")
        length = self._length(at)
        if length is not None:
            return self._after_length(length)
        return self._written.at(at, cued=False)

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
        return length if compare is length.compare else replace(length, compare=compare)

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
            decade = self._written.decade(inner + 1)
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
            return self._written.at(inner, cued=True)
        return None

    def _compared(self, at: int) -> When | None:
        word, following = self._word(at), self._word(at + 1)
        third = self._word(at + 2)
        for words, operator in _COMPARED.get(word, ()):
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
            month = MONTHS.get(following)
            if month is not None and len(following) > 2:
                return self._written.month_of(at, at + 2, month, word)
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
            return first_of(today.year + 2, 1)
        step = 1 if unit == "MONTH" else 3
        start = today.month if unit == "MONTH" else 3 * ((today.month - 1) // 3) + 1
        return first_of(today.year, start + 2 * step)

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
        inner = self._written.at(begin, cued=True)
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
            upto = inner.hi if is_day(inner) or word == "through" else inner.lo
            return replace(inner, kind="absolute", lo=None, hi=upto)
        return None

    def _between(self, at: int) -> When | None:
        first = self._written.at(at + 1, cued=True)
        month = MONTHS.get(self._word(at + 1))
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
        second = self._written.at(end + 1, cued=True)
        if second is None or second.lo is None:
            return None
        if month is not None and end == at + 2 and second.lo[:4].isdigit():
            # "between March and May 2024": the year is said once
            return When("absolute", at, second.end, first_of(int(second.lo[:4]), month), second.hi)
        if first is None:
            return None
        return When("absolute", at, second.end, first.lo, second.hi)


def _named_day(word: str, at: int) -> When:
    if word == "today":
        return When("calendar", at, at + 1, "{{START_OF_DAY}}", "{{START_OF_NEXT_DAY}}")
    if word == "yesterday":
        return When("calendar", at, at + 1, "{{START_OF_LAST_DAY}}", "{{START_OF_DAY}}")
    return When("next", at, at + 1, "{{START_OF_NEXT_DAY}}", "{{2_DAYS_FROM_NOW}}", count=1, unit="DAYS")
