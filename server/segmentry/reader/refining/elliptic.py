"""Words that leave their field out ("under 30", "since 2024"), read for the conditions they may be about."""

from __future__ import annotations

from segmentry.criteria.nodes import Everyone, Leaf, Node
from segmentry.reader.draft import Draft
from segmentry.reader.language.words import STOP
from segmentry.reader.lexicon.names import truth_values
from segmentry.reader.refining.amounts import read_by
from segmentry.reader.refining.current import Current
from segmentry.reader.refining.merging import POSITIVE
from segmentry.reader.refining.trees import parts
from segmentry.reader.scene import Scene

_MOST_FIELDS = 24
# characters: what leaves its field out is short, and it is read once for each field
_LONGEST = 300

Fit = tuple[tuple[int, ...], Node]


def known(draft: Draft) -> bool:
    """True when words said a condition."""
    return draft.outcome == "ok" and draft.node is not None and not isinstance(draft.node, Everyone)


def name_of(field: str, current: Current) -> str:
    """A field as words."""
    found = current.catalog.get(field)
    return field if found is None else read_by(found)


def elliptic(words: str, current: Current, among: tuple[int, ...] | None = None) -> list[Fit]:
    """The conditions that words without a field may be about, each with the words read for its field."""
    if len(words.strip()) > _LONGEST:
        return []
    scene = current.scene(words)
    dated = _dated(scene)
    if not scene.numbers and not dated:
        return []
    found: list[Fit] = []
    read: dict[str, Draft] = {}
    for group in current.conditions:
        if among is not None and not set(group) & set(among):
            continue
        kept = group if among is None else tuple(at for at in group if at in among)
        leaf = current.leaves[group[0]]
        field = current.catalog.get(leaf.field) if isinstance(leaf, Leaf) else None
        if field is None or field.type not in ("number", "datetime") or truth_values(field) is not None:
            continue
        if (field.type == "datetime") != dated or len(read) >= _MOST_FIELDS:
            continue
        if field.name not in read:
            read[field.name] = current.read_after(read_by(field), words)
        draft = read[field.name]
        if not known(draft) or draft.unexplained or draft.node is None:
            continue
        if all(isinstance(each, Leaf) and each.field == field.name for each in parts(draft.node)):
            found.append((kept, draft.node))
    return found


def _dated(scene: Scene) -> bool:
    return any(
        (when := scene.when(at)) is not None and (when.cued or when.unit != "")
        for at in range(len(scene.tokens))
    )


def named_value(words: str, current: Current) -> list[Fit]:
    """A name that no list has ("Paarl"), read for the conditions on columns that take any text."""
    scene = current.scene(words)
    said = [token for token in scene.tokens if token.kind == "word" and token.norm not in STOP]
    if not said or not all(token.capitalised for token in said):
        return []
    found: list[Fit] = []
    read: dict[str, Draft] = {}
    for at, leaf in enumerate(current.leaves):
        field = current.catalog.get(leaf.field) if isinstance(leaf, Leaf) else None
        if not isinstance(leaf, Leaf) or field is None or field.type != "string" or field.values:
            continue
        if leaf.operator not in POSITIVE or truth_values(field) is not None or at in current.denied:
            continue
        if field.name not in read:
            if len(read) >= _MOST_FIELDS:
                continue
            read[field.name] = current.read_after(f"{read_by(field)} is", words)
        draft = read[field.name]
        node = draft.node
        if known(draft) and isinstance(node, Leaf) and node.field == leaf.field and node.operator in POSITIVE:
            found.append(((at,), node))
    return found
