"""A comparison around its noun: more points than 500, a bigger basket than $60, a better handicap than 5."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from segmentry.criteria.nodes import Operator
from segmentry.reader.language.words import word_set
from segmentry.reader.lexicon.phrases import GENERAL, Entry
from segmentry.reader.patterns.quantify import HIGHER_IS_BETTER, LOWER_IS_BETTER, resolve
from segmentry.reader.patterns.signs import numeric
from segmentry.reader.patterns.years import is_calendar_year
from segmentry.reader.quantities.comparators import Comparison
from segmentry.reader.scene import Fragment, Scene, best

_MORE: Final = word_set("more higher greater bigger larger longer heavier taller faster")
_LESS: Final = word_set("less fewer lower smaller shorter lighter slower")
_JUDGED: Final = word_set("better worse")
THAN: Final = frozenset({"than", "then"})
# the words with which such a comparison begins
SIDES: Final = _MORE | _LESS | _JUDGED


def compared(scene: Scene, at: int) -> Fragment | None:
    """A number field that stands between its comparative and "than"."""
    if scene.word(at) not in SIDES:
        return None
    for match in scene.matches_at(at + 1):
        if scene.word(match.end) not in THAN:
            continue
        entries = tuple(
            entry for entry in numeric(scene, match.of("field")) if entry.bare or entry.strength >= GENERAL
        )
        number = scene.numbers.get(scene.skip(match.end + 1, frozenset({"a", "an", "the"}), 1))
        if not entries or number is None:
            continue
        if is_calendar_year(number.value) and not number.money:
            continue  # "more orders than 2024" compares with a year
        operator, judged = _side(scene, scene.word(at), entries)
        found = Comparison(((operator, number),), at, number.end, explicit=True, judged=judged)
        return replace(resolve(scene, at, entries, found, exact=False, negated=False), rank=2)
    return None


def _side(scene: Scene, said: str, entries: tuple[Entry, ...]) -> tuple[Operator, str]:
    """The bound; with the word itself where nobody knows which side of this field is the better one."""
    if said not in _JUDGED:
        return (Operator.GT if said in _MORE else Operator.LT), ""
    words = set(scene.lexicon.named[best(entries)[0].field].words)
    rising, falling = bool(HIGHER_IS_BETTER & words), bool(LOWER_IS_BETTER & words)
    upwards = (said == "better") == rising
    return (Operator.GT if upwards else Operator.LT), "" if rising != falling else said
