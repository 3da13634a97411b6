"""A date phrase as an interval, before a field gives it a direction."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from segmentry.criteria.nodes import Operator

WhenKind = Literal["rolling", "within", "next", "ago", "duration", "calendar", "absolute", "vague"]
Interval = tuple[str | None, str | None]


@dataclass(slots=True)
class When:
    """A date phrase over tokens `[start, end)`: `lo <= t < hi`, each end a placeholder, an ISO date or None.

    `count` and `unit` are set for lengths of time ("60 days"), so that a field can choose the direction.
    `compare` is the comparator of "over 3 months ago" or "for at least 2 years". `also` are further intervals
    ("in 2021 or 2023"). Where no year was said, `ahead` is the interval for times to come and `parts` holds
    (first month, day or 0, months), of which the year is still to choose. A vague phrase has a `question` and
    `choices` to settle it. `cap` bounds the confidence of an answer that rests on the phrase.
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
    cap: float = 1.0
    ahead: Interval | None = None
    parts: tuple[int, int, int] | None = None
    also: tuple[Interval, ...] = ()
    question: str = ""
    choices: tuple[tuple[str, When], ...] = ()

    @property
    def days(self) -> int:
        """The length in days (months as 30, years as 365), to find a counter's window; 0 without length."""
        twelve = 5 * (self.count // 12) if self.unit == "MONTHS" else 0  # twelve months are a year
        return twelve + self.count * {"DAYS": 1, "WEEKS": 7, "MONTHS": 30, "YEARS": 365}.get(self.unit, 0)

    @property
    def ago(self) -> str:
        return f"{{{{{self.count}_{self.unit}_AGO}}}}"

    @property
    def from_now(self) -> str:
        return f"{{{{{self.count}_{self.unit}_FROM_NOW}}}}"


def vague(start: int, end: int, question: str, choices: tuple[tuple[str, When], ...] = ()) -> When:
    """A phrase that only a person can settle. `question` asks how it is meant, without quoting it."""
    return When("vague", start, end, question=question, choices=choices)
