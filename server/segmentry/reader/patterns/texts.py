"""Text and presence: email ends with .co.za, name starts with Jo, has a phone number, missing city."""

from __future__ import annotations

from segmentry.criteria.nodes import Leaf, Operator
from segmentry.reader.lexicon import DERIVED, GENERAL
from segmentry.reader.names import truth_values
from segmentry.reader.patterns.values import complement
from segmentry.reader.scene import Fragment, Scene

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
    (("like",), Operator.CONTAINS),
    (("matching",), Operator.CONTAINS),
)
_GLUE = frozenset(
    ["that", "which", "is", "are", "whose", "address", "name", "with", "the", "domain", "does", "do"]
)
_MISSING = frozenset(["missing", "empty", "blank", "unknown", "unset", "null", "absent", "undefined"])
_PRESENT = frozenset(["known", "set", "present", "filled", "available", "given"])
_HAVE = frozenset(["with", "have", "has", "having"])
_LACK = frozenset(["without", "no", "missing", "lacking"])


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
                begin += len(words)
                begin = scene.skip(
                    begin, frozenset(["the", "a", "an", "letter", "letters", "text", "word", "string"]), 2
                )
                found = _operand(scene, begin)
                if found is None:
                    return None
                text, end = found
                allowed = not field.operators or operator in field.operators
                if not allowed or field.type == "enum":
                    return None
                leaf = Leaf(field.name, Operator.CONTAINS if field.type == "array" else operator, text)
                node, negative = (complement(leaf), leaf) if negated else (leaf, complement(leaf))
                return Fragment("text", at, end, node, negative, field=field.name)
    return None


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
    for match in scene.matches_at(at):
        for entry in match.of("field"):
            field = scene.field(entry.field)
            if (
                truth_values(field) is not None
                or entry.strength < GENERAL
                or not (entry.bare or entry.strength >= DERIVED)
            ):
                continue
            exists = Leaf(field.name, Operator.EXISTS, True)
            absent = Leaf(field.name, Operator.EXISTS, False)
            after = scene.skip(
                match.end, frozenset({"is", "are", "was", "=", "value", "address", "on", "file"}), 2
            )
            negated = scene.word(after) in ("not", "isn't", "aren't")
            tail = after + 1 if negated else after
            if scene.word(tail) in _MISSING and after > match.end:
                return Fragment(
                    "exists",
                    at,
                    tail + 1,
                    exists if negated else absent,
                    absent if negated else exists,
                    field=field.name,
                )
            if (
                scene.word(tail) in _PRESENT
                and after > match.end
                and (negated or scene.word(tail) != "set" or True)
            ):
                return Fragment(
                    "exists",
                    at,
                    tail + 1,
                    absent if negated else exists,
                    exists if negated else absent,
                    field=field.name,
                )
            before, extra = _before(scene, at)
            if before in _MISSING and extra >= 0 and before != "unknown":
                return Fragment("exists", at, match.end, absent, exists, field=field.name, extra=(extra,))
            end = match.end
            if scene.word(end) == "on" and scene.word(end + 1) == "file":
                end += 2
            if before in _HAVE or before in _LACK or before in ("haven't", "hasn't", "don't", "doesn't"):
                if field.type == "number":
                    return _none(
                        at,
                        end,
                        field.name,
                        field.integer and "age" not in scene.lexicon.named[field.name].words,
                    )
                return Fragment("exists", at, end, exists, absent, field=field.name)
    return None


def _before(scene: Scene, at: int) -> tuple[str, int]:
    step = at - 1
    while (
        step >= 0
        and scene.word(step) in ("a", "an", "any", "the", "valid", "registered", "their", "have", "has")
        and step > at - 4
    ):
        if scene.word(step) in ("have", "has") and scene.word(step - 1) not in ("don't", "doesn't", "not"):
            break
        step -= 1
    return scene.word(step), step


def _none(at: int, end: int, name: str, counts: bool) -> Fragment | None:
    """ "No complaints" on a count is zero; a measurement one either has or has not."""
    if counts:
        zero, some = Leaf(name, Operator.EQ, 0), Leaf(name, Operator.GT, 0)
        return Fragment("measure", at, end, some, zero, field=name, source="assumed", cap=0.9)
    return Fragment(
        "exists", at, end, Leaf(name, Operator.EXISTS, True), Leaf(name, Operator.EXISTS, False), field=name
    )
