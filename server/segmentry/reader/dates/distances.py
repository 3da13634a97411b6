"""Distances from now: more than 60 days ago, 2 to 4 weeks ago, 30 days from now, for at least a year."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from segmentry.criteria.nodes import Operator
from segmentry.reader.dates.durations import Lengths
from segmentry.reader.dates.when import When, vague
from segmentry.reader.quantities.numbers import Quantity

GT, GTE, LT, LTE = Operator.GT, Operator.GTE, Operator.LT, Operator.LTE

_COMPARISONS = {
    GT: "more than|longer than|over|upwards of|more then|well over|beyond|older than",
    GTE: "no less than|not less than|no fewer than|at least|a minimum of",
    LT: "less than|fewer than|shorter than|under|less then|newer than|more recent than|fresher than",
    LTE: "no more than|not more than|no longer than|not longer than|at most|up to|not over|a maximum of",
    Operator.EQ: "exactly",
}
COMPARED: dict[str, list[tuple[tuple[str, ...], Operator]]] = {}
for _operator, _text in _COMPARISONS.items():
    for _phrase in _text.split("|"):
        COMPARED.setdefault(_phrase.split()[0], []).append((tuple(_phrase.split()), _operator))
for _listed in COMPARED.values():
    _listed.sort(key=lambda item: -len(item[0]))
APPROXIMATE = frozenset(
    {"about", "around", "almost", "nearly", "roughly", "approximately", "circa", "approx", "~"}
)
LONG_AGO = {
    ("a", "while"): 2, ("a", "long", "time"): 3, ("a", "long", "while"): 3, ("ages",): 1, ("some", "time"): 2,
    ("quite", "some", "time"): 3, ("quite", "a", "while"): 3, ("long",): 1, ("yonks",): 1, ("forever",): 1,
    ("sometime",): 1,
}  # fmt: skip
_LONG_AGO_BY_WORD: dict[str, list[tuple[tuple[str, ...], int]]] = {}
for _words, _length in LONG_AGO.items():
    _LONG_AGO_BY_WORD.setdefault(_words[0], []).append((_words, _length))
AGO = frozenset({"ago", "back", "prior", "earlier"})
FROM_NOW = frozenset({"now", "today"})


class Distances:
    """Reads lengths of time that begin or end now."""

    def __init__(self, word: Callable[[int], str], numbers: Mapping[int, Quantity], lengths: Lengths) -> None:
        self._word = word
        self._numbers = numbers
        self._lengths = lengths

    def _comparator(self, at: int) -> tuple[Operator, int] | None:
        for words, operator in COMPARED.get(self._word(at), ()):
            if tuple(map(self._word, range(at, at + len(words)))) == words:
                return operator, at + len(words)
        return None

    def compared(self, at: int) -> When | None:
        found = self._comparator(at)
        if found is None:
            return None
        operator, begin = found
        length = self._lengths.at(begin)
        if length is not None and length.kind != "vague":
            return self.after(replace(length, start=at), operator)
        if length is not None:
            return length
        number = self._numbers.get(begin)
        if number is None or isinstance(number.value, float):
            return None
        # "more than 3 but less than 6 months ago"
        join = number.end
        while self._word(join) in ("but", "and", ","):
            join += 1
        other = self._comparator(join) if join > number.end else None
        far = None if other is None else self._lengths.at(other[1])
        if (
            other is None
            or far is None
            or far.kind == "vague"
            or (operator in (GT, GTE)) == (other[0] in (GT, GTE))
        ):
            return None
        return self._both(_like(far, number.value), far, at, self._word(at - 1))

    def after(self, length: When, compare: Operator | None = None) -> When | None:
        word = self._word(length.end)
        compare = compare or length.compare
        if length.kind == "vague":
            ago = word in AGO
            choices = tuple(
                (label, replace(when, kind="ago" if ago else "duration", compare=GTE))
                for label, when in length.choices
            )
            return replace(length, end=length.end + ago, choices=choices) if ago else None
        if word in AGO:
            end = length.end + 1
            exact = compare in (None, Operator.EQ) and length.unit != "DAYS"
            if self._word(end) == "or" and self._word(end + 1) in ("more", "longer", "earlier"):
                compare, end, exact = GTE, end + 2, False
            elif self._word(end) == "or" and self._word(end + 1) in ("less", "later"):
                compare, end, exact = LTE, end + 2, False
            # on that day, about then, or at least as long ago?
            cap = 0.85 if exact else length.cap
            return replace(length, kind="ago", end=end, compare=compare, cap=cap)
        if word == "from" and self._word(length.end + 1) in FROM_NOW:
            return replace(length, kind="next", end=length.end + 2, compare=compare or Operator.EQ)
        if word in ("ahead", "out", "hence"):
            return replace(length, kind="next", end=length.end + 1, compare=compare or Operator.EQ)
        if word == "or" and self._word(length.end + 1) in ("more", "longer", "over"):
            return self.after(replace(length, end=length.end + 2), GTE)
        if word == "or" and self._word(length.end + 1) in ("less", "fewer", "under"):
            return self.after(replace(length, end=length.end + 2), LTE)
        if word in ("+", "plus"):
            return self.after(replace(length, end=length.end + 1), GTE)
        if word == "or" and self._word(length.end + 1) == "so":
            return replace(length, end=length.end + 2, compare=compare, cap=0.6)
        return length if compare is length.compare else replace(length, compare=compare)

    def point(self, at: int) -> When | None:
        """ "60 days ago" as a point in time, for "since" and "before"."""
        length = self._lengths.at(at)
        if length is None or length.kind == "vague" or self._word(length.end) not in ("ago", "back"):
            return None
        return When("absolute", at, length.end + 1, length.ago, length.ago)

    def ranged(self, length: When, before: str = "") -> When | None:
        """ "30 days to 60 days ago", said with both units."""
        if self._word(length.end) not in ("to", "-", "and") or length.kind == "vague":
            return None
        far = self._lengths.at(length.end + 1)
        return None if far is None or far.kind == "vague" else self._both(length, far, length.start, before)

    def range_of(self, at: int, before: str = "") -> When | None:
        """ "2 to 4 weeks ago", "30 to 60 days from now": the unit is said once."""
        number = self._numbers.get(at)
        if number is None or not isinstance(number.value, int) or number.money or number.percent:
            return None
        if self._word(number.end) not in ("to", "-", "and", "–"):
            return None
        far = self._lengths.at(number.end + 1)
        if far is None or far.kind == "vague":
            return None
        return self._both(_like(far, number.value), far, at, before)

    def _both(self, near: When, far: When, start: int, before: str = "") -> When | None:
        """Between two lengths of time from now, either way."""
        if near.days > far.days:
            near, far = far, near
        end = max(near.end, far.end)
        word = self._word(end)
        if word in AGO:
            return When("absolute", start, end + 1, far.ago, near.ago)
        if word == "from" and self._word(end + 1) in FROM_NOW:
            return When("absolute", start, end + 2, near.from_now, far.from_now)
        if before == "in":
            return When("absolute", start, end, near.from_now, far.from_now)
        if before == "for":
            return When("duration", start, end, far.ago, near.ago)
        return None

    def approximate(self, at: int) -> When | None:
        """ "About 3 months ago", "almost a year ago": how near is asked."""
        length = self._lengths.at(at + 1)
        if length is None:
            return None
        found = length if length.kind == "vague" else self.after(length)
        if found is None or (found.kind == "duration" and self._word(at - 1) not in ("in", "for", "within")):
            return None
        choices = tuple(
            (f"{label} {length.count} {length.unit.lower()}", replace(length, kind="ago", compare=operator))
            for label, operator in (("more than", GT), ("less than", LT))
        )
        return vague(at, found.end, "How near is", () if length.kind == "vague" else choices)

    def long_ago(self, at: int, last: str) -> When | None:
        for words, length in _LONG_AGO_BY_WORD.get(self._word(at), ()):
            if tuple(map(self._word, range(at, at + len(words)))) == words:
                end = at + length
                if last and self._word(end) != last:
                    continue
                end += self._word(end) == "ago"
                choices = tuple(
                    (f"{months} months", When("ago", at, end, count=months, unit="MONTHS", compare=GT))
                    for months in (3, 6, 12)
                )
                return vague(at, end, "How long is", choices)
        return None


def _like(far: When, count: int) -> When:
    """A length of as many of the unit that was said once ("between one and two years")."""
    return replace(far, count=count, unit=far.unit)
