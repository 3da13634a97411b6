"""None or some of what a number counts, said without a noun: "nothing overdue", "anything outstanding"."""

from __future__ import annotations

from typing import Final

from segmentry.criteria.nodes import Leaf, Operator
from segmentry.reader.language.inflect import stem
from segmentry.reader.language.words import word_set
from segmentry.reader.lexicon.names import ranks_people
from segmentry.reader.scene import Fragment, Option, Scene, label

WORDS: Final = frozenset({"nothing", "something", "anything"})
# what things are that somebody still has with us
_STATES: Final = word_set("overdue outstanding unpaid owing owed due late open pending reserved")
_CLOSING: Final = word_set("and or but , . ; ? ! at all right now") | {""}


def something(scene: Scene, at: int) -> Fragment | None:
    """The one number in whose name the state stands; a question where there are several."""
    state = at + 1
    if scene.word(at) not in WORDS or scene.word(state) not in _STATES:
        return None
    if scene.word(state + 1) not in _CLOSING or scene.when(state + 1) is not None:
        return None
    said = stem(scene.word(state))
    names = [
        name
        for name, named in scene.lexicon.named.items()
        if ranks_people(named.field)
        and named.window_days is None
        and said in {stem(word) for word in named.words}
        and "since" not in named.words
        and not {"days", "day"} & set(named.words)
    ]
    if not names:
        return None
    nothing = scene.word(at) == "nothing"
    if len(names) > 1:
        options = tuple(
            Option(label(leaf), leaf)
            for name in names[:4]
            for leaf in (Leaf(name, Operator.EQ if nothing else Operator.GT, 0),)
        )
        question = f"Which column does '{scene.words(at, state + 1)}' mean: {', '.join(names[:4])}?"
        return Fragment("measure", at, state + 1, None, options=options, question=question, cap=0.45)
    some, none = Leaf(names[0], Operator.GT, 0), Leaf(names[0], Operator.EQ, 0)
    pair = (none, some) if nothing else (some, none)
    return Fragment("measure", at, state + 1, *pair, field=names[0], source="assumed", cap=0.9, rank=2)
