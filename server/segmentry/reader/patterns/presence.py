"""Whether a field has a value at all: has a phone number, missing city, no fines, email left blank."""

from __future__ import annotations

from segmentry.criteria.nodes import And, Leaf, Node, Not, Operator, Or
from segmentry.reader.language.inflect import stem
from segmentry.reader.language.words import word_set
from segmentry.reader.lexicon.names import Named
from segmentry.reader.lexicon.phrases import DERIVED, GENERAL
from segmentry.reader.patterns.flags import ADDRESSES
from segmentry.reader.scene import Fragment, Scene, count_of

_KEYS = frozenset({"id", "code", "key", "uuid"})
MISSING = word_set("missing empty blank unknown unset null absent undefined")
PRESENT = word_set("""
known set present filled available given recorded provided stored captured supplied specified
""")
_CLOSING = word_set("and or but , . ; with who yet") | {""}
_HAVE = frozenset(["with", "have", "has", "having"])
ASSIGNED = word_set("assigned recorded dedicated named specified registered")
_DETERMINERS = word_set("a an any the valid registered their known single") | ASSIGNED
_IS = word_set("is are was = value address on file left name date")
_NOT_HAVING = word_set("haven't hasn't don't doesn't have")
_FILES = frozenset({"file", "record"})
_NEITHER = frozenset({"neither", "nor"})
_JOINS = word_set("or and , nor")
# what is measured on everybody: a person without it has no value, rather than zero
_MEASURES_SAID = """
age score rating rated nps csat level grade rank index handicap bmi height weight temperature year salary
income price rate limit budget expectation target threshold duration tenure size
"""
_MEASURES = frozenset(stem(word) for word in _MEASURES_SAID.split())
# what people may have none of: zero is stored
_AMOUNTS_SAID = """
fine fee debt arrear discount balance spend spent donation donated refund charge saving deposit overdraft
credit commission tip due cashback purchase voucher point bonus penalty outstanding owed owing paid order
revenue usage
"""
_AMOUNTS = frozenset(stem(word) for word in _AMOUNTS_SAID.split())
_LACK = frozenset(["without", "no", "missing", "lacking"])
# a longer list is read again from each of its columns, and nobody writes one
_MOST_NAMED = 8
# one of these stands in every question of presence
WORDS = _FILES | MISSING | PRESENT | _HAVE | _LACK | _NOT_HAVING | _NEITHER


def presence(scene: Scene, at: int) -> Fragment | None:
    """Whether a field has a value at all."""
    if scene.word(at) in MISSING or scene.word(at) in _LACK:
        begin = scene.skip(at + 1, _DETERMINERS, 2)
        absent = _named(scene, begin) if scene.word(at) in MISSING and begin < len(scene.tokens) else None
        if absent is not None:
            name, end = absent
            return Fragment(
                "exists",
                at,
                end,
                Leaf(name, Operator.EXISTS, False),
                Leaf(name, Operator.EXISTS, True),
                field=name,
            )
    noun = at + 1 if scene.word(at) in ASSIGNED and at + 1 < len(scene.tokens) else at
    found = _named(scene, noun) or _named(scene, at)
    if found is None:
        return _left_blank(scene, at)
    name, end = found
    exists, absent_leaf = Leaf(name, Operator.EXISTS, True), Leaf(name, Operator.EXISTS, False)
    several = _all_missing(scene, at, name, end)
    if several is not None:
        return several
    after = scene.skip(end, _IS, 2)
    negated = scene.word(after) in ("not", "isn't", "aren't")
    tail = after + 1 if negated else after
    if scene.word(end) == "on" and scene.word(end + 1) in _FILES and scene.word(end + 2) not in MISSING:
        return Fragment("exists", at, end + 2, exists, absent_leaf, field=name)
    said = _said(scene, tail)
    closed = said is not None and (scene.word(said) in _CLOSING or said > tail + 1)
    if said is not None and (after > end or negated or closed):
        there = (scene.word(tail) in PRESENT) != negated
        positive, negative = (exists, absent_leaf) if there else (absent_leaf, exists)
        return Fragment("exists", at, said, positive, negative, field=name)
    if scene.word(end) in ("that", "which"):
        return None  # "with a card that expires in May": the clause says what about it
    if _before(scene, at) not in _HAVE | _LACK | _NOT_HAVING | _NEITHER and not _goes_on(scene, at, name):
        return None
    field = scene.field(name)
    counter = count_of(scene, at, end) if field.type == "datetime" else None
    if counter is not None:
        return _none(at, end, counter, counts=True)
    if field.type == "number":
        end = end + 1 if scene.word(end) in ("left", "remaining", "whatsoever") else end
        none = _none(at, end, name, _none_is_zero(scene.lexicon.named[name]))
        # "no flights this year" is the counter of that name before it is a date
        none.rank = 1 if end - at > 1 and scene.when(end - 2) is not None else 0
        return none
    return Fragment("exists", at, end, exists, absent_leaf, field=name)


