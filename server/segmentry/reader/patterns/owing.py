"""Whether people owe anything: "don't owe us anything", "owe nothing", "owes us money"."""

from __future__ import annotations

from typing import Final

from segmentry.criteria.nodes import Leaf, Operator
from segmentry.reader.language.words import word_set
from segmentry.reader.patterns.which_money import owed_fields
from segmentry.reader.scene import Fragment, Scene

WORDS: Final = word_set("owe owes owing")
_US: Final = frozenset({"us"})
_ANYTHING: Final = word_set("anything something money")
_CLOSING: Final = word_set("and or but , . ; ? !") | {""}
_COIN: Final = word_set("penny cent dime thing")


def owing(scene: Scene, at: int) -> Fragment | None:
    """The one column of debt, above zero or zero; none where several or no column holds debts."""
    begin = scene.skip(at + 1, _US, 1)
    nothing = scene.word(begin) == "nothing"
    coin = scene.word(begin) in ("a", "one") and scene.word(begin + 1) in _COIN
    if not (nothing or coin or scene.word(begin) in _ANYTHING):
        return None
    end = begin + (2 if coin else 1)
    fields = owed_fields(scene)
    if len(fields) != 1 or scene.word(end) not in _CLOSING:
        return None
    name = fields[0].name
    some, none = Leaf(name, Operator.GT, 0), Leaf(name, Operator.EQ, 0)
    pair = (none, some) if nothing else (some, none)
    return Fragment("measure", at, end, *pair, field=name, rank=2)
