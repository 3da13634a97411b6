"""Comparisons with an average: none is computed here, so a number is asked for."""

from __future__ import annotations

from segmentry.reader.language.words import word_set
from segmentry.reader.lexicon.phrases import GENERAL, Entry
from segmentry.reader.scene import Fragment, Option, Scene, best, label, top

_ABOVE = word_set("above over exceeding beyond")
_BELOW = word_set("below under beneath")
_MORE = word_set("more higher greater better bigger larger")
_LESS = word_set("less lower fewer smaller worse")
AVERAGES = word_set("average averages mean median norm")
# the words with which "above the average" begins
SIDES = _ABOVE | _BELOW | _MORE | _LESS
_SMALL = word_set("the a an is are of their our with has have that")


def averages(scene: Scene, at: int) -> Fragment | None:
    """ "Handicap above average", "above average handicap", "spend more than the median"."""
    compared = _compared(scene, at)
    if compared is not None:
        end, order = compared
        for match in scene.matches_at(scene.skip(end, _SMALL, 2)):
            entries = _numbers(scene, match.of("field"))
            if entries:
                return _asked(scene, at, match.end, best(entries)[0].field, order)
        return _asked(scene, at, end, "", order)
    for match in scene.matches_at(at):
        entries = _numbers(scene, match.of("field"))
        compared = _compared(scene, scene.skip(match.end, _SMALL, 2)) if entries else None
        if compared is not None:
            return _asked(scene, at, compared[0], best(entries)[0].field, compared[1])
    return None


def _compared(scene: Scene, at: int) -> tuple[int, str] | None:
    """The end of "above the average" that begins at `at`, and which side of it is meant."""
    word, begin = scene.word(at), at + 1
    if word in _MORE | _LESS:
        if scene.word(begin) not in ("than", "then"):
            return None
        begin += 1
    elif word not in _ABOVE | _BELOW:
        return None
    begin = scene.skip(begin, _SMALL | {"-"}, 2)
    if scene.word(begin) not in AVERAGES:
        return None
    return begin + 1, "highest" if word in _ABOVE | _MORE else "lowest"


def _numbers(scene: Scene, entries: tuple[Entry, ...]) -> tuple[Entry, ...]:
    return tuple(
        entry for entry in entries if entry.strength >= GENERAL and entry.field in scene.lexicon.ranking
    )


def _asked(scene: Scene, start: int, end: int, name: str, order: str) -> Fragment:
    text = f"Averages are not computed: which number does '{scene.words(start, end)}' stand for?"
    half = top(name, 50, order)
    options = (Option(label(half), half),) if name else ()
    return Fragment("average", start, end, None, field=name, options=options, question=text, cap=0.45, rank=2)
