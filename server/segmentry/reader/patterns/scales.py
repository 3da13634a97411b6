# ruff: noqa: E501 - a scale reads better in one line
"""From a value upwards or downwards: "silver or above", "at least gold", "below platinum", "gold and up".

A list of values has no order of its own. Where everybody ranks its words alike, the order is taken as
assumed; else the values are asked for.
"""

from __future__ import annotations

from typing import Final

from segmentry.criteria.catalog import Field
from segmentry.criteria.nodes import Leaf, Node, Operator, Scalar
from segmentry.reader.language.words import STOP, word_set
from segmentry.reader.lexicon.phrases import DERIVED
from segmentry.reader.patterns.values import complement
from segmentry.reader.scene import Fragment, Option, Scene

_SCALES: Final = tuple(
    {word: place for place, words in enumerate(scale.split()) for word in words.split("|")}
    for scale in (
        "none wood|blue basic|standard|classic|green|red bronze silver gold platinum|titanium diamond|black ambassador",
        "free|trial basic|lite|starter|start standard|growth|team|plus pro|professional|premium business|advanced enterprise|ultimate|unlimited",
        "xs s m l xl xxl xxxl",
        "tiny small medium|mid large huge|enterprise",
        "very_low|minimal low medium|moderate|normal high very_high|critical|urgent",
        "never rarely sometimes often always",
        "economy premium_economy|premium business first",
        "beginner|novice intermediate advanced expert|professional",
        "primary secondary tertiary",
        "poor fair|average good very_good excellent",
    )
)
_UP: Final = word_set("above higher up upwards better over more beyond")
_DOWN: Final = word_set("below lower down downwards under less worse")
_AT_LEAST: Final = word_set("least minimum")
_AT_MOST: Final = word_set("most maximum")
_ASSUMED = 0.9
_SAMPLED = 0.85
STARTS: Final = _UP | _DOWN | {"at", "minimum", "maximum", "up"}
NEEDED: Final = _UP | _DOWN | _AT_LEAST | _AT_MOST | {"+"}


def scales(scene: Scene, at: int) -> Fragment | None:
    """A value with "or above", "and up", "at least", "below": the values of its list from there on."""
    before = _before(scene, at)
    begin, upwards, including = (at, True, True) if before is None else before
    for match in scene.matches_at(begin):
        for entry in match.of("value"):
            field = scene.field(entry.field)
            if (
                entry.strength < DERIVED
                or not (field.values or field.samples)
                or scene.lexicon.known[field.name].is_flag
            ):
                continue
            end = match.end
            if before is None:
                tail = _after(scene, scene.skip(end, _noun_words(scene, field), 2))
                if tail is None:
                    continue
                upwards, end = tail
            named = scene.skip(end, _noun_words(scene, field), 2)
            return _ranked(scene, at, named, field, entry.value, upwards=upwards, including=including)
    return None


def _before(scene: Scene, at: int) -> tuple[int, bool, bool] | None:
    """The value's position after "at least", "above", "up to"; the direction; whether it is included."""
    word, after = scene.word(at), scene.word(at + 1)
    if word == "at" and after in _AT_LEAST | _AT_MOST:
        return scene.skip(at + 2, STOP, 2), after in _AT_LEAST, True
    if word in ("minimum", "maximum"):
        return scene.skip(at + 1, STOP, 2), word == "minimum", True
    if word == "up" and after == "to":
        return scene.skip(at + 2, STOP, 2), False, True
    if word in ("above", "over", "beyond", "below", "under"):
        return scene.skip(at + 1, frozenset({"the"}), 1), word in _UP, False
    if word in ("higher", "better", "more", "lower", "worse", "less") and after == "than":
        return scene.skip(at + 2, frozenset({"the"}), 1), word in _UP, False
    return None


def _after(scene: Scene, at: int) -> tuple[bool, int] | None:
    """The direction of "or above", "and up", "+", and the end."""
    if scene.word(at) == "+":
        return True, at + 1
    if scene.word(at) not in ("or", "and"):
        return None
    word = scene.word(at + 1)
    if word not in _UP | _DOWN or scene.comparison(at + 2) is not None or scene.word(at + 2) == "than":
        return None  # "platinum or more than 500 miles" begins a condition of its own
    return word in _UP, at + 2


def _noun_words(scene: Scene, field: Field) -> frozenset[str]:
    return frozenset(scene.lexicon.named[field.name].words) | {"tier", "level", "plan", "members", "status"}


def _ranked(
    scene: Scene, at: int, end: int, field: Field, value: Scalar, *, upwards: bool, including: bool
) -> Fragment | None:
    listed: list[Scalar] = [item.value for item in field.values] or list(field.samples)
    places = _places(listed)
    said = scene.words(at, end)
    if places is None:
        position = listed.index(value)
        ways = (listed[position:], listed[: position + 1])
        options = tuple(
            Option(f"{field.name} is {', '.join(map(str, way))}", _node(field, way)) for way in ways if way
        )
        question = f"The values of {field.name} have no order of their own; which ones are '{said}'?"
        return Fragment(
            "value", at, end, None, field=field.name, options=options, question=question, cap=0.45
        )
    own = places[str(value)]
    chosen = [
        each
        for each in listed
        if (own <= places[str(each)] if upwards else places[str(each)] <= own)
        and (including or places[str(each)] != own)
    ]
    if not chosen:
        return None
    node = _node(field, chosen)
    note = f"'{said}' was read as {', '.join(map(str, chosen))}"
    # of a column that was only sampled, a value between may be missing
    cap = _ASSUMED if field.values else _SAMPLED
    return Fragment(
        "value", at, end, node, complement(node), field=field.name, source="assumed", cap=cap, note=note
    )


def _places(values: list[Scalar]) -> dict[str, int] | None:
    """The place of every value on the one scale that knows them all; None when no scale does."""
    folded = {str(value): str(value).casefold().replace(" ", "_").replace("-", "_") for value in values}
    for scale in _SCALES:
        if all(word in scale for word in folded.values()):
            found = {value: scale[word] for value, word in folded.items()}
            if len(set(found.values())) == len(found):
                return found
    return None


def _node(field: Field, values: list[Scalar]) -> Node:
    if len(values) == 1:
        return Leaf(field.name, Operator.EQ, values[0])
    return Leaf(field.name, Operator.IN, tuple(values))
