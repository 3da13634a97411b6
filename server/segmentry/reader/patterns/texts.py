"""Text and presence: email ends with .co.za, name starts with Jo, has a phone number, missing city."""

from __future__ import annotations

from segmentry.criteria.nodes import And, Leaf, Node, Operator
from segmentry.reader.language.words import STOP, word_set
from segmentry.reader.lexicon.phrases import DERIVED, GENERAL
from segmentry.reader.patterns.values import complement
from segmentry.reader.scene import Fragment, Scene, count_of

_OPERATORS: tuple[tuple[tuple[str, ...], Operator], ...] = (
    (("starts", "with"), Operator.STARTS_WITH),
    (("start", "with"), Operator.STARTS_WITH),
    (("starting", "with"), Operator.STARTS_WITH),
    (("begins", "with"), Operator.STARTS_WITH),
    (("beginning", "with"), Operator.STARTS_WITH),
    (("begin", "with"), Operator.STARTS_WITH),
    (("ends", "with"), Operator.ENDS_WITH),
    (("ending", "with"), Operator.ENDS_WITH),
    (("ends", "in"), Operator.ENDS_WITH),
    (("ending", "in"), Operator.ENDS_WITH),
    (("end", "with"), Operator.ENDS_WITH),
    (("end", "in"), Operator.ENDS_WITH),
    (("contains",), Operator.CONTAINS),
    (("containing",), Operator.CONTAINS),
    (("contain",), Operator.CONTAINS),
    (("including",), Operator.CONTAINS),
    (("includes",), Operator.CONTAINS),
    (("include",), Operator.CONTAINS),
    (("like",), Operator.CONTAINS),
    (("matching",), Operator.CONTAINS),
)
_KEYS = frozenset({"id", "code", "key", "uuid"})
_GLUE = word_set("that which is are whose address name with the domain does do")
MISSING = word_set("missing empty blank unknown unset null absent undefined")
_PRESENT = word_set("""
known set present filled available given recorded provided stored captured supplied specified
""")
_CLOSING = word_set("and or but , . ; with who yet") | {""}
_HAVE = frozenset(["with", "have", "has", "having"])
ASSIGNED = word_set("assigned recorded dedicated named specified registered")
_DETERMINERS = word_set("a an any the valid registered their known single") | ASSIGNED
_IS = word_set("is are was = value address on file left")
_NOT_HAVING = word_set("haven't hasn't don't doesn't have")
_FILES = frozenset({"file", "record"})
_LACK = frozenset(["without", "no", "missing", "lacking"])
# one of these stands in every text test, and in every question of presence
WORDS = frozenset(words[0] for words, _ in _OPERATORS)
PRESENCE_WORDS = _FILES | MISSING | _PRESENT | _HAVE | _LACK | _NOT_HAVING


def texts(scene: Scene, at: int) -> Fragment | None:
    """A text test on a string field."""
    for match in scene.matches_at(at):
        for entry in match.of("field"):
            field = scene.field(entry.field)
            if field.type not in ("string", "array", "enum"):
                continue
            begin = scene.skip(match.end, _GLUE, 3)
            negated = scene.word(begin) in ("not", "doesn't", "don't", "doesnt", "dont")
            begin = begin + 1 if negated else begin
            for words, operator in _OPERATORS:
                if tuple(scene.word(begin + step) for step in range(len(words))) != words:
                    continue
                if words[-1] == "in" and scene.when(begin + len(words) - 1) is not None:
                    continue  # "policies that end in the next 60 days" speaks of a date
                begin += len(words)
                begin = scene.skip(begin, word_set("the a an letter letters text word string"), 2)
                found = _operand(scene, begin)
                if found is None:
                    return None
                text, end = found
                allowed = not field.operators or operator in field.operators
                if not allowed or field.type == "enum":
                    return None
                if field.type == "array":
                    leaf, end = _elements(scene, end, field.name, text)
                else:
                    leaf = Leaf(field.name, operator, text)
                node, negative = (complement(leaf), leaf) if negated else (leaf, complement(leaf))
                return Fragment("text", at, end, node, negative, field=field.name)
    return None


def _elements(scene: Scene, at: int, name: str, first: str) -> tuple[Node, int]:
    """ "Languages include French and German": elements of one list, all of them or any of them."""
    said, joint, end = [first], "", at
    while scene.word(end) in ("and", "or", ",", "&"):
        word = scene.word(end)
        begin = scene.skip(end, frozenset({"and", "or", ",", "&"}), 2)
        joins = {scene.word(step) for step in range(end, begin)} & {"and", "or", "&"}
        found = _operand(scene, begin) if _is_element(scene, begin, name) else None
        if found is None or (joint and joins and joins != {joint}):
            break
        joint = next(iter(joins), joint if word == "," else "")
        said.append(found[0])
        end = found[1]
    if len(said) == 1:
        return Leaf(name, Operator.CONTAINS, first), at
    if joint == "or":
        return Leaf(name, Operator.IN, tuple(said)), end
    return And(tuple(Leaf(name, Operator.CONTAINS, text) for text in said)), end


def _is_element(scene: Scene, at: int, name: str) -> bool:
    """A lone word at the end of a clause that no other column claims but as a country."""
    if at >= len(scene.tokens):
        return False
    token = scene.tokens[at]
    if token.kind == "quoted":
        return True
    taken = any(entry.field != name for match in scene.matches_at(at) for entry in match.entries)
    silent = token.norm in STOP or token.norm in scene.lexicon.entities or token.kind != "word"
    return not taken and not silent and scene.word(at + 1) in _CLOSING


def _operand(scene: Scene, at: int) -> tuple[str, int] | None:
    """The text after the operator: in quotes, or everything up to the next space."""
    if at >= len(scene.tokens):
        return None
    token = scene.tokens[at]
    if token.kind == "quoted":
        return token.text, at + 1
    end = at + 1
    while (
        end < len(scene.tokens)
        and scene.tokens[end].glued
        and scene.word(end) not in (",", ";", "?", "!", ")")
    ):
        end += 1
    text = scene.words(at, end)
    if text.endswith(".") and len(text) > 1:
        text, end = text[:-1], end - 1
    return (text, end) if text else None


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
    after = scene.skip(end, _IS, 2)
    negated = scene.word(after) in ("not", "isn't", "aren't")
    tail = after + 1 if negated else after
    if scene.word(end) == "on" and scene.word(end + 1) in _FILES and scene.word(end + 2) not in MISSING:
        return Fragment("exists", at, end + 2, exists, absent_leaf, field=name)
    said_alone = scene.word(end) in MISSING | _PRESENT and scene.word(end + 1) in _CLOSING
    if (after > end or said_alone) and scene.word(tail) in MISSING | _PRESENT:
        there = (scene.word(tail) in _PRESENT) != negated
        positive, negative = (exists, absent_leaf) if there else (absent_leaf, exists)
        return Fragment("exists", at, tail + 1, positive, negative, field=name)
    if _before(scene, at) not in _HAVE | _LACK | _NOT_HAVING:
        return None
    field = scene.field(name)
    counter = count_of(scene, at, end) if field.type == "datetime" else None
    if counter is not None:
        return _none(at, end, counter, counts=True)
    if field.type == "number":
        none = _none(at, end, name, field.integer and "age" not in scene.lexicon.named[name].words)
        # "no flights this year" is the counter of that name before it is a date
        none.rank = 1 if end - at > 1 and scene.when(end - 2) is not None else 0
        return none
    return Fragment("exists", at, end, exists, absent_leaf, field=name)


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
