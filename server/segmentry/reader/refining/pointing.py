# ruff: noqa: E501 - word tables and patterns read better in long lines
"""Which conditions words point at: by order, kind, field, value, or the number they hold."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from segmentry.criteria.nodes import Event, Leaf, Operator, Segment, Top
from segmentry.criteria.walk import AnyLeaf
from segmentry.reader.refining.amounts import is_lower, is_upper
from segmentry.reader.refining.current import Current
from segmentry.reader.refining.naming import by_abbreviation, by_date, by_field, by_number, by_value, lost
from segmentry.reader.refining.trees import field_of
from segmentry.reader.scene import Scene

_NOUN = r"(?:conditions?|criteri(?:on|a)|filters?|rules?|requirements?|restrictions?|clauses?|parts?|bits?|ones?|things?|lines?|items?|leaf|leaves|constraints?|points?)"
_ORDER = {
    "first": 0, "1st": 0, "second": 1, "2nd": 1, "third": 2, "3rd": 2, "fourth": 3, "4th": 3, "fifth": 4, "5th": 4,
    "sixth": 5, "6th": 5, "seventh": 6, "7th": 6, "eighth": 7, "8th": 7, "ninth": 8, "9th": 8, "tenth": 9, "10th": 9,
}  # fmt: skip
_COUNTS = {"two": 2, "2": 2, "three": 3, "3": 3, "four": 4, "4": 4, "five": 5, "5": 5}
_NTH = re.compile(
    rf"^(?:the )?(?:very )?(?P<nth>{'|'.join(_ORDER)}|last|final|latest|newest|previous|second last|second to last|next to last|penultimate)"
    rf"(?: (?P<many>{'|'.join(_COUNTS)}))?(?: (?:of the )?{_NOUN})?$"
)
_NUMBERED_NOUN = re.compile(
    rf"^(?:the )?(?:{_NOUN} (?:number |no\.? ?|# ?|nr\.? ?)?|# ?|number )(?P<number>\d{{1,3}})$"
)

# Words of one part stand behind as many blanks as came before them, so a pattern must not try at each blank.
_TAIL = re.compile(rf"(?<=\S)\s+{_NOUN}$")
_TAIL_SAID = re.compile(rf"(?<=\S)\s+{_NOUN}\s*[.!?]*\s*$", re.IGNORECASE)
_HEAD = re.compile(
    r"^(?:both |the |their |his |her |its |our |all |any |that |those |this |these |a |an |whole |entire |about |on |of |by |for |when they |when |how many |how much |how |which |where they |where |whether they |current )+"
)
_LIMIT = re.compile(
    r"(?<=\S)\s+(?:limits?|limitations?|thresholds?|bounds?|cut-?offs?|range|window|period|values?|levels?|numbers?|count|amount|setting)$"
)
_JOINT = re.compile(r",| and | or | & |/|\+")
_CUT = re.compile(r",\s*(?:and|or)\s+|,|(?<=\S)\s+(?:and|or)\s+|&|/|\+", re.IGNORECASE)
_LOWER = re.compile(r"\b(?:minimum|min|lower|bottom|floor|least|start)\b")
_UPPER = re.compile(r"\b(?:maximum|max|upper|top|ceiling|cap|most|end)\b")
_BOUND_WORDS = re.compile(
    r"\b(?:minimum|min|maximum|max|lower|upper|bottom|floor|ceiling|cap)\b(?: (?:limit|bound|end|value|of|on|for|threshold))*(?: the)?"
)

_DATES = re.compile(
    r"^(?:dates?|times?|periods?|time ?frames?|days?|recency|time windows?|windows?|timing|time periods?|date ranges?|calendar)$"
)
_PLACES = re.compile(
    r"^(?:locations?|places?|geography|geo|regions?|(?:where they )?(?:live|lives|are|come from|are from)|address(?:es)?|countries|cities)$"
)
_EVENTS = re.compile(r"^(?:events?|behaviou?rs?|behaviou?rals?)$")
_SEGMENTS = re.compile(r"^(?:saved )?(?:segments?)$")
_TOPS = re.compile(r"^(?:percentiles?|percentages?|rankings?|top(?: .*)?)$")
_CONSENTS = re.compile(r"^(?:consents?|opt-? ?ins?|permissions?|marketing consents?|subscriptions?)$")
_DENIALS = re.compile(r"^(?:exclusions?|exceptions?|negations?|negatives?|nots?)$")
_AMOUNTS = re.compile(r"^(?:numbers?|amounts?|figures?|thresholds?|values?|sums?|bars?)$")
_ALL = re.compile(
    rf"^(?:(?:all|every|each|both)(?: of)?(?: the| these| those| them| my)*(?: {_NOUN})?|everything|it all|them all|both)$"
)


@dataclass(frozen=True, slots=True)
class Pointed:
    """Conditions that words point at: one entry per way to understand the words, each a set of leaves.

    One entry is an answer, several are a question, none is nothing found. `noun` says that the words end
    like a condition ("the gold requirement"); `exact` that they name order, kind or a whole field. `lost` are
    words that say something else ("the miles requirement in half").
    """

    ways: tuple[tuple[int, ...], ...] = ()
    noun: bool = False
    exact: bool = False
    lost: tuple[str, ...] = ()

    @property
    def leaves(self) -> tuple[int, ...]:
        """The leaves of the one way, or none."""
        return self.ways[0] if len(self.ways) == 1 else ()


def pointed(words: str, current: Current) -> Pointed:
    """The conditions that some words of an instruction mean."""
    plain = _plain(words)
    if not plain or not current.leaves:
        return Pointed()
    if _ALL.match(plain) and not (plain == "both" and len(current.conditions) != 2):
        return Pointed((tuple(range(len(current.leaves))),), noun=True, exact=True)
    ordered = _by_order(plain, current)
    if ordered:
        return Pointed(ordered, noun=True, exact=True)
    noun = bool(_TAIL.search(plain) or _LIMIT.search(plain))
    bare = _HEAD.sub("", _TAIL.sub("", plain)).strip()
    whole = _one(words, bare, current)
    if not _JOINT.search(plain):
        others = lost(current.scene(words), whole, current) if len(whole) == 1 else ()
        return Pointed(whole, noun, exact=bool(whole), lost=others)
    joined = _several(words, current)
    if joined:
        return Pointed((joined,), noun, exact=True)
    # One name may hold an "and"; else a part that names nothing must not be passed over.
    if len(whole) == 1 and _spans_joint(current.scene(words)):
        return Pointed(whole, noun, exact=True)
    return Pointed(noun=noun)


def bounded(words: str, leaves: tuple[int, ...], current: Current) -> tuple[int, ...]:
    """The leaves that a "minimum" or "maximum" among the words leaves over."""
    plain = _plain(words)
    for pattern, side in ((_LOWER, is_lower), (_UPPER, is_upper)):
        if pattern.search(plain):
            fitting = tuple(at for at in leaves if side(current.leaves[at]))
            if fitting:
                return fitting
    return leaves


def names_bound(words: str) -> bool:
    """True when words speak of one end of a range: "the minimum nps"."""
    return bool(_BOUND_WORDS.search(_plain(words)))


def _spans_joint(scene: Scene) -> bool:
    return any(
        _JOINT.search(f" {scene.words(match.start, match.end)} ".casefold())
        for at in range(len(scene.tokens))
        for match in scene.matches_at(at)
    )


def _plain(words: str) -> str:
    return " ".join(words.casefold().replace("\u2019", "'").split()).strip(" .,!?:;\"'")


def _by_order(plain: str, current: Current) -> tuple[tuple[int, ...], ...]:
    place: int | None = None
    many = 1
    found = _NTH.match(plain)
    if found is not None:
        many = _COUNTS.get(found["many"] or "", 1)
        nth = found["nth"]
        if nth in ("second last", "second to last", "next to last", "penultimate"):
            place = -2
        else:
            place = _ORDER.get(nth, -many)
    else:
        numbered = _NUMBERED_NOUN.match(plain)
        if numbered is not None:
            place = int(numbered["number"]) - 1
    if place is None:
        return ()
    ways = [_slice(groups, place, many) for groups in (current.conditions, current.clauses)]
    return tuple(dict.fromkeys(way for way in ways if way))


def _slice(groups: tuple[tuple[int, ...], ...], place: int, many: int) -> tuple[int, ...]:
    start = place if place >= 0 else len(groups) + place
    if start < 0 or start + many > len(groups):
        return ()
    return tuple(at for group in groups[start : start + many] for at in group)


def _several(words: str, current: Current) -> tuple[int, ...]:
    """ "The country and the age": every part must point at one thing."""
    found: list[int] = []
    start = 0
    cuts = list(_CUT.finditer(words))
    if len(cuts) >= 2 * len(current.leaves):
        return ()  # more parts than conditions to point at, with an "and" or a comma to spare for each
    for cut in [*cuts, None]:
        end = len(words) if cut is None else cut.start()
        part = " " * start + words[start:end]
        start = len(words) if cut is None else cut.end()
        if not part.strip():
            continue
        plain = _plain(part)
        ordered = _by_order(plain, current)
        bare = _HEAD.sub("", _TAIL.sub("", plain)).strip()
        ways = ordered or _one(part, bare, current)
        if len(ways) != 1:
            return ()
        found += ways[0]
    return tuple(dict.fromkeys(found))


def _one(words: str, bare: str, current: Current) -> tuple[tuple[int, ...], ...]:
    """The ways to understand words about one thing."""
    kinds = _by_kind(bare, current)
    scene = current.scene(_without_tail(words))
    fields = by_field(scene, current)
    if len(fields) == 1 or (fields and not kinds):
        return fields
    if kinds:
        return (kinds,)
    if _AMOUNTS.match(bare):
        return tuple(group for group in current.conditions if _holds_amount(current.leaves[group[0]]))
    limit = _LIMIT.sub("", bare)
    if limit != bare and limit and (kinds := _by_kind(limit, current)):
        return (kinds,)
    values = by_value(scene, current)
    if values:
        return (values,)
    dates = by_date(scene, current)
    if dates:
        return (dates,)
    short = by_abbreviation(limit or bare, current)
    if short:
        return short
    numbers = by_number(scene, current)
    return tuple(current.condition_of(at) if len(numbers) > 1 else (at,) for at in numbers)


def _without_tail(words: str) -> str:
    return _TAIL_SAID.sub("", words) or words


def _by_kind(bare: str, current: Current) -> tuple[int, ...]:
    def leaves(fits: Callable[[int, AnyLeaf], bool]) -> tuple[int, ...]:
        return tuple(at for at, leaf in enumerate(current.leaves) if fits(at, leaf))

    names = {field.name for field in current.catalog.visible if field.type == "datetime"}
    if _DATES.match(bare):
        return leaves(lambda _, leaf: field_of(leaf) in names)
    if _PLACES.match(bare):
        lexicon = current.scene("a").lexicon
        places = {field.name for field in (*lexicon.country_fields, *lexicon.city_fields)}
        return leaves(lambda _, leaf: field_of(leaf) in places)
    if _CONSENTS.match(bare):
        consents = current.scene("a").lexicon.consents
        return leaves(lambda _, leaf: field_of(leaf) in consents)
    if _EVENTS.match(bare):
        return leaves(lambda _, leaf: isinstance(leaf, Event))
    if _SEGMENTS.match(bare):
        return leaves(lambda _, leaf: isinstance(leaf, Segment))
    if _TOPS.match(bare):
        return leaves(lambda _, leaf: isinstance(leaf, Top))
    if _DENIALS.match(bare):
        return leaves(lambda at, leaf: at in current.denied or _denies(leaf))
    return ()


def _holds_amount(leaf: AnyLeaf) -> bool:
    return (
        is_lower(leaf) or is_upper(leaf)
        if isinstance(leaf, Leaf) and not isinstance(leaf.value, str)
        else False
    )


def _denies(leaf: AnyLeaf) -> bool:
    return isinstance(leaf, Leaf) and (
        leaf.operator in (Operator.NEQ, Operator.NIN) or (leaf.operator is Operator.EXISTS and not leaf.value)
    )
