"""Edit operations on a criteria tree: append, grow a list, shrink a list, remove, exchange."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Sequence

from segmentry.criteria import walk
from segmentry.criteria.catalog import Catalog
from segmentry.criteria.nodes import And, Event, Everyone, Leaf, Node, Not, Operator, Or, Scalar, Segment, Top
from segmentry.reader.draft import Draft, DraftReading
from segmentry.reader.numbers import Quantity
from segmentry.reader.scene import Scene, label
from segmentry.reader.units import stored

AnyLeaf = Leaf | Event | Segment | Top
_PERIOD = re.compile(r"^\{\{(\d+)_(DAYS|WEEKS|MONTHS|YEARS)_(AGO|FROM_NOW)\}\}$")
_UNITS = {"day": "DAYS", "week": "WEEKS", "month": "MONTHS", "year": "YEARS"}


@dataclasses.dataclass(frozen=True, slots=True)
class Said:
    """A number in an instruction, with the time unit said after it ("90 days")."""

    quantity: Quantity
    unit: str


def field_of(leaf: AnyLeaf) -> str:
    """The field of a leaf; an event answers with its name."""
    match leaf:
        case Leaf(field) | Top(field):
            return field
        case Event(name):
            return name
        case Segment(segment_id):
            return segment_id


def appended(current: Node, items: tuple[Node, ...]) -> Node:
    """`$and` of old and new, flat: a bare root is wrapped, an `$and` grows, everyone is replaced."""
    if isinstance(current, Everyone):
        return items[0] if len(items) == 1 else And(items)
    old = current.items if isinstance(current, And) else (current,)
    fresh = tuple(item for item in items if not any(_same(item, known) for known in old))
    if not fresh:
        return current
    return And((*old, *fresh))


def either(current: Node, node: Node) -> Node:
    """`$or` of old and new."""
    if isinstance(current, Everyone):
        return current
    old = current.items if isinstance(current, Or) else (current,)
    return Or((*old, node))


def within_last(current: Node, node: Node) -> Node | None:
    """The other reading of "or X": only the last condition is widened."""
    if not isinstance(current, And):
        return None
    return And((*current.items[:-1], Or((current.items[-1], node))))


def grown(current: Node, node: Node) -> Node | None:
    """The tree with the values of `node` added to the list of the same field, or None."""
    if not isinstance(node, Leaf) or node.operator not in (Operator.EQ, Operator.IN):
        return None
    leaf = next(
        (
            each
            for each in walk.leaves(current)
            if isinstance(each, Leaf)
            and each.field == node.field
            and each.operator in (Operator.EQ, Operator.IN)
        ),
        None,
    )
    if leaf is None:
        return None
    values = tuple(dict.fromkeys((*_listed(leaf), *_listed(node))))
    return exchanged(current, [leaf], Leaf(leaf.field, Operator.IN, values))


def without_value(current: Node, node: Leaf) -> Node | None:
    """The tree with the values of `node` taken out of the list of that field; None when no list has them."""
    if node.operator not in (Operator.EQ, Operator.IN):
        return None
    for leaf in walk.leaves(current):
        if not isinstance(leaf, Leaf) or leaf.field != node.field or leaf.operator is not Operator.IN:
            continue
        gone = _listed(node)
        left = tuple(value for value in _listed(leaf) if value not in gone)
        if len(left) == len(_listed(leaf)) or not left:
            continue
        smaller = (
            Leaf(leaf.field, Operator.EQ, left[0]) if len(left) == 1 else Leaf(leaf.field, Operator.IN, left)
        )
        return exchanged(current, [leaf], smaller)
    return None


def value_swapped(current: Node, old: Leaf, new: Leaf) -> Node | None:
    """ "Gold instead of platinum": one value of a list, or of an equality, for another."""
    if old.field != new.field or old.operator is not Operator.EQ or new.operator is not Operator.EQ:
        return None
    for leaf in walk.leaves(current):
        if isinstance(leaf, Leaf) and leaf.field == old.field and old.value in _listed(leaf):
            if leaf.operator in (Operator.IN, Operator.NIN):
                values = tuple(
                    dict.fromkeys(new.value if value == old.value else value for value in _listed(leaf))
                )
                kept = tuple(value for value in values if not isinstance(value, tuple))
                return exchanged(current, [leaf], Leaf(leaf.field, leaf.operator, kept))
            return exchanged(current, [leaf], Leaf(leaf.field, leaf.operator, new.value))
    return None


def removed(current: Node, gone: Sequence[AnyLeaf]) -> Node:
    """The tree without some leaves; empty groups collapse, nothing left is everyone."""
    return _without(current, gone) or Everyone()


def exchanged(current: Node, old: Sequence[AnyLeaf], new: Node) -> Node:
    """The tree with `new` in the place of the first of `old` and the others gone."""
    first, rest = old[0], old[1:]
    swapped = _swap(current, first, new)
    return (
        swapped
        if not rest
        else (
            _without(swapped, [leaf for leaf in rest if not any(_same(leaf, n) for n in walk.leaves(new))])
            or new
        )
    )


def with_readings(draft: Draft, readings: tuple[DraftReading, ...]) -> Draft:
    return dataclasses.replace(draft, readings=(*readings, *draft.readings)[:4])


def fields_named(scene: Scene) -> tuple[str, ...]:
    """Every field that the words of an instruction may name."""
    found: list[str] = []
    for at in range(len(scene.tokens)):
        for match in scene.matches_at(at):
            found += [entry.field for entry in match.entries if entry.kind not in ("event", "value")]
    return tuple(dict.fromkeys(found))


def strongest_field(scene: Scene, among: set[str]) -> str | None:
    """The one field of `among` that the words name most directly, or None."""
    strength: dict[str, tuple[int, int]] = {}
    for at in range(len(scene.tokens)):
        for match in scene.matches_at(at):
            for entry in match.entries:
                if entry.field in among and entry.kind in ("field", "moment", "channel"):
                    strength[entry.field] = max(
                        strength.get(entry.field, (0, 0)), (match.words, entry.strength)
                    )
    if not strength:
        return None
    best = max(strength.values())
    names = [name for name, value in strength.items() if value == best]
    return names[0] if len(names) == 1 else None


def meant(scene: Scene, leaves: list[AnyLeaf]) -> list[AnyLeaf]:
    """The leaves an instruction points at: by field, by value, or by the number they hold ("60")."""
    fields = fields_named(scene)
    by_field = [leaf for leaf in leaves if field_of(leaf) in fields]
    if by_field:
        exact = strongest_field(scene, {field_of(leaf) for leaf in by_field})
        return [leaf for leaf in by_field if exact is None or field_of(leaf) == exact]
    values: set[tuple[str, object]] = {
        (entry.field, entry.value)
        for at in range(len(scene.tokens))
        for match in scene.matches_at(at)
        for entry in match.of("value")
    }
    by_value: list[AnyLeaf] = [
        leaf
        for leaf in leaves
        if isinstance(leaf, Leaf) and any((leaf.field, value) in values for value in _listed(leaf))
    ]
    if by_value:
        return by_value
    numbers = {str(quantity.value) for quantity in scene.numbers.values()}
    return [leaf for leaf in leaves if isinstance(leaf, Leaf) and numbers & _numbers_of(leaf)]


def numbers_in(scene: Scene) -> list[Said]:
    """The numbers of an instruction with their time units."""
    found: list[Said] = []
    for quantity in scene.numbers.values():
        word = scene.word(quantity.end).rstrip("s")
        found.append(Said(quantity, _UNITS.get(word, "")))
    return found


def takes_number(leaf: AnyLeaf, said: Said) -> bool:
    """True when a leaf holds a number of that kind: a period for "90 days", else a plain number."""
    if isinstance(leaf, Top):
        return said.quantity.percent or not said.unit
    if not isinstance(leaf, Leaf) or isinstance(leaf.value, tuple):
        return False
    if isinstance(leaf.value, str):
        return bool(_PERIOD.match(leaf.value)) and not said.quantity.money
    return isinstance(leaf.value, int | float) and not isinstance(leaf.value, bool) and not said.unit


def with_number(leaf: AnyLeaf, said: Said, catalog: Catalog) -> Node:
    """The leaf with another number: 60 days become 90, a bound gets a new value in the column's unit."""
    value = said.quantity.value
    if isinstance(leaf, Top):
        return dataclasses.replace(leaf, percent=value)
    assert isinstance(leaf, Leaf)
    period = _PERIOD.match(leaf.value) if isinstance(leaf.value, str) else None
    if period is not None:
        return Leaf(leaf.field, leaf.operator, f"{{{{{int(value)}_{said.unit or period[2]}_{period[3]}}}}}")
    field = catalog.by_name.get(leaf.field)
    new = value if field is None else stored(field, said.quantity, symbolic=False).value
    return Leaf(leaf.field, leaf.operator, new)


