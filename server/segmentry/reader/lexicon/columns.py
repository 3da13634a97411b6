# ruff: noqa: E501 - word tables and patterns read better in long lines
"""A table's columns as the reader takes them: units, periods and flags that names and descriptions state."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from segmentry.criteria.catalog import Catalog, Field
from segmentry.criteria.column_words import in_full, unit_of, window_days
from segmentry.reader.language.tokens import name_words
from segmentry.reader.language.words import PEOPLE, word_set
from segmentry.reader.lexicon.described_values import with_stated_values

_PREFIXED: Final = 0.6
_FEWEST: Final = 4
# words that begin many names of one table and still say something in each
_NO_PREFIX: Final = word_set("""
is has last first next avg average num number nb n total tot max min date dt days time monthly annual email
sms opt in no not pct percent count cnt
""")
_FLAG_HEADS: Final = word_set("is has was did can does accepts allows wants owns uses")
_FLAG_TAILS: Final = word_set("flag yn ind indicator optin bool ok consent allowed enabled")
_IDS: Final = word_set("id no nr num number key uuid guid code ref")
_PEOPLE: Final = re.compile(r"[a-z]{2,}(?:er|or|ent|ee|ant|ian|ist|est|ident|member)s")
_SORTS: Final = word_set("type kind since status group category class segment tier name")
_RATIOS: Final = word_set("rate ratio share probability propensity likelihood proportion fraction")
_NO_RATIO: Final = word_set("""
room hourly daily nightly weekly monthly heart pulse bit pay exchange day hour night burn base growth rated
frame sampling tax per
""")
# what a description says before it comes to the matter
_LEAD = re.compile(
    r"^(?:(?:the|a|an)\s+)?(?:"
    r"(?:total\s+)?(?:number|count|amount|sum|value)\s+of\s+|(?:date|time|timestamp|day|moment)\s+(?:and\s+time\s+)?(?:of|when|on which)\s+|"
    r"(?:flag|indicator|boolean)\s+(?:for|of|that\s+says?|indicating)\s+(?:whether|if)?\s*|(?:indicates|says|tells|shows)\s+(?:whether|if)\s+|"
    r"(?:whether|if)\s+(?:or\s+not\s+)?|(?:1|true|yes|y)\s+(?:if|when)\s+|how\s+(?:many|much|often|long)\s+|when\s+)?"
    r"(?:(?:the|a|an|this|each)\s+)?(?:(?:customer|client|user|member|account|person|subscriber|guest|patient)(?:'s)?\s+"
    r"|[a-z]+\s+(?=(?:has|have|is|was|are|did|had|does|may|can|signed|wants|owns)\s))?"
    r"(?:(?:has|have|is|was|are|did|had|does)\s+)?(?:(?:a|an|the|any)\s+)?",
    re.IGNORECASE,
)
_TRAIL = re.compile(
    r"\s+(?:in|over|during|within|for|of)\s+(?:the\s+)?(?:last|past|previous)\s+.*$|\s+(?:in|as)\s+(?:an?\s+)?"
    r"(?:cents?|percent|percentage|months?|minutes?|hours?|days?|weeks?|years?|seconds?|[A-Z]{3}|euros?|dollars?|pounds|km|kg|cm)$"
    r"|\s+(?:so far|to date|left|remaining|per\s+\w+)(?:,.*)?$",
)
_PERIOD = re.compile(r"\b(?:last|past|previous)\s+(\d{1,4})\s+(day|week|month|year)s?\b", re.IGNORECASE)
_UNIT = re.compile(
    r"(?:\bin\s+|\(|,\s*|\bas\s+(?:a\s+)?)(cents?|pence|percent(?:age)?|%|months?|minutes?|hours?|days?|weeks?|years?|seconds?|"
    r"euros?|eur|usd|gbp|zar|chf|dollars?|rand|km|kg|cm|gb|mb)\s*(?:\)|$|[.,;])",
    re.IGNORECASE,
)
_HUNDREDTHS = re.compile(r"\b0(?:\.0)?\s*(?:-|–|to|\.\.|and)\s*1(?:\.0)?\b(?!\d|00)", re.IGNORECASE)
_HUNDRED = re.compile(r"\b0\s*(?:-|–|to|\.\.|and)\s*100\b")
_LONGEST: Final = 4
_FURTHER: Final = word_set("in on at by for with from to")


@dataclass(frozen=True, slots=True)
class Described:
    """What a description adds to a name: the words for the thing, its unit, its period, its range."""

    phrase: tuple[str, ...] = ()
    unit: str = ""
    window_days: int | None = None
    maximum: float | None = None


def described(field: Field) -> Described:
    """Read a field's description: "Number of support calls in the last 30 days" is about support calls."""
    text = field.description.strip()
    if not text:
        return Described()
    first = re.split(r"[(;.:]\s|\s[-–]\s|[(;,]", text, maxsplit=1)[0].rstrip(" .")
    phrase = _cut(name_words(_TRAIL.sub("", _LEAD.sub("", first, count=1))))
    unit = ""
    if field.type == "number":
        said = _UNIT.search(text)
        if said is not None:
            word = said.group(1).lower().replace("%", "percent")
            unit = unit_of((word,)) or unit_of((word + "s",))
    period = _PERIOD.search(text) if field.type == "number" else None
    window = None if period is None else window_days(f"_{period.group(1)}{period.group(2)[0]}_")
    top = 1.0 if _HUNDREDTHS.search(text) else 100.0 if _HUNDRED.search(text) else None
    return Described(phrase if len(phrase) <= _LONGEST else (), unit, window, top)


