"""What comes round every year: a birthday this month, an anniversary next week, turning 40."""

from __future__ import annotations

from segmentry.reader.dates.when import When
from segmentry.reader.language.inflect import stem
from segmentry.reader.language.words import word_set
from segmentry.reader.scene import Fragment, Scene

WORDS = word_set("birthday birthdays bday anniversary anniversaries turning turns turn jubilee")
_TURNING = frozenset({"turning", "turns", "turn"})
_BIRTH = frozenset({"birth", "birthday", "dob", "birthdat", "born", "bday"})
_BETWEEN = word_set("is are falls fall in on coming up soon with a has have whose their in the this")


def anniversaries(scene: Scene, at: int) -> Fragment | None:
    """A day that comes back every year cannot be said in criteria, which know dates alone: ask."""
    word = scene.word(at)
    if word not in WORDS:
        return None
    if word in _TURNING:
        number = scene.numbers.get(at + 1)
        if number is None or not isinstance(number.value, int) or not 1 <= number.value <= 120:
            return None
        when = scene.when(number.end)
        return anniversary(scene, at, number.end if when is None else when.end, "")
    for begin in (at + 1, scene.skip(at + 1, _BETWEEN, 4)):
        when = scene.when(begin)
        if when is not None:
            return anniversary(scene, at, when.end, "") if _comes_back(when) else None
    return anniversary(scene, at, scene.skip(at + 1, _BETWEEN, 3), "")


def anniversary(scene: Scene, start: int, end: int, field: str) -> Fragment:
    """The question about a day without its year."""
    return Fragment(
        "moment",
        start,
        end,
        None,
        field=field,
        cap=0.45,
        question=(
            f"'{scene.words(start, end)}' comes back every year, and criteria compare whole dates: "
            "which dates, with their years, are meant?"
        ),
    )


def repeats(scene: Scene, name: str, at: int, when: When) -> bool:
    """True where a date of birth is given a period without its year: "born in March", "birthday today"."""
    named = scene.lexicon.named[name]
    if not _BIRTH & {stem(word) for word in named.words}:
        return False
    said = scene.word(at)
    return _comes_back(when) and not (stem(said) == "born" and when.kind != "vague" and _years(when))


def _years(when: When) -> bool:
    return when.parts is None and (when.unit == "YEARS" or "YEAR" in (when.lo or ""))


def _comes_back(when: When) -> bool:
    """A period of this year's calendar, or one without a year."""
    return when.parts is not None or when.kind in ("rolling", "within", "next", "calendar", "vague")
