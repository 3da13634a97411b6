"""Date phrases as half-open intervals, symbolic where the language has a placeholder.

Own grammar, because the date libraries return instants and guess: measured on 18 segment phrases, one read
"in the last 2 weeks" as two weeks ahead and another took 5 ms to find nothing. Here are the words around a
date: in, within, for, between, or. `bounds` reads since and before, `distances` ago and from now, and
`calendar_dates` and `relative_dates` the dates themselves.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from segmentry.criteria.dates import Clock
from segmentry.reader.dates.bounds import BOUND_FIRST, Bounds
from segmentry.reader.dates.calendar_dates import (
    DAY_WORDS,
    DECADE_WORDS,
    MONTHS,
    WrittenDates,
    in_year,
    joined,
)
from segmentry.reader.dates.distances import AGO, APPROXIMATE, COMPARED, FROM_NOW, LONG_AGO, Distances
from segmentry.reader.dates.durations import FEW, PLURALS, UNIT_WORDS, WORKING, Lengths
from segmentry.reader.dates.holidays import HOLIDAY_FIRST
from segmentry.reader.dates.relative_dates import (
    NAMED_DAYS,
    RELATIVE,
    VAGUE_FIRST,
    WEEKDAY_WORDS,
    RelativeDates,
)
from segmentry.reader.dates.when import Interval, When, WhenKind
from segmentry.reader.language.tokens import Token
from segmentry.reader.quantities.numbers import Quantity

PREPOSITIONS = frozenset(
    {"in", "within", "during", "over", "for", "on", "throughout", "inside", "across", "at"}
)
_DIRECTIONLESS = frozenset({"in", "within", "inside", "during"})
_JOINS = frozenset({"and", "to", "-", "until", "till", "through", "–"})
_POINTS = frozenset({"now", "the"})
_REPEATED = frozenset({"every", "each", "daily", "weekly", "monthly", "quarterly", "yearly", "annually"})
# every word with which a date phrase begins, unless a number or a written date does
FIRST = (
    PREPOSITIONS
    | frozenset(COMPARED)
    | APPROXIMATE
    | RELATIVE
    | BOUND_FIRST
    | NAMED_DAYS
    | WEEKDAY_WORDS
    | frozenset(f"{day}s" for day in (*WEEKDAY_WORDS, "weekday", "weekend"))
    | VAGUE_FIRST
    | DECADE_WORDS
    | HOLIDAY_FIRST
    | frozenset(DAY_WORDS)
    | _REPEATED
    | frozenset(MONTHS)
    | frozenset(words[0] for words in LONG_AGO)
    | FEW
    | {
        "between",
        "the",
        "year",
        "month",
        "week",
        "quarter",
        "day",
        "ytd",
        "mtd",
        "qtd",
        "half",
        "a",
        "an",
        "one",
    }
    | {"q", "h", "first", "second", "third", "fourth", "so", "later", "earlier", "'", "not", "no"}
)
# of a longer row each date would be read again from each that stands before it
_MOST_JOINED = 16
WRITTEN = frozenset({"number", "ordinal", "date"})


class DateReader(Bounds):
    """Reads date phrases in one query's tokens."""

    def __init__(
        self,
        tokens: Sequence[Token],
        word: Callable[[int], str],
        numbers: Mapping[int, Quantity],
        clock: Clock,
        locale: str,
    ) -> None:
        super().__init__(word, clock)
        self._tokens = tokens
        self._locale = locale
        self._numbers = numbers
        self._ready = False

    def at(self, index: int) -> When | None:
        """The date phrase that begins at token `index`, or None."""
        if (
            self._word(index) not in FIRST
            and index not in self._numbers
            and self._tokens[index].kind not in WRITTEN
        ):
            return None
        if not self._ready:
            self._lengths = Lengths(self._tokens, self._word, self._numbers)
            self._distances = Distances(self._word, self._numbers, self._lengths)
            self._written = WrittenDates(self._tokens, self._clock.today, self._locale)
            self._relative = RelativeDates(self._word, self._lengths, self._written)
            self._ready = True
        found = self._phrase(index)
        if found is None:
            return None
        found = self.narrowed(found)
        return found if found.start == index else replace(found, start=index)

    def _may_begin(self, at: int) -> bool:
        """Whether the word there may be the first of a date that stands after a preposition."""
        word = self._word(at)
        return (
            word in FIRST
            or word in PLURALS
            or at in self._numbers
            or (word != "" and self._tokens[at].kind in WRITTEN)
        )

    def _phrase(self, at: int) -> When | None:
        word = self._word(at)
        found = self.bounded(at) if word in BOUND_FIRST else None
        if found is not None:
            return found
        if word in PREPOSITIONS:
            found = self._after_preposition(at, word)
            if found is not None or word not in COMPARED:
                return found
        if word == "between":
            return self.between(at + 1)
        if word in COMPARED:
            found = self._distances.compared(at)
            if found is not None:
                return found
        if word in APPROXIMATE:
            return self._distances.approximate(at)
        if word == "so" and self._word(at + 1) == "far":
            found = self._relative.at(at + 2)
            return None if found is None else replace(found, start=at)
        if word in ("later", "earlier"):
            return self._rest_of(at, word)
        found = self.period(at, cued=False)
        if found is not None:
            return self._to(self._or(found) if found.kind == "calendar" else found)
        found = None if self._word(at + 1) == "and" else self._days_between(at)
        if found is not None:
            return found
        length = self._lengths.at(at)
        if length is not None:
            return self._distances.ranged(length) or self._distances.after(length)
        return (
            self._distances.range_of(at) or self._distances.long_ago(at, "ago") or self._relative.repeated(at)
        )

    def period(self, at: int, *, cued: bool) -> When | None:
        """A date that has a beginning and an end; a longer one told from today comes first."""
        word, following = self._word(at), self._word(at + 1)
        joins = following in _JOINS and self._word(at + 2) in MONTHS and word in MONTHS
        return self._relative.at(at) or self._written.at(at, cued=cued or joins)

    def ago(self, at: int) -> When | None:
        return self._distances.point(at)

    def compared(self, at: int) -> When | None:
        return self._distances.compared(at)

    # --- in the last 60 days, within 60 days, for over 3 years, in 2023 ------------------------------

    def _after_preposition(self, at: int, word: str) -> When | None:  # noqa: C901 - one branch per shape
        inner = at + 1
        if not self._may_begin(inner):
            return None
        found = self._relative.at(inner)
        if found is not None and word != "at":
            return self._to(self._or(found))
        if found is not None and self._word(inner) == "the":
            return found
        if word == "for":
            compared = self._distances.compared(inner)
            if compared is not None:
                return compared
            if self._word(inner) in PLURALS:
                return self._lengths.unsettled(at, inner)
            found = self._distances.range_of(inner + (self._word(inner) == "between"), "for")
            if found is not None:
                return replace(found, start=at)
        if word in ("in", "for"):
            long_ago = self._distances.long_ago(inner, "")
            if long_ago is not None:
                return long_ago
        if word in _DIRECTIONLESS:
            compared = self._distances.compared(inner)
            if compared is not None:
                return _inside(compared) if compared.kind == "duration" else compared
        if self._word(inner) in APPROXIMATE:
            return self._distances.approximate(inner)
        if word == "over":
            found = self._distances.compared(at)
            if found is not None:
                return found
        begin = inner + 1 if word == "within" and self._word(inner) == "the" else inner
        length = self._lengths.at(begin)
        if length is not None and word not in ("across", "over", "at"):
            return self._length_after(length, word)
        if word in _DIRECTIONLESS:
            found = self._distances.range_of(inner + (self._word(inner) == "between"), "in")
            if found is not None:
                return found
        if word in ("in", "during", "on", "throughout", "within"):
            written = self._written.at(inner, cued=True)
            if written is None:
                return self._relative.repeated(inner) if word == "on" else None
            return self._to(self._or(written))
        return None

    def _length_after(self, length: When, word: str) -> When | None:
        """The length after "in", "within" or "for"; which way it runs, the field will say."""
        if length.kind == "vague":
            kind: WhenKind = "within" if word in _DIRECTIONLESS else "duration"
            choices = tuple((label, replace(when, kind=kind)) for label, when in length.choices)
            return replace(length, choices=choices)
        following = self._word(length.end)
        if following == "old":
            return None
        ranged = self._distances.ranged(length, "for" if word == "for" else "in")
        if ranged is not None:
            return ranged
        if following in AGO or length.compare is not None or (following == "or" and word == "for"):
            return self._distances.after(length)
        if following == "of" and word == "within" and self._word(length.end + 1) not in FROM_NOW:
            return None
        kind = "within" if word in _DIRECTIONLESS else "duration"
        if following in ("from", "of") and self._word(length.end + 1) in FROM_NOW:
            return replace(length, kind="next", end=length.end + 2)
        return replace(length, kind=kind)

    def _rest_of(self, at: int, word: str) -> When | None:
        """ "Later this year", "earlier this month"."""
        found = self._relative.at(at + 1)
        if self._word(at + 1) not in ("this", "today", "in") or found is None or found.kind != "calendar":
            return None
        if word == "later":
            return When("next", at, found.end, "{{NOW}}", found.hi, count=1, unit="DAYS")
        return replace(found, start=at)

    # --- between, from ... to, or ---------------------------------------------------------------------

    def between(self, at: int) -> When | None:
        """What stands after "between" or "from": two dates, or two lengths of time."""
        first = self.point(at) if self._word(at) in _POINTS else self.period(at, cued=True)
        if first is not None and first.kind != "vague":
            found = self._to(first, joins=_JOINS)
            return None if found is first else found
        begin = at + 1 if self._word(at) == "the" else at
        length = self._lengths.at(begin)
        lengthy = (
            self._distances.ranged(length) if length is not None else None
        ) or self._distances.range_of(begin)
        if lengthy is not None:
            return replace(lengthy, start=at)
        return self._days_between(begin)

    def _to(self, first: When, joins: frozenset[str] = _JOINS - {"and"}) -> When:
        """The range that begins with a date, or the date itself: "2021-2023", "March 5 to 10, 2024"."""
        if first.kind not in ("absolute", "calendar") or self._word(first.end) not in joins or first.also:
            return first
        if len(first.lo or "") > 10 and (first.lo or "")[:1] != "{":
            return first
        begin = first.end + 1
        if self._word(begin) in ("now", "date", "present", "today"):
            if self._word(begin) == "today":
                return replace(first, kind="calendar", hi="{{START_OF_NEXT_DAY}}", end=begin + 1, cued=True)
            return replace(first, kind="absolute", hi=None, end=begin + 1, parts=None, ahead=None)
        second = self.point(begin) if self._word(begin) == "the" else self.period(begin, cued=True)
        if second is None or second.kind not in ("absolute", "calendar"):
            second = self._day_of_same_month(first, begin)
        found = None if second is None else joined(self._written, first, second)
        return first if found is None else found

    def _day_of_same_month(self, first: When, at: int) -> When | None:
        number = self._numbers.get(at)
        if number is None or first.lo is None or not isinstance(number.value, int) or first.lo[:1] == "{":
            return None
        if not (first.parts and first.parts[1]):
            return None
        parts = (first.parts[0], number.value, 1)
        token = self._tokens[number.end] if number.end < len(self._tokens) else None
        begin = number.end + 1 if token is not None and token.norm == "," else number.end
        year = self._numbers.get(begin)
        if year is not None and 1900 <= year.value <= 2100 and isinstance(year.value, int):
            return self._written.dated(at, begin + 1, year.value, parts)
        return self._written.dated(at, number.end, None, parts)

    def _days_between(self, at: int) -> When | None:
        """ "1 and 15 November 2025": the month and the year are said once."""
        token = self._tokens[at] if at < len(self._tokens) else None
        if token is None or token.kind not in ("number", "ordinal") or not isinstance(token.value, int):
            return None
        join = at + 2 if self._word(at + 2) == "the" else at + 1
        if self._word(at + 1) not in _JOINS or not 1 <= token.value <= 31 or token.money or token.percent:
            return None
        second = self._written.at(join + 1 if join > at + 1 else at + 2, cued=True)
        if second is None or second.lo is None or second.kind != "absolute":
            return None
        if second.parts is not None:
            first = self._written.dated(at, at + 1, None, (second.parts[0], token.value, 1))
        else:
            year, month = int(second.lo[:4]), int(second.lo[5:7])
            first = self._written.dated(at, at + 1, year, (month, token.value, 1))
        day = second.hi is not None and second.parts is None and second.hi[8:] != "01"
        day = day or bool(second.parts and second.parts[1]) or second.lo[8:] != "01"
        return None if first is None or not day else joined(self._written, first, second)

    def _or(self, first: When) -> When:
        """ "In 2021 or 2023", "in March or April 2024": further dates of the same kind."""
        if first.kind not in ("absolute", "calendar") or first.lo is None or first.hi is None:
            return first
        found = [first]
        while self._word(found[-1].end) == "or" and len(found) < _MOST_JOINED:
            begin = found[-1].end + 1
            begin += self._word(begin) in ("in", "during", "on")
            other = self.period(begin, cued=True)
            if (
                other is None
                or other.lo is None
                or other.kind not in ("absolute", "calendar")
                or begin in self._plain_numbers(begin)
            ):
                break
            found.append(other)
        if len(found) == 1:
            return first
        last = found[-1]
        spans: list[Interval] = []
        for each in found:
            lo, hi = each.lo, each.hi
            if each.parts and not last.parts and (last.lo or "")[:4].isdigit():
                lo, hi = in_year(each.parts, int((last.lo or "")[:4])) or (lo, hi)
            if spans and spans[-1][1] == lo:
                spans[-1] = (spans[-1][0], hi)
            else:
                spans.append((lo, hi))
        whole = replace(first, end=last.end, lo=spans[0][0], hi=spans[0][1], also=tuple(spans[1:]))
        return whole if last.parts else replace(whole, parts=None, ahead=None, assumed=False, note=last.note)

    def _plain_numbers(self, at: int) -> tuple[int, ...]:
        """A number before a unit or a noun ("in 2023 or 2024 orders") is no year."""
        number = self._numbers.get(at)
        return (at,) if number is not None and self._word(number.end) in UNIT_WORDS | WORKING else ()


def _inside(compared: When) -> When:
    """ "In less than 30 days" runs the way the field looks; "in more than 30 days" too."""
    return replace(compared, kind="within")