def listed(current: Node) -> str:
    """The conditions of a tree in a few words, for a question."""
    found = [label(leaf) for leaf in walk.leaves(current)]
    return "; ".join(found) if found else "none"


def _listed(leaf: Leaf) -> tuple[Scalar, ...]:
    return leaf.value if isinstance(leaf.value, tuple) else (leaf.value,)


def _numbers_of(leaf: Leaf) -> set[str]:
    if isinstance(leaf.value, str):
        period = _PERIOD.match(leaf.value)
        return {period[1]} if period else {leaf.value}
    return {str(value) for value in _listed(leaf)}


def _same(a: Node, b: Node) -> bool:
    return a == b and repr(a) == repr(b)


def _without(node: Node, gone: Sequence[AnyLeaf]) -> Node | None:
    match node:
        case And(items) | Or(items):
            left = tuple(kept for item in items if (kept := _without(item, gone)) is not None)
            if not left:
                return None
            return left[0] if len(left) == 1 else type(node)(left)
        case Not(inner):
            kept = _without(inner, gone)
            return None if kept is None else Not(kept)
        case Everyone():
            return node
        case _:
            return None if any(leaf is node or _same(leaf, node) for leaf in gone) else node


def _swap(node: Node, old: AnyLeaf, new: Node) -> Node:
    match node:
        case And(items):
            swapped = [_swap(item, old, new) for item in items]
            flat = [
                part
                for item, was in zip(swapped, items, strict=True)
                for part in (
                    item.items
                    if isinstance(item, And) and item is not was and not isinstance(was, And)
                    else (item,)
                )
            ]
            return And(tuple(flat))
        case Or(items):
            return Or(tuple(_swap(item, old, new) for item in items))
        case Not(inner):
            return Not(_swap(inner, old, new))
        case Everyone():
            return node
        case _:
            return new if _same(node, old) else node
