"""What the people of a city are called: Londoners, Glaswegians, New Yorkers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

_TABLE: Final = (
    "glasgow glaswegian|liverpool liverpudlian,scouser|manchester mancunian|birmingham brummie|"
    "newcastle geordie|paris parisian|rome roman|milan milanese|naples neapolitan|venice venetian|"
    "florence florentine|turin turinese|vienna viennese|moscow muscovite|warsaw varsovian|"
    "prague praguer|athens athenian|munich municher|barcelona barcelonan|"
    "madrid madrilenian,madrileno|seville sevillian|lisbon lisboner,lisboeta|sydney sydneysider|"
    "melbourne melburnian|perth perthian|toronto torontonian|montreal montrealer|"
    "vancouver vancouverite|chicago chicagoan|boston bostonian|houston houstonian|"
    "philadelphia philadelphian|los_angeles angeleno|san_francisco san_franciscan|"
    "san_diego san_diegan|seattle seattleite|austin austinite|dallas dallasite|denver denverite|"
    "miami miamian|atlanta atlantan|cape_town capetonian|johannesburg joburger,johannesburger|"
    "durban durbanite|cairo cairene|istanbul istanbulite|singapore singaporean|"
    "amsterdam amsterdammer|rotterdam rotterdammer|brussels bruxellois|delhi delhiite|"
    "mumbai mumbaikar|rio_de_janeiro carioca|sao_paulo paulistano|oxford oxonian|aberdeen aberdonian|"
    "dundee dundonian"
)
_OWN: Final = {city: tuple(names.split(",")) for row in _TABLE.split("|") for city, names in (row.split(),)}
_SHORTEST: Final = 4


def townspeople(city: str) -> Iterator[tuple[str, ...]]:
    """The nouns, in the singular, for who lives in a city.

    >>> list(townspeople("Glasgow")), list(townspeople("Berlin")), list(townspeople("New York"))
    ([('glaswegian',)], [('berliner',)], [('new', 'yorker')])
    """
    words = city.casefold().split()
    if not words or not all(word.isalpha() for word in words):
        return
    own = _OWN.get("_".join(words))
    if own is not None:
        yield from (tuple(name.split("_")) for name in own)
    elif len(words[-1]) >= _SHORTEST and words[-1][-1] not in "aeiousy":
        yield (*words[:-1], words[-1] + "er")
