"""How far a negation reaches: over a list ("without a card or a loan"), and where only a person can say."""

from __future__ import annotations

from segmentry.reader.language.words import word_set
from segmentry.reader.scene import Fragment, Scene

# two words that negate together, read before their parts
_PAIRS_SAID = (
    "all but|everyone but|anyone but|anything but|everything but|everybody but|anybody but|anywhere but|"
    "but not|other than|apart from|rather than|aside from|instead of|free of|exception of|yet to|except for|"
    "save for|all except|everyone except|not including|not counting|not in|leave out|leaving out|"
    "bar those|bar the|bar people|bar anyone"
)
PAIRS = frozenset((first, second) for first, second in map(str.split, _PAIRS_SAID.split("|")))
AFTERWARDS = word_set("excluded excepted omitted")
_NOUN_NEGATORS = word_set("without no lacking except excluding apart minus neither other exclude excludes")
_EXCEPTIONS = word_set("except excluding exclude excludes apart other but")
_GLUE = word_set("or and nor / , & a an any the their")
_PREPOSITIONS = word_set("in on from at with of for by")
_SMALL = word_set("a an any the in on from at with of for by to be been being either both have has had")
_COPULA = frozenset({"is", "are", "were", "was", "all"})
_ARTICLES = frozenset({"the", "a", "an", "any", "our"})
_ALIKE = frozenset({"flag", "consent", "value", "place", "exists", "moment"})
_INSIDE = frozenset({"not", "isn't", "aren't", "wasn't"})
_OPEN = 0.6
# whether one negation before two conditions denies the second is not sure
DENIES_BOTH = 0.89
_OWN_COLUMN = frozenset({"last", "first", "latest"})
_SWITCHED = frozenset({"flag", "consent"})
_ON = word_set("enabled on activated active off disabled deactivated yes")


_WHOLE = frozenset({"all", "every", "everyone", "everybody"})


def left_out(scene: Scene, at: int) -> int:
    """The token after "but the ones" in "all tenants but the ones with parking"; 0 where it joins."""
    end = scene.skip(at + 1, frozenset({"the"}), 1)
    if scene.word(end) not in ("ones", "those") or not _WHOLE & {scene.word(step) for step in range(at)}:
        return 0
    return end + 1


def shares_negation(scene: Scene, before: Fragment, fragment: Fragment, joined: str) -> bool:
    """True when the negation before one fragment reaches the next one of the list.

    "Without a credit card or mortgage" wants neither. Where a list mixes kinds, or a preposition stands
    between ("not on the free plan or in trial"), the reading stays and its confidence is lowered.
    """
    if not before.negated or {before.kind, fragment.kind} - _ALIKE:
        return False
    if scene.word(fragment.start) in _OWN_COLUMN and scene.when(fragment.start) is None:
        return False  # "never hired or last hire before 2025": the second names its column itself
    nouns = {scene.word(step) for step in before.extra} & _NOUN_NEGATORS
    if joined == "," and "nor" in {scene.word(step) for step in before.extra}:
        return False  # "neither in Wales nor in Scotland, private banking": the pair is closed
    if joined == "," and {scene.word(step) for step in before.extra} & {"neither"}:
        return False
    if fragment.kind in _SWITCHED and scene.word(fragment.end - 1) in _ON and joined != "or":
        return False  # "no slack integration, single sign-on enabled" has a verb of its own
    between = {scene.word(step) for step in range(before.end, fragment.start)}
    if between - _GLUE:
        if joined == "or" and not nouns and not between - _GLUE - _PREPOSITIONS:
            fragment.cap = min(fragment.cap, _OPEN)
        return False
    if joined != "or" and not nouns:
        # "not married and retired": perhaps neither, perhaps only the first
        if before.kind == fragment.kind and joined == "and":
            fragment.cap = min(fragment.cap, DENIES_BOTH)
        return False
    if before.kind != fragment.kind:
        if joined == "or":
            fragment.cap = min(fragment.cap, _OPEN)
        return False
    if joined != "or" or (fragment.kind in ("value", "place") and fragment.field != before.field):
        fragment.cap = min(fragment.cap, 0.89)
    return True


def doubt_exception(scene: Scene, before: Fragment, fragment: Fragment) -> bool:
    """ "Everyone except smokers in Wales": all of Wales but the smokers, or all but the smokers of Wales?"""
    cues = {scene.word(step) for step in before.extra if step < before.start}
    if before.negated and cues & _EXCEPTIONS and "not" not in cues and fragment.start - before.end <= 3:
        fragment.cap = min(fragment.cap, _OPEN)
        return True
    return False


def doubt_bound(scene: Scene, before: Fragment, fragment: Fragment) -> bool:
    """ "Spend not between 10 and 20 or over 50": is the second bound denied as well?"""
    if before.field != fragment.field or {before.kind, fragment.kind} != {"measure"}:
        return False
    if not before.negated and not denies_inside(scene, before):
        return False
    fragment.cap = min(fragment.cap, _OPEN)
    return True


def denies_inside(scene: Scene, fragment: Fragment) -> bool:
    """Whether the words of a condition on a number hold its negation: "spend not over 100"."""
    return fragment.kind == "measure" and any(
        scene.word(at) in _INSIDE for at in range(fragment.start + 1, fragment.end)
    )


def stranded(scene: Scene, negation: list[int], at: int) -> bool:
    """True when a word stands between a negation and the connective at `at`: it denied that word."""
    return bool(negation) and any(
        scene.tokens[step].kind == "word" and step not in negation and scene.word(step) not in _SMALL
        for step in range(negation[0], at)
    )


def denied_after(scene: Scene, at: int, before: Fragment | None) -> bool:
    """ "In Kent, staff excluded": take the condition right before `at` as denied."""
    if before is None or before.kind not in _ALIKE or before.negated or before.negative is None:
        return False
    if any(scene.word(step) not in _COPULA | scene.lexicon.entities for step in range(before.end, at)):
        return False
    before.negated = True
    before.extra = (*before.extra, at)
    return True


def bars(scene: Scene, at: int) -> bool:
    """ "Gold bar Londoners", "everyone bar the silver tier": the word says except there."""
    if scene.word(at - 1) in _ARTICLES or scene.word(at) != "bar":
        return False
    return scene.lists_value(scene.skip(at + 1, _ARTICLES, 1))
