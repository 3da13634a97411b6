"""The phrases that give the fields, values, bands and events of a catalog their words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Final, Literal, NamedTuple

from segmentry.criteria.catalog import Band, EventType, Field
from segmentry.criteria.nodes import Operator
from segmentry.reader.language.channels import called
from segmentry.reader.language.inflect import stem
from segmentry.reader.language.morphology import verbs_of
from segmentry.reader.language.spoken import holds_language, spoken
from segmentry.reader.language.thesaurus import (
    BEGINNING_PHRASES,
    COMPARATIVES,
    COMPARED_UNITS,
    ENDING_PHRASES,
    EVENT_VERBS,
    SYNONYMS,
)
from segmentry.reader.language.tokens import name_words
from segmentry.reader.language.words import ALWAYS_ENTITY, ENTITY, FRAME, STOP, word_set
from segmentry.reader.lexicon.columns import described
from segmentry.reader.lexicon.described_phrases import described_amounts, described_moments, described_states
from segmentry.reader.lexicon.event_words import event_phrases
from segmentry.reader.lexicon.names import Named, boolean_like, values_of
from segmentry.reader.lexicon.said_names import (
    date_names,
    deeds,
    known_things,
    rated,
    still_valid,
    things_had,
    timed,
    wanted,
)
from segmentry.reader.lexicon.strengths import DERIVED, EXACT, GENERAL, PART
from segmentry.reader.lexicon.turned import states, turned
from segmentry.reader.lexicon.value_phrases import value_phrases

EntryKind = Literal["field", "value", "band", "moment", "comparative", "channel", "event"]

_NUMBER: Final = ("no",)  # of `cust_no`: "with no visits" does not mean it
_STARS: Final = frozenset({"star", "stars"})
_NATIONS: Final = frozenset({"country", "nation", "nationality"})
_WRITTEN_TOGETHER: Final = 6
_DENIALS: Final = word_set("not no non never without dont")
# words of a name that are grammar in a sentence: `days_since_last_order` does not own "since"
_GRAMMAR: Final = word_set("""
since last first past next previous until before after between over under above below min max minimum
maximum top bottom new old high low more less most least than not no non never per average avg day days
week weeks month months year years
""")
_ADJECTIVES: Final = word_set(
    "high low highly strong weak good bad heavy light big small large top poor great"
)


# a measure that one column is kept in names it: "more than 100k km"
_MEASURES: Final[dict[str, str]] = {
    "km": "km|kms|kilometres|kilometers",
    "miles": "miles|mile|mi",
    "kg": "kg|kilos|kilograms",
    "gb": "gb|gigabytes|gigs",
    "mb": "mb|megabytes",
    "kwh": "kwh|kilowatt hours",
    "mbps": "mbps|megabits",
    "cm": "cm|centimetres|centimeters",
}


_ATTENDED: Final = "been to|gone to|went to|come to|came to|attended|had|taken"
_SHARES: Final = ("rate", "percentage", "percent", "share")


class Entry(NamedTuple):
    """What one phrase may stand for. `bare` is False when the phrase counts only beside its field's name.

    A named tuple, because a catalog with its sampled values has thousands, built within a request.
    """

    kind: EntryKind
    field: str
    strength: int
    value: str | int | float | bool | None = None
    band: Band | None = None
    bare: bool = True
    negated: bool = False
    operator: Operator | None = None
    known: bool = True


def phrases(
    named_fields: dict[str, Named], events: Iterable[EventType]
) -> Iterator[tuple[tuple[str, ...], Entry]]:
    """Every phrase with what it may stand for, field by field."""
    tails = Counter(named.words[-1] for named in named_fields.values() if named.words)
    shared = frozenset(word for word, n in tails.items() if n > 1)
    beginnings = [name for name, named in named_fields.items() if named.beginning]
    nations = any(_NATIONS & set(named.words) for named in named_fields.values())
    written = Counter(named.spelled for named in named_fields.values())
    names = Counter(each for named in named_fields.values() for each in {stem(word) for word in named.words})
    for name, named in named_fields.items():
        yield from _name_phrases(named, shared, written)
        for phrase in things_had(named):
            if names[stem(phrase[0])] == 1:
                yield phrase, Entry("field", name, DERIVED)
        yield from _general_phrases(named, shared)
        for phrase, strength, bare in (*described_states(named), *described_amounts(named)):
            if not written[phrase]:
                yield phrase, Entry("field", name, strength, bare=bare)
        for phrase, strength, bare in described_moments(named):
            yield phrase, Entry("moment", name, strength, bare=bare)
        if named.field.type == "datetime":
            yield from _moment_phrases(named, rank=beginnings.index(name) if name in beginnings else 0)
            for phrase in still_valid(named):
                yield phrase, Entry("moment", name, EXACT)
        for phrase, strength, value, bare in value_phrases(
            named.field, nations=nations and holds_language(named.words)
        ):
            yield phrase, Entry("value", name, strength, value, bare=bare)
        if named.field.type in ("string", "enum", "array") and holds_language(named.words):
            closed = named.field.type == "enum" and bool(named.field.values)
            for phrase, value, bare, seen in spoken([str(each) for each in values_of(named.field)], closed):
                yield phrase, Entry("value", name, EXACT, value, bare=bare, known=seen)
        yield from _band_phrases(named)
        if named.consent_channel:
            yield named.consent_channel, Entry("channel", name, EXACT)
    for name, called_so in called(
        {name: named.consent_channel for name, named in named_fields.items() if named.consent_channel}
    ).items():
        for phrase in called_so:
            yield phrase, Entry("channel", name, GENERAL, bare=False)
    for name, phrase in date_names(named_fields.values()):
        if not written[phrase]:
            yield phrase, Entry("field", name, GENERAL)
    for event in events:
        yield from _event_phrases(event)


def _split(alternatives: str) -> Iterator[tuple[str, ...]]:
    for phrase in alternatives.split("|"):
        yield tuple(phrase.split())


def _name_phrases(
    named: Named, shared: frozenset[str], written: Counter[tuple[str, ...]]
) -> Iterator[tuple[tuple[str, ...], Entry]]:
    field = named.field
    yield named.spelled, Entry("field", field.name, EXACT)
    yield from _in_one_word(named)
    # "10 days of PTO left" puts the unit of pto_days_left elsewhere
    unitless = tuple(word for word in named.plain if word != field.unit)
    unitless = unitless if 1 < len(unitless) < len(named.plain) and unitless[0] != "since" else ()
    for full in dict.fromkeys((named.words, named.plain, named.long, unitless)):
        # `ltv` beside `lifetime_value`: what another column is called is not this one's full name
        if full and full not in (named.spelled, named.core) and not written[full]:
            yield (
                full,
                Entry(
                    "field", field.name, EXACT if full == named.words else DERIVED, bare=not _too_common(full)
                ),
            )
    if field.type == "number":
        for phrase in (*turned(named), *timed(named), *rated(named)):
            yield phrase, Entry("field", field.name, DERIVED)
    for synonym in field.synonyms:
        yield name_words(synonym), Entry("field", field.name, EXACT)
    if named.core not in (named.spelled, _NUMBER):
        # "charges" does not mean TotalCharges where MonthlyCharges stands beside it.
        shadowed = (len(named.core) == 1 and named.core[0] in shared) or named.words[-1] in (
            "id",
            "code",
            "key",
        )
        strength = GENERAL if shadowed else DERIVED
        yield named.core, Entry("field", field.name, strength, bare=not _too_common(named.core, field))
    about = described(field).phrase
    if about and about not in (named.spelled, named.words, named.core) and not written[about]:
        bare = len(about) > 1 or not _too_common(about)
        yield about, Entry("field", field.name, DERIVED if len(about) > 1 else GENERAL, bare=bare)
    if boolean_like(field) and set(named.words) & _DENIALS:
        # `do_not_call` is what its verb denies: who may be called has it unset
        rest = tuple(word for word in named.core if word not in _DENIALS and word not in STOP)
        if rest:
            yield rest, Entry("field", field.name, GENERAL, bare=len(rest) > 1, negated=True)
        return
    if field.unit in ("percent", "ratio"):
        kept = tuple(word for word in named.core if word not in _SHARES)
        for share in _SHARES if kept and kept != ("",) else ():
            yield (*kept, share), Entry("field", field.name, DERIVED)
    if field.unit.casefold() in _MEASURES:
        for phrase in _split(_MEASURES[field.unit.casefold()]):
            yield phrase, Entry("field", field.name, GENERAL, bare=False)
    yield from _parts(named)
    yield from _lacking(named)
    if field.type == "number" and named.core and named.core[-1].endswith("s"):
        yield from _counted_verbs(named)
    if boolean_like(field):
        for phrase, negated in states(named):
            yield phrase, Entry("field", field.name, DERIVED, negated=negated)
        for phrase in (*deeds(named), *wanted(named), *known_things(named)):
            yield phrase, Entry("field", field.name, DERIVED)


def _parts(named: Named) -> Iterator[tuple[tuple[str, ...], Entry]]:
    """The content words of a name of several, each alone."""
    field = named.field
    content = [
        word
        for word in named.core
        if word not in STOP
        and not word.isdigit()
        and len(word) > 1
        and word not in ALWAYS_ENTITY
        and word not in _GRAMMAR
    ]
    if content and len(named.core) > 1:
        yield (content[-1],), Entry("field", field.name, GENERAL if len(content) <= 2 else PART, bare=False)
        # what is counted in `desks_booked` are desks
        head = len(content) == 2 and field.type == "number" and content[1].endswith("ed")
        for word in content[:-1]:
            yield (word,), Entry("field", field.name, GENERAL if head else PART, bare=False)


def _lacking(named: Named) -> Iterator[tuple[tuple[str, ...], Entry]]:
    """ "Guildless" for `guild`; `uid` makes no such word, which "guildless" would be taken for a slip of."""
    text = named.field.type in ("string", "enum") and not boolean_like(named.field)
    if text and len(named.core) == 1 and len(named.core[0]) > 3:
        yield (named.core[0] + "less",), Entry("field", named.field.name, DERIVED, bare=False, negated=True)


def _in_one_word(named: Named) -> Iterator[tuple[tuple[str, ...], Entry]]:
    """`linkedIn` is LinkedIn."""
    name = named.field.name
    text = named.field.type == "string" and len(named.spelled) == 2
    if text and len(name) >= _WRITTEN_TOGETHER and name.isalpha():
        yield ("".join(named.spelled),), Entry("field", name, EXACT, bare=False)


def _counted_verbs(named: Named) -> Iterator[tuple[tuple[str, ...], Entry]]:
    """ "Borrowed 3 times" on a count of loans: the verbs of what is counted."""
    noun = stem(named.core[-1])
    if not named.field.integer or len(named.core) > 1:
        return
    for phrase in EVENT_VERBS.get(noun, "").split("|"):
        words = tuple(phrase.split())
        if words and words[-1].endswith(("ed", "t", "n", "e")):
            yield words, Entry("field", named.field.name, PART, bare=False)


def _too_common(words: tuple[str, ...], field: Field | None = None) -> bool:
    if len(words) != 1:
        return False
    # where a flag asks it, "students" are some of the people: `is_student`
    people = ALWAYS_ENTITY if field is not None and boolean_like(field) else ENTITY
    return words[0] in people or words[0] in STOP or words[0] in FRAME


# Stemmed once: every column of every catalog is held against them.
_GENERAL: Final = tuple(
    (frozenset(stem(word) for word in needed.split()), alternatives) for needed, alternatives in SYNONYMS
)
_COMPARED: Final = tuple(
    (word, frozenset(stem(name) for name in names.split("|")), direction)
    for word, (names, direction) in COMPARATIVES.items()
)


def _general_phrases(named: Named, shared: frozenset[str]) -> Iterator[tuple[tuple[str, ...], Entry]]:
    stems = frozenset(stem(word) for word in named.words)
    core = frozenset(stem(word) for word in named.core)
    for parts, alternatives in _GENERAL:
        if parts <= stems and (parts == core or len(parts) > 1 or len(core) <= 2):
            # "paying" is no nearer to TotalCharges than to MonthlyCharges beside it
            whole = parts == core and not (core != stems and len(named.core) == 1 and named.core[0] in shared)
            rest = named.core[0] in _STARS and len(named.core) == 2  # "rate us 4" for `star_rating`
            strength = GENERAL if whole or rest or len(parts) > 1 else PART
            for phrase in _split(alternatives):
                yield phrase, Entry("field", named.field.name, strength, bare=strength == GENERAL)
    if named.field.type not in ("number", "datetime"):
        return
    if named.field.type == "number" and "year" in named.words and "age" not in stems:
        return  # `birth_year`: "older than 5" is no calendar year, and `years` reads those
    for word, names, direction in _COMPARED:
        if names & stems or named.field.unit in COMPARED_UNITS.get(word, ()):
            more = (direction == "more") != (named.field.type == "datetime")
            operator = Operator.GT if more else Operator.LT
            yield (word,), Entry("comparative", named.field.name, EXACT, operator=operator)


def _moment_phrases(named: Named, rank: int) -> Iterator[tuple[tuple[str, ...], Entry]]:
    name = named.field.name
    strength = PART if named.first else DERIVED
    if named.beginning:
        for phrase in _split(BEGINNING_PHRASES):
            yield phrase, Entry("moment", name, DERIVED if rank == 0 else GENERAL)
    if named.ending and not set(named.words) & {"next"}:
        for phrase in _split(ENDING_PHRASES):
            yield phrase, Entry("moment", name, DERIVED)
            if len(named.event_nouns) > 1:
                yield (named.event_nouns[0], *phrase), Entry("moment", name, EXACT)
        if len(named.event_nouns) > 1:
            yield (named.event_nouns[0], "has", "run", "out"), Entry("moment", name, EXACT)
    nouns = tuple(noun for noun in named.event_nouns if noun not in ("membership", "member"))
    renews = "renewal" in nouns and not {"last", "first", "previous"} & set(named.words)
    if renews or (named.ending and "due" in nouns[1:]):
        thing = tuple(noun for noun in nouns if noun != "due")
        for phrase in (
            (*thing, "overdue"),
            (*thing, "is", "overdue"),
            ("overdue", *thing),
            ("overdue", "for", *thing),
        ):
            yield phrase, Entry("moment", name, EXACT)
        yield ("due", "for", *thing), Entry("moment", name, DERIVED)
    if nouns:
        verb = nouns[-1]
        verbs = EVENT_VERBS.get(stem(verb), EVENT_VERBS.get(verb, verb))
        if verbs == verb:
            verbs = "|".join((verb, *verbs_of(verb)))
        for phrase in _split(verbs):
            if named.first:
                yield ("first", *phrase), Entry("moment", name, DERIVED)
                yield (*phrase, "for", "first", "time"), Entry("moment", name, DERIVED)
            if len(nouns) == 1:
                yield phrase, Entry("moment", name, strength)
                yield from _attended(named, phrase, strength)
            else:
                objects = nouns[:-1]
                yield (*objects, *phrase), Entry("moment", name, strength)
                yield (*phrase, *objects), Entry("moment", name, strength)
                for preposition in ("in", "on", "to"):
                    yield (*phrase, preposition, *objects), Entry("moment", name, strength)
                yield phrase, Entry("moment", name, PART)
        if stem(verb) == "activity" or stem(verb) == "activ":
            yield ("inactive",), Entry("moment", name, strength, negated=True)
            yield ("dormant",), Entry("moment", name, strength, negated=True)
    for synonym in named.field.synonyms:
        words = name_words(synonym)
        yield words, Entry("moment", name, EXACT)
        if len(words) == 2 and words[0] == "last":
            yield words[1:], Entry("moment", name, DERIVED)


def _attended(named: Named, noun: tuple[str, ...], strength: int) -> Iterator[tuple[tuple[str, ...], Entry]]:
    """A thing whose verb nobody knows is one that people come to: "been to a recital"."""
    if noun == named.event_nouns[-1:]:
        for deed in _split(_ATTENDED):
            yield (*deed, *noun), Entry("moment", named.field.name, strength)


def _band_phrases(named: Named) -> Iterator[tuple[tuple[str, ...], Entry]]:
    field = named.field
    names: list[tuple[str, ...]] = [
        named.words,
        named.core,
        *(name_words(synonym) for synonym in field.synonyms),
    ]
    for band in field.bands:
        for phrase in band.phrases:
            words = name_words(phrase)
            yield words, Entry("band", field.name, EXACT, band=band)
            # "high engagement" also answers to "high engagement score" and "engagement is high".
            if words and words[0] in _ADJECTIVES and words[1:] in names:
                for name in names:
                    yield (words[0], *name), Entry("band", field.name, DERIVED, band=band)
                    yield (*name, words[0]), Entry("band", field.name, DERIVED, band=band)
                    yield (*name, "is", words[0]), Entry("band", field.name, DERIVED, band=band)


def _event_phrases(event: EventType) -> Iterator[tuple[tuple[str, ...], Entry]]:
    strengths = {name_words(event.name): DERIVED, **{name_words(each): EXACT for each in event.synonyms}}
    for phrase, role in event_phrases(event):
        if role == "whole":
            yield phrase, Entry("event", event.name, strengths.get(phrase, GENERAL))
        else:
            yield phrase, Entry("event", event.name, PART, role)
