"""How much of the query is accounted for, and how sure the answer may be."""

from __future__ import annotations

from collections.abc import Iterable

from segmentry.reader.language.words import NEGATORS, STOP, word_set
from segmentry.reader.scene import Fragment, Scene

START = 0.97
PER_REPAIR = 0.98
MIXED = 0.60
OPEN = 0.45
# a word that may be meant as it was typed
GUESSED = 0.85
_BOUNDS = word_set("""
above over under below after before since until beyond exceeding least most more less fewer greater higher
lower between than within
""")
_AUXILIARIES = word_set("have has had did do does are is was were been being ever also just already then")
_JOINS = word_set("and or but")
_CLAUSE_HEADS = word_set("who that which but whose")


def content(scene: Scene) -> list[int]:
    """The positions of content words: everything outside the closed stop list, except punctuation."""
    return [
        at
        for at, token in enumerate(scene.tokens)
        if token.kind != "punct" and not (token.kind == "word" and token.norm in STOP and token.text != "US")
    ]


def weight(scene: Scene, at: int) -> int:
    """Numbers, dates, quotes and names weigh double: losing one changes the answer most."""
    token = scene.tokens[at]
    named = token.capitalised and at > 0
    return 2 if token.kind in ("number", "date", "ordinal", "quoted") or named else 1


def coverage(scene: Scene, unclaimed: Iterable[int]) -> float:
    """The share of content that something claims, 0-1."""
    lost = set(unclaimed)
    total = sum(weight(scene, at) for at in content(scene))
    missing = sum(weight(scene, at) for at in lost)
    return 1.0 if total == 0 else max(0.0, 1 - missing / max(total, missing))


def lost_clause(scene: Scene, unclaimed: Iterable[int]) -> bool:
    """True when a condition of its own was lost: a number, a comparator, a denial, a verb with its object."""
    lost = frozenset(unclaimed)
    return any(_conditional(scene, at, lost) for at in lost)


def _conditional(scene: Scene, at: int, lost: frozenset[int]) -> bool:
    token = scene.tokens[at]
    if token.kind in ("number", "date", "ordinal") or token.norm in _BOUNDS or token.norm in NEGATORS:
        return True
    before = at - 1
    while before >= 0 and scene.word(before) in _AUXILIARIES:
        before -= 1
    if token.kind != "word" or scene.word(before) not in _CLAUSE_HEADS:
        return False
    # "who pay quarterly", "who booked via Expedia": what the verb is about was read
    after = at
    while after in lost or scene.word(after) in STOP - _JOINS:
        after += 1
    return after >= len(scene.tokens) or scene.tokens[after].kind == "punct" or scene.word(after) in _JOINS


def score(scene: Scene, fragments: list[Fragment], unclaimed: list[int], *, is_mixed: bool) -> float:
    """The confidence of an answer by these fragments, 0-1.

    One unexplained word keeps it below 0.9 whatever else is sure, so it never answers alone.
    """
    if not fragments:
        return 0.0
    value = START
    if unclaimed:
        value = 0.85 * coverage(scene, unclaimed)
        if lost_clause(scene, unclaimed):
            value = min(value, OPEN)
    value *= PER_REPAIR ** len(scene.repaired)
    for fragment in fragments:
        value *= fragment.factor
    for fragment in fragments:
        value = min(value, fragment.cap)
    if scene.guessed:
        value = min(value, GUESSED)
    if is_mixed:
        value = min(value, MIXED)
    return round(value, 4)
