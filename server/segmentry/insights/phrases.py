"""Phrases that figures may name: what a catalog or the grammar knows of them, and nothing of anybody."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import groupby
from typing import Final

from segmentry.criteria.catalog import Catalog, Field
from segmentry.reader.language import words

NUMBER: Final = "#"
UNKNOWN: Final = "..."
# A phrase is a few words; a whole query of 2,000 characters is not one.
LONGEST: Final = 120

_TOKEN = re.compile(r"[^\W_]+(?:['’\-][^\W_]+)*")
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_GRAMMAR: Final = (
    words.STOP
    | words.ENTITY
    | words.PEOPLE
    | words.FRAME
    | words.NEGATORS
    | words.NEGATIVE_VERBS
    | words.VAGUE
    | words.EVERYDAY
    | words.word_set("""
above below under over between least most more less fewer than greater exactly about around since before after
until during past last next previous today yesterday tomorrow day days week weeks month months quarter
quarters year years hour hours ago old older young younger new newer recent recently never always often not
no none without top bottom highest lowest best worst high higher low lower january february march april may
june july august september october november december monday tuesday wednesday thursday friday saturday
sunday percent per cent thousand million half twice once times
""")
)


@lru_cache(maxsize=4096)
def _words(text: str) -> tuple[str, ...]:
    return tuple(each.casefold() for each in _TOKEN.findall(_CAMEL.sub(" ", text).replace("_", " ")))


def vocabulary(catalog: Catalog) -> frozenset[str]:
    """Every word of a catalog that its author wrote: names, synonyms, labels; no value that rows have.

    Nothing of a personal field or of an id but its name.
    """
    found: set[str] = set()
    for noun in catalog.entity_nouns:
        found.update(_words(noun))
    for each in catalog.visible:
        for text in _texts_of(each):
            found.update(_words(text))
    for event in catalog.events:
        for text in (event.name, *event.synonyms, *(each.name for each in event.properties)):
            found.update(_words(text))
    return frozenset(found)


def _texts_of(field: Field) -> Iterator[str]:
    yield field.name
    yield from field.synonyms
    if field.pii or field.role == "id":
        return
    for band in field.bands:
        yield from band.phrases
    for value in field.values:
        if not value.sampled and isinstance(value.value, str):
            yield value.value
            yield from value.synonyms


def phrase(text: str, known: frozenset[str]) -> str:
    """Words as figures may show them: small letters, `#` for numbers, `...` for what nobody listed.

    >>> phrase("Gold members called O'Brien, over 45", frozenset({"gold", "called"}))
    'gold members called ... over #'
    """
    said = (_said(token, known) for token in _TOKEN.findall(text))
    # Several unknown words are one gap: how many there are says something of a name.
    kept = [word for word, run in groupby(said) for _ in ([0] if word in {UNKNOWN, NUMBER} else run)]
    found: list[str] = []
    for word in kept:
        if len(" ".join([*found, word])) > LONGEST:
            break
        found.append(word)
    return " ".join(found)


def phrase_id(shown: str) -> str:
    """The id of a phrase: of what is shown, so that nothing more than that can be tried against it."""
    return hashlib.sha256(shown.encode()).hexdigest()[:16]


def _said(token: str, known: frozenset[str]) -> str:
    if any(letter.isdigit() for letter in token):
        return NUMBER
    folded = token.casefold()
    if folded in known or folded in _GRAMMAR:
        return folded
    parts = re.split(r"['’\-]", folded)
    listed = all(part in known or part in _GRAMMAR or part in {"t", "ve", "s"} for part in parts)
    return folded if len(parts) > 1 and listed else UNKNOWN