def _cut(phrase: tuple[str, ...]) -> tuple[str, ...]:
    """The thing itself, where more is said of it: "mortgage agreed in principle by the bank"."""
    end = next((at for at, word in enumerate(phrase) if at and word in _FURTHER), len(phrase))
    return phrase[:end] if len(phrase) > _LONGEST else phrase


def completed(field: Field, words: Sequence[str]) -> Field:
    """The field with the unit, the period and the kind of flag that its name or description states.

    What the catalog says itself stays. `words` are those of the name in full.
    """
    field = with_stated_values(field)
    if field.type != "number":
        return field
    found = described(field)
    unit = field.unit or unit_of(words) or found.unit or ("percent" if "%" in field.name else "")
    window = field.window_days or window_days(field.name) or found.window_days
    maximum = field.maximum if field.maximum is not None else found.maximum
    if not unit and maximum is None and _is_ratio(words):
        unit = "ratio"
    flag = field.boolean_like or (
        not field.values and field.minimum is None and maximum is None and _is_flag(words)
    )
    if (unit, window, maximum, flag) == (field.unit, field.window_days, field.maximum, field.boolean_like):
        return field
    return replace(field, unit=unit, window_days=window, maximum=maximum, boolean_like=flag)


def _is_ratio(words: Sequence[str]) -> bool:
    return bool(_RATIOS & {*words[-2:]}) and not _NO_RATIO & set(words)


def _is_flag(words: Sequence[str]) -> bool:
    return len(words) > 1 and (
        words[0] in _FLAG_HEADS or words[-1] in _FLAG_TAILS or words[-2:] == ("opt", "in")
    )


def shared_prefix(fields: Sequence[Field]) -> str:
    """The word with which nearly all names of a table begin (`usr_age`, `usr_city`), or "" where none does."""
    if len(fields) < _FEWEST:
        return ""
    heads = Counter(words[0] for words in (name_words(field.name) for field in fields) if len(words) > 1)
    if not heads:
        return ""
    word, count = heads.most_common(1)[0]
    return word if count >= max(_FEWEST, _PREFIXED * len(fields)) and word not in _NO_PREFIX else ""


_SUBJECTS: Final = (
    (word_set("mileage vin odometer horsepower"), word_set("car cars vehicle vehicles auto autos")),
    (
        word_set("bedrooms beds bathrooms baths sqft sqm hoa"),
        word_set(
            "home homes house houses property properties listing listings apartment apartments flat flats place places"
        ),
    ),
    (word_set("breed species neutered"), word_set("pet pets animal animals")),
)


def subjects(catalog: Catalog) -> frozenset[str]:
    """Nouns for the thing that a row is about, by the columns that only such a thing has: cars, homes, pets."""
    said = {word for field in catalog.visible for word in in_full(name_words(field.name), field.type)}
    return frozenset(noun for marks, nouns in _SUBJECTS if marks & said for noun in nouns)


def entity_nouns(catalog: Catalog) -> frozenset[str]:
    """Nouns for what a row is, from the catalog, its id column (`sellerId`) and its own id (`patients`)."""
    found = {word for noun in catalog.entity_nouns for word in name_words(noun)}
    for field in catalog.visible:
        words = in_full(name_words(field.name), field.type)
        if len(words) == 2 and words[1] in _IDS and words[0].isalpha() and len(words[0]) > 2:
            found.add(words[0])
        if field.role == "id" or words[-1:] == ("id",) or (len(words) == 2 and words[1] in _IDS):
            break  # further ones name other things: the agent, the store
    found |= {words[0] for words in map(_words, catalog.visible) if _is_kind_of_people(words)}
    found |= _told_of(catalog)
    if not found.isdisjoint(("employee", "employees")):
        found |= {"staff", "worker", "personnel", "colleague"}
    found |= {word for word in name_words(catalog.schema) if _PEOPLE.fullmatch(word)}
    return frozenset(found | {_plural(word) for word in found if not word.endswith("s")})


def _words(field: Field) -> tuple[str, ...]:
    return in_full(name_words(field.name), field.type)


def _is_kind_of_people(words: Sequence[str]) -> bool:
    """`borrower_type`, `donor_since`: whoever is sorted so is whom the table is about."""
    return len(words) == 2 and words[1] in _SORTS and _plural(words[0]) in PEOPLE


_OWNED: Final = re.compile(
    r"\b(?:of|by|to|when|whether|if) (?:the|a|an|this) ([a-z]{3,})\b|\b(?:the|this) ([a-z]{3,})'s\b"
)


def _told_of(catalog: Catalog) -> set[str]:
    """The nouns for people that descriptions give to a row: "name of the reader", "the tenant's age"."""
    values = {str(item.value).casefold() for field in catalog.visible for item in field.values}
    found = {
        group
        for field in catalog.visible
        for groups in _OWNED.findall(field.description.lower())
        for group in groups
        if group
    }
    return {word for word in found if _plural(word) in PEOPLE and values.isdisjoint((word, _plural(word)))}


def _plural(word: str) -> str:
    return word[:-1] + "ies" if word.endswith("y") and word[-2:-1] not in "aeiou" else word + "s"
