"""What a verb is about: a value of another field right after it ("shop in store", "bought an Audi")."""

from __future__ import annotations

from segmentry.reader.places import country_at
from segmentry.reader.scene import Scene
from segmentry.reader.words import word_set

_TO_VALUE = word_set("in at on by via through from with a an the our using only mostly mainly online of for")


def value_follows(scene: Scene, end: int, names: set[str]) -> bool:
    """True when a value of a field outside `names` comes after the verb that ends at `end`."""
    begin = scene.skip(end, _TO_VALUE, 3)
    if begin >= len(scene.tokens) or any(scene.when(step) is not None for step in range(end, begin + 1)):
        return False
    valued = any(
        entry.bare and entry.field not in names
        for following in scene.matches_at(begin)
        for entry in following.of("value")
    )
    return valued or (bool(scene.lexicon.country_fields) and country_at(scene.tokens, begin) is not None)
