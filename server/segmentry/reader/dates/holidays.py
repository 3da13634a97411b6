"""Feasts that fall on one day of the calendar every year: Christmas Day, New Year's Eve, Halloween."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

_DAYS: Final[dict[tuple[int, int], str]] = {
    (1, 1): "new year's day|new years day|new year day",
    (2, 14): "valentine's day|valentines day|valentine day",
    (3, 17): "st patrick's day|saint patrick's day",
    (10, 31): "halloween",
    (12, 24): "christmas eve|xmas eve",
    (12, 25): "christmas day|xmas day",
    (12, 26): "boxing day",
    (12, 31): "new year's eve|new years eve|new year eve",
}
_PHRASES: Final[dict[str, list[tuple[tuple[str, ...], tuple[int, int]]]]] = {}
for _day, _names in _DAYS.items():
    for _name in _names.split("|"):
        _PHRASES.setdefault(_name.split()[0], []).append((tuple(_name.split()), _day))
HOLIDAY_FIRST: Final = frozenset(_PHRASES)


def holiday(word: Callable[[int], str], at: int) -> tuple[int, int, int] | None:
    """The month, the day and the token after the feast that begins at token `at`, or None."""
    for words, (month, day) in _PHRASES.get(word(at), ()):
        if tuple(map(word, range(at, at + len(words)))) == words:
            return month, day, at + len(words)
    return None
