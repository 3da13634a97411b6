"""What should be looked at: shares that got worse against the window before."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from math import sqrt
from typing import Final, Literal

Reason = Literal["DRIFT", "MODEL_CHANGED", "CANARY_CHANGED", "CANARY_STOPPED"]
Measure = Literal["agreement", "words_accounted", "clarification", "repair", "edit", "offline"]

POINTS: Final = 5.0
# With fewer in one of both windows a share moves by more than the alarm's points when nothing happened.
FEWEST: Final = 20
# Differences that chance alone makes in more than one of twenty comparisons are none.
_STANDARD_ERRORS: Final = 1.96

# Which way is worse, and what a share says.
_FALLS: Final[Mapping[Measure, bool]] = {
    "agreement": True,
    "words_accounted": True,
    "offline": True,
    "clarification": False,
    "repair": False,
    "edit": False,
}
_SAID: Final[Mapping[Measure, str]] = {
    "agreement": "reader and experts agree on {now} of what both read, {before} in the window before",
    "words_accounted": "conditions account for {now} of the words, {before} in the window before",
    "offline": "{now} of the builds needed no model, {before} in the window before",
    "clarification": "{now} of the builds came to a question, {before} in the window before",
    "repair": "{now} of the experts' answers had to be repaired, {before} in the window before",
    "edit": "{now} of the used builds were edited, {before} in the window before",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to look at. `measure` of a drift alone; shares are 0-1."""

    reason: Reason
    message: str
    since: datetime
    measure: str = ""
    before: float | None = None
    now: float | None = None


@dataclass(frozen=True, slots=True)
class Part:
    """A share as counted: `part` of `whole`, on `n` requests."""

    part: float
    whole: float
    n: int

    @property
    def share(self) -> float:
        return self.part / self.whole


Shares = Mapping[Measure, Part]


def drifts(before: Shares, now: Shares, since: datetime, points: float = POINTS) -> tuple[Finding, ...]:
    """Every share that got worse by at least so many points and by more than chance explains.

    >>> at = datetime(2025, 12, 16)
    >>> then, worse = {"agreement": Part(95, 100, 100)}, {"agreement": Part(80, 100, 100)}
    >>> [each.measure for each in drifts(then, worse, at)], drifts(worse, then, at)
    (['agreement'], ())
    """
    found: list[Finding] = []
    for measure, falls in _FALLS.items():
        one, other = before.get(measure), now.get(measure)
        if one is None or other is None or min(one.n, other.n) < FEWEST or not (one.whole and other.whole):
            continue
        worse = one.share - other.share if falls else other.share - one.share
        if worse * 100 >= points - 1e-9 and worse > _STANDARD_ERRORS * _standard_error(one, other):
            said = _SAID[measure].format(now=_percent(other.share), before=_percent(one.share))
            found.append(Finding("DRIFT", said, since, measure, one.share, other.share))
    return tuple(found)


def _standard_error(one: Part, other: Part) -> float:
    """Of the difference of two shares that are one share (pooled two-proportion test)."""
    pooled = (one.share * one.n + other.share * other.n) / (one.n + other.n)
    return sqrt(pooled * (1 - pooled) * (1 / one.n + 1 / other.n))


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"
