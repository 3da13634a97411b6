"""Leaves held against one customer: true or false, the customer's value, and the same for people."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

from segmentry.criteria import english, match, quantities
from segmentry.criteria.catalog import Field
from segmentry.criteria.match import Cell
from segmentry.criteria.nodes import And, Event, Leaf, Node, Not, Operator, Segment, Top
from segmentry.criteria.operators import BY_OPERATOR
from segmentry.criteria.walk import AnyLeaf
from segmentry.customers.store import Member
from segmentry.explain.conditions import Condition
from segmentry.explain.place import Place

_UNSET = " (or unset)"
# Totals are never unset, so each comparison has an opposite.
_OPPOSITE = {
    Operator.EQ: Operator.NEQ,
    Operator.NEQ: Operator.EQ,
    Operator.GT: Operator.LTE,
    Operator.GTE: Operator.LT,
    Operator.LT: Operator.GTE,
    Operator.LTE: Operator.GT,
}


@dataclass(frozen=True, slots=True)
class Verdict:
    """One leaf for one customer. `actual` is None where there is no value or it may not be shown."""

    leaf_id: str
    leaf: AnyLeaf
    holds: bool
    missing_value: bool
    message: str
    actual: Cell = None


def verdict(condition: Condition, resolved: Node, member: Member, place: Place) -> Verdict:
    """The verdict on one leaf, whose bound tree has every `$top` replaced by its threshold.

    The value of a field of personal data is neither in `actual` nor in the message.
    """
    folded = folded_fields(place)
    as_of = place.clock.as_of
    holds = match.matches(resolved, member.row, as_of, member.events, folded=folded)
    # Under a `$not` people need the leaf to fail, and the message is about what they need.
    met = holds is not condition.negated
    leaf = condition.leaf
    match leaf:
        case Leaf():
            return _of_leaf(condition, leaf, member, place, holds=holds, met=met)
        case Event():
            bound = condition.bound
            assert isinstance(bound, Event)
            total = match.event_total(bound, as_of, member.events)
            message = _event_message(leaf, total, place, met=met, negated=condition.negated)
            return Verdict(condition.leaf_id, leaf, holds, missing_value=False, message=message, actual=total)
        case Segment():
            said = place.english(leaf) if holds else f"not {place.english(leaf)}"
            message = said if met else f"{said}, needs {'not ' if condition.negated else ''}to be"
            return Verdict(condition.leaf_id, leaf, holds, missing_value=False, message=message)
        case Top():
            return _of_top(condition, leaf, resolved, member, place, holds=holds)


def folded_fields(place: Place) -> tuple[str, ...]:
    """The fields that compare without case."""
    return tuple(field.name for field in place.catalog.fields if field.case_insensitive)


def _of_leaf(
    condition: Condition, leaf: Leaf, member: Member, place: Place, *, holds: bool, met: bool
) -> Verdict:
    field = place.catalog.get(leaf.field)
    value = match.cell(member.row, leaf.field)
    label = english.label(leaf.field, place.catalog)
    # What the sentence for the leaf says after the field's name.
    wanted = place.english(Not(leaf) if condition.negated else leaf).removeprefix(f"{label} ")
    message = f"{label} {_against(wanted, value, field, place, met=met)}"
    return Verdict(
        condition.leaf_id,
        leaf,
        holds,
        missing_value=value is None,
        message=message,
        actual=_shown(value, field),
    )


def _against(wanted: str, value: Cell, field: Field | None, place: Place, *, met: bool) -> str:
    if value is None:
        if not met:
            return f"is unset, needs {_needs(wanted, field)}"
        counted = wanted.removeprefix("is ").removesuffix(_UNSET)
        return "is unset, as asked" if counted == "unset" else f"is unset, which counts as: {counted}"
    hidden = field is None or field.pii or field.hidden
    shown = "has a value that is not shown" if hidden else f"is {english.amount(value, field, place.clock)}"
    wanted = wanted.removesuffix(_UNSET)
    return f"{shown}, which {wanted}" if met else f"{shown}, needs {_needs(wanted, field)}"


def _needs(wanted: str, field: Field | None) -> str:
    """`is less than 10` as a need: `less than 10`; other verbs keep their subject."""
    if wanted.startswith("is "):
        return wanted.removeprefix("is ")
    return f"{'a list' if field is not None and field.type == 'array' else 'a value'} that {wanted}"


def _shown(value: Cell, field: Field | None) -> Cell:
    return None if field is None or field.pii or field.hidden else value


def _event_message(event: Event, total: int, place: Place, *, met: bool, negated: bool) -> str:
    counted = dataclasses.replace(event, operator=Operator.EQ, value=total)
    said = place.english(counted).replace("exactly ", "", 1)
    if met:
        return said
    operator = _OPPOSITE[event.operator] if negated else event.operator
    exactly = {Operator.EQ: "exactly {0}", Operator.NEQ: "not exactly {0}"}
    phrase = exactly.get(operator) or BY_OPERATOR[operator].english.removeprefix("is ")
    unit = ""
    if event.measure == "sum" and event.of is not None:
        summed = place.catalog.properties_of(event.name).get(event.of)
        unit = "" if summed is None else summed.unit
    return f"{said}, needs {phrase.format(quantities.number(event.value, unit))}"


def _of_top(
    condition: Condition, top: Top, resolved: Node, member: Member, place: Place, *, holds: bool
) -> Verdict:
    field = place.catalog.get(top.field)
    value = match.cell(member.row, top.field)
    label = english.label(top.field, place.catalog)
    said = place.english(top)
    group, threshold = (
        (resolved.items[0], resolved.items[-1]) if isinstance(resolved, And) else (None, resolved)
    )
    outside = group is not None and not match.matches(
        group, member.row, place.clock.as_of, member.events, folded=folded_fields(place)
    )
    if holds:
        message = said if _shown(value, field) is None else f"{_is(label, value, field, place)}, {said}"
        message += ", needs not to be" if condition.negated else ""
    elif condition.negated:
        message = f"not {said}"
    elif value is None:
        message = f"{label} is unset, needs a value to be {said}"
    elif outside:
        message = f"not among those of whom the {said.removeprefix('in the ')} counts"
    elif (
        isinstance(threshold, Leaf)
        and not isinstance(threshold.value, tuple)
        and _shown(value, field) is not None
    ):
        reached = "at least" if top.order == "highest" else "at most"
        needed = english.amount(threshold.value, field, place.clock)
        message = f"{_is(label, value, field, place)}, needs {reached} {needed} to be {said}"
    else:
        message = f"not {said}"
    return Verdict(
        condition.leaf_id,
        top,
        holds,
        missing_value=value is None,
        message=message,
        actual=_shown(value, field),
    )


def _is(label: str, value: Cell, field: Field | None, place: Place) -> str:
    return f"{label} is {english.amount(value, field, place.clock)}"
