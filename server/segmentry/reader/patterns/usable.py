"""Consent said as what we may do with a thing: "whose photos we can use", "whose data we may not share"."""

from __future__ import annotations

from typing import Final

from segmentry.criteria.nodes import Leaf, Operator
from segmentry.reader.language.words import word_set
from segmentry.reader.patterns.flags import no
from segmentry.reader.scene import Fragment, Scene

WORDS: Final = frozenset({"whose"})
_MAY: Final = word_set("can may could")
_MAY_NOT: Final = word_set("can't cannot cant couldn't mustn't")
_USING: Final = word_set("use share publish show keep store process")
_GRANTS: Final = word_set("consent permission approval agreement")


def usable(scene: Scene, at: int) -> Fragment | None:
    """The one consent that the noun behind "whose" names; None where its column is no consent."""
    if scene.word(at) not in WORDS:
        return None
    for match in scene.matches_at(at + 1):
        begin = match.end
        if scene.word(begin) != "we":
            continue
        denied = scene.word(begin + 1) in _MAY_NOT
        if not denied and scene.word(begin + 1) not in _MAY:
            continue
        end = begin + 2
        if scene.word(end) in ("not", "never"):
            denied, end = True, end + 1
        names = {
            entry.field
            for entry in match.of("field", "channel")
            if not _GRANTS.isdisjoint(scene.lexicon.named[entry.field].words)
        }
        if len(names) != 1 or scene.word(end) not in _USING:
            continue
        field = scene.field(names.pop())
        truth = scene.lexicon.known[field.name].truth
        if truth is None:
            continue
        yes, refused = Leaf(field.name, Operator.EQ, truth[0]), no(field, truth)
        pair = (refused, yes) if denied else (yes, refused)
        return Fragment("flag", at, end + 1, *pair, field=field.name, rank=2)
    return None
