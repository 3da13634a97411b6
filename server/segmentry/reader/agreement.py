"""Words that repeat what the condition beside them says already, so that they need no claim of their own.

"*Hold* at least three products", "*pay* with PayPal" beside `Payment Method`, "the Cardiology *department*".
"""

from __future__ import annotations

from segmentry.reader.language.words import STOP, word_set
from segmentry.reader.lexicon.phrases import GENERAL
from segmentry.reader.scene import Fragment, Scene

# Verbs that only tie a person to what follows.
_LIGHT = word_set("""
hold holds holding held keep keeps keeping kept sit sits sitting carry carries carrying carried maintain
maintains maintaining given give gives gave enjoy enjoys show shows showing get gets getting got report
reports own owns owning run runs running remain remains stay stays stand stands standing boast
flagged marked labelled labeled
boasts receive receives receiving collected collect earn earns earned accumulated racked clocked
""")
# What people do with the things that a number counts: "took 3 trips", "raised 2 tickets".
_DONE_WITH = word_set("""
left gave provided had have has booked bought completed received
rent rents rented renting
take takes took taken make makes made placed raise raised raises file filed lodged submitted logged
play played plays attend attended went
""")
_COUNTED = frozenset(["measure", "counter", "exists"])
# What makes a noun of a verb, or a verb of a noun; nothing that changes the meaning.
_DERIVED = word_set("ment ments ing er ers or ors ion ions ation ations ance al als age ship s d ed es y ies")
_SHORTEST_ROOT = 3
_PAIR = 2
_BETWEEN = STOP - word_set("and or but not if while both either from")
# "Under the Cardiology department", "within gold": no comparison stands there, so nothing is compared.
_PLACED = word_set("under within over inside")
# Which of the neighbours a light verb may tie to: conditions that are no deed themselves.
_TIED = frozenset(["measure", "value", "consent", "flag", "band", "counter", "age", "text"])


def unexplained(scene: Scene, unclaimed: list[int], fragments: list[Fragment]) -> list[int]:
    """The positions of `unclaimed` that no neighbouring condition accounts for."""
    settled = [fragment for fragment in fragments if fragment.node is not None]
    if not unclaimed or not settled:
        return unclaimed
    starts = {fragment.start: fragment for fragment in settled}
    ends = {fragment.end: fragment for fragment in settled}
    agreed: set[int] = set()
    for at in (*reversed(unclaimed), *unclaimed):
        if at not in agreed and _agrees(scene, at, starts, ends, agreed):
            agreed.add(at)
    return [at for at in unclaimed if at not in agreed]


def repeated(scene: Scene, fragments: list[Fragment]) -> list[Fragment]:
    """The open words that only name the column of the condition beside them ("over 1k *mrr*").

    "Between 5,000 and 25,000 pounds in *savings*": the bound is the answer to what savings means.
    """
    found: list[Fragment] = []
    if len(fragments) < _PAIR:
        return found
    for before, after in zip([None, *fragments], [*fragments, None], strict=True):
        for vague, settled in ((after, before), (before, after)):
            if (
                vague is not None
                and settled is not None
                and vague.kind == "vague"
                and vague.node is None
                and settled.node is not None
                and settled.kind == "measure"
                and _only_names(scene, vague, settled)
            ):
                found.append(vague)
    return found


def _only_names(scene: Scene, vague: Fragment, settled: Fragment) -> bool:
    """Whether every word of it names the field, and nothing but small words stands between the two."""
    if settled.end == vague.start and any(
        match.end == vague.end and entry.field == settled.field and entry.strength >= GENERAL
        for match in scene.matches_at(vague.start)
        for entry in match.of("field")
    ):
        return True  # "a rating lower than 3 stars": another word for what is counted
    first, last = (settled, vague) if settled.end <= vague.start else (vague, settled)
    return all(scene.word(step) in _BETWEEN for step in range(first.end, last.start)) and all(
        _repeats(scene, at, settled) or scene.word(at) in STOP for at in range(vague.start, vague.end)
    )


def _agrees(
    scene: Scene, at: int, starts: dict[int, Fragment], ends: dict[int, Fragment], agreed: set[int]
) -> bool:
    """Whether a neighbouring condition says it already; words of `agreed` may stand between the two."""
    if scene.tokens[at].kind != "word":
        return False
    after = at + 1
    while after not in starts and (scene.word(after) in _BETWEEN or after in agreed):
        after += 1
    if scene.word(after) in ("no", "zero") and scene.word(at) in _DONE_WITH:
        after += 1  # "attended no classes"
    following = starts.get(after)
    if following is not None and following.kind == "value" and scene.word(at) in _PLACED:
        return True
    if following is not None and (
        (scene.word(at) in _LIGHT and following.kind in _TIED)
        or (scene.word(at) in _DONE_WITH and following.kind in _COUNTED)
        or _repeats(scene, at, following)
    ):
        return True
    before = at
    while before not in ends and (scene.word(before - 1) in _BETWEEN or before - 1 in agreed):
        before -= 1
    previous = ends.get(before)
    return previous is not None and _repeats(scene, at, previous)


def _repeats(scene: Scene, at: int, fragment: Fragment) -> bool:
    """Whether the word has the same root as a word of the field's name."""
    if not fragment.field or fragment.field not in scene.lexicon.named:
        return False
    said = scene.tokens[at].norm
    return any(_same_root(said, word) for word in scene.lexicon.named[fragment.field].words)


def _same_root(one: str, other: str) -> bool:
    short, long = sorted((_verb(one), _verb(other)), key=len)
    if len(short) < _SHORTEST_ROOT:
        return False
    if short == long:
        return True
    return long.startswith(short) and long[len(short) :] in _DERIVED


def _verb(word: str) -> str:
    if word.endswith("ies") and len(word) > 5:
        return word[:-3] + "y"
    for ending in ("ing", "ed", "es", "s"):
        if word.endswith(ending) and len(word) - len(ending) >= _SHORTEST_ROOT:
            return word[: -len(ending)]
    return word
