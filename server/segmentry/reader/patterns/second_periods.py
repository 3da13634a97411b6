"""A second period on the date just named: "enrolled before 2019 or after 2022", "but not in the last 3"."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from segmentry.reader.dates.when import When
from segmentry.reader.language.words import NEGATORS, STOP, word_set
from segmentry.reader.patterns.periods import dated
from segmentry.reader.scene import Fragment, Option, Scene, label

_JOINS: Final = frozenset({"and", "or", "but", ","})
_BETWEEN: Final = (STOP | NEGATORS | word_set("and or but , not either")) - word_set("who that which")
_ENDS: Final = word_set("and or but , . ; ) ? ! who that which with in from whose") | {""}
_LASTING: Final = word_set("last past previous")
_MOST_OFFERED: Final = 4


def second_period(scene: Scene, at: int, joined: str) -> Fragment | None:
    """The date just named over another period; "the last 3" is counted in the unit that was said before."""
    previous = scene.previous
    if previous is None or previous.kind != "moment" or not previous.field or joined not in _JOINS:
        return None
    if any(scene.word(step) not in _BETWEEN for step in range(previous.end, at)):
        return None
    when = scene.when(at) or _counted_alike(scene, at, previous)
    if when is None or when.kind == "vague" or scene.word(when.end) not in _ENDS | scene.lexicon.entities:
        return None
    fragment = dated(scene, at, when.end, scene.field(previous.field), when)
    fragment.cap, fragment.rank = min(fragment.cap, previous.cap), -1
    if not previous.negated:
        fragment.negative_options = ()  # who has no such date is out by the first condition
    return fragment


def _counted_alike(scene: Scene, at: int, previous: Fragment) -> When | None:
    """ "In the last 7 days but not in the last 3": the days are said once."""
    begin = scene.skip(at, frozenset({"in", "within", "during", "the", "over"}), 2)
    number = scene.numbers.get(begin + 1)
    if (
        begin == at
        or scene.word(begin) not in _LASTING
        or number is None
        or not isinstance(number.value, int)
    ):
        return None
    for step in range(previous.start, previous.end):
        first = scene.when(step)
        if first is not None and first.end == previous.end and first.kind in ("rolling", "within"):
            return replace(first, start=at, end=number.end, count=number.value)
    return None


def which_date(scene: Scene, at: int) -> Fragment | None:
    """ "Gold since 2020": a period that no date was named for; the dates of the table are the choices."""
    when = scene.when(at)
    if when is None or not when.cued or when.kind == "vague" or (at == 0 and when.kind != "absolute"):
        return None
    named = [each.field for each in scene.lexicon.named.values() if each.field.type == "datetime"]
    if not named or scene.word(when.end) not in _ENDS:
        return None
    read = [dated(scene, at, when.end, field, when) for field in named[:_MOST_OFFERED]]
    positive = [each.node for each in read if each.node is not None]
    negative = [each.negative for each in read if each.negative is not None]
    return Fragment(
        "moment",
        at,
        when.end,
        None,
        options=tuple(Option(label(node), node) for node in positive),
        negative_options=tuple(Option(f"not: {label(node)}", node) for node in negative),
        cap=0.45,
        question=f"Which date does '{scene.words(at, when.end)}' mean?",
    )
