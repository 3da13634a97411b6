"""Values that only a description states: "buyer, seller or tenant", "Yes or No", "1 if paid, else 0"."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from segmentry.criteria.catalog import Field, FieldValue
from segmentry.reader.language.words import STOP, word_set

_YES_NO: Final = re.compile(r"\b(yes|y|true|t)\s*(?:/|\||,|or)\s*(no|n|false|f)\b", re.IGNORECASE)
_PAIRS: Final = {"yes": "no", "y": "n", "true": "false", "t": "f"}
_ONE_ZERO: Final = re.compile(
    r"^(?:1|0)\s*(?:=|:|if|when|for|means)\s|\b(?:0/1|1/0|0 or 1|1 or 0)\b", re.IGNORECASE
)
_CODED: Final = re.compile(r"\b(\w{1,12})\s*(?:=|:|means)\s*([a-z][a-z' -]{1,24})(?=$|[,;.)])", re.IGNORECASE)
_LISTED: Final = re.compile(
    r"(?::|\(|\bone of|\beither|\bsuch as|\be\.g\.|\blike)\s*([^:().]{3,200}?)\s*(?:\)|\.|$)", re.IGNORECASE
)
_BETWEEN: Final = re.compile(r"\s*(?:,\s*or\s|,\s*and\s|,|;|\||/|\bor\b)\s*", re.IGNORECASE)
_ARTICLE: Final = re.compile(
    r"^(?:an?|the|one of|either|e\.g\.|such as|for example|etc\.?)\s+", re.IGNORECASE
)
_ITEM: Final = re.compile(r"[\w][\w '&+-]{0,28}")
# what a table keeps in other columns: "City, state or province" lists no values
_COLUMNS: Final = word_set("""
city town state county province country street number name code email phone date time zip postcode address id
year month day week amount price count total iso utc currency format free text
""")
_FEWEST: Final = 2
_BARE_FEWEST: Final = 3
_MOST: Final = 24
_LONGEST: Final = 3


def with_stated_values(field: Field) -> Field:
    """The field with the values or the kind of flag that its description states; what it lists itself stays.

    >>> role = Field("role", "string", description="Buyer, seller or tenant")
    >>> [each.value for each in with_stated_values(role).values]
    ['buyer', 'seller', 'tenant']
    """
    text = field.description.strip()
    if not text or field.values or field.samples or field.pii or field.role == "id":
        return field
    if field.type == "number":
        return _numbered(field, text)
    if field.type not in ("string", "enum", "array"):
        return field
    answers = _YES_NO.search(text) if field.type != "array" else None
    if answers is not None and _PAIRS[answers.group(1).lower()] == answers.group(2).lower():
        values = (FieldValue(answers.group(1)), FieldValue(answers.group(2)))
        return replace(field, values=values, boolean_like=True)
    coded = _CODED.findall(text)
    if len(coded) >= _FEWEST:
        return replace(field, values=tuple(FieldValue(code, (_plain(said),)) for code, said in coded))
    listed = _items(text)
    return replace(field, values=tuple(FieldValue(each) for each in listed)) if listed else field


def _numbered(field: Field, text: str) -> Field:
    """ "1 if paid, else 0" is a flag, "1 = low, 2 = medium" names what the numbers stand for."""
    coded = [(int(code), _plain(said)) for code, said in _CODED.findall(text) if code.isdecimal()]
    if len(coded) >= _FEWEST and {code for code, _ in coded} != {0, 1}:
        return replace(field, values=tuple(FieldValue(code, (said,)) for code, said in coded))
    if field.integer and not field.boolean_like and _ONE_ZERO.search(text):
        return replace(field, boolean_like=True)
    return field


def _plain(said: str) -> str:
    return _ARTICLE.sub("", said.strip()).strip()


def _items(text: str) -> Sequence[str]:
    """The texts that a description lists, as it writes them; nothing where it is no list."""
    for found in _LISTED.finditer(text):
        items = _parted(found.group(1))
        if len(items) >= _FEWEST:
            return items
    if ":" in text or not re.search(r"\bor\b", text):
        return ()
    items = _parted(text.rstrip("."))
    if len(items) < _BARE_FEWEST:
        return ()
    if items[0][:1].isupper() and all(each.islower() for each in items[1:]):
        items = [items[0].lower(), *items[1:]]  # a sentence begins with a capital
    return items


def _parted(text: str) -> list[str]:
    items = [_plain(each) for each in _BETWEEN.split(text) if each.strip()]
    if not _FEWEST <= len(items) <= _MOST:
        return []
    return items if all(map(_is_value, items)) else []


def _is_value(item: str) -> bool:
    words = item.lower().split()
    return (
        0 < len(words) <= _LONGEST
        and _ITEM.fullmatch(item) is not None
        and not item.isdecimal()
        and _COLUMNS.isdisjoint(words)
        and not (len(words) > 1 and (words[0] in STOP or words[-1] in STOP - {"no", "ok"}))
    )
