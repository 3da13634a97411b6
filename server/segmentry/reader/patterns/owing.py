"""Whether people owe anything: "don't owe us anything", "money outstanding", "behind with the rent"."""

from __future__ import annotations

from typing import Final

from segmentry.criteria.nodes import Leaf, Operator
from segmentry.reader.language.words import word_set
from segmentry.reader.lexicon.phrases import GENERAL, Entry
from segmentry.reader.patterns.quantify import resolve
from segmentry.reader.patterns.which_money import owed_fields
from segmentry.reader.scene import Fragment, Scene

WORDS: Final = word_set("owe owes owing money behind")
_US: Final = frozenset({"us"})
_ANYTHING: Final = word_set("anything something money")
_CLOSING: Final = word_set("and or but , . ; ? ! who that with in from") | {""}
_DUE: Final = word_set("outstanding owing owed due overdue unpaid")
_PAID: Final = word_set("rent payment payments fees bills instalments installments dues repayments premiums")
_WHOSE: Final = word_set("the their a some")
_COIN: Final = word_set("penny cent dime thing")


def owing(scene: Scene, at: int) -> Fragment | None:
    """The one column of debt, above zero or zero; none where several or no column holds debts."""
    if scene.word(at) == "money":
        return _owed(scene, at, at + 2) if scene.word(at + 1) in _DUE else None
    if scene.word(at) == "behind":
        return _behind(scene, at)
    if scene.word(at) not in WORDS:
        return None
    begin = scene.skip(at + 1, _US, 1)
    nothing = scene.word(begin) == "nothing"
    coin = scene.word(begin) in ("a", "one") and scene.word(begin + 1) in _COIN
    if not (nothing or coin or scene.word(begin) in _ANYTHING):
        return None
    end = begin + (2 if coin else 1)
    return _owed(scene, at, end, nothing=nothing)


def _owed(scene: Scene, at: int, end: int, *, nothing: bool = False) -> Fragment | None:
    fields = owed_fields(scene)
    if len(fields) != 1 or scene.word(end) not in _CLOSING:
        return None
    name = fields[0].name
    some, none = Leaf(name, Operator.GT, 0), Leaf(name, Operator.EQ, 0)
    pair = (none, some) if nothing else (some, none)
    return Fragment("measure", at, end, *pair, field=name, rank=2)


def _behind(scene: Scene, at: int) -> Fragment | None:
    """ "Behind on payments", "behind with the rent by 100 or more"."""
    if scene.word(at + 1) not in ("with", "on"):
        return None
    what = scene.skip(at + 2, _WHOSE, 2)
    if scene.word(what) not in _PAID:
        return None
    fields = owed_fields(scene)
    amount = scene.comparison(what + 2) if scene.word(what + 1) == "by" else None
    if amount is None or len(fields) != 1:
        return _owed(scene, at, what + 1)
    entries = (Entry("field", fields[0].name, GENERAL),)
    return resolve(scene, at, entries, amount, exact=False, negated=False)
