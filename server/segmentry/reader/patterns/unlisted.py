"""A value in small letters of a column whose values nobody listed: "segment is premium", "category toys".

How the table writes it is not known, so the word is taken as it was said and the answer is flagged; only
after a sign ("segment = premium"), as people write stored values, does it stand alone.
"""

from __future__ import annotations

from typing import Final

from segmentry.criteria.catalog import Field
from segmentry.criteria.nodes import Scalar
from segmentry.reader.language.words import FRAME, NEGATORS, STOP, VAGUE, word_set
from segmentry.reader.lexicon.phrases import DERIVED, GENERAL
from segmentry.reader.lexicon.value_phrases import NAMED_STATES
from segmentry.reader.patterns.presence import ASSIGNED, MISSING, PRESENT
from segmentry.reader.patterns.values import build, complement
from segmentry.reader.quantities.comparator_phrases import WORDS as COMPARATORS
from segmentry.reader.scene import Fragment, Option, Scene

_ORDINALS: Final = frozenset({"last", "first"})
_SIGNS: Final = word_set("= == : != <> ≠")
_COPULA: Final = word_set("is are was were equals equal")
_NOT: Final = word_set("not isn't aren't wasn't weren't != <> ≠")
_DENIED: Final = word_set("no without missing")
_LINKS: Final = word_set("via by through as of")
_JOINS: Final = word_set("or and ,")
_AFTER_SIGN, _AFTER_IS, _BESIDE = 0.91, 0.85, 0.75
# where only a part of the name, or another word for it, was said
_PART, _GENERAL = 0.8, 0.7
_NO_VALUE: Final = (
    STOP | FRAME | NEGATORS | VAGUE | MISSING | PRESENT | ASSIGNED | COMPARATORS
) - NAMED_STATES
_ENDS: Final = word_set("and or , . ; ) ? ! but with who that which whose in from since for") | {""}
# nouns of columns that put people or things into kinds; what stands right before one is the kind
_KINDS: Final = word_set("""
segment tier plan category type level class group channel brand industry occupation profession job department
team region language genre style source meal diet package status method size profile cuisine breed sector
""")


def unlisted(scene: Scene, at: int) -> Fragment | None:
    """The words after a column's name that no list holds and no other column claims."""
    if scene.when(at) is not None:
        return None
    for match in scene.matches_at(at):
        if match.words == 1 and scene.word(at) in _ORDINALS:
            continue  # the "last" of a last name is an ordinary word
        for entry in match.of("field"):
            field = scene.field(entry.field)
            begin, cap, negated = _led(scene, match.end)
            part = entry.strength == GENERAL and (entry.bare or cap > _BESIDE)
            if not _open(scene, field) or not (entry.strength >= DERIVED or part):
                continue
            if cap <= _BESIDE and scene.word(at - 1) in _DENIED:
                continue  # "no mentor chosen" is about who has none
            stored, end = _list(scene, begin, field, strict=cap <= _BESIDE)
            if stored:
                if part:
                    cap = min(cap, _PART if cap > _BESIDE else _GENERAL)
                return _several(scene, (at, begin, end), field, stored, cap, negated)
    return None


def classed(scene: Scene, at: int) -> Fragment | None:
    """ "Vegetarian meal", "the engineering department": the kind stands before the noun of its column."""
    if not _is_value(scene, at, "", strict=True):
        return None
    for match in scene.matches_at(at + 1):
        for entry in match.of("field"):
            field = scene.field(entry.field)
            said = scene.word(match.end - 1)
            named = {*scene.lexicon.named[field.name].words}
            singular = said.removesuffix("s")
            if (
                _open(scene, field)
                and entry.strength >= GENERAL
                and {said, singular} & _KINDS & named
                and _closes(scene, match.end)
            ):
                return _fragment(at, match.end, field, (scene.tokens[at].text,), 0.7, negated=False)
    return None


