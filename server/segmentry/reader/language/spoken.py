# ruff: noqa: E501 - a table reads better in long lines
"""Languages that people speak: "French speakers" on a column that keeps `fr`, `fr-CA`, `fra` or "French"."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

# ISO 639-1, ISO 639-2 codes where they differ, and the names that people say
_NAMED: Final = (
    "en eng english|fr fra,fre french|de deu,ger german|es spa spanish,castilian|it ita italian|pt por portuguese|nl nld,dut dutch|"
    "pl pol polish|sv swe swedish|no nor norwegian|nb nob norwegian|da dan danish|fi fin finnish|is isl,ice icelandic|ga gle irish,gaelic|"
    "cy cym,wel welsh|cs ces,cze czech|sk slk,slo slovak|sl slv slovenian|hu hun hungarian|ro ron,rum romanian|bg bul bulgarian|"
    "hr hrv croatian|sr srp serbian|uk ukr ukrainian|ru rus russian|el ell,gre greek|tr tur turkish|ar ara arabic|he heb hebrew|"
    "fa fas,per persian,farsi|hi hin hindi|bn ben bengali|ur urd urdu|ta tam tamil|te tel telugu|pa pan punjabi|zh zho,chi chinese,mandarin|"
    "ja jpn japanese|ko kor korean|th tha thai|vi vie vietnamese|id ind indonesian|ms msa,may malay|tl tgl tagalog,filipino|af afr afrikaans|"
    "zu zul zulu|xh xho xhosa|sw swa swahili|ca cat catalan|eu eus,baq basque|gl glg galician|et est estonian|lv lav latvian|lt lit lithuanian"
)
_BY_CODE: Final = {
    code: tuple(names.split(","))
    for row in _NAMED.split("|")
    for short, long, names in (row.split(),)
    for code in (short, *long.split(","))
}
_NAMES: Final = frozenset(name for names in _BY_CODE.values() for name in names)
_COLUMNS: Final = frozenset({"language", "locale", "tongue", "languages"})


def holds_language(words: tuple[str, ...]) -> bool:
    """True for a column whose name, in full words, says that it keeps a language."""
    return not _COLUMNS.isdisjoint(words)


def languages_of(value: str) -> tuple[str, ...]:
    """The English names of the language that a value stands for; empty where it stands for none.

    >>> languages_of("fr-CA"), languages_of("German"), languages_of("xx")
    (('french',), ('german',), ())
    """
    folded = value.strip().casefold()
    if folded in _NAMES:
        return (folded,)
    return _BY_CODE.get(folded.replace("_", "-").split("-")[0], ())


def spoken(values: Sequence[str], closed: bool) -> Iterator[tuple[tuple[str, ...], str, bool, bool]]:
    """The phrases for the languages of a column: (phrase, value, stands alone, seen in the table).

    Alone, "French" may be a country's as well. A column of short codes that is not `closed` also holds codes
    that its rows do not show.
    """
    for value in values:
        for language in languages_of(value):
            yield (language,), value, False, True
            for phrase in _said_of(language):
                yield phrase, value, True, True
    if closed or not values or not all(len(code) == 2 and code in _BY_CODE for code in values):
        return
    for code, names in _BY_CODE.items():
        if len(code) == 2 and code not in values:
            for phrase in (phrase for language in names for phrase in _said_of(language)):
                yield phrase, code, True, False


def _said_of(language: str) -> Iterator[tuple[str, ...]]:
    """How people are called who use a language: "French speakers", "French-speaking", "who speak French"."""
    yield language, "speaker"
    yield language, "speaking"
    yield language, "language"
    yield "speak", language
    yield "language", language
    yield "language", "is", language
