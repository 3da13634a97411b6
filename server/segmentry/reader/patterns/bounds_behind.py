"""Comparators that stand behind the noun of their number, and behind "a month" as well."""

from __future__ import annotations

from segmentry.reader.patterns.quantify import rate_at
from segmentry.reader.quantities.comparators import Comparison, phrase_at
from segmentry.reader.scene import Scene


def bounded_behind(scene: Scene, found: Comparison, at: int) -> tuple[Comparison, int]:
    """ "3 visits a month or more": the comparator behind the noun is the number's; and the token after."""
    stop = rate_at(scene, at)[1]
    after = phrase_at(scene.tokens, stop, after=True) if stop < len(scene.tokens) else None
    if after is None or found.explicit:
        return found, at
    bounds = ((after[0], found.bounds[0][1]),)
    return Comparison(bounds, found.start, found.end, explicit=True), after[1]
