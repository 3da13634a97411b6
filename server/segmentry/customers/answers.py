"""What a bound table answers inside one session: counts, thresholds, customers."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from datetime import UTC, datetime

from segmentry.criteria.match import EventRow, top_rank, top_threshold
from segmentry.criteria.nodes import And, Node, Not, Or, Top
from segmentry.customers.binding import KEY, Binding
from segmentry.customers.cells import cell
from segmentry.customers.connections import Session, TableChanged
from segmentry.customers.statements import Asked, Statement, is_everyone
from segmentry.customers.store import Member
from segmentry.errors import InvalidParameters


async def number(session: Session, statement: Statement) -> int:
    """The one whole number that a statement gives."""
    ((found,),) = await fetch(session, statement)
    return _integer(found)


async def sure(session: Session, asked: Asked, nodes: Sequence[Node]) -> None:
    """Raises: TableChanged when columns of the nodes hold odd values that the binding does not guard."""
    doubt = asked.doubt(nodes)
    if doubt is None:
        return
    ((found,),) = await fetch(session, doubt)
    if found:
        raise TableChanged("the customer table holds values of a kind that it did not hold before")


async def fetch(session: Session, statement: Statement) -> list[tuple[object, ...]]:
    """The rows of a statement."""
    return await session.fetch(statement.text, statement.parameters)


async def counts(
    session: Session, asked: Asked, nodes: Sequence[Node], rows: int | None, *, one_scan: bool
) -> tuple[int, list[int]]:
    """The number of rows and of matches of each node.

    For a single node `rows` is taken as the former, where it is known of the session's version.
    `one_scan` counts several nodes together; otherwise each is a statement of its own.
    """
    of_node = [asked.count(node) for node in nodes]
    distinct: dict[Statement, Node] = {}
    for node, statement in zip(nodes, of_node, strict=True):
        if not is_everyone(node):
            distinct.setdefault(statement, node)
    if len(nodes) == len(distinct) == 1:
        matching = await number(session, of_node[0])
        return await number(session, asked.rows()) if rows is None else rows, [matching]
    if not one_scan:
        each_own = {statement: await number(session, statement) for statement in distinct}
        universe = await number(session, asked.rows()) if rows is None else rows
        return universe, [universe if is_everyone(node) else each_own[each]
                          for node, each in zip(nodes, of_node, strict=True)]  # fmt: skip
    universe, matched = 0, dict[Statement, int]()
    waiting = iter(distinct)
    for size, statement in asked.counts(list(distinct.values())):
        ((first, *found),) = await fetch(session, statement)
        universe = _integer(first)
        matched |= {next(waiting): _integer(each) for each in found[:size]}
    if not distinct:
        universe = await number(session, asked.rows())
    return universe, [
        universe if is_everyone(node) else matched[each] for node, each in zip(nodes, of_node, strict=True)
    ]


async def resolved(session: Session, asked: Asked, node: Node) -> Node:
    """As `match.without_tops`, with the ranks looked up in the table, innermost first."""
    match node:
        case And(items):
            return And(tuple([await resolved(session, asked, item) for item in items]), node.path)
        case Or(items):
            return Or(tuple([await resolved(session, asked, item) for item in items]), node.path)
        case Not(item):
            return Not(await resolved(session, asked, item), node.path)
        case Top(of=of):
            return await _threshold(session, asked, node, await resolved(session, asked, of))
        case _:
            return node


async def _threshold(session: Session, asked: Asked, top: Top, inner: Node) -> Node:
    field = asked.binding.catalog.by_name[top.field]
    n_inside = await number(session, asked.valued(field.column_name, inner))
    if n_inside == 0:
        return top_threshold(top, inner, [])
    rank = top_rank(n_inside, top.percent)
    ranked = asked.ranked(field.column_name, inner, rank, highest=top.order == "highest")
    ((found,),) = await fetch(session, ranked)
    value = cell(found, field)
    assert isinstance(value, int | float | datetime)
    # The one value that was looked up is all there is to rank.
    return top_threshold(dataclasses.replace(top, percent=100), inner, [value])


async def keys(session: Session, asked: Asked, node: Node, limit: int | None = None) -> list[str | int]:
    """The keys of the customers that match, smallest first; texts by code point.

    Raises: InvalidParameters for a table without a key.
    """
    need_key(asked.binding)
    plain = await resolved(session, asked, node)
    order = f'"{KEY}"' if asked.binding.key == "integer" else f'"{KEY}" COLLATE "C"'
    rows = await fetch(session, asked.select([KEY], plain, order=order, limit=limit))
    return [each for (each,) in rows if isinstance(each, str | int)]


async def member(session: Session, asked: Asked, key: str | int) -> Member | None:
    """One customer with the events, None if there is none of that key."""
    fields = asked.binding.catalog.fields
    rows = await fetch(session, asked.customer([KEY, *(each.column_name for each in fields)], key))
    if not rows:
        return None
    found, *values = rows[0]
    events: list[EventRow] = []
    for event in asked.binding.catalog.events:
        for at, *properties in await fetch(session, asked.happened(event.name, key)):
            if isinstance(at, datetime):
                pairs = zip(event.properties, properties, strict=True)
                theirs = {each.name: cell(value, each) for each, value in pairs}
                ts = at.replace(tzinfo=UTC) if at.tzinfo is None else at
                events.append({"name": event.name, "ts": ts, "properties": theirs})
    row = {field.name: cell(value, field) for field, value in zip(fields, values, strict=True)}
    return Member(str(found), row, events)


def native_key(binding: Binding, key: str) -> str | int | None:
    """A key as the database compares it; None if no customer can have it.

    Raises: InvalidParameters for a table without a key.
    """
    need_key(binding)
    if binding.key != "integer":
        return None if "\0" in key else key
    try:
        whole = int(key)
    except ValueError:
        return None
    return whole if str(whole) == key and -(2**63) <= whole < 2**63 else None


def need_key(binding: Binding) -> None:
    """Raises: InvalidParameters for a table without a key."""
    if binding.key is None:
        raise InvalidParameters(
            f"the table has no key; name its column as `key` of the catalog {binding.catalog.schema}"
        )


def _integer(value: object) -> int:
    assert isinstance(value, int)
    return value
