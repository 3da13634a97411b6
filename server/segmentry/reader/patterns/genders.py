"""Men and women on a column of genders whose values nobody listed: "women over 40", "male customers"."""

from __future__ import annotations

from typing import Final

from segmentry.criteria.nodes import Leaf, Operator
from segmentry.reader.language.thesaurus import VALUE_WORDS
from segmentry.reader.language.words import word_set
from segmentry.reader.patterns.values import complement
from segmentry.reader.scene import Fragment, Option, Scene, label

_COLUMNS: Final = word_set("gender sex")
_MEANT: Final = {word: value for value in ("female", "male") for word in VALUE_WORDS[value].split("|")} | {
    "female": "female",
    "male": "male",
}
WORDS: Final = frozenset(_MEANT)
# how the table writes it is not known: answered, but never alone
_DOUBT: Final = 0.7


def genders(scene: Scene, at: int) -> Fragment | None:
    """The gender that a noun for people says; other ways to write it are further readings."""
    value = _MEANT.get(scene.word(at))
    if value is None or any(match.of("value", "field") for match in scene.matches_at(at)):
        return None
    names = [name for name, named in scene.lexicon.named.items() if _COLUMNS & set(named.core)]
    if len(names) != 1:
        return None
    field = scene.field(names[0])
    if field.type not in ("string", "enum") or scene.lexicon.known[field.name].exact:
        return None
    ways = [Leaf(field.name, Operator.EQ, text) for text in (value, value[0].upper(), value.title())]
    return Fragment(
        "value",
        at,
        at + 1,
        ways[0],
        complement(ways[0]),
        field=field.name,
        source="assumed",
        cap=_DOUBT,
        note=f"the values of {field.name} are not known; '{value}' was assumed",
        options=tuple(Option(label(leaf), leaf) for leaf in ways[1:]),
        negative_options=tuple(Option(f"not {leaf.value}", complement(leaf)) for leaf in ways[1:]),
    )
