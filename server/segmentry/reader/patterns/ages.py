"""Ages: women over 40, members aged 18 to 25, the over 60s, on an age or on a date of birth."""

from __future__ import annotations

from segmentry.criteria.nodes import Operator, Scalar
from segmentry.reader.comparators import Comparison, doubled
from segmentry.reader.inflect import stem
from segmentry.reader.patterns.quantify import build, opposite
from segmentry.reader.scene import Fragment, Scene, between
from segmentry.reader.thesaurus import UNIT_WORDS

_BIRTH = frozenset({"birth", "birthday", "dob", "birthdat", "born", "bday"})
AGED = frozenset({"aged", "age", "ages"})


def ages(scene: Scene, at: int) -> Fragment | None:
    """A number straight after people, or after "aged", is an age where the table has one."""
    decade = scene.word(at) == "in" and scene.word(at + 1) in ("their", "his", "her")
    aged = scene.word(at) in AGED or decade
    begin = at + 1 if aged else at
    begin += decade
    begin = scene.skip(begin, frozenset({"of", "between the"}), 1)
    if not aged and not _after_people(scene, at):
        return None
    found = scene.comparison(begin)
    if found is not None:
        found = doubled(scene.tokens, found, scene.numbers) or found
    if decade and (found is None or scene.word(found.end - 1) != "s"):
        return None
    if found is None or found.money or found.percent or found.approximate:
        return None
    if not aged and (not found.explicit or scene.when(at) is not None):
        return None
    if not all(
        isinstance(quantity.value, int) and 10 <= quantity.value <= 110 for _, quantity in found.bounds
    ):
        return None
    end = found.end
    plural = scene.word(end) == "s" and scene.tokens[end].glued
    if scene.word(end) in ("years", "year", "yrs") and scene.word(end + 1) in ("old", "of"):
        end += 3 if scene.word(end + 1) == "of" else 2
    elif plural:
        end += 1
    elif scene.word(end) in UNIT_WORDS or scene.word(end) == "%":
        return None
    if not aged and (at == 0 or scene.word(at - 1) == "the") and not plural and len(found.bounds) == 1:
        return None
    for name, named in scene.lexicon.named.items():
        field = scene.field(name)
        if named.core == ("age",) and field.type == "number":
            return build(at, end, field, found, exact=False, negated=False, factor=1.0, assumed=not aged)
        if field.type == "datetime" and _BIRTH & {stem(word) for word in named.words}:
            return born(at, end, name, found)
    return None


def _after_people(scene: Scene, at: int) -> bool:
    before = scene.word(at - 1) if scene.word(at - 1) not in ("are", "is", "who") else scene.word(at - 2)
    previous = scene.previous
    if at == 0 or before == "the" or before in scene.lexicon.entities:
        return True
    return previous is not None and previous.kind in ("value", "flag", "place") and previous.end == at


def born(at: int, end: int, name: str, found: Comparison) -> Fragment:
    """An age on a date of birth: older than 30 is born before this day 30 years ago."""
    bounds: list[tuple[Operator, Scalar]] = []
    for operator, quantity in found.bounds:
        years = int(quantity.value)
        turned = {
            Operator.GT: (Operator.LT, years),
            Operator.GTE: (Operator.LTE, years),
            Operator.LT: (Operator.GT, years),
            Operator.LTE: (Operator.GT, years + 1),
        }.get(operator)
        if turned is None:
            bounds += [
                (Operator.LTE, f"{{{{{years}_YEARS_AGO}}}}"),
                (Operator.GT, f"{{{{{years + 1}_YEARS_AGO}}}}"),
            ]
        else:
            bounds.append((turned[0], f"{{{{{turned[1]}_YEARS_AGO}}}}"))
    node = between(name, tuple(bounds))
    return Fragment("measure", at, end, node, opposite(node), field=name)
