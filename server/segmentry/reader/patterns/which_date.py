"""Which of several dates is meant, by the noun beside the verb: "cards that expire next month"."""

from __future__ import annotations

from typing import Final

from segmentry.criteria.nodes import Leaf, Not, Operator
from segmentry.reader.dates.when import When
from segmentry.reader.language.inflect import stem
from segmentry.reader.language.words import STOP
from segmentry.reader.lexicon.phrases import Entry
from segmentry.reader.scene import Fragment, Option, Scene, label

_JOINS: Final = frozenset({"and", "or", "but", "while", "plus"})
_FARTHEST: Final = 3
_DENYING: Final = frozenset({"not", "outside", "isn't", "wasn't", "aren't"})
_OF: Final = frozenset({"of", "the"})


def nearest(scene: Scene, start: int, end: int, candidates: list[Entry]) -> list[Entry]:
    """Of the dates that a verb may be about, those whose nouns stand right before or after `[start, end)`."""
    if len(candidates) < 2:
        return candidates
    said = _nouns(scene, start - 1, -1) | _nouns(scene, end, 1)
    hits = [
        len(said & {stem(word) for word in scene.lexicon.named[each.field].event_nouns})
        for each in candidates
    ]
    most = max(hits)
    return [each for each, hit in zip(candidates, hits, strict=True) if hit == most] if most else candidates


def _nouns(scene: Scene, at: int, step: int) -> set[str]:
    """The stems of the nearest content words on one side, up to a comma, a joint or another condition."""
    found: set[str] = set()
    taken = 0 if scene.previous is None else scene.previous.end
    while 0 <= at < len(scene.tokens) and len(found) < _FARTHEST and at >= taken:
        token = scene.tokens[at]
        if token.kind != "word" or token.norm in _JOINS:
            break
        if token.norm not in STOP:
            found.add(token.stem)
        at += step
    return found


def denied_period(scene: Scene, at: int) -> When | None:
    """ "Last exam not in 2024", "enrolled outside of 2023": the period behind the denial, if any."""
    word = scene.word(at)
    if word not in _DENYING:
        return None
    return scene.when(scene.skip(at + 1, _OF, 2) if word == "outside" else at + 1)


def which_end(scene: Scene, start: int, end: int, candidates: list[Entry], *, over: bool) -> Fragment:
    """ "Expired" beside several dates with an end: the dates are the choices."""
    sides = (Operator.LT, Operator.GTE) if over else (Operator.GTE, Operator.LT)
    leaves = [[Leaf(each.field, side, "{{NOW}}") for each in candidates[:4]] for side in sides]
    names = ", ".join(each.field for each in candidates[:4])
    return Fragment(
        "moment",
        start,
        end,
        None,
        options=tuple(Option(label(leaf), leaf) for leaf in leaves[0]),
        negative_options=tuple(Option(label(leaf), leaf) for leaf in leaves[1]),
        cap=0.45,
        question=f"Which date does '{scene.words(start, end)}' mean: {names}?",
    )


def not_first(scene: Scene, at: int, read: Fragment, name: str) -> Fragment:
    """ "Haven't seen in a year" where only the first time is known: that, or never, is asked."""
    never = Leaf(name, Operator.EXISTS, False)
    nodes = [node for node in (read.negative, never) if node is not None]
    return Fragment(
        "moment",
        at,
        read.end,
        None,
        field=name,
        options=tuple(Option(label(node), Not(node)) for node in nodes),
        negative_options=tuple(Option(label(node), node) for node in nodes),
        cap=0.45,
        question=f"Only {name} is known: what does '{scene.words(at, read.end)}' mean?",
    )