def _open(scene: Scene, field: Field) -> bool:
    known = scene.lexicon.known[field.name]
    return (
        field.type in ("string", "array", "enum")
        and not known.exact
        and not known.is_flag
        and field.role != "id"
        and not field.format
        and field.name not in scene.lexicon.countries
    )


def _led(scene: Scene, at: int) -> tuple[int, float, bool]:
    """Where the value begins, how sure its lead makes it, and whether the lead denies it."""
    word = scene.word(at)
    if word in _SIGNS:
        begin = at + 1
        return (begin + 1 if scene.word(begin) == "=" else begin), _AFTER_SIGN, word in _NOT
    if word in _COPULA or word in _NOT:
        negated = word in _NOT or scene.word(at + 1) == "not"
        begin = scene.skip(at + 1, frozenset({"not", "a", "an", "the", "set", "to"}), 3)
        return begin, _AFTER_IS, negated
    return scene.skip(at, _LINKS, 1), _BESIDE, False


def _list(scene: Scene, at: int, field: Field, *, strict: bool) -> tuple[tuple[Scalar, ...], int]:
    stored: list[Scalar] = []
    end = at
    while True:
        begin = scene.skip(end, _JOINS, 2) if stored else end
        if stored and begin == end:
            break
        stop = begin
        while stop < begin + 2 and _is_value(scene, stop, field.name, strict=strict):
            stop += 1
        if stop == begin or not _closes(scene, stop):
            break
        stored.append(scene.words(begin, stop))
        end = stop
    return tuple(dict.fromkeys(stored)), end


def _is_value(scene: Scene, at: int, name: str, *, strict: bool) -> bool:
    """A word that says nothing else here; `strict` where neither a sign nor "is" leads to it."""
    if at >= len(scene.tokens):
        return False
    token = scene.tokens[at]
    if token.kind != "word" or len(token.norm) < 2 or token.norm in _NO_VALUE:
        return False
    if token.norm in scene.lexicon.entities or at in scene.numbers or scene.when(at) is not None:
        return False
    least = DERIVED if not strict else GENERAL
    return not any(
        entry.field != name and (entry.strength >= least and entry.bare)
        for match in scene.matches_at(at)
        for entry in match.entries
    )


def _closes(scene: Scene, at: int) -> bool:
    return scene.word(at) in _ENDS or scene.word(at) in scene.lexicon.entities


def _several(  # noqa: PLR0917 - the parts of one list
    scene: Scene,
    places: tuple[int, int, int],
    field: Field,
    stored: tuple[Scalar, ...],
    cap: float,
    negated: bool,
) -> Fragment:
    """The list; in a column that holds several values "and" asks for all, and commas alone leave it open."""
    at, begin, end = places
    if field.type != "array" or len(stored) == 1:
        return _fragment(at, end, field, stored, cap, negated)
    joins = {scene.word(step) for step in range(begin, end)}
    if "and" in joins:
        return _fragment(at, end, field, stored, cap, negated, conjunctive="or" not in joins)
    found = _fragment(at, end, field, stored, cap, negated)
    if "or" not in joins:
        every = _fragment(at, end, field, stored, cap, negated, conjunctive=True)
        found.cap = min(cap, _AFTER_IS)
        if every.node is not None and every.negative is not None:
            found.options = (Option("all of them", every.node),)
            found.negative_options = (Option("not all of them", every.negative),)
    return found


def _fragment(  # noqa: PLR0917 - the parts of one value
    start: int,
    end: int,
    field: Field,
    stored: tuple[Scalar, ...],
    cap: float,
    negated: bool,
    *,
    conjunctive: bool = False,
) -> Fragment:
    positive = build(field, stored, conjunctive=conjunctive)
    negative = complement(positive)
    if negated:
        positive, negative = negative, positive
    return Fragment(
        "value",
        start,
        end,
        positive,
        negative,
        field=field.name,
        source="assumed",
        cap=cap,
        note=f"the values of {field.name} are not known; '{stored[0]}' was taken as it was written",
        rank=-2,
    )
