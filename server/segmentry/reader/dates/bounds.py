"""The words that cut time on one side: since March 2023, no later than 5 March, by the end of 2024."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Literal

from segmentry.criteria.dates import Clock, is_placeholder, parse_instant, resolve
from segmentry.reader.dates.calendar_dates import is_day
from segmentry.reader.dates.when import Interval, When

# since: from its beginning; after: from its end; before: up to its beginning; through: up to its end;
# until: a day is included, of a longer period nobody knows
Side = Literal["since", "after", "before", "through", "until"]
_SIDES: dict[Side, str] = {
    "since": (
        "since|from|starting|starting in|starting from|starting on|starting with|beginning in|as of|as from|"
        "beginning on|on or after|in or after|on or since|no earlier than|not earlier than|not before|"
        "no sooner than|ever since|at or after|dating from"
    ),
    "after": (
        "after|beyond|following|later than|post|post -|more recently than|more recent than|newer than|"
        "subsequent to"
    ),
    "before": (
        "before|prior to|earlier than|pre|pre -|since before|from before|any time before|anytime before|"
        "sometime before|some time before|longer ago than"
    ),
    "through": (
        "on or before|in or before|no later than|not later than|not after|up to and including|through|"
        "through to|at or before|not newer than|until and including"
    ),
    "until": "until|till|by|up to|up until",
}
_PHRASES: dict[str, list[tuple[tuple[str, ...], Side]]] = {}
for _side, _text in _SIDES.items():
    for _phrase in _text.split("|"):
        _PHRASES.setdefault(_phrase.split()[0], []).append((tuple(_phrase.split()), _side))
for _listed in _PHRASES.values():
    _listed.sort(key=lambda item: -len(item[0]))
BOUND_FIRST = frozenset(_PHRASES)
# by the first word of a phrase; empty where it has one word only
BOUND_SECOND = {
    first: frozenset((*words, "")[1] for words, _ in listed) for first, listed in _PHRASES.items()
}
_UNITS = {"week": "WEEK", "month": "MONTH", "quarter": "QUARTER", "year": "YEAR", "day": "DAY"}
_LATER = frozenset({"later", "after", "newer", "onwards", "onward", "since", "thereafter"})
_EARLIER = frozenset({"earlier", "before", "older"})


class Bounds(ABC):
    """Reads one-sided dates. The reader of all dates is one itself, for the dates that stand inside.

    Objects that knew each other would stay until the collector of garbage looks for rings, with all that the
    query was laid out in: a tenth of the time of reading.
    """

    def __init__(self, word: Callable[[int], str], clock: Clock) -> None:
        self._word = word
        self._clock = clock

    @abstractmethod
    def period(self, at: int, *, cued: bool) -> When | None:
        """A date that has a beginning and an end."""

    @abstractmethod
    def between(self, at: int) -> When | None:
        """Two dates, or two lengths of time."""

    @abstractmethod
    def ago(self, at: int) -> When | None:
        """A point in time told by its distance."""

    @abstractmethod
    def compared(self, at: int) -> When | None:
        """A length of time with a comparison before it."""

    def bounded(self, at: int) -> When | None:
        """The one-sided date that begins at token `at`, or None."""
        for words, side in _PHRASES.get(self._word(at), ()):
            if tuple(map(self._word, range(at, at + len(words)))) != words:
                continue
            begin = at + len(words)
            if side == "since" and words == ("from",):
                both = self.between(begin)
                if both is not None:
                    return both
            if words[0] == "up" and side == "until" and self.ago(begin) is not None:
                continue  # "up to 5 days ago" is a distance
            inner = self.point(begin)
            if inner is not None and side == "since" and self._up_to(inner):
                return self._open(inner, "through", inner.end + 2)
            found = None if inner is None else self._cut(inner, side)
            if found is not None:
                return found
        return None

    def point(self, at: int) -> When | None:
        """The date after such a word: a period, or the beginning or the end of one, or a moment."""
        word = self._word(at)
        if word == "now" or (word, self._word(at + 1)) == ("this", "moment"):
            return When("absolute", at, at + 1 + (word == "this"), "{{NOW}}", "{{NOW}}")
        begin = at + 1 if word == "the" else at
        if (
            self._word(begin) in ("beginning", "start", "end", "close", "1st", "first")
            and self._word(begin + 1) == "of"
        ):
            return self._edge(begin)
        return self.ago(at) or self.period(at, cued=True)

    def _edge(self, at: int) -> When | None:
        """ "The start of the month", "the end of 2024", "the end of next week": a point in time."""
        ending = self._word(at) in ("end", "close")
        begin = at + 2
        unit = _UNITS.get(self._word(begin + 1)) if self._word(begin) in ("the", "this") else None
        following = self._word(begin + 2)
        if self._word(at) in ("1st", "first") and unit is None:
            return self.period(at, cued=True)
        if unit is not None and following != "before":
            here, over = f"{{{{START_OF_{unit}}}}}", f"{{{{START_OF_NEXT_{unit}}}}}"
            moment = over if ending else here
            return When("absolute", at, begin + 2, moment, moment)
        inner = self.period(begin, cued=True)
        if inner is None or inner.lo is None or inner.hi is None:
            return None
        moment = inner.hi if ending else inner.lo
        ahead = None
        if inner.ahead is not None:
            later = inner.ahead[1] if ending else inner.ahead[0]
            ahead = (later, later)
        return replace(inner, kind="absolute", start=at, lo=moment, hi=moment, ahead=ahead)

    def _cut(self, inner: When, side: Side) -> When | None:
        if inner.kind == "vague":
            choices = tuple(
                (label, cut) for label, when in inner.choices if (cut := self._cut(when, side)) is not None
            )
            return replace(inner, choices=choices)
        if inner.kind == "rolling" and inner.lo is None:
            # "since last month" is no rolling period
            return None
        if inner.lo is None and inner.hi is None:
            return None
        lo, hi = _one_side((inner.lo, inner.hi), side, day=is_day(inner) or inner.lo == inner.hi)
        ahead = None
        if inner.ahead is not None:
            ahead = _one_side(inner.ahead, side, day=is_day(inner) or inner.lo == inner.hi)
        found = replace(
            inner, kind="absolute", lo=lo, hi=hi, ahead=ahead, alternatives=(), cued=True, note=inner.note
        )
        if side in ("since", "after") and inner.note.startswith("FROZEN_DATE: the end of next"):
            found = replace(found, note="" if side == "since" else inner.note)
        end = inner.end
        if side == "since" and self._word(end) in ("on", "onwards", "onward", "forward", "forwards"):
            following = self._word(end + 1)
            if self._word(end) != "on" or following in ("", ",", "and", "or", "but", "who", "with"):
                found = replace(found, end=end + 1)
        if side == "until" and not is_day(inner) and inner.lo != inner.hi:
            # "by 2024": before it begins, or before it is over?
            found = replace(found, cap=0.85, alternatives=(("its end included", None, inner.hi),))
        return found

    def narrowed(self, found: When) -> When:
        """ "2023 or later", "2019 or earlier", and a second side: "since 2021 but before 2024"."""
        word, following = self._word(found.end), self._word(found.end + 1)
        both = found.lo is not None and found.hi is not None and found.kind in ("absolute", "calendar")
        if both and word in ("or", "and") and following in _LATER and not found.also:
            if self.bounded(found.end + 1) is None or following in ("later", "newer"):
                return self._open(found, "since", found.end + 2)
        elif both and word in ("onwards", "onward"):
            return self._open(found, "since", found.end + 1)
        elif both and word == "or" and following in _EARLIER and self.bounded(found.end + 1) is None:
            return self._open(found, "through", found.end + 2)
        if (found.lo is None) == (found.hi is None) and not (
            found.kind == "ago" and found.compare is not None
        ):
            return found
        return self._second(found)

    def _up_to(self, inner: When) -> bool:
        """ "With us since 2015 or earlier": what began then or before, so no end of it is a beginning."""
        both = inner.lo is not None and inner.hi is not None and inner.kind in ("absolute", "calendar")
        said = self._word(inner.end) in ("or", "and") and self._word(inner.end + 1) in _EARLIER
        return both and said and self.bounded(inner.end + 1) is None

    def _open(self, found: When, side: Side, end: int) -> When:
        lo, hi = _one_side((found.lo, found.hi), side, day=False)
        ahead = None if found.ahead is None else _one_side(found.ahead, side, day=False)
        return replace(found, kind="absolute", lo=lo, hi=hi, ahead=ahead, end=end, cued=True)

    def _second(self, found: When) -> When:
        at = found.end
        while self._word(at) in ("but", "and", ",", "yet"):
            at += 1
        if at == found.end:
            return found
        one = _sided(found)
        other = self._second_side(at)
        if one is None or other is None or (one[0] is None) == (other.lo is None):
            return found
        lo, hi = (one[0], other.hi) if one[0] is not None else (other.lo, one[1])
        if lo is None or hi is None or self._instant(lo) >= self._instant(hi):
            return found
        cap = min(found.cap, other.cap)
        return When("absolute", found.start, other.end, lo, hi, cap=cap, note=found.note or other.note)

    def _second_side(self, at: int) -> When | None:
        found = self.bounded(at)
        if found is None:
            compared = self.compared(at)
            sided = None if compared is None else _sided(compared)
            if compared is None or sided is None:
                return None
            found = replace(compared, lo=sided[0], hi=sided[1])
        return found if (found.lo is None) != (found.hi is None) and found.kind != "vague" else None

    def _instant(self, text: str) -> datetime:
        return resolve(text, self._clock) if is_placeholder(text) else parse_instant(text, self._clock.zone)


def _sided(found: When) -> Interval | None:
    """A one-sided date, or "more than 3 months ago" as one."""
    if found.kind == "ago" and found.compare is not None:
        return (None, found.ago) if found.compare.value in ("gt", "gte") else (found.ago, None)
    return (found.lo, found.hi) if (found.lo is None) != (found.hi is None) else None


def _one_side(span: Interval, side: Side, *, day: bool) -> Interval:
    lo, hi = span
    match side:
        case "since":
            return lo, None
        case "after":
            return hi, None
        case "before":
            return None, lo
        case "through":
            return None, hi
        case "until":
            return None, hi if day else lo
