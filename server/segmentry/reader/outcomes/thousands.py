"""One dot before three digits: "1.000 points" is a thousand in half of the world and one in the other."""

from __future__ import annotations

import re
from typing import Final

from segmentry.criteria.catalog import Field
from segmentry.criteria.nodes import And, Leaf, Node
from segmentry.reader.patterns.quantify import opposite
from segmentry.reader.scene import Fragment, Option, Scene

_PARTED: Final = re.compile(r"[^\d.,]*[1-9]\d{0,2}\.\d{3}")
_THOUSAND: Final = 1000
_FLAGGED: Final = 0.85


def parted(scene: Scene, fragment: Fragment) -> None:
    """Give a condition whose numbers have such a dot its second reading, where both are possible.

    A column of whole numbers holds the thousand; for others the English way comes first.
    """
    node = fragment.node
    if not isinstance(node, Leaf | And):
        return
    held = [at for at in range(fragment.start, fragment.end) if scene.tokens[at].kind == "number"]
    if not held or not all(_PARTED.fullmatch(scene.tokens[at].text) for at in held):
        return
    leaves = [node] if isinstance(node, Leaf) else [each for each in node.items if isinstance(each, Leaf)]
    field = scene.field(leaves[0].field) if leaves else None
    whole = _times(node)
    if field is None or whole is None or _fits(field, leaves):
        return
    smaller, larger = (node, fragment.negative), (whole, opposite(whole))
    (fragment.node, fragment.negative), (other, denied) = (
        (larger, smaller) if field.integer else (smaller, larger)
    )
    said = " and ".join(scene.tokens[at].text for at in held)
    kept, left = ("thousands", "decimals") if field.integer else ("decimals", "thousands")
    text = f"'{said}' with a dot before {left}"
    fragment.options = (Option(text, other), *fragment.options)
    if denied is not None:
        fragment.negative_options = (Option(text, denied), *fragment.negative_options)
    fragment.cap = min(fragment.cap, _FLAGGED)
    fragment.source = "assumed"
    fragment.note = f"the dot in '{said}' was read as one before {kept}"


def _times(node: Node) -> Node | None:
    if isinstance(node, And):
        items = tuple(_times(each) for each in node.items)
        return None if None in items else And(tuple(each for each in items if each is not None))
    if not isinstance(node, Leaf) or isinstance(node.value, bool) or not isinstance(node.value, int | float):
        return None
    value = node.value * _THOUSAND
    return Leaf(node.field, node.operator, int(value) if float(value).is_integer() else round(value, 6))


def _fits(field: Field, leaves: list[Leaf]) -> bool:
    """Whether the column's range leaves only the smaller numbers."""
    low, high = field.minimum, field.maximum
    if low is None or high is None or field.integer:
        return False
    return all(isinstance(each.value, int | float) and low <= each.value <= high for each in leaves) and all(
        isinstance(each.value, int | float) and each.value * _THOUSAND > high for each in leaves
    )
