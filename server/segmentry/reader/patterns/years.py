"""Years kept as numbers: model year before 2010, built since 2015, older than 2015."""

from __future__ import annotations

from segmentry.criteria.nodes import Leaf, Operator
from segmentry.reader.language.words import word_set
from segmentry.reader.patterns.quantify import opposite
from segmentry.reader.scene import Fragment, Scene, between

_SIDES = {
    "before": Operator.LT,
    "until": Operator.LTE,
    "till": Operator.LTE,
    "since": Operator.GTE,
    "from": Operator.GTE,
    "after": Operator.GT,
    "in": Operator.EQ,
}
COMPARED = {"older": Operator.LT, "earlier": Operator.LT, "newer": Operator.GT, "later": Operator.GT}
_COPULA = word_set("is are was were that of")
# one of these stands in every condition on a year
WORDS = frozenset(_SIDES) | frozenset(COMPARED) | {"between"}
# what people say -> the word of the column's name
_DEEDS = {"born": "birth", "made": "model", "constructed": "construction", "established": "foundation"}
DEEDS = frozenset(_DEEDS)


def years(scene: Scene, at: int) -> Fragment | None:
    """A column of years said with the words for dates."""
    if scene.word(at) in COMPARED and scene.word(at + 1) == "than":
        names = [name for name in scene.lexicon.named if _is_year(scene, name)]
        return _leaf(scene, at, at + 2, names[0], COMPARED[scene.word(at)]) if len(names) == 1 else None
    of_deed = _deed(scene, at)
    if of_deed is not None:
        return of_deed
    for match in scene.matches_at(at):
        names = [entry.field for entry in match.of("field") if entry.bare and _is_year(scene, entry.field)]
        if len(names) != 1:
            continue
        begin = scene.skip(match.end, _COPULA, 2)
        if scene.word(begin) in COMPARED and scene.word(begin + 1) == "than":
            return _leaf(scene, at, begin + 2, names[0], COMPARED[scene.word(begin)])
        operator = _SIDES.get(scene.word(begin))
        if operator is not None:
            return _leaf(scene, at, begin + 1, names[0], operator)
    return None


def _deed(scene: Scene, at: int) -> Fragment | None:
    """ "Born before 1960" on birth_year, "built after 2000" on year_built."""
    said = _DEEDS.get(scene.word(at), scene.word(at))
    names = [
        name
        for name, named in scene.lexicon.named.items()
        if said in named.words and said != "year" and _is_year(scene, name)
    ]
    if len(names) != 1:
        return None
    side = scene.word(at + 1)
    if side in ("between", "from"):
        low = scene.numbers.get(at + 2)
        high = scene.numbers.get(low.end + 1) if low is not None else None
        if low is None or high is None or scene.word(low.end) not in ("and", "to", "-"):
            return None
        if not (is_calendar_year(low.value) and is_calendar_year(high.value) and low.value <= high.value):
            return None
        node = between(names[0], ((Operator.GTE, low.value), (Operator.LTE, high.value)))
        return Fragment("measure", at, high.end, node, opposite(node), field=names[0])
    operator = _SIDES.get(side)
    return None if operator is None else _leaf(scene, at, at + 2, names[0], operator)


def is_calendar_year(value: float) -> bool:
    """True for numbers that people say as years."""
    return isinstance(value, int) and 1900 <= value <= 2100


def _is_year(scene: Scene, name: str) -> bool:
    named = scene.lexicon.named[name]
    low, high = named.field.minimum, named.field.maximum
    inside = (low is None or low >= 1800) and (high is None or high <= 2200)
    return named.field.type == "number" and "year" in named.words and inside


def _leaf(scene: Scene, start: int, at: int, name: str, operator: Operator) -> Fragment | None:
    number = scene.numbers.get(at)
    if number is None or number.money or number.percent or not is_calendar_year(number.value):
        return None
    if scene.word(number.end) in ("to", "-", "and") and number.end + 1 in scene.numbers:
        return None  # "from 2015 to 2018" is a range
    leaf = Leaf(name, operator, number.value)
    return Fragment("measure", start, number.end, leaf, opposite(leaf), field=name)
