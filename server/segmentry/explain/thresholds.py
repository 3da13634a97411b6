"""A threshold moved to the nearest value that a customer has who meets everything else."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from segmentry.criteria import dates
from segmentry.criteria.catalog import Field
from segmentry.criteria.dates import Clock
from segmentry.criteria.nodes import And, Everyone, Leaf, Node, Not, Operator, Top
from segmentry.criteria.operators import allowed
from segmentry.customers.store import CustomerStore
from segmentry.errors import SegmentryError, SmallCountsWithheld
from segmentry.explain import conditions as taken
from segmentry.explain.conditions import Condition
from segmentry.explain.place import Place

_UPPER, _LOWER = (Operator.LT, Operator.LTE), (Operator.GT, Operator.GTE)
# So small a share that it is one customer in any table, and its ties.
_ONE = 1e-9
_MONTHS_BACK = 120


def nearest_value_wanted(condition: Condition, place: Place) -> Field | None:
    """The field of a leaf whose threshold can be moved; None for other leaves.

    Not that of personal data: the new threshold would be the value of a customer.
    """
    leaf = condition.leaf
    if not isinstance(leaf, Leaf) or leaf.operator not in (*_UPPER, *_LOWER):
        return None
    field = place.catalog.get(leaf.field)
    if field is None or field.pii or field.type not in ("number", "datetime"):
        return None
    return field


async def nearest_values(
    node: Node, leaves: Sequence[Condition], bound: Sequence[Node], place: Place, store: CustomerStore
) -> Mapping[int, int | float | datetime]:
    """By number of the leaf: the value nearest to its threshold among those whom this leaf alone keeps out.

    One call to the store for all of them: the top of a tiny share is the highest value. Nothing where the
    store does not show single values.

    Raises: whatever else the store raises.
    """
    asked: dict[int, Top] = {}
    for number, each in enumerate(leaves):
        field = nearest_value_wanted(each, place)
        if field is None or not isinstance(each.leaf, Leaf):
            continue
        # With the leaf met, everybody who matches is kept out by it alone, so all lie beyond its threshold.
        met: Node = Not(Everyone()) if each.negated else Everyone()
        others = taken.exchanged(node, bound, number, met)
        lowest = (each.leaf.operator in _UPPER) is not each.negated
        asked[number] = Top(field.name, _ONE, "lowest" if lowest else "highest", others)
    if not asked:
        return {}
    try:
        resolved = await store.resolve(place.tenant, place.schema_id, list(asked.values()), place.clock.as_of)
    except SmallCountsWithheld:
        return {}
    found = {number: _threshold(each) for number, each in zip(asked, resolved, strict=True)}
    return {number: value for number, value in found.items() if value is not None}


def _threshold(resolved: Node) -> int | float | datetime | None:
    leaf = resolved.items[-1] if isinstance(resolved, And) else resolved
    if isinstance(leaf, Leaf) and isinstance(leaf.value, int | float | datetime):
        return leaf.value
    return None


def widened(condition: Condition, value: float | datetime, place: Place) -> Leaf | None:
    """The leaf with the threshold that lets in a customer with this value; None where no operator says it."""
    leaf, field = condition.leaf, nearest_value_wanted(condition, place)
    if field is None or not isinstance(leaf, Leaf):
        return None
    if isinstance(value, datetime):
        return _date(leaf, value, place.clock, negated=condition.negated)
    return _number(leaf, value, field, negated=condition.negated)


def _number(leaf: Leaf, value: float, field: Field, *, negated: bool) -> Leaf | None:
    upper = leaf.operator in _UPPER
    takes = allowed(field)
    if negated:
        # Under a `$not` the customer comes in when the leaf fails at the value itself.
        wanted, instead, step = (Operator.LT, Operator.LTE, -1) if upper else (Operator.GT, Operator.GTE, 1)
    else:
        wanted, instead, step = (Operator.LTE, Operator.LT, 1) if upper else (Operator.GTE, Operator.GT, -1)
    if wanted in takes:
        return dataclasses.replace(leaf, operator=wanted, value=value)
    if instead in takes and isinstance(value, int):
        return dataclasses.replace(leaf, operator=instead, value=value + step)
    return None


def _date(leaf: Leaf, value: datetime, clock: Clock, *, negated: bool) -> Leaf | None:
    """The leaf at a day, moving where it was moving: months back, else days; a fixed date otherwise."""
    moving = isinstance(leaf.value, str) and dates.looks_like_placeholder(leaf.value)
    # Under a `$not` the customer comes in when the leaf fails: what was below is above, and its end excluded.
    earlier = (leaf.operator in _UPPER) is negated
    inclusive = (leaf.operator in (Operator.LTE, Operator.GTE)) is not negated

    def lets_in(at: datetime) -> bool:
        return (inclusive and at == value) or (at < value if earlier else at > value)

    days = _moving_days(value, clock, earlier=earlier) if moving else ()
    text = _first((*days, *_fixed_days(value, clock, earlier=earlier)), lets_in, clock)
    return None if text is None else dataclasses.replace(leaf, value=text)


def _first(texts: Iterable[str], lets_in: Callable[[datetime], bool], clock: Clock) -> str | None:
    for text in texts:
        # A day may lie outside the years there are.
        with contextlib.suppress(SegmentryError, ValueError, OverflowError):
            moving = dates.looks_like_placeholder(text)
            if lets_in(dates.resolve(text, clock) if moving else dates.parse_instant(text, clock.zone)):
                return text
    return None


def _moving_days(value: datetime, clock: Clock, *, earlier: bool) -> Iterator[str]:
    """Texts of days around a value, in the order in which the first that lets it in is the nearest."""
    back = (clock.as_of - value) / timedelta(days=1)
    if earlier and back > 0:
        yield from (f"{{{{{months}_MONTHS_AGO}}}}" for months in range(1, _MONTHS_BACK + 1))
    else:
        # A few days either way of the estimate, since days are local and may be 23 or 25 hours long.
        nearest = sorted(range(int(back) - 3, int(back) + 4), reverse=not earlier)
        yield from (_days(days) for days in nearest)


def _days(back: int) -> str:
    return f"{{{{{back}_DAYS_AGO}}}}" if back >= 0 else f"{{{{{-back}_DAYS_FROM_NOW}}}}"


def _fixed_days(value: datetime, clock: Clock, *, earlier: bool) -> Iterator[str]:
    """The local day of a value, and the next one away from the threshold."""
    with contextlib.suppress(OverflowError):
        day = value.astimezone(clock.zone).date()
        yield day.isoformat()
        yield (day + timedelta(days=-1 if earlier else 1)).isoformat()
