"""The reference matcher: the meaning of criteria, written to be obviously right rather than fast.

Every engine must agree with it. It takes bound trees (`check`) and plain rows: a missing key, None and NaN
are all unset; an array is a list or tuple whose null elements do not count, and `[]` is a value.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from fractions import Fraction

from segmentry.criteria.nodes import And, Event, Everyone, Leaf, Node, Not, Operator, Or, Scalar, Segment, Top
from segmentry.criteria.operators import BY_OPERATOR
from segmentry.errors import UnknownSegment

Cell = Scalar | Sequence[Scalar]
Row = Mapping[str, Cell]
# One thing a customer did: {"name": str, "ts": aware datetime, "properties": mapping of property to value}.
EventRow = Mapping[str, Cell | Mapping[str, Cell]]


def matches(
    bound: Node, row: Row, as_of: datetime, events: Sequence[EventRow] = (), *, folded: Collection[str] = ()
) -> bool:
    """Whether one customer matches. `folded` names the fields that compare without case.

    `$top` is about the whole table: `select` replaces it by its threshold first.

    >>> from datetime import UTC
    >>> leaf = Leaf("handicap", Operator.LT, 10)
    >>> [matches(leaf, {"handicap": each}, datetime.now(UTC)) for each in (9, 10, None)]
    [True, False, False]
    """
    match bound:
        case Everyone():
            return True
        case And(items):
            return all(matches(item, row, as_of, events, folded=folded) for item in items)
        case Or(items):
            return any(matches(item, row, as_of, events, folded=folded) for item in items)
        case Not(item):
            return not matches(item, row, as_of, events, folded=folded)
        case Leaf(field, operator, operand):
            return _leaf(cell(row, field, folded), operator, operand)
        case Event():
            return _leaf(event_total(bound, as_of, events), bound.operator, bound.value)
        case Segment():
            raise UnknownSegment(f"segment {bound.segment_id} was not expanded", segmentId=bound.segment_id)
        case Top():
            raise ValueError("$top needs the whole table: use select")


def _leaf(value: Cell, operator: Operator, operand: object) -> bool:
    if operator is Operator.EXISTS:
        return (value is not None) == operand
    if operator is Operator.NEQ:
        return not _leaf(value, Operator.EQ, operand)
    if operator is Operator.NIN:
        return not _leaf(value, Operator.IN, operand)
    if value is None:
        return operand is None or (isinstance(operand, tuple) and None in operand)
    test = BY_OPERATOR[operator].test
    assert test is not None
    if isinstance(value, list | tuple):
        # On arrays `$contains` means that one element equals, not that it holds the text.
        same = BY_OPERATOR[Operator.EQ].test if operator is Operator.CONTAINS else test
        assert same is not None
        return any(same(element, operand) for element in value if element is not None)
    return test(value, operand)


def cell(row: Row, field: str, folded: Collection[str] = ()) -> Cell:
    """The value of a field, with None for everything that counts as unset.

    >>> cell({"score": float("nan")}, "score") is None
    True
    """
    value = row.get(field)
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if field not in folded:
        return value
    if isinstance(value, str):
        return value.casefold()
    if isinstance(value, list | tuple):
        return tuple(each.casefold() if isinstance(each, str) else each for each in value)
    return value


def event_total(event: Event, as_of: datetime, events: Sequence[EventRow]) -> int:
    """What a bound event leaf compares: how many of a customer's events it counts, or what they come to.

    >>> from datetime import UTC
    >>> now = datetime.now(UTC)
    >>> event_total(Event("booking"), now, [{"name": "booking", "ts": datetime(2025, 1, 1, tzinfo=UTC)}])
    1
    """
    start, end = event.window_start, event.window_end or as_of
    assert not isinstance(start, str)
    assert not isinstance(end, str)
    met: list[Mapping[str, Cell]] = []
    for each in events:
        ts, properties = each["ts"], each.get("properties", {})
        assert isinstance(ts, datetime)
        assert isinstance(properties, Mapping)
        if each["name"] != event.name or ts >= end or (start is not None and ts < start):
            continue
        if event.where is None or matches(event.where, properties, as_of):
            met.append(properties)
    return _total(event, met)


def _total(event: Event, met: Sequence[Mapping[str, Cell]]) -> int:
    """What the condition compares: of these events their number, a sum, or a number of distinct values."""
    if event.of is None:
        return len(met)
    values = [value for each in met if (value := cell(each, event.of)) is not None]
    if event.measure == "distinct":
        return len(set(values))
    return sum(int(value) for value in values if isinstance(value, int | float))


def select(
    bound: Node,
    rows: Sequence[Row],
    as_of: datetime,
    events: Sequence[Sequence[EventRow]] = (),
    *,
    folded: Collection[str] = (),
) -> list[bool]:
    """For each row whether it matches; `events` has one list per row, or is empty.

    >>> from datetime import UTC
    >>> select(Top("score", 50), [{"score": 1}, {"score": 2}, {}], datetime.now(UTC))
    [False, True, False]
    """
    theirs = events or [()] * len(rows)
    plain = without_tops(bound, rows, as_of, theirs, folded=folded)
    return [matches(plain, row, as_of, each, folded=folded) for row, each in zip(rows, theirs, strict=True)]


def top_rank(n: int, percent: float) -> int:
    """How many of `n` customers with a value are the top `percent`: ceil(n * percent / 100), exactly.

    >>> top_rank(1000, 0.1)
    1
    """
    return math.ceil(n * Fraction(repr(percent)) / 100)


def without_tops(
    bound: Node,
    rows: Sequence[Row],
    as_of: datetime,
    events: Sequence[Sequence[EventRow]],
    *,
    folded: Collection[str] = (),
) -> Node:
    """The tree with every `$top` replaced by its `of` and the threshold that holds on these rows.

    >>> from datetime import UTC
    >>> without_tops(Top("score", 50), [{"score": 1}, {"score": 2}], datetime.now(UTC), [(), ()])
    Leaf(field='score', operator=<Operator.GTE: 'gte'>, value=2, path='')
    """
    match bound:
        case And(items):
            changed = (without_tops(item, rows, as_of, events, folded=folded) for item in items)
            return And(tuple(changed), bound.path)
        case Or(items):
            changed = (without_tops(item, rows, as_of, events, folded=folded) for item in items)
            return Or(tuple(changed), bound.path)
        case Not(item):
            return Not(without_tops(item, rows, as_of, events, folded=folded), bound.path)
        case Top(field=field, of=of):
            inner = without_tops(of, rows, as_of, events, folded=folded)
            members = [
                cell(row, field)
                for row, each in zip(rows, events, strict=True)
                if matches(inner, row, as_of, each, folded=folded)
            ]
            values = [each for each in members if isinstance(each, int | float | datetime)]
            return top_threshold(bound, inner, values)
        case _:
            return bound


def top_threshold(top: Top, of: Node, values: Sequence[int | float | datetime]) -> Node:
    """`of` and the threshold that a `$top` means for the set values of its members, ties included.

    >>> top_threshold(Top("score", 10, "lowest"), Everyone(), [3, 1, 2])
    Leaf(field='score', operator=<Operator.LTE: 'lte'>, value=1, path='')
    """
    if not values:
        return Leaf(top.field, Operator.IN, (), top.path)
    highest = top.order == "highest"
    # One column has one type, so its values compare.
    ordered: list[int | float | datetime] = sorted(values, reverse=highest)
    threshold = ordered[top_rank(len(values), top.percent) - 1]
    leaf = Leaf(top.field, Operator.GTE if highest else Operator.LTE, threshold, top.path)
    return leaf if isinstance(of, Everyone) else And((of, leaf), top.path)
