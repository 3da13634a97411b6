"""Names said as deeds and as times: "rented a boat" for `boat_rental`, "12 month sales" for `sales_12m`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Final

from segmentry.criteria.column_words import window_days
from segmentry.reader.language.morphology import verbs_of
from segmentry.reader.language.thesaurus import ENDING
from segmentry.reader.language.words import ALWAYS_ENTITY, STOP, word_set
from segmentry.reader.lexicon.names import Named, boolean_like

_ARTICLES: Final = ((), ("a",), ("an",), ("the",), ("their",))
# what people do whom a flag names by a noun: `spa_guest`
_DOERS: Final[dict[str, str]] = {
    "guest": "staying at|stay at|staying in|stay in",
    "user": "use|using",
    "owner": "own|owning",
    "holder": "hold|holding",
    "driver": "drive|driving",
    "player": "play|playing",
    "renter": "rent|renting",
    "subscriber": "subscribe to|subscribing to",
}
# other words for what stands in a flag as a participle
_SAID_AS: Final[dict[str, str]] = {
    "requested": "requested|asked for",
    "needed": "needed|need",
    "required": "required|need",
    "taken": "taken|took|taken out|took out",
    "bought": "bought",
    "paid": "paid",
    "held": "held|hold|holds",
    "kept": "kept|keep|keeps",
}
_WANTING: Final = {
    "needs": ("needed", "required"),
    "need": ("needed", "required"),
    "wants": ("wanted",),
    "requires": ("required", "needed"),
}
_THERE: Final = word_set("""
active activated enabled included installed provided covered held kept attached supplied fitted connected
given taken issued available present
""")
_FOUND: Final = ("known", "identified", "found")
_LENGTHS: Final = (("year", 365), ("month", 30), ("week", 7), ("day", 1))
_VALID: Final = tuple(
    tuple(words.split())
    for words in [
        "valid",
        "still valid",
        "is valid",
        "is still valid",
        "not valid",
        "isn't valid",
        "is not valid",
        "no longer valid",
        "is no longer valid",
    ]
)
_EDGES: Final = word_set("until till to from since by on at due valid")


def deeds(named: Named) -> Iterator[tuple[str, ...]]:
    """ "Rented a tent" on the flag `tent_rental`, "asked for a visa" on `visa_requested`."""
    if len(named.core) != 2:
        return
    thing, last = named.core
    if thing in STOP or last in STOP or thing in ALWAYS_ENTITY:
        return
    for verb in _deeds(last):
        for article in _ARTICLES:
            yield (*verb, *article, thing)
        if len(verb) == 1 and last in _SAID_AS:
            yield (thing, *verb)


def wanted(named: Named) -> Iterator[tuple[str, ...]]:
    """ "Lift needed" on the flag `needs_lift`."""
    words = named.words
    if len(words) > 1 and words[0] in _WANTING:
        for said in _WANTING[words[0]]:
            yield (*words[1:], said)
            yield (*words[1:], "is", said)


def known_things(named: Named) -> Iterator[tuple[str, ...]]:
    """ "Next of kin" before "is not known" on the flag `next_of_kin_known`."""
    if len(named.core) > 2 and named.core[-1] in _FOUND:
        for said in _FOUND:
            yield (*named.core[:-1], said)
            yield (*named.core[:-1], "is", said)


def things_had(named: Named) -> Iterator[tuple[str, ...]]:
    """ "Wifi" in "without wifi" on the flag `wifi_active`; the thing has a word that says it is there."""
    if not boolean_like(named.field) or len(named.core) != 2:
        return
    if named.core[1] in _THERE and named.core[0] not in STOP | ALWAYS_ENTITY:
        yield named.core[:1]


def _deeds(word: str) -> Iterator[tuple[str, ...]]:
    said = _DOERS.get(word) or _SAID_AS.get(word)
    if said is None and word.endswith("ed"):
        said = word
    if said is None:
        said = "|".join(each for each in verbs_of(word) if " " not in each)
    for verb in said.split("|") if said else ():
        yield tuple(verb.split())


def rated(named: Named) -> Iterator[tuple[str, ...]]:
    """ "Days a week" on `daysPerWeek`."""
    if "per" in named.words[1:-1]:
        for said in ("a", "each"):
            yield tuple(said if word == "per" else word for word in named.words)


def timed(named: Named) -> Iterator[tuple[str, ...]]:
    """ "12 month spend", "1 year spend" on `spend_12m`: the period said before what is counted."""
    days = window_days(named.field.name)
    if days is None or named.field.type != "number":
        return
    for unit, length in _LENGTHS:
        twelve = unit == "month" and days == 365
        if twelve or days % length == 0:
            yield (str(12 if twelve else days // length), unit, *named.core)


def date_names(named_fields: Iterable[Named]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """ "Warranty date" for `warranty_until`, where no other date is about the same thing."""
    things = [
        (each.field.name, tuple(word for word in each.event_nouns if word not in _EDGES | ENDING))
        for each in named_fields
        if each.field.type == "datetime"
    ]
    seen = Counter(thing for _, thing in things)
    for name, thing in things:
        if thing and seen[thing] == 1 and not any(word in STOP for word in thing):
            yield name, (*thing, "date")


def still_valid(named: Named) -> Iterator[tuple[str, ...]]:
    """ "Pass still valid", "a valid permit": the end of it has not come."""
    if not named.ending or len(named.event_nouns) < 2 or named.event_nouns[0] in _EDGES | ENDING:
        return
    thing = named.event_nouns[0]
    for state in _VALID:
        yield (thing, *state)
    yield ("valid", thing)
