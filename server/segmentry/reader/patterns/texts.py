"""Tests of a text: email ends with .co.za, name starts with Jo, 'manager' in their job title."""

from __future__ import annotations

from segmentry.criteria.catalog import Field
from segmentry.criteria.nodes import Leaf, Operator
from segmentry.reader.language.words import STOP, word_set
from segmentry.reader.lexicon.phrases import GENERAL
from segmentry.reader.patterns.operands import alternatives, elements, operand
from segmentry.reader.patterns.values import complement
from segmentry.reader.scene import Fragment, Scene

_BEGINS = word_set("starts start starting begins begin beginning started prefixed")
_FINISHES = word_set("ends end ending finishes finish finishing")
_HOLDS = word_set("contains containing contain including includes include like matching")
_LINKS = {Operator.STARTS_WITH: word_set("with by"), Operator.ENDS_WITH: word_set("with in on")}
_GLUE = word_set("that which is are whose address name with the domain does do")
_HAVE = frozenset(["with", "have", "has", "having"])
_DENY = word_set("not doesn't don't doesnt dont")
_OWN = word_set("the a an their his her its our my")
_KINDS = word_set("letter letters text word words string")
INSIDE = word_set("in within inside")
# one of these stands in every text test
WORDS = _BEGINS | _FINISHES | _HOLDS | INSIDE
BEFORE_TEXT = _HAVE | word_set("the")


def texts(scene: Scene, at: int) -> Fragment | None:
    """A text test on a string field."""
    for match in scene.matches_at(at):
        for entry in match.of("field"):
            field = scene.field(entry.field)
            if field.type not in ("string", "array", "enum") or scene.lexicon.known[field.name].is_flag:
                continue
            begin = scene.skip(match.end, _GLUE, 3)
            negated = scene.word(begin) in _DENY
            begin = begin + 1 if negated else begin
            tested = _tested(scene, begin)
            found = tested or _having(scene, begin, field)
            if found is None:
                continue
            operator, begin = found
            text = operand(scene, begin)
            allowed = not field.operators or operator in field.operators
            if text is None or not allowed or field.type == "enum":
                return None
            if field.type == "array":
                leaf, end = elements(scene, text[1], field.name, text[0])
            else:
                leaf, end = alternatives(scene, begin, field.name, operator)
            if tested is None:
                end = _after_name(scene, end, field)
            node, negative = (complement(leaf), leaf) if negated else (leaf, complement(leaf))
            return Fragment("text", at, end, node, negative, field=field.name)
    return None


def _tested(scene: Scene, at: int) -> tuple[Operator, int] | None:
    """The operator of the words at `at` and the token at which its text begins."""
    word = scene.word(at)
    if word in _HOLDS:
        return Operator.CONTAINS, _past_kind(scene, at + 1)
    if word not in _BEGINS | _FINISHES:
        return None
    operator = Operator.STARTS_WITH if word in _BEGINS else Operator.ENDS_WITH
    if scene.word(at + 1) not in _LINKS[operator]:
        # "postcode starting TN", "numbers beginning 0113"
        return (operator, at + 1) if _written(scene, at + 1) else None
    if scene.word(at + 1) == "in" and scene.when(at + 1) is not None:
        return None  # "policies that end in the next 60 days" speaks of a date
    return operator, _past_kind(scene, at + 2)


def _past_kind(scene: Scene, at: int) -> int:
    # "surname starts with A": in capitals the letter is the text
    article = at < len(scene.tokens) and scene.tokens[at].text.islower()
    begin = scene.skip(at, word_set("the a an"), 1) if article else at
    return scene.skip(begin, _KINDS, 1)


def _written(scene: Scene, at: int) -> bool:
    """True for a text by its looks: in quotes, in capitals, a number, an end such as ".com"."""
    if at >= len(scene.tokens) or scene.when(at) is not None:
        return False
    token = scene.tokens[at]
    if token.kind == "quoted" or token.norm in (".", "@", "+"):
        return True
    return token.kind == "number" or token.capitalised


def _having(scene: Scene, at: int, field: Field) -> tuple[Operator, int] | None:
    """ "Company has 'School' in the name": what the text holds somewhere."""
    if scene.word(at) not in _HAVE:
        return None
    begin = _past_kind(scene, at + 1)
    text = operand(scene, begin)
    if text is None or scene.word(text[1]) not in INSIDE or _after_name(scene, text[1], field) == text[1]:
        return None
    return Operator.CONTAINS, begin


def _after_name(scene: Scene, at: int, field: Field) -> int:
    """The token after "in the name", "in it" or "in their title", which speaks of the field itself."""
    if scene.word(at) not in INSIDE:
        return at
    noun = scene.skip(at + 1, _OWN, 1)
    if scene.word(noun) in ("it", "them", "name", "names", "text"):
        return noun + 1
    ends = [m.end for m in scene.matches_at(noun) if any(e.field == field.name for e in m.of("field"))]
    return max(ends, default=at)


def inside(scene: Scene, at: int) -> Fragment | None:
    """ "With 'manager' in their job title", "Hill in the name of the site"."""
    begin = scene.skip(at, _KINDS, 1)
    text = operand(scene, begin) if scene.word(at - 1) in BEFORE_TEXT else None
    if text is None or scene.word(text[1]) not in INSIDE or scene.when(text[1]) is not None:
        return None
    quoted = scene.tokens[begin].kind == "quoted"
    plain = scene.tokens[begin].kind != "word" or scene.matches_at(begin) or scene.word(begin) in STOP
    if not quoted and plain:
        return None
    noun = scene.skip(text[1] + 1, _OWN, 1)
    for match in scene.matches_at(noun):
        names = {
            entry.field
            for entry in match.of("field")
            if entry.strength >= GENERAL and scene.field(entry.field).type == "string"
        }
        if len(names) != 1 or not (quoted or noun > text[1] + 1 or match.words > 1):
            continue
        field = scene.field(names.pop())
        if field.operators and Operator.CONTAINS not in field.operators:
            return None
        leaf = Leaf(field.name, Operator.CONTAINS, text[0])
        return Fragment("text", at, match.end, leaf, complement(leaf), field=field.name)
    return None
