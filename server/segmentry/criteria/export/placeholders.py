"""Moving dates in an export: the bound tree with its placeholders put back, and fixed again."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import TypeVar

from segmentry.criteria import dates
from segmentry.criteria.dates import Clock
from segmentry.criteria.nodes import And, Event, Leaf, Node, Not, Or, Top, Value
from segmentry.criteria.walk import nodes

_Moment = TypeVar("_Moment", Value, str | datetime | None)


def keep(symbolic: Node, bound: Node) -> Node:
    """The bound tree in which each instant that was a placeholder is that placeholder's text again.

    `symbolic` is the same tree as it was written, with its segments expanded. The threshold of a `$top` that
    was resolved does not move, and stays.

    >>> from datetime import UTC
    >>> from segmentry.criteria.nodes import Operator
    >>> written = Leaf("at", Operator.LT, "{{NOW}}")
    >>> keep(written, replace(written, value=datetime(2025, 1, 1, tzinfo=UTC))).value
    '{{NOW}}'
    """
    match symbolic, bound:
        case (And(theirs), And(items)) | (Or(theirs), Or(items)) if len(theirs) == len(items):
            pairs = zip(theirs, items, strict=True)
            return replace(bound, items=tuple(keep(*pair) for pair in pairs))
        case Not(theirs), Not(item):
            return replace(bound, item=keep(theirs, item))
        case Top(of=theirs), Top(of=item):
            return replace(bound, of=keep(theirs, item))
        case Leaf(value=written), Leaf(value=value):
            return replace(bound, value=_kept(written, value))
        case Event(), Event():
            where = bound.where
            if where is not None and symbolic.where is not None:
                where = keep(symbolic.where, where)
            return replace(
                bound,
                where=where,
                window_start=_kept(symbolic.window_start, bound.window_start),
                window_end=_kept(symbolic.window_end, bound.window_end),
            )
        case _:
            return bound


def _kept(written: _Moment, value: _Moment) -> _Moment:
    moving = isinstance(value, datetime) and isinstance(written, str) and dates.is_placeholder(written)
    return written if moving else value


def moving(node: Node) -> tuple[str, ...]:
    """The placeholders that a tree from `keep` holds, each once, in print order.

    >>> from segmentry.criteria.nodes import Operator
    >>> moving(Leaf("at", Operator.LT, "{{NOW}}"))
    ('{{NOW}}',)
    """
    found: list[str] = []
    for each in nodes(node):
        match each:
            case Leaf(value=str() as value):
                found.append(value)
            case Event():
                found.extend(one for one in (each.window_start, each.window_end) if isinstance(one, str))
            case _:
                pass
    # A bound text is never written like a placeholder: the check refuses it on fields that are no dates.
    return tuple(dict.fromkeys(one for one in found if dates.is_placeholder(one)))


def fixed(node: Node, clock: Clock) -> Node:
    """The tree from `keep` with every placeholder as the instant that it is on this clock.

    >>> from datetime import UTC
    >>> from segmentry.criteria.nodes import Operator
    >>> clock = Clock.at(datetime(2025, 1, 1, tzinfo=UTC))
    >>> fixed(Leaf("at", Operator.LT, "{{NOW}}"), clock).value.isoformat()
    '2025-01-01T00:00:00+00:00'
    """
    match node:
        case And(items) | Or(items):
            return replace(node, items=tuple(fixed(item, clock) for item in items))
        case Not(item):
            return replace(node, item=fixed(item, clock))
        case Top(of=of):
            return replace(node, of=fixed(of, clock))
        case Leaf(value=str() as value) if dates.is_placeholder(value):
            return replace(node, value=dates.resolve(value, clock))
        case Event():
            return replace(
                node,
                where=None if node.where is None else fixed(node.where, clock),
                window_start=_instant(node.window_start, clock),
                window_end=_instant(node.window_end, clock),
            )
        case _:
            return node


def _instant(value: str | datetime | None, clock: Clock) -> datetime | None:
    return dates.resolve(value, clock) if isinstance(value, str) else value
