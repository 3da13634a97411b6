# ruff: noqa: E501 - word tables and patterns read better in long lines
"""States of the United States on a column of states: listings in Texas, homes outside CA or TX."""

from __future__ import annotations

from typing import Final

from segmentry.criteria.nodes import Leaf, Operator
from segmentry.reader.language.words import word_set
from segmentry.reader.patterns.values import complement
from segmentry.reader.scene import Fragment, Option, Scene, label

_TABLE: Final = """
alabama AL|alaska AK|arizona AZ|arkansas AR|california CA|colorado CO|connecticut CT|delaware DE|florida FL|georgia GA|
hawaii HI|idaho ID|illinois IL|indiana IN|iowa IA|kansas KS|kentucky KY|louisiana LA|maine ME|maryland MD|massachusetts MA|
michigan MI|minnesota MN|mississippi MS|missouri MO|montana MT|nebraska NE|nevada NV|new hampshire NH|new jersey NJ|
new mexico NM|new york NY|north carolina NC|north dakota ND|ohio OH|oklahoma OK|oregon OR|pennsylvania PA|rhode island RI|
south carolina SC|south dakota SD|tennessee TN|texas TX|utah UT|vermont VT|virginia VA|washington WA|west virginia WV|
wisconsin WI|wyoming WY
"""
_CODES: Final[dict[str, str]] = {
    name: code
    for name, _, code in (row.strip().rpartition(" ") for row in _TABLE.replace("\n", "").split("|"))
}
_NAMES: Final = {code: name.title() for name, code in _CODES.items()}
# as well the name of a city, or of a country
_SHARED: Final = frozenset({"new york", "washington", "georgia"})
_BEFORE: Final = word_set("in from outside state of is for not or and , either within")
WORDS: Final = frozenset(name.split()[0] for name in _CODES) | frozenset(code.lower() for code in _NAMES)
_DOUBT: Final = 0.8


def states(scene: Scene, at: int) -> Fragment | None:
    """A state or a list of them, on the one column that holds states."""
    names = scene.lexicon.state_fields
    if len(names) != 1 or scene.field(names[0]).type not in ("string", "enum"):
        return None
    name, codes, end = names[0], list[str](), at
    while True:
        begin = end if not codes else scene.skip(end, frozenset({"or", "and", ",", "nor", "in"}), 3)
        found = None if codes and begin == end else _state(scene, begin)
        if found is None:
            break
        codes.append(found[0])
        end = found[1]
    if not codes:
        return None
    known = scene.lexicon.known[name].folded
    said = tuple(str(known.get(code.casefold(), known.get(_NAMES[code].casefold(), ""))) for code in codes)
    stored = said if all(said) else tuple(codes)
    leaf, other = _leaf(name, stored), _leaf(name, tuple(_NAMES[code] for code in codes))
    if all(said):
        return Fragment("place", at, end, leaf, complement(leaf), field=name, rank=1)
    options = (Option(label(other), other),)
    note = f"{name} was taken to hold two letters, as {codes[0]}"
    return Fragment(
        "place",
        at,
        end,
        leaf,
        complement(leaf),
        field=name,
        rank=1,
        source="assumed",
        cap=_DOUBT,
        note=note,
        options=options,
    )


def _leaf(name: str, stored: tuple[str, ...]) -> Leaf:
    return Leaf(name, Operator.EQ, stored[0]) if len(stored) == 1 else Leaf(name, Operator.IN, stored)


def _state(scene: Scene, at: int) -> tuple[str, int] | None:
    if at >= len(scene.tokens) or scene.word(at - 1) not in _BEFORE:
        return None
    text = scene.tokens[at].text
    if text in _NAMES and not scene.lexicon.country_fields:
        return text, at + 1
    for words in (2, 1):
        name = " ".join(scene.word(at + step) for step in range(words))
        code = _CODES.get(name)
        shared = name in _SHARED and (scene.lexicon.city_fields or scene.lexicon.country_fields)
        if code is not None and not shared:
            return code, at + words
    return None
