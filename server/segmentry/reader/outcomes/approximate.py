"""Numbers that are said roughly ("around 10"): how far around only a person can say."""

from __future__ import annotations

from typing import Final

from segmentry.criteria.nodes import Leaf, Not, Operator
from segmentry.reader.quantities.comparators import APPROXIMATE
from segmentry.reader.scene import Fragment, Option, Scene, between, label

_SHARES: Final = (10, 25)


def rough(scene: Scene, fragment: Fragment) -> None:
    """Open a condition that holds one exact number where the words say "around" of it."""
    leaf = fragment.node
    if not isinstance(leaf, Leaf) or leaf.operator is not Operator.EQ or scene.said.isdisjoint(APPROXIMATE):
        return
    value = leaf.value
    if isinstance(value, bool) or not isinstance(value, int | float):
        return
    at = next((at for at in range(fragment.start - 1, fragment.end) if scene.word(at) in APPROXIMATE), None)
    if at is None or not any(step in scene.numbers for step in range(at + 1, at + 3)):
        return
    options: list[Option] = []
    for share in _SHARES:
        margin = max(abs(value) * share // 100, 1) if isinstance(value, int) else abs(value) * share / 100
        bounds = between(leaf.field, ((Operator.GTE, value - margin), (Operator.LTE, value + margin)))
        options.append(Option(label(bounds), bounds))
    fragment.node, fragment.negative, fragment.kind = None, None, "vague"
    fragment.options = tuple(dict.fromkeys(options)) or ()
    fragment.negative_options = tuple(
        Option(f"not {each.label}", Not(each.node)) for each in fragment.options
    )
    fragment.question = f"How far around is '{scene.words(min(at, fragment.start), fragment.end)}'?"
