"""A deed on a column that counts the time since it: "haven't sailed for 90 days" on `days_since_sailing`."""

from __future__ import annotations

from typing import Final

from segmentry.criteria.nodes import Leaf, Operator
from segmentry.reader.language.words import NEGATIVE_VERBS, word_set
from segmentry.reader.lexicon.phrases import PART
from segmentry.reader.lexicon.units import scaled, unit_factor
from segmentry.reader.patterns.quantify import opposite
from segmentry.reader.scene import Fragment, Scene

BEFORE: Final = NEGATIVE_VERBS | {"not", "never"}
_PARTICLES: Final = word_set("us with again anything in for at all")
_LENGTHS: Final = frozenset({"days", "weeks", "months", "years"})


def days_since(scene: Scene, at: int) -> Fragment | None:
    """The time that has passed is longer, where the deed is denied, whatever the verb alone would count."""
    if scene.word(at - 1) not in BEFORE:
        return None
    for match in scene.matches_at(at):
        entries = match.of("field", "moment")
        if any(
            scene.field(entry.field).type == "datetime" and not scene.lexicon.named[entry.field].first
            for entry in entries
        ):
            continue
        names = {
            entry.field
            for entry in match.of("field")
            if entry.strength >= PART and _counts_time(scene, entry.field)
        }
        if len(names) != 1 or scene.word(at) in ("days", "weeks", "months", "years"):
            continue
        name = names.pop()
        for begin in range(match.end, min(match.end + 4, len(scene.tokens))):
            found = scene.comparison(begin)
            unit = "" if found is None else scene.word(found.end)
            factor = unit_factor(scene.lexicon.named[name], unit) if unit else None
            if found is not None and factor is not None and len(found.bounds) == 1:
                operator = found.bounds[0][0] if found.explicit else Operator.GTE
                if operator not in (Operator.GT, Operator.GTE):
                    return None
                value = scaled(found.bounds[0][1].value, factor[0])
                value = int(value) if value == int(value) else value
                leaf = Leaf(name, operator, value)
                cap, source = (0.9, "assumed") if factor[1] else (1.0, "said")
                # the negation before the verb is read as such: what it denies is the shorter time
                return Fragment(
                    "measure",
                    at,
                    found.end + 1,
                    opposite(leaf),
                    leaf,
                    field=name,
                    source=source,
                    cap=cap,
                    rank=2,
                )
            if scene.word(begin) not in _PARTICLES:
                break
    return None


def _counts_time(scene: Scene, name: str) -> bool:
    words = scene.lexicon.named[name].words
    return scene.field(name).type == "number" and "since" in words and bool(_LENGTHS & set(words))
