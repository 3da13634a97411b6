"""Values said before their field: "Fado or Jazz among their styles", "Fado as their favourite style"."""

from __future__ import annotations

from typing import Final

from segmentry.reader.language.words import word_set
from segmentry.reader.lexicon.phrases import DERIVED, GENERAL
from segmentry.reader.patterns.value_lists import listed
from segmentry.reader.patterns.values import build, complement
from segmentry.reader.scene import Fragment, Scene

LINKS: Final = word_set("among amongst amid as")
_OWNER: Final = word_set("the their his her its our")
_FURTHEST: Final = 9


def among(scene: Scene, at: int) -> Fragment | None:
    """A list of values that ends before "among" and the field's name; "as" needs "their" behind it."""
    if not (scene.tokens[at].capitalised or scene.tokens[at].kind == "quoted" or scene.lists_value(at)):
        return None
    for link in range(at + 1, min(at + _FURTHEST, len(scene.tokens))):
        if scene.word(link) not in LINKS:
            continue
        begin = scene.skip(link + 1, _OWNER, 1)
        if scene.word(link) == "as" and begin == link + 1:
            return None
        return _before(scene, at, link, begin)
    return None


def _before(scene: Scene, at: int, link: int, begin: int) -> Fragment | None:
    for match in scene.matches_at(begin):
        named = {entry.field: entry.strength for entry in match.of("field") if entry.strength >= GENERAL}
        strongest = {name for name, strength in named.items() if strength == max(named.values())}
        if len(strongest) != 1:
            continue
        name = strongest.pop()
        field = scene.field(name)
        if field.type not in ("string", "enum", "array") or scene.lexicon.known[name].is_flag:
            continue
        if named[name] < DERIVED and field.type != "array":
            continue
        chosen = listed(scene, at, frozenset({name}), restricted=True)
        if chosen is None or chosen[1] != link:
            continue
        items, _, conjunctive = chosen
        stored = tuple(dict.fromkeys(item.entries[0].value for item in items))
        node = build(field, stored, conjunctive)
        unseen = sum(1 for item in items if not item.entries[0].known)
        return Fragment(
            "value", at, match.end, node, complement(node), field=name, factor=0.93**unseen, rank=2
        )
    return None
