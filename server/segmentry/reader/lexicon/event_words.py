"""What a catalog's events are called: verbs, nouns and objects of each, and the columns that say the same.

An event named `branch_visit` is "visited a branch", "branch visits", "a visit to the branch".
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Literal

from segmentry.criteria.catalog import Catalog, EventType, Field
from segmentry.criteria.column_words import CURRENCIES
from segmentry.reader.language.inflect import stem
from segmentry.reader.language.morphology import verbs_of
from segmentry.reader.language.thesaurus import EVENT_VERBS, MONEY_NAMES
from segmentry.reader.language.tokens import name_words
from segmentry.reader.language.words import STOP, word_set
from segmentry.reader.lexicon.names import Named

Role = Literal["whole", "verb", "object"]

# verbs of one meaning each, for what the table of events does not list; a second word stands after the object
_MORE_VERBS: Final[dict[str, str]] = {
    "call": "called|rang|phoned|telephoned|rung|contacted|spoke|spoken",
    "return": "returned|refunded|sent back|took back|brought back|gave back|given back|handed back",
    "refund": "refunded",
    "payment": "paid",
    "visit": "visited|came to|came into|been in|been to|been at|gone to|went to|went into",
    "order": "ordered|bought|purchased|shopped",
    "flight": "flew|flown",
    "trip": "travelled",
    "download": "downloaded",
    "ticket": "raised|opened|filed|logged",
    "claim": "claimed|filed",
    "topup": "topped up",
    "login": "logged in|signed in",
    "review": "reviewed|wrote",
    "transfer": "transferred|sent",
    "search": "searched|looked",
    "post": "posted|wrote",
    "play": "played",
    "recharge": "recharged",
}
_IRREGULAR: Final = word_set("""
rang rung paid bought sent took taken gave given flew flown spoke spoken came been went made left wrote read
met ran rode drove ate drank won lost sold sought got
""")
_SMALL: Final = STOP | word_set("a an the with of to by in on for per")
_WORD: Final = re.compile(r"[A-Za-z]+")
# what a person does with every kind of event, so that it names none
_LIGHT: Final = word_set("made had got took taken been went came left given gave done")


@dataclass(frozen=True, slots=True)
class EventWords:
    """What the patterns ask about one event.

    `objects` are stems that may stand around its verb and add nothing. `dates`, `counters` and `totals` are
    the columns with the time of the last one, with a number over a period, and with a number of all time.
    `money` is the property that holds an amount, `strings` those that hold a text.
    """

    event: EventType
    objects: frozenset[str]
    dates: tuple[str, ...]
    counters: tuple[str, ...]
    totals: tuple[str, ...]
    properties: Mapping[str, Field]
    money: Field | None
    numbers: tuple[Field, ...]
    strings: tuple[Field, ...]


def event_phrases(event: EventType) -> Iterator[tuple[tuple[str, ...], Role]]:
    """Every phrase for an event, and whether it names it whole or only its verb or its object."""
    words = name_words(event.name)
    yield words, "whole"
    head, objects = words[-1], words[:-1]
    if not objects:
        for verb in _verbs(head):
            yield verb, "whole"
    elif not _participle(head) and _participle(words[0]):
        head, objects = words[0], words[1:]
    if objects:
        verbs = ((head,),) if _participle(head) else tuple(_verbs(head))
        if _participle(head):
            yield (*objects, head), "whole"
            yield (head, *objects), "whole"
        for verb in verbs:
            yield (*verb, *objects), "whole"
            yield (*objects, *verb), "whole"
            if verb[0] not in _LIGHT and len(verb) == 1:
                yield verb, "verb"
        yield objects, "object"
    for synonym in event.synonyms:
        said = name_words(synonym)
        yield said, "whole"
        if len(said) > 1 and len(said[-1]) < 4:
            yield (*said[:-1], said[-1] + "s"), "whole"  # too short for the plural to be taken off
        content = tuple(word for word in said if word not in _SMALL)
        if (
            len(content) > 1
            and _participle(content[0])
            and content[1] not in ("up", "in", "out", "back", "off", "on")
        ):
            yield content, "whole"
            if content[0] not in _LIGHT:
                yield (content[0],), "verb"
            yield content[1:], "object"


def event_words(catalog: Catalog, named: Mapping[str, Named]) -> dict[str, EventWords]:
    """The words of every event of a catalog, by its name."""
    return {event.name: _words(catalog, event, named) for event in catalog.events}


def _words(catalog: Catalog, event: EventType, named: Mapping[str, Named]) -> EventWords:
    said = [name_words(event.name), *(name_words(each) for each in event.synonyms)]
    about = [word.casefold() for word in _WORD.findall(event.description)]
    objects = {stem(word) for words in (*said, about) for word in words if word not in _SMALL}
    names = {frozenset(stem(word) for word in words) for words in said}
    dates: list[str] = []
    counters: list[str] = []
    totals: list[str] = []
    for name, each in named.items():
        if each.field.type == "datetime":
            own = frozenset(stem(word) for word in each.event_nouns)
            if own in names and not (each.first or each.beginning or each.future):
                dates.append(name)
        elif (
            each.field.type == "number"
            and each.field.role != "id"
            and each.field.integer
            and not each.to_date
        ):
            if frozenset(stem(word) for word in each.core) not in names:
                continue
            (counters if each.window_days else totals).append(name)
    properties = catalog.properties_of(event.name).by_name
    numbers = tuple(each for each in properties.values() if each.type == "number")
    return EventWords(
        event,
        frozenset(objects),
        tuple(dates),
        tuple(counters),
        tuple(totals),
        properties,
        next((each for each in numbers if _is_money(each)), None),
        numbers,
        tuple(each for each in properties.values() if each.type in ("string", "enum")),
    )


def _is_money(field: Field) -> bool:
    words = {stem(word) for word in name_words(field.name)}
    return field.unit == "cents" or field.unit in CURRENCIES or bool(words & MONEY_NAMES)


def _verbs(noun: str) -> Iterator[tuple[str, ...]]:
    listed = "|".join(
        table.get(key, "")
        for key in dict.fromkeys((stem(noun), noun))
        for table in (EVENT_VERBS, _MORE_VERBS)
    )
    for phrase in dict.fromkeys((*listed.split("|"), *verbs_of(noun))):
        words = tuple(phrase.split())
        if words:
            yield words
    yield (noun,)


def _participle(word: str) -> bool:
    return word in _IRREGULAR or (word.endswith("ed") and len(word) > 4)
