"""Nouns for the people of a trade, and the words of columns that show that a table is of that trade.

"Riders" over a table with `last_ride_at` are all of it. Over a table of insurers nobody knows who they are.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from itertools import pairwise
from typing import Final

from segmentry.criteria.catalog import Catalog, Field
from segmentry.reader.language.inflect import stem
from segmentry.reader.lexicon.names import in_full, name_words

# The nouns : the words of columns, one of which has to be there; two words stand side by side in a name.
# No noun that may be a part of the people: sellers beside buyers, borrowers of a bank that lends to some.
_TRADES: Final = """
rider riders cyclist cyclists : ride rides bike bikes
driver drivers motorist motorists : tyre tire mileage tread parking fuel
renter renters tenant tenants lessee lessees : rent rental rented lease tenancy
investor investors : portfolio trade trades
trader traders : trade trades
patient patients : appointment appointments diagnosis doctor
pupil pupils student students learner learners : course courses lesson lessons tuition exam exams
reader readers borrower borrowers : book books borrowed
listener listeners : tracks playlist playlists listened listening podcast podcasts episodes
viewer viewers : watched watch films movies
player players gamer gamers : game games
passenger passengers traveller travellers traveler travelers : flight flights journey journeys
commuter commuters : journey journeys
guest guests : stay stays nights reservation reservations
diner diners : meal meals reservation reservations dish dishes
donor donors giver givers supporter supporters : donation donations donated pledge pledges
parent parents family families kid kids child children : child_dob child_birthday child_name child_age
camper campers : pitch camp camps campsite
climber climbers : climb climbs
runner runners : run runs race races
swimmer swimmers : swim swims pool
skier skiers : ski lift piste
sailor sailors boater boaters : boat berth mooring moorings sail sails
attendee attendees goer goers : ticket tickets
employee employees worker workers : hire_date payroll
""".strip()


# A yes or no, and a word, may be said of some alone.
_COUNTED: Final = frozenset({"number", "datetime"})


@cache
def _trades() -> tuple[tuple[frozenset[str], frozenset[str]], ...]:
    found = (line.split(":") for line in _TRADES.splitlines())
    return tuple(
        (frozenset(nouns.split()), frozenset(_marked(mark) for mark in marks.split()))
        for nouns, marks in found
    )


def people_of_trade(catalog: Catalog) -> frozenset[str]:
    """The nouns that mean everyone in this table; none that a column or a value of it is called by."""
    words = {stem(word) for field in catalog.visible for word in _words(field)}
    shown = {each for field in catalog.visible if field.type in _COUNTED for each in _marks(_words(field))}
    taken = {
        stem(word)
        for field in catalog.visible
        for item in field.values
        for text in (str(item.value), *item.synonyms)
        for word in name_words(text)
    }
    taken |= {stem(word) for field in catalog.visible for text in field.samples for word in name_words(text)}
    return frozenset(
        noun
        for nouns, marks in _trades()
        if not marks.isdisjoint(shown)
        for noun in nouns
        if stem(noun) not in words and stem(noun) not in taken
    )


def _marked(mark: str) -> str:
    return mark if "_" in mark else stem(mark)


def _marks(words: tuple[str, ...]) -> Iterator[str]:
    """The stems of a name's words, and each two of them: `ChildDOB` -> child, dob, child_dob."""
    yield from map(stem, words)
    yield from map("_".join, pairwise(words))


def _words(field: Field) -> tuple[str, ...]:
    return in_full(name_words(field.name), field.type)
