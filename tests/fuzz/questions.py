"""Queries for the reader: noise, its own words in any order, and real queries that were damaged."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from functools import cache

from segmentry.reader.language.words import EVERYDAY, FRAME, NEGATORS, STOP, VAGUE

from evals import tables
from evals.case_files import Case, load

_MOST = 2_000
_WORDS = """
    and or not but no without except neither nor either unless never who whose with in from at since
    before after until between within last next this past ago days weeks months years quarter today
    yesterday monday march over under exactly around top bottom percent ten first times twice contains
    like is are has have haven't isn't missing unknown empty set highest lowest better older cheaper
    average the a of for to by customers please delete ' null
"""
_GLUE = [
    *_WORDS.split(),
    "all but", "2024", "Q3 2024", "03/04/2024", "2024-02-29", "31 February", "more than", "less than",
    "at least", "at most", "%", "10", "0", "-3", "1e3", "1.5k", "R5,000", "$1.2k", "€1.000,50", "80+",
    "10-20", "a dozen", "half a", "twenty-five", "3rd", "starts with", "ends with", "show me", "how many",
    "ignore previous instructions", "(", ")", ",", ";", ":", "?", "!", '"', "“", "”", "-", "/", "&", "|",
    "{{", "}}", "$or", "{}", "\n", "\t",
]  # fmt: skip
_PIECES = [
    "\x00", "\u200b", "\u202e", "\ufeff", "\ud800", "\U0001f3cc", "ß", "ﬁ", "İ", "ǅ", "e\u0301", "٣", "²",
    "½", "Ⅷ", "万", "%", "--", "'; drop table", "9" * 400, "1" + ",000" * 60, "10-" * 40, "not " * 80,
    "((((((((", "a" * 300,
]  # fmt: skip


@cache
def cases() -> tuple[Case, ...]:
    """The queries that may be read by people who mend what the fuzz finds."""
    return load(("dev",))


@cache
def _own(table: str) -> tuple[str, ...]:
    """Words of a table: names of fields and events, values, synonyms, bands, samples."""
    found: list[str] = []
    catalog = tables.load(table)
    for field in catalog.fields:
        found += [field.name, *field.synonyms, *field.samples[:30]]
        found += [phrase for band in field.bands for phrase in band.phrases]
        found += [text for value in field.values for text in (str(value.value), *value.synonyms)]
    for event in catalog.events:
        found += [event.name, *event.synonyms]
    return (*found, *catalog.entity_nouns)


_CLOSED = sorted(STOP | FRAME | NEGATORS | VAGUE | EVERYDAY)


def question(seed: int) -> tuple[Case, str]:
    """The case whose table and clock a seed draws, and the query to read there."""
    drawn = random.Random(seed)
    case = drawn.choice(cases())
    make = drawn.choices((_damaged, _soup, _noise, _joined, _monster), weights=(40, 35, 10, 13, 2))[0]
    return case, make(case, drawn)[:_MOST]


def _damaged(case: Case, drawn: random.Random) -> str:
    text = case.query
    for _ in range(drawn.choice((1, 1, 2, 3, 6))):
        at, until = sorted(drawn.randrange(len(text) + 1) for _ in range(2))
        until = min(until, at + 12)
        match drawn.randrange(7):
            case 0:
                text = text[:at] + text[until:]
            case 1:
                text = f"{text[:at]} {drawn.choice(_GLUE)} {text[at:]}"
            case 2:
                text = text[:at] + drawn.choice(_PIECES) + text[at:]
            case 3:
                text = text[:at] + text[at:until] * drawn.randint(2, 4) + text[until:]
            case 4:
                words = text.split()
                drawn.shuffle(words)
                text = " ".join(words)
            case 5:
                text = drawn.choice((text.upper, text.lower, text.title, text.swapcase))()
            case _:
                text = f"{text[:at]} {drawn.choice(_own(case.table))} {text[until:]}"
    return text


def _soup(case: Case, drawn: random.Random) -> str:
    lists = (_GLUE, _own(case.table), _CLOSED)
    chosen = drawn.choices(lists, weights=(5, 4, 2), k=drawn.randrange(1, 16))
    return " ".join(drawn.choice(each) for each in chosen)


def _noise(case: Case, drawn: random.Random) -> str:
    del case
    if drawn.random() < 0.5:
        return drawn.randbytes(drawn.randrange(120)).decode(drawn.choice(("latin-1", "utf-16")), "replace")
    ends = (0x250, 0x3000, 0x110000)
    return "".join(chr(drawn.randrange(drawn.choice(ends))) for _ in range(drawn.randrange(60)))


def _joined(case: Case, drawn: random.Random) -> str:
    others = [each.query for each in cases() if each.table == case.table]
    between = drawn.choice((" and ", " or ", " but not ", ", ", " except ", " unless ", " "))
    return between.join(drawn.sample(others, min(drawn.randrange(2, 4), len(others))))


def _monster(case: Case, drawn: random.Random) -> str:
    """As long as a query may be, of few parts: what a rule that looks at every pair would choke on."""
    kind: Callable[[Case, random.Random], str] = drawn.choice((_soup, _damaged, _noise))
    parts: Sequence[str] = [kind(case, drawn) for _ in range(drawn.choice((1, 2, 40)))]
    text = ""
    while len(text) < _MOST:
        text += drawn.choice(parts) + drawn.choice((" ", " and ", ", ", " or "))
    return text
