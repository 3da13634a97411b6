"""Regions that people say instead of a list of countries, where everybody means the same list."""

from __future__ import annotations

from typing import Final

from segmentry.reader.language.tokens import Token

_EU: Final = "AT BE BG HR CY CZ DK EE FI FR DE GR HU IE IT LV LT LU MT NL PL PT RO SK SI ES SE"
# "Europe", "Asia" and "North America" have no one list in business, so they are asked about.
REGIONS: Final[dict[tuple[str, ...], tuple[str, ...]]] = {
    tuple(phrase.split()): tuple(codes.split())
    for phrases, codes in (
        ("dach|dach region|dach countries", "DE AT CH"),
        ("benelux|benelux countries", "BE NL LU"),
        ("nordics|nordic|nordic countries|nordic region", "DK FI IS NO SE"),
        ("scandinavia|scandinavian|scandinavian countries|scandinavians", "DK NO SE"),
        ("baltics|baltic|baltic states|baltic countries", "EE LV LT"),
        ("eu|european union|eu countries|eu member states", _EU),
        ("iberia|iberian|iberian peninsula", "ES PT"),
        ("anz|australasia", "AU NZ"),
        ("gcc|gulf states|gulf countries", "AE BH KW OM QA SA"),
        ("brics", "BR CN IN RU ZA"),
        ("british isles", "GB IE"),
    )
    for phrase in phrases.split("|")
}
_LONGEST: Final = max(len(words) for words in REGIONS)
FIRST: Final = frozenset(words[0] for words in REGIONS)


def region_at(tokens: tuple[Token, ...], at: int) -> tuple[tuple[str, ...], int] | None:
    """The alpha-2 codes of the region whose name begins at token `at`, and the end of the name."""
    if tokens[at].norm not in FIRST or (tokens[at].norm == "eu" and not tokens[at].text.isupper()):
        return None
    for length in range(min(_LONGEST, len(tokens) - at), 0, -1):
        codes = REGIONS.get(tuple(token.norm for token in tokens[at : at + length]))
        if codes is not None:
            return codes, at + length
    return None
