# ruff: noqa: E501 - word tables read better in long lines
"""Large cities by their English names: a name near one of them may be a slip of the hand."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from rapidfuzz import process
from rapidfuzz.distance import OSA

from segmentry.reader.language import places
from segmentry.reader.language.words import word_set

_CITIES: Final = """
aberdeen|abidjan|abu dhabi|accra|adelaide|ahmedabad|albuquerque|algiers|alicante|amman|amsterdam|ankara|antwerp|athens|atlanta|
auckland|augsburg|austin|baghdad|bangalore|bangkok|barcelona|basel|bath|beijing|beirut|belfast|belgrade|bergen|berlin|bern|bilbao|
birmingham|bloemfontein|bogota|bologna|bordeaux|boston|brasilia|bratislava|bremen|brighton|brisbane|bristol|brno|bruges|brussels|
bucharest|budapest|buenos aires|bulawayo|cairo|calgary|cambridge|canberra|cape town|caracas|cardiff|casablanca|charlotte|chennai|
chicago|christchurch|cincinnati|cleveland|cologne|colombo|copenhagen|cordoba|cork|coventry|dakar|dallas|darwin|delhi|denver|
derby|detroit|dhaka|doha|dortmund|dresden|dubai|dublin|dundee|durban|dusseldorf|edinburgh|edmonton|eindhoven|essen|exeter|florence|
frankfurt|galway|gdansk|geneva|genoa|ghent|glasgow|gothenburg|granada|graz|guadalajara|gaborone|hamburg|hamilton|hanoi|hanover|
harare|havana|helsinki|hobart|hong kong|honolulu|houston|hyderabad|indianapolis|innsbruck|istanbul|jakarta|jeddah|jerusalem|
johannesburg|kampala|kansas city|karachi|kathmandu|kigali|kingston|kolkata|krakow|kuala lumpur|kyiv|kyoto|lagos|lahore|las vegas|
lausanne|leeds|leicester|leipzig|lille|lima|limerick|linz|lisbon|liverpool|ljubljana|london|los angeles|luanda|lusaka|luxembourg|
lyon|madrid|malaga|malmo|manchester|manila|maputo|marrakesh|marseille|medellin|melbourne|memphis|mexico city|miami|milan|
milwaukee|minneapolis|minsk|montevideo|montpellier|montreal|moscow|mumbai|munich|nairobi|nantes|naples|nashville|newcastle|
new orleans|new york|nice|norwich|nottingham|nuremberg|odense|oporto|orlando|osaka|oslo|ottawa|oxford|palermo|palma|panama city|
paris|perth|philadelphia|phoenix|pittsburgh|plymouth|port elizabeth|portland|porto|potsdam|prague|pretoria|quebec|quito|reykjavik|
riga|rio de janeiro|riyadh|rome|rotterdam|sacramento|saint louis|salt lake city|salzburg|san antonio|san diego|san francisco|
san jose|santiago|sao paulo|sarajevo|seattle|seoul|seville|shanghai|sheffield|shenzhen|singapore|sofia|southampton|stavanger|
stockholm|strasbourg|stuttgart|swansea|sydney|taipei|tallinn|tampa|tel aviv|the hague|tirana|tokyo|toronto|toulouse|trieste|
trondheim|tunis|turin|uppsala|utrecht|valencia|vancouver|venice|verona|vienna|vilnius|warsaw|washington|wellington|windhoek|
wolverhampton|wroclaw|wuhan|york|zagreb|zurich
"""
# with fewer letters every word is near to some name
_SHORTEST: Final = 4
_LONG: Final = 8


@lru_cache(maxsize=1)
def names() -> frozenset[str]:
    """The cities in lower case, with a space between words."""
    return frozenset("".join(_CITIES.split("\n")).split("|"))


@lru_cache(maxsize=1)
def words() -> frozenset[str]:
    """The words of the cities' names: none of them is a slip of another word."""
    return word_set(" ".join(names()))


@lru_cache(maxsize=1)
def _known() -> tuple[str, ...]:
    countries = places.names()
    return tuple(sorted(names() | {name for name in countries if len(name) >= _SHORTEST}))


@lru_cache(maxsize=4_096)
def near(said: str) -> tuple[str, ...]:
    """Cities, countries and peoples one slip away from a name, two from eight letters on; none if it is one.

    >>> near("berin"), near("berlin")
    (('benin', 'berlin'), ())
    >>> near("south afric")
    ('south africa',)
    """
    if len(said) < _SHORTEST or said in names() or said in places.names():
        return ()
    allowed = 1 if len(said) < _LONG else 2
    found = process.extract(said, _known(), scorer=OSA.distance, limit=4, score_cutoff=allowed)
    return tuple(sorted(str(name) for name, _, _ in found if str(name)[0] == said[0]))
