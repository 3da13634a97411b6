"""One field compared with another: "fee higher than weight" is said to be impossible, and not asked about."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Final

from segmentry.criteria.nodes import Leaf, Top
from segmentry.reader.language.words import word_set
from segmentry.reader.scene import Fragment, Scene

_COMPARING: Final = word_set("""
above below over under than > < = == >= <= != equals equal exceeds exceeding beats matches as same
""")
_FAR: Final = 6


def _about(fragment: Fragment) -> str:
    """The one field of an open word for a number; "" where several are offered."""
    fields = {each.node.field for each in fragment.options if isinstance(each.node, Leaf | Top)}
    return fields.pop() if fragment.kind == "vague" and len(fields) == 1 else ""


def compared_fields(scene: Scene, opened: Sequence[Fragment]) -> str:
    """What to say where two open numbers stand on both sides of a comparison; "" where none do."""
    for first, second in pairwise(opened):
        one, other = _about(first), _about(second)
        between = range(first.start, second.start)
        if not one or not other or one == other or second.start - first.end > _FAR:
            continue
        if any(at in scene.numbers for at in between):
            continue
        if any(scene.word(at) in _COMPARING for at in between):
            said = scene.words(first.start, second.end).replace("[", "").replace("]", "")
            return (
                f"'{said}' compares {one} with {other}: a field is compared with a value, "
                "never with another field"
            )
    return ""
