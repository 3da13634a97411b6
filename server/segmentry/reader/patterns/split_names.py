"""A flag whose name is said in two parts: "the license is not verified", "fees have been paid"."""

from __future__ import annotations

from typing import Final

from segmentry.criteria.nodes import Leaf, Operator
from segmentry.reader.language.inflect import stem
from segmentry.reader.language.words import word_set
from segmentry.reader.lexicon.names import truth_values
from segmentry.reader.patterns.flags import no
from segmentry.reader.scene import Fragment, Scene

_IS: Final = word_set("is are was were has have had been be still yet already also")
_NOT: Final = word_set(
    "not never isn't aren't wasn't weren't hasn't haven't hadn't isnt arent wasnt hasnt havent"
)
# one of these stands between the parts
JOINTS: Final = _IS | _NOT


def split_names(scene: Scene, at: int) -> Fragment | None:
    """The flag that the word here and the word after "is" or "not" name together."""
    for match in scene.matches_at(at):
        step = scene.skip(match.end, _IS, 3)
        denied = scene.word(step) in _NOT
        step = scene.skip(step + 1 if denied else step, _IS, 2)
        if step == match.end:
            continue
        for name in dict.fromkeys(entry.field for entry in match.of("field") if not entry.negated):
            field = scene.field(name)
            truth = truth_values(field)
            end = None if truth is None else _completed(scene, at, match.end, step, name)
            if truth is not None and end is not None:
                positive, negative = Leaf(name, Operator.EQ, truth[0]), no(field, truth)
                found = (negative, positive) if denied else (positive, negative)
                return Fragment("flag", at, end, *found, field=name, rank=1)
    return None


def _completed(scene: Scene, at: int, first_end: int, second: int, name: str) -> int | None:
    """The end of the second part, where both together are all words of the field's name."""
    core = {stem(word) for word in scene.lexicon.named[name].core}
    said = {token.stem for token in scene.tokens[at:first_end]}
    for match in scene.matches_at(second):
        if any(entry.field == name for entry in match.of("field")):
            both = said | {token.stem for token in scene.tokens[second : match.end]}
            if len(core) > 1 and core <= both and not core <= said:
                return match.end
    return None