def _goes_on(scene: Scene, at: int, name: str) -> bool:
    """ "With a phone number and a licence": the second thing that people have."""
    before = scene.previous
    if (
        before is None
        or before.kind != "exists"
        or not isinstance(before.node, Leaf)
        or not before.node.value
    ):
        return False
    joining = [scene.word(step) for step in range(before.end, at)]
    return (
        scene.field(name).type == "string"
        and bool({"a", "an", "any"} & set(joining))
        and bool(_JOINS & set(joining))
        and not set(joining) - _JOINS - _DETERMINERS
    )


def _said(scene: Scene, at: int) -> int | None:
    """The token after a word for being there or not: "missing", "filled in", "unknown or missing"."""
    if scene.word(at) not in MISSING | PRESENT:
        return None
    end = at + 1 + (scene.word(at) == "filled" and scene.word(at + 1) in ("in", "out"))
    if scene.word(end) == "or" and scene.word(at) in MISSING and scene.word(end + 1) in MISSING:
        return end + 2
    return end


def _all_missing(scene: Scene, at: int, name: str, end: int) -> Fragment | None:
    """ "Email or mobile missing", "email, phone and city unknown": one word for several columns."""
    names, joint = [name], ""
    while scene.word(end) in _JOINS and len(names) < _MOST_NAMED:
        begin = scene.skip(end, _JOINS, 2)
        found = _named(scene, scene.skip(begin, _DETERMINERS, 2)) if begin < len(scene.tokens) else None
        if found is None:
            return None
        joint = next((scene.word(step) for step in range(end, begin) if scene.word(step) != ","), joint)
        names.append(found[0])
        end = found[1]
    tail = scene.skip(end, _IS | {"both", "all"}, 2)
    said = _said(scene, tail)
    if not joint or len(set(names)) < 2 or said is None:
        return None
    if tail == end and scene.word(said) not in _CLOSING:
        return None
    there = scene.word(tail) in PRESENT
    leaves = tuple(Leaf(each, Operator.EXISTS, there) for each in names)
    node: Node = Or(leaves) if joint == "or" else And(leaves)
    return Fragment("exists", at, said, node, Not(node), field=name)


def _none_is_zero(named: Named) -> bool:
    """ "No orders" and "no fines" are zero; "no rating" and "no age" are not known."""
    words = {stem(word) for word in named.words}
    if words & _MEASURES:
        return False
    return named.field.integer or bool(words & _AMOUNTS)


def _left_blank(scene: Scene, at: int) -> Fragment | None:
    """ "GDPR consent is missing", "newsletter blank": a flag that has neither yes nor no."""
    for match in scene.matches_at(at):
        end = scene.skip(match.end, frozenset({"is", "are", "was", "date"}), 2)
        entries = [entry for entry in match.of("field", "moment") if entry.strength >= GENERAL]
        if len({entry.field for entry in entries}) == 1 and _blank(scene, end):
            name = entries[0].field
            exists, absent = Leaf(name, Operator.EXISTS, True), Leaf(name, Operator.EXISTS, False)
            return Fragment("exists", at, end + 1, absent, exists, field=name)
    return None


def _blank(scene: Scene, at: int) -> bool:
    """True for "missing" at the end of a clause, where nothing follows that might be what is missing."""
    return scene.word(at) in MISSING and scene.word(at + 1) in _CLOSING


def _named(scene: Scene, at: int) -> tuple[str, int] | None:
    """The field that is named at `at` directly enough to ask for its presence, and the token after it."""
    for match in scene.matches_at(at):
        named = [
            entry.field
            for entry in match.of("field")
            if not entry.negated
            and not scene.lexicon.known[entry.field].is_flag
            and entry.strength >= GENERAL
            and (entry.bare or entry.strength >= DERIVED)
        ]
        if named:
            # "no home club" means the club's name before its number
            names = [name for name in named if scene.lexicon.named[name].words[-1] not in _KEYS]
            return (names or named)[0], match.end
        if scene.word(match.end) in ADDRESSES:
            mails = [
                entry.field
                for entry in match.of("field")
                if entry.strength >= GENERAL and not scene.lexicon.known[entry.field].is_flag
            ]
            if len(set(mails)) == 1:
                return mails[0], match.end + 1  # "email address" of contactEmail
    return None


def _before(scene: Scene, at: int) -> str:
    step = at - 1
    while step > at - 4 and scene.word(step) in _DETERMINERS:
        step -= 1
    return scene.word(step)


def _none(at: int, end: int, name: str, counts: bool) -> Fragment:
    """ "No complaints" on a count is zero; a measurement one either has or has not."""
    if counts:
        zero, some = Leaf(name, Operator.EQ, 0), Leaf(name, Operator.GT, 0)
        return Fragment("measure", at, end, some, zero, field=name, source="assumed", cap=0.9)
    return Fragment(
        "exists", at, end, Leaf(name, Operator.EXISTS, True), Leaf(name, Operator.EXISTS, False), field=name
    )
