"""Numbers said by a word: a negative balance, a balance that is positive, zero orders, a single visit."""

from __future__ import annotations

from segmentry.criteria.nodes import Leaf, Operator
from segmentry.reader.lexicon.phrases import Entry
from segmentry.reader.patterns.quantify import opposite
from segmentry.reader.scene import Fragment, Scene, best

SIGN_WORDS = {"positive": Operator.GT, "negative": Operator.LT, "zero": Operator.EQ, "single": Operator.EQ}
_SIGNED = {"positive": Operator.GT, "negative": Operator.LT}
_RANGE_GLUE = frozenset({"the", "range", "of", "a"})


def numeric(scene: Scene, entries: tuple[Entry, ...]) -> tuple[Entry, ...]:
    return tuple(
        entry
        for entry in entries
        if scene.field(entry.field).type == "number"
        and not entry.negated
        and scene.field(entry.field).role != "id"
    )


def sign_word(scene: Scene, at: int) -> Fragment | None:
    """ "Negative balance", "zero orders"."""
    operator = SIGN_WORDS.get(scene.word(at))
    single = scene.word(at) == "single"
    if operator is None or (single and scene.word(at - 1) not in ("a", "one")):
        return None
    for match in scene.matches_at(at + 1):
        candidates = best(numeric(scene, match.of("field")))
        if len(candidates) == 1:
            leaf = Leaf(candidates[0].field, operator, 1 if single else 0)
            return Fragment("measure", at, match.end, leaf, opposite(leaf), field=leaf.field)
    return None


def signed(scene: Scene, at: int, begin: int, entries: tuple[Entry, ...]) -> Fragment | None:
    """ "Balance is negative"."""
    operator = _SIGNED.get(scene.word(begin))
    candidates = best(entries)
    if operator is None or len(candidates) != 1:
        return None
    leaf = Leaf(candidates[0].field, operator, 0)
    return Fragment("measure", at, begin + 1, leaf, opposite(leaf), field=leaf.field)


def ranged(scene: Scene, at: int) -> bool:
    """ "Outside the range of 5 to 9": two ends follow."""
    found = scene.comparison(scene.skip(at, _RANGE_GLUE, 4))
    return found is not None and len(found.bounds) > 1
