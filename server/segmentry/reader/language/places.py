# ruff: noqa: E501 - word tables and patterns read better in long lines
"""Countries by name, code and demonym. Country data come from pycountry; demonyms are a table of our own."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

import pycountry

from segmentry.reader.language.tokens import Token
from segmentry.reader.language.words import word_set

_DEMONYMS: Final = (
    "ZA south african|ZA south africans|GB british|GB brit|GB brits|GB english|US american|US americans|DE german|DE germans|"
    "FR french|ES spanish|ES spaniard|ES spaniards|IT italian|IT italians|NL dutch|BE belgian|BE belgians|CH swiss|AT austrian|"
    "AT austrians|PT portuguese|IE irish|SE swedish|SE swedes|NO norwegian|NO norwegians|DK danish|DK danes|FI finnish|FI finns|"
    "PL polish|PL poles|CZ czech|HU hungarian|RO romanian|GR greek|GR greeks|TR turkish|RU russian|RU russians|UA ukrainian|"
    "IL israeli|EG egyptian|MA moroccan|NG nigerian|NG nigerians|KE kenyan|KE kenyans|GH ghanaian|NA namibian|BW botswanan|"
    "ZW zimbabwean|IN indian|IN indians|PK pakistani|BD bangladeshi|LK sri lankan|CN chinese|JP japanese|KR korean|KR koreans|"
    "TH thai|VN vietnamese|ID indonesian|MY malaysian|SG singaporean|PH filipino|PH filipinos|AU australian|AU australians|"
    "AU aussie|AU aussies|NZ new zealander|NZ new zealanders|NZ kiwi|NZ kiwis|CA canadian|CA canadians|MX mexican|MX mexicans|"
    "BR brazilian|BR brazilians|AR argentine|AR argentinian|CL chilean|CO colombian|PE peruvian|SA saudi|AE emirati|IS icelandic|"
    "HR croatian|RS serbian|BG bulgarian|SK slovak|SI slovenian|EE estonian|LV latvian|LT lithuanian|SCO scottish|WLS welsh|"
    "AL albanian|DZ algerian|AO angolan|AM armenian|AZ azerbaijani|BH bahraini|BY belarusian|BO bolivian|BA bosnian|KH cambodian|"
    "CM cameroonian|CU cuban|CY cypriot|DO dominican|EC ecuadorian|ET ethiopian|GE georgian|GT guatemalan|HN honduran|IQ iraqi|"
    "IR iranian|CI ivorian|JM jamaican|JO jordanian|KZ kazakh|KW kuwaiti|LA laotian|LB lebanese|LY libyan|LU luxembourgish|MG malagasy|"
    "MW malawian|MT maltese|MU mauritian|MN mongolian|ME montenegrin|MZ mozambican|NP nepalese|NP nepali|OM omani|PA panamanian|"
    "PY paraguayan|QA qatari|RW rwandan|SN senegalese|SY syrian|TW taiwanese|TZ tanzanian|TN tunisian|UG ugandan|UY uruguayan|"
    "VE venezuelan|YE yemeni|ZM zambian|IE irishmen|NL dutchmen|PT portugese|AR argentinians|AR argentines|MX mexicans|CL chileans|"
    "CO colombians|PE peruvians|EG egyptians|IL israelis|RO romanians|HU hungarians|BG bulgarians|UA ukrainians|PK pakistanis"
)
_ALIASES: Final = (
    "US usa|US united states|US united states of america|US america|US the states|US states|US u.s.|GB uk|GB united kingdom|GB great britain|"
    "GB britain|GB england|GB scotland|GB wales|AE uae|AE emirates|KR south korea|KP north korea|RU russia|CZ czech republic|"
    "NL holland|NL the netherlands|VN vietnam|TR turkey|IR iran|SY syria|TZ tanzania|BO bolivia|VE venezuela|TW taiwan|LA laos|"
    "MD moldova|CI ivory coast|CD drc|BN brunei|MK macedonia|PS palestine|VA vatican|SZ swaziland|CV cape verde|MM burma|HK hong kong"
)
# Names that are English words or first names as well: only after a preposition of place or beside the field.
CONTEXT_ONLY: Final = word_set("states georgia jordan turkey chad mali guinea niger polish kiwi kiwis jersey")
PEOPLES: Final = word_set("polish kiwi kiwis")
_NATIONS_WITHOUT_CODE: Final = {"SCO": "GB", "WLS": "GB"}


@lru_cache(maxsize=1)
def _names() -> dict[tuple[str, ...], str]:
    table: dict[tuple[str, ...], str] = {}
    for country in pycountry.countries:
        code: str = country.alpha_2
        names = [country.name, getattr(country, "common_name", ""), getattr(country, "official_name", "")]
        for name in names:
            plain = (
                str(name or "").split(",")[0]
                if "," in str(name or "") and "of" in str(name)
                else str(name or "")
            )
            words = tuple(plain.casefold().replace("-", " ").replace("'", " ").split())
            if words:
                table.setdefault(words, code)
    for item in f"{_ALIASES}|{_DEMONYMS}".split("|"):
        code, _, phrase = item.partition(" ")
        table[tuple(phrase.split())] = _NATIONS_WITHOUT_CODE.get(code, code)
    return table


@lru_cache(maxsize=1)
def first_words() -> dict[str, int]:
    """The first words of all names and peoples, with the words that the longest such name has."""
    longest: dict[str, int] = {}
    for words in _names():
        longest[words[0]] = max(longest.get(words[0], 0), len(words))
    return longest


@lru_cache(maxsize=1)
def names() -> frozenset[str]:
    """Every name of a country or people, in lower case and with a space between words."""
    return frozenset(" ".join(words) for words in _names())


def code_of(name: str) -> str | None:
    """The alpha-2 code of a country or people by its name in lower case."""
    return _names().get(tuple(name.split()))


@lru_cache(maxsize=1)
def _codes() -> dict[str, str]:
    return {country.alpha_2: country.alpha_2 for country in pycountry.countries} | {
        country.alpha_3: country.alpha_2 for country in pycountry.countries
    }


def begins_country(token: Token) -> bool:
    """True for every token at which `country_at` may find one, and for few others."""
    if token.kind != "word":
        return token.kind == "quoted"
    return token.norm in first_words() or (2 <= len(token.text) <= 3 and token.text.isupper())


def country_at(tokens: tuple[Token, ...], at: int) -> tuple[str, int] | None:
    """The alpha-2 code of the country whose name, demonym or capital code begins at token `at`, and the end.

    Codes match in capitals only, because `in`, `is`, `can` and `us` are English words.
    """
    token = tokens[at]
    if token.kind == "quoted":
        code = _names().get(tuple(token.norm.split()))
        return None if code is None else (code, at + 1)
    if token.kind != "word":
        return None
    longest = first_words().get(token.norm, 0)
    for length in range(min(longest, len(tokens) - at, 6), 0, -1):
        words = tuple(piece.norm for piece in tokens[at : at + length])
        code = _names().get(words)
        if code is not None:
            return code, at + length
    if (
        token.text.isupper()
        and 2 <= len(token.text) <= 3
        and token.text not in ("SMS", "LTV", "VIP", "AND", "OR", "NOT")
    ):
        code = _codes().get(token.text)
        if code is not None:
            return code, at + 1
    return None


@lru_cache(maxsize=512)
def spellings(code: str) -> tuple[str, ...]:
    """Every way in which tables write that country: codes, name, common name, aliases (folded)."""
    country = pycountry.countries.get(alpha_2=code)
    if country is None:
        return (code.casefold(),)
    found = [
        code,
        country.alpha_3,
        country.name,
        getattr(country, "common_name", ""),
        getattr(country, "official_name", ""),
    ]
    found += [" ".join(words) for words, known in _names().items() if known == code]
    return tuple(dict.fromkeys(str(name).casefold() for name in found if name))
