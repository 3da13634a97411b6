"""Every construction and what it may begin with, in one table: a new one is one row.

A row says where a pattern can succeed at all, so that most are never called. A row that is too wide costs
time; one that is too narrow hides the pattern, which `tests/reader/test_constructions.py` finds.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from segmentry.reader.language.thesaurus import MONEY_VERBS
from segmentry.reader.language.words import NEGATIVE_VERBS
from segmentry.reader.lexicon import kinds
from segmentry.reader.patterns import (
    among,
    averages,
    compared,
    consents,
    counters,
    days_since,
    deeds,
    event_spend,
    events,
    flags,
    measures,
    owing,
    presence,
    scales,
    shares,
    signs,
    something,
    states,
    texts,
    undone,
    usable,
    vague,
    where,
    years,
)
from segmentry.reader.patterns.ages import AGED, CHILDREN, ages
from segmentry.reader.patterns.ages import NOUNS as AGED_NOUNS
from segmentry.reader.patterns.anniversaries import WORDS as ANNIVERSARIES
from segmentry.reader.patterns.anniversaries import anniversaries
from segmentry.reader.patterns.carriers import VERBS_JOIN, elided, shared_period
from segmentry.reader.patterns.event_clauses import SPENT
from segmentry.reader.patterns.genders import WORDS as GENDERS
from segmentry.reader.patterns.genders import genders
from segmentry.reader.patterns.moments import TENURE_NOUNS, moments
from segmentry.reader.patterns.split_names import JOINTS, split_names
from segmentry.reader.patterns.unlisted import unlisted
from segmentry.reader.patterns.values import values
from segmentry.reader.scene import Fragment, Pattern, Scene

_NOTHING: Final = frozenset[str]()


@dataclass(frozen=True, slots=True)
class Row:
    """A pattern, and when it may begin at a token.

    Either its word is in `words` or one of `kinds` stands there (`anything`: at every token). Where `after`
    is given, the word before must be one of it; where `needs` is, one of its words must stand in the query.
    """

    pattern: Pattern
    words: frozenset[str] = _NOTHING
    kinds: int = 0
    anything: bool = False
    after: frozenset[str] = _NOTHING
    needs: frozenset[str] = _NOTHING


# earlier rows win ties
ROWS: Final = (
    Row(averages.averages, averages.SIDES, kinds.NUMBER, needs=averages.AVERAGES),
    Row(compared.compared, compared.SIDES, needs=compared.THAN),
    Row(something.something, something.WORDS),
    Row(owing.owing, owing.WORDS),
    Row(usable.usable, usable.WORDS),
    Row(among.among, anything=True, needs=among.LINKS),
    Row(days_since.days_since, kinds=kinds.FIELD, after=days_since.BEFORE),
    Row(deeds.deeds, kinds=kinds.VALUE | kinds.LISTED, after=deeds.BEFORE),
    Row(vague.bands, kinds=kinds.BAND),
    Row(consents.consents, consents.CONSENT_WORDS, kinds.CHANNEL | kinds.FLAG),
    Row(scales.scales, scales.STARTS, kinds.VALUE, needs=scales.NEEDED),
    Row(values, kinds=kinds.VALUE | kinds.LISTED),
    Row(flags.flags, kinds=kinds.FLAG),
    Row(split_names, kinds=kinds.FLAG, needs=JOINTS),
    Row(states.states, states.WORDS),
    Row(genders, GENDERS),
    Row(where.places, anything=True),
    Row(
        measures.measures,
        MONEY_VERBS | measures.RANGES | frozenset(signs.SIGN_WORDS),
        kinds.NUMBER | kinds.COMPARISON,
    ),
    Row(years.years, frozenset(years.COMPARED) | years.DEEDS, kinds.NUMBER, needs=years.WORDS),
    Row(ages, AGED | CHILDREN | AGED_NOUNS | {"in", "of", "over", "under"}, kinds.COMPARISON),
    Row(events.events, events.BEGINNINGS, kinds=kinds.EVENT | kinds.COMPARISON),
    Row(event_spend.event_spend, SPENT),
    Row(counters.counted, kinds=kinds.FIELD | kinds.MOMENT | kinds.EVENT | kinds.COMPARISON),
    Row(counters.none_in_period, kinds=kinds.NUMBER, after=counters.NONE),
    Row(anniversaries, ANNIVERSARIES),
    Row(moments, TENURE_NOUNS, kinds.DATE | kinds.PERIOD),
    Row(shared_period, kinds=kinds.MOMENT, needs=VERBS_JOIN),
    Row(elided, kinds=kinds.MOMENT, after=NEGATIVE_VERBS | {"never"}),
    Row(texts.texts, kinds=kinds.TEXT, needs=texts.WORDS),
    Row(texts.inside, anything=True, after=texts.BEFORE_TEXT, needs=texts.INSIDE),
    Row(shares.shares, shares.STARTS, kinds.COMPARISON, needs=shares.NEEDED),
    Row(undone.undone, kinds=kinds.FIELD | kinds.MOMENT, needs=undone.DENIALS),
    Row(undone.never, kinds=kinds.NUMBER, after=frozenset({"never"})),
    Row(undone.nothing_done, undone.DOING, after=NEGATIVE_VERBS | {"never"}),
    Row(undone.nothing_given, undone.GIVING, after=NEGATIVE_VERBS | {"never"}),
    Row(undone.upcoming, undone.AHEAD, kinds=kinds.DATE),
    Row(undone.lacking, kinds=kinds.TEXT),
    Row(unlisted, kinds=kinds.LISTED),
    Row(presence.presence, presence.MISSING | presence.ASSIGNED, kinds.FIELD, needs=presence.WORDS),
)


def longest(scene: Scene, at: int) -> Fragment | None:
    """The construction that covers most words from `at` on; earlier rows win ties."""
    if scene.tokens[at].kind == "punct":
        return None
    best: Fragment | None = None
    for pattern in candidates(scene, at):
        fragment = pattern(scene, at)
        if fragment is None or fragment.end <= at:
            continue
        if best is None or _wider(fragment, best):
            best = fragment
    return best


def _wider(one: Fragment, other: Fragment) -> bool:
    if one.end != other.end:
        return one.end > other.end
    return (one.node is not None, one.rank) > (other.node is not None, other.rank)


def candidates(scene: Scene, at: int) -> tuple[Pattern, ...]:
    """The patterns whose rows allow them to begin at token `at`."""
    here = 0
    for match in scene.matches_at(at):
        here |= match.senses.bits
    if scene.comparison(at) is not None:
        here |= kinds.COMPARISON
    if scene.when(at) is not None:
        here |= kinds.PERIOD
    rows = _BY_WORD.get(scene.word(at), 0) | _by_kinds(here)
    possible = scene.possible if scene.possible >= 0 else _possible(scene)
    return _patterns(rows & _AFTER.get(scene.word(at - 1), _UNBOUND) & possible)


def _possible(scene: Scene) -> int:
    """The rows whose needs some word of the query meets; found once per query."""
    rows = _NEEDLESS
    for word in scene.said:
        rows |= _NEEDED.get(word, 0)
    scene.possible = rows
    return rows


def _bits(rows: list[bool]) -> int:
    return sum(1 << at for at, row in enumerate(rows) if row)


def _by_word(listed: list[frozenset[str]]) -> dict[str, int]:
    return {word: _bits([word in words for words in listed]) for words in listed for word in words}


_BY_WORD: Final = _by_word([row.words for row in ROWS])
_ANYTHING: Final = _bits([row.anything for row in ROWS])
_UNBOUND: Final = _bits([not row.after for row in ROWS])
_AFTER: Final = {word: rows | _UNBOUND for word, rows in _by_word([row.after for row in ROWS]).items()}
_NEEDLESS: Final = _bits([not row.needs for row in ROWS])
_NEEDED: Final = _by_word([row.needs for row in ROWS])


@lru_cache(maxsize=4096)
def _by_kinds(here: int) -> int:
    return _ANYTHING | _bits([bool(row.kinds & here) for row in ROWS])


@lru_cache(maxsize=4096)
def _patterns(rows: int) -> tuple[Pattern, ...]:
    return tuple(row.pattern for at, row in enumerate(ROWS) if rows & (1 << at))
