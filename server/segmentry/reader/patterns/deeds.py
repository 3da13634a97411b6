"""A value said as a verb with an object: "cancelled a booking" is a deed, not the state of a membership."""

from __future__ import annotations

from segmentry.reader.language.words import word_set
from segmentry.reader.patterns.values import values
from segmentry.reader.scene import Fragment, Option, Scene, label

BEFORE = word_set("who that which have has had haven't hasn't didn't never ever recently just already")
_DETERMINERS = word_set("a an any another their his her the one some")


def deeds(scene: Scene, at: int) -> Fragment | None:
    """A question, because a state of the customer says nothing about one booking or order."""
    if scene.word(at - 1) not in BEFORE or scene.word(at + 1) not in _DETERMINERS:
        return None
    if not scene.word(at).endswith("ed") or scene.tokens[at].kind != "word":
        return None
    state = values(scene, at)
    if state is None or state.node is None or state.end != at + 1:
        return None
    own = {state.field}
    for match in scene.matches_at(at + 2):
        fields = {entry.field for entry in match.entries}
        if scene.word(at + 2) in scene.lexicon.entities or not fields or own & fields:
            continue
        when = scene.when(match.end)
        end = match.end if when is None else when.end
        text = f"'{scene.words(at, end)}' is no field of this table; does it mean {label(state.node)}?"
        option = Option(label(state.node), state.node)
        return Fragment("deed", at, end, None, options=(option,), question=text, cap=0.45, rank=2)
    return None
