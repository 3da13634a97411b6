"""Warnings: criteria that are legal and probably not what was meant."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime

from segmentry.criteria import bind, canonical, limits, suggest
from segmentry.criteria.catalog import Catalog, Field
from segmentry.criteria.match import matches
from segmentry.criteria.nodes import And, Event, Leaf, Node, Not, Operator, Or, Scalar
from segmentry.criteria.operators import BY_OPERATOR, key
from segmentry.criteria.render import scalar_json, to_json, value_json
from segmentry.criteria.report import Suggest
from segmentry.errors import Diagnostic, JsonValue

_SIGNS = {
    Operator.EQ: "=",
    Operator.NEQ: "!=",
    Operator.GT: ">",
    Operator.GTE: ">=",
    Operator.LT: "<",
    Operator.LTE: "<=",
}
_EQUAL = frozenset({Operator.EQ, Operator.NEQ, Operator.IN, Operator.NIN})
_LOWER = frozenset({Operator.GT, Operator.GTE})
_UPPER = frozenset({Operator.LT, Operator.LTE})
_STRICT = frozenset({Operator.GT, Operator.LT})
_COMPARED = _LOWER | _UPPER


def of_leaf(
    leaf: Leaf,
    field: Field,
    operator: Operator,
    bound: Scalar,
    path: str | None = None,
    *,
    within: Callable[[Suggest], tuple[JsonValue, ...]] = lambda search: search(),
) -> Iterator[Diagnostic]:
    """Warnings about one operand of a leaf that passed the checks: OUT_OF_RANGE, VALUE_NOT_SEEN,
    DATETIME_EQUALITY. `within` makes the suggestions while there is room for them.

    >>> score = Field("handicap", "number", minimum=0, maximum=54)
    >>> [each.message for each in of_leaf(Leaf("handicap", Operator.LT, 90), score, Operator.LT, 90.0)]
    ['handicap < 90: values run 0-54']
    """
    place = leaf.path if path is None else path
    if field.type == "datetime" and leaf.operator in _EQUAL:
        sign = _SIGNS[leaf.operator]
        message = f"{field.name} {sign} compares whole instants, to the microsecond; a day is a range"
        fix = _day(leaf) if leaf.operator is Operator.EQ else ()
        yield _warning("DATETIME_EQUALITY", place, message, fix, field=field, leaf=leaf)
    if isinstance(bound, int | float) and not isinstance(bound, bool) and _outside(bound, field):
        sign = _SIGNS.get(leaf.operator, key(leaf.operator))
        shown = scalar_json(bound if not isinstance(bound, float) or not bound.is_integer() else int(bound))
        message = f"{field.name} {sign} {shown}: values run {_range(field)}"
        yield _warning("OUT_OF_RANGE", place, message, (), field=field, leaf=leaf)
    texts = field.values and field.type != "enum" and operator in _EQUAL
    if texts and isinstance(bound, str) and bound not in field.folded_values:
        known = bind.listed(str(each.value) for each in field.values)
        message = f"{field.name} '{bound[:60]}' was not seen; known: {known}"
        near = within(lambda: bind.nearest_values(bound, field))
        fixes = tuple(_instead(leaf, each) for each in near)
        yield _warning("VALUE_NOT_SEEN", place, message, fixes, field=field, leaf=leaf)


def empty_list(leaf: Leaf) -> Diagnostic:
    """The warning about an empty list.

    >>> empty_list(Leaf("status", Operator.IN, ())).message
    'status: $in [] matches nobody'
    """
    whom = "nobody" if leaf.operator is Operator.IN else "everybody"
    message = f"{leaf.field}: {key(leaf.operator)} [] matches {whom}"
    return Diagnostic("EMPTY_LIST", leaf.path, message, (), "warning", 4, leaf.field)


def _warning(
    code: str, path: str, message: str, fixes: Sequence[JsonValue], *, field: Field, leaf: Leaf
) -> Diagnostic:
    value = None if field.pii else value_json(leaf.value)
    return Diagnostic(code, path, message, tuple(fixes[: suggest.MOST]), "warning", 4, field.name, value)


def _instead(leaf: Leaf, value: JsonValue) -> JsonValue:
    """The leaf with another value, as criteria."""
    if leaf.operator in (Operator.IN, Operator.NIN):
        return {leaf.field: {key(leaf.operator): [value]}}
    return {leaf.field: value if leaf.operator is Operator.EQ else {key(leaf.operator): value}}


def _day(leaf: Leaf) -> tuple[JsonValue, ...]:
    return ({leaf.field: {"$gte": scalar_json(leaf.value)}},) if not isinstance(leaf.value, tuple) else ()


def _outside(value: float, field: Field) -> bool:
    low, high = field.minimum, field.maximum
    return (low is not None and value < low) or (high is not None and value > high)


def _range(field: Field) -> str:
    low, high = (
        "" if each is None else str(int(each) if each == int(each) else each)
        for each in (field.minimum, field.maximum)
    )
    return f"{low}-{high}"


# --- warnings about several leaves of one `$and` or `$or`


def of_groups(bound: Node, catalog: Catalog) -> Iterator[Diagnostic]:
    """Warnings about conditions that fight: CONTRADICTION, TAUTOLOGY and DEAD_LEAF, on a bound tree.

    >>> both = And((Leaf("score", Operator.GT, 70.0), Leaf("score", Operator.LT, 30.0)))
    >>> [each.message for each in of_groups(both, Catalog("golf", (Field("score", "number"),)))]
    ['score > 70 and score < 30: nobody']
    """
    match bound:
        case And(items):
            leaves = _flat(items, And)
            found = _contradiction(leaves, catalog, bound.path)
            yield from [found] if found else _dead(leaves, catalog, keep_tight=True)
        case Or(items):
            leaves = _flat(items, Or)
            found = _tautology(leaves, bound.path)
            yield from [found] if found else _dead(leaves, catalog, keep_tight=False)
        case _:
            pass
    for child in limits.children(bound):
        # An event's properties have another catalog, and a group inside its own kind was joined above.
        if not isinstance(bound, Event) and not (
            isinstance(child, And | Or) and isinstance(child, type(bound))
        ):
            yield from of_groups(child, catalog)


def _flat(items: tuple[Node, ...], kind: type[And | Or]) -> list[Node]:
    flat: list[Node] = []
    for item in items:
        if isinstance(item, And | Or) and isinstance(item, kind):
            flat.extend(_flat(item.items, kind))
        else:
            flat.append(item)
    return flat


def _said(leaf: Leaf) -> str:
    if leaf.operator is Operator.EXISTS:
        return f"{leaf.field} is {'set' if leaf.value else 'unset'}"
    sign = _SIGNS.get(leaf.operator, key(leaf.operator))
    value = leaf.value
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    shown = value if isinstance(value, str) else json.dumps(value_json(value), ensure_ascii=False)
    return f"{leaf.field} {sign} {shown}"


def _by_field(items: Sequence[Node], catalog: Catalog) -> dict[str, list[Leaf]]:
    fields: dict[str, list[Leaf]] = {}
    for item in items:
        field = catalog.get(item.field) if isinstance(item, Leaf) else None
        # On arrays two conditions may be met by two elements, so they never fight.
        if isinstance(item, Leaf) and field is not None and field.type != "array":
            fields.setdefault(item.field, []).append(item)
    return fields


def _contradiction(items: Sequence[Node], catalog: Catalog, path: str) -> Diagnostic | None:
    for leaves in _by_field(items, catalog).values():
        pair = _clash(leaves)
        if pair is not None:
            one, other = sorted(pair, key=leaves.index)
            message = f"{_said(one)} and {_said(other)}: nobody"
            fixes = (to_json(one), to_json(other))
            return Diagnostic("CONTRADICTION", path, message, fixes, "warning", 5, one.field)
    return None


def _clash(leaves: Sequence[Leaf]) -> tuple[Leaf, Leaf] | None:
    """Two conditions on one field that nobody can meet together, found in one pass over each kind."""
    unset = next((each for each in leaves if each.operator is Operator.EXISTS and each.value is False), None)
    if unset is not None:
        other = next((each for each in leaves if _needs_value(each)), None)
        return None if other is None else (unset, other)
    equal = next((each for each in leaves if each.operator is Operator.EQ), None)
    if equal is not None:
        # Every other condition either holds for that one value or rules it out.
        value = None if isinstance(equal.value, tuple) else equal.value
        other = next((each for each in leaves if not _holds(each, value)), None)
        return None if other is None else (equal, other)
    low, high = _tightest(leaves, _LOWER), _tightest(leaves, _UPPER)
    if low is None or high is None:
        return None
    touching = low.value == high.value and bool({low.operator, high.operator} & _STRICT)
    return (low, high) if touching or _less(high.value, low.value) else None


def _tightest(leaves: Sequence[Leaf], side: frozenset[Operator], *, loosest: bool = False) -> Leaf | None:
    """The bound on one side that the others on it follow from, or the one that all of them allow."""
    found: Leaf | None = None
    for leaf in leaves:
        if leaf.operator in side and (found is None or _tighter(leaf, found) is not loosest):
            found = leaf
    return found


def _needs_value(leaf: Leaf) -> bool:
    if leaf.operator is Operator.EXISTS:
        return leaf.value is True
    if isinstance(leaf.value, tuple):
        return (None in leaf.value) == (leaf.operator is Operator.NIN)
    return leaf.operator is not Operator.NEQ


def _holds(leaf: Leaf, value: Scalar) -> bool:
    """Whether a leaf is true for a customer with that value."""
    return matches(leaf, {leaf.field: value}, datetime.min.replace(tzinfo=UTC))


def _less(one: object, other: object) -> bool:
    if isinstance(one, str) and isinstance(other, str):
        return one < other
    if isinstance(one, datetime) and isinstance(other, datetime):
        return one < other
    if isinstance(one, int | float) and isinstance(other, int | float):
        return one < other
    return False


def _key(node: Node) -> object:
    """What tells conditions of a bound tree apart, far cheaper than their canonical text."""
    match node:
        case Leaf(field, operator, value):
            return field, operator, repr(value)
        case And(items):
            return "and", frozenset(_key(item) for item in items)
        case Or(items):
            return "or", frozenset(_key(item) for item in items)
        case Not(Leaf(field, operator, value)):
            complement = BY_OPERATOR[operator].complement
            if complement is not None:
                return field, complement, repr(value)
            if operator is Operator.EXISTS:
                return field, operator, repr(not value)
            return "not", (field, operator, repr(value))
        case Not(Not(inner)):
            return _key(inner)
        case Not(inner):
            return "not", _key(inner)
        case _:
            return canonical.text(node)


def _tautology(items: Sequence[Node], path: str) -> Diagnostic | None:
    keys = {_key(item) for item in items}
    for item in items:
        if _key(Not(item)) in keys:
            what = _said(item) if isinstance(item, Leaf) else canonical.text(item)
            return Diagnostic("TAUTOLOGY", path, f"{what} or its opposite: everybody", (), "warning", 5)
    return None


def _dead(items: Sequence[Node], catalog: Catalog, *, keep_tight: bool) -> Iterator[Diagnostic]:
    """Leaves that change nothing: written twice, or implied by another bound on the same side."""
    seen: set[object] = set()
    for item in items:
        key_of_item = _key(item)
        if key_of_item in seen:
            what = _said(item) if isinstance(item, Leaf) else canonical.text(item)
            message = f"{what} stands here twice"
            yield Diagnostic("DEAD_LEAF", item.path, message, (), "warning", 5)
        seen.add(key_of_item)
    for leaves in _by_field(items, catalog).values():
        for side in (_LOWER, _UPPER):
            deciding = _tightest(leaves, side, loosest=not keep_tight)
            for leaf in leaves:
                if deciding is not None and leaf.operator in side and _key(leaf) != _key(deciding):
                    message = f"{_said(leaf)} changes nothing beside {_said(deciding)}"
                    fix = to_json(deciding)
                    yield Diagnostic("DEAD_LEAF", leaf.path, message, (fix,), "warning", 5, leaf.field)


def _tighter(one: Leaf, other: Leaf) -> bool:
    """Whether everyone who meets `one` meets `other`, both bounds on the same side."""
    if one.value == other.value:
        return one.operator in _STRICT or one.operator is other.operator
    return _less(other.value, one.value) if one.operator in _LOWER else _less(one.value, other.value)
