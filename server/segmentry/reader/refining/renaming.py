"""Another column in the place of one: "use last activity instead of last booking"."""

from __future__ import annotations

import dataclasses

from segmentry.criteria.catalog import Field
from segmentry.criteria.nodes import Leaf
from segmentry.criteria.operators import allowed
from segmentry.reader.language.words import STOP
from segmentry.reader.lexicon.phrases import DERIVED
from segmentry.reader.refining.current import Current
from segmentry.reader.refining.elliptic import Fit
from segmentry.reader.refining.trees import joined
from segmentry.reader.scene import Scene, best

# the bound stays, and whether it means the same on the other column only a person knows
CONFIDENCE = 0.9
_MEASURED = frozenset({"number", "datetime"})


def renamed(words: str, leaves: tuple[int, ...], current: Current) -> list[Fit]:
    """The leaves on the one column that the words name, where it holds the same kind of value."""
    field = _named(current.scene(words))
    if field is None or field.type not in _MEASURED or not leaves:
        return []
    fits: list[Leaf] = []
    for at in leaves:
        leaf = current.leaves[at]
        was = current.catalog.get(leaf.field) if isinstance(leaf, Leaf) else None
        if not isinstance(leaf, Leaf) or was is None or was.type != field.type or was.name == field.name:
            return []
        if leaf.operator not in allowed(field):
            return []
        fits.append(dataclasses.replace(leaf, field=field.name, path=""))
    return [(leaves, joined(tuple(fits)))]


def anywhere(words: str, current: Current) -> list[Fit]:
    """Every condition that may be moved to the column that is named."""
    return [fit for group in current.conditions for fit in renamed(words, group, current)]


def _named(scene: Scene) -> Field | None:
    """The one column whose name is all that is said."""
    at = scene.skip(0, STOP | {"field", "column", "use"}, 4)
    if at >= len(scene.tokens):
        return None
    for match in scene.matches_at(at):
        entries = best(tuple(entry for entry in match.of("field") if entry.strength >= DERIVED))
        end = scene.skip(match.end, STOP | {"date", "field", "column"}, 3)
        if len(entries) == 1 and end >= len(scene.tokens):
            return scene.field(entries[0].field)
    return None
