"""Whether a counter counts over the period that was said: 90 days, the last year, this year so far."""

from __future__ import annotations

from typing import Final, Literal

from segmentry.reader.dates.when import When
from segmentry.reader.lexicon.names import Named

_RUNNING: Final = {
    "{{START_OF_YEAR}}": "year",
    "{{START_OF_QUARTER}}": "quarter",
    "{{START_OF_MONTH}}": "month",
}
_LAST: Final = {
    "{{START_OF_LAST_WEEK}}": 7,
    "{{START_OF_LAST_MONTH}}": 30,
    "{{START_OF_LAST_QUARTER}}": 90,
    "{{START_OF_LAST_YEAR}}": 365,
}

Fit = Literal["", "said", "assumed"]


def has_period(named: Named) -> bool:
    """True for a counter whose name states a period of its own."""
    return bool(named.window_days or named.to_date)


def counts_over(named: Named, when: When) -> Fit:
    """How well the period said is the counter's own; "assumed": "last year" on one of the last 365 days."""
    if when.kind in ("rolling", "within"):
        return "said" if when.days and named.window_days == when.days else ""
    if when.kind != "calendar" or when.lo is None:
        return ""
    if named.to_date:
        return "said" if _RUNNING.get(when.lo) == named.to_date else ""
    return "assumed" if named.window_days and _LAST.get(when.lo) == named.window_days else ""
