"""Parts of a written period that only a person can settle: "early 2024", "mid-March", "the end of 2022"."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Final

from segmentry.reader.dates.when import Interval, When

_PART: Final = {"early": 0, "mid": 1, "late": 2}
_SAME: Final = {"start": "early", "beginning": "early", "middle": "mid", "end": "late"}
FIRST: Final = frozenset((*_PART, *_SAME))
# "until the end of 2024" and "since the start of March" name an edge, "in the middle of 2023" a part
_AROUND: Final = frozenset({"at", "in", "around", "near", "during", "on"})
_LABELS: Final = ("its first third", "its middle third", "its last third")
_WHOLE: Final = (3, 6, 12)


def part(word: str, following: str, before: str) -> str | None:
    """Early, mid or late, where a word says so; "end of" only after a preposition that names no edge."""
    if word in _PART:
        return word
    if following != "of" or (word != "middle" and before not in _AROUND):
        return None
    return _SAME.get(word)


def choices(inner: When, said: str) -> tuple[tuple[str, When], ...]:
    """The third of the period that is meant most often, and all of it.

    A year has thirds of four months, a quarter of one; of a month they end on the 10th and the 20th.
    """
    third = _third(inner, _PART[said])
    found = () if third is None else ((_LABELS[_PART[said]], third),)
    return (*found, ("all of it", inner))


def _third(inner: When, at: int) -> When | None:
    if inner.kind not in ("absolute", "calendar") or inner.also:
        return None
    found = _cut((inner.lo, inner.hi), at)
    if found is None:
        return None
    ahead = None if inner.ahead is None else _cut(inner.ahead, at)
    return replace(inner, lo=found[0], hi=found[1], ahead=ahead, parts=None)


def _cut(interval: Interval, at: int) -> Interval | None:
    """The third of an interval between two dates; None for an open one or one that moves on."""
    try:
        first, last = (date.fromisoformat(end or "") for end in interval)
    except ValueError:
        return None
    months = (last.year - first.year) * 12 + last.month - first.month
    if months == 1 and first.day == last.day == 1:
        edges = (first, first + timedelta(days=10), first + timedelta(days=20), last)
    elif first.day == last.day == 1 and months in _WHOLE:
        edges = tuple(_months_on(first, step * months // 3) for step in range(4))
    else:
        return None
    return edges[at].isoformat(), edges[at + 1].isoformat()


def _months_on(first: date, months: int) -> date:
    year, month = divmod(first.month - 1 + months, 12)
    return date(first.year + year, month + 1, 1)
