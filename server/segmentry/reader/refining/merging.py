"""How a new condition meets those on its field: lists grow and shrink, bounds tighten."""

from __future__ import annotations

import dataclasses

from segmentry.criteria.nodes import And, Leaf, Node, Operator, Or
from segmentry.criteria.operators import BY_OPERATOR, allowed
from segmentry.reader.refining.amounts import is_lower, is_upper, tighter
from segmentry.reader.refining.current import Current
from segmentry.reader.refining.trees import exchanged, listing, values_in

POSITIVE = (Operator.EQ, Operator.IN)
NEGATIVE = (Operator.NEQ, Operator.NIN)


def is_value(node: Node | None, current: Current) -> bool:
    """True for one value, or a list of them, of a field that holds one value at a time."""
    if not isinstance(node, Leaf) or node.operator not in POSITIVE:
        return False
    field = current.catalog.get(node.field)
    return field is not None and field.type != "array" and None not in values_in(node)


def listed(current: Current, field: str) -> list[int]:
    """The leaves that name values which a field must have."""
    return [
        at
        for at in current.of_field(field)
        if isinstance(leaf := current.leaves[at], Leaf)
        and (leaf.operator in POSITIVE) != (at in current.denied)
        and leaf.operator in (*POSITIVE, *NEGATIVE)
    ]


def barred(current: Current, field: str) -> list[int]:
    """The leaves that name values which a field must not have."""
    return [
        at
        for at in current.of_field(field)
        if isinstance(leaf := current.leaves[at], Leaf)
        and (leaf.operator in NEGATIVE) != (at in current.denied)
        and leaf.operator in (*POSITIVE, *NEGATIVE)
    ]


def with_values(current: Current, at: int, new: Leaf) -> Node:
    """The criteria with more values in one list."""
    leaf = _leaf(current, at)
    values = (*values_in(leaf), *values_in(new))
    grown = listing(leaf.field, values, denied=leaf.operator in NEGATIVE)
    return exchanged(current.node, {at: _allowed(grown, current)})


def _allowed(leaf: Leaf, current: Current) -> Node:
    """A list on a field that takes none, such as a truth value: each value by itself."""
    field = current.catalog.get(leaf.field)
    if field is None or leaf.operator in allowed(field):
        return leaf
    operator = Operator.EQ if leaf.operator in POSITIVE else Operator.NEQ
    single = tuple(Leaf(leaf.field, operator, value) for value in values_in(leaf))
    return Or(single) if operator is Operator.EQ else And(single)


def without_values(current: Current, at: int, gone: Leaf) -> Node | None:
    """The criteria with values out of one list, the leaf with its last one; None when it has none of them."""
    leaf = _leaf(current, at)
    out = {_key(value) for value in values_in(gone)}
    left = tuple(value for value in values_in(leaf) if _key(value) not in out)
    if len(left) == len(values_in(leaf)):
        return None
    new = listing(leaf.field, left, denied=leaf.operator in NEGATIVE) if left else None
    return exchanged(current.node, {at: new})


def with_value_for(current: Current, old: Leaf, new: Leaf) -> Node | None:
    """The criteria with one value for another wherever it is named; None where it is not."""
    out = {_key(value) for value in values_in(old)}
    changes: dict[int, Node | None] = {}
    for at in current.of_field(old.field):
        leaf = current.leaves[at]
        if not isinstance(leaf, Leaf) or leaf.operator not in (*POSITIVE, *NEGATIVE):
            continue
        values = values_in(leaf)
        if not any(_key(value) in out for value in values):
            continue
        # The new values take the place of the first old one.
        first = next(place for place, value in enumerate(values) if _key(value) in out)
        kept = [value for value in values if _key(value) not in out]
        before = sum(1 for value in values[:first] if _key(value) not in out)
        merged = (*kept[:before], *values_in(new), *kept[before:])
        changes[at] = listing(leaf.field, merged, denied=leaf.operator in NEGATIVE)
    return exchanged(current.node, changes) if changes else None


def holds(current: Current, at: int, values: Leaf) -> bool:
    """True when a list has one of some values."""
    known = {_key(value) for value in values_in(_leaf(current, at))}
    return any(_key(value) in known for value in values_in(values))


def only_holds(current: Current, at: int, values: Leaf) -> bool:
    """True when a list has nothing but some values."""
    out = {_key(value) for value in values_in(values)}
    return all(_key(value) in out for value in values_in(_leaf(current, at)))


def holds_all(current: Current, at: int, values: Leaf) -> bool:
    """True when a list has all of some values."""
    known = {_key(value) for value in values_in(_leaf(current, at))}
    return all(_key(value) in known for value in values_in(values))


def is_within(current: Current, at: int, values: Leaf) -> bool:
    """Whether all the values of the leaf at `at` are among those of another, which has more."""
    kept = {_key(value) for value in values_in(_leaf(current, at))}
    return kept < {_key(value) for value in values_in(values)}


def bound_beside(current: Current, new: Leaf) -> int | None:
    """The one leaf with a bound on the same field in the same direction, or None."""
    found = [
        at
        for at in current.of_field(new.field)
        if (is_lower(new) and is_lower(current.leaves[at]))
        or (is_upper(new) and is_upper(current.leaves[at]))
    ]
    return found[0] if len(found) == 1 else None


def tightens(current: Current, at: int, new: Leaf) -> bool | None:
    """Whether a new bound lets fewer people in than the leaf; None when that is not known."""
    return tighter(new, _leaf(current, at), current.clock)


def opposite(leaf: Leaf, current: Current) -> Leaf | None:
    """The exact complement as one leaf, where the field takes its operator."""
    if leaf.operator is Operator.EXISTS:
        return dataclasses.replace(leaf, value=not leaf.value, path="")
    complement = BY_OPERATOR[leaf.operator].complement
    field = current.catalog.get(leaf.field)
    if complement is None or field is None or complement not in allowed(field):
        return None
    return Leaf(leaf.field, complement, leaf.value)


def _leaf(current: Current, at: int) -> Leaf:
    leaf = current.leaves[at]
    assert isinstance(leaf, Leaf)
    return leaf


def _key(value: object) -> tuple[str, object]:
    return type(value).__name__, value
