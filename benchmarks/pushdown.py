"""A count through a `PushdownTable` against the same count by hand, through the same driver.

Ours is the whole call as a server makes it: a session of its own, the criteria written as SQL, the version.
By hand is one statement with literals on a connection that is open already; DuckDB's in a thread, as a
server must. Part of `python -m benchmarks compiled`.
"""

from __future__ import annotations

import asyncio
import dataclasses
import statistics
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from functools import partial
from typing import Any

import duckdb
from segmentry.criteria import check, parse
from segmentry.criteria.catalog import Catalog
from segmentry.criteria.dates import Clock
from segmentry.criteria.nodes import Node
from segmentry.customers import golf
from segmentry.customers.connections import Connection
from segmentry.customers.pushdown import Limits, PushdownTable

from benchmarks.pairs import MS

ROUNDS = 15
Side = Callable[[], Awaitable[Any]]


def catalog(columns: Sequence[str]) -> Catalog:
    """The golf catalog for a table of those columns alone."""
    whole = golf.catalog()
    fields = tuple(dataclasses.replace(each, folded_column="", case_insensitive=False)
                   for each in whole.fields if each.name in columns)  # fmt: skip
    return dataclasses.replace(whole, fields=fields, events=(), key="")


async def ratios(
    engine: str, connection: Connection, columns: Sequence[str], as_of: datetime,
    pairs: Sequence[tuple[str, Side]],
) -> list[float]:  # fmt: skip
    """The ratio of each pair of criteria and the count by hand, alternated; then one of five at once."""
    known = catalog(columns)
    # What is looked at from time to time is not part of a call.
    table = PushdownTable(connection, known, "members", limits=Limits(description_s=1e9, binding_s=1e9))
    await table.describe()
    nodes = [check.require(parse.loads(text), known, Clock.at(as_of, "UTC")).bound for text, _ in pairs]
    found: list[float] = []
    for (text, by_hand), node in zip(pairs, nodes, strict=True):
        ours = partial(_matched, table, node, as_of)
        mine, theirs = await _alternated(ours, by_hand)
        print(
            f"{engine:11}{mine * MS:9.2f}{theirs * MS:10.2f}{mine / theirs:8.3f}  call: {text[:54]}",
            flush=True,
        )
        found.append(mine / theirs)
    await _several(engine, table, nodes[:5], as_of)
    return found


async def _several(engine: str, table: PushdownTable, nodes: Sequence[Node], as_of: datetime) -> None:
    """Five counts in one call against five calls: which of the two ways to ask pays."""

    async def one_by_one() -> list[int | None]:
        return [await _matched(table, node, as_of) for node in nodes]

    async def together() -> list[int | None]:
        return [each.matched for each in await table.count(nodes, as_of)]

    mine, theirs = await _alternated(together, one_by_one)
    print(f"{engine:11}{mine * MS:9.2f}{theirs * MS:10.2f}{mine / theirs:8.3f}  five in one call, five calls")


async def _matched(table: PushdownTable, node: Node, as_of: datetime) -> int | None:
    (count,) = await table.count([node], as_of)
    return count.matched


async def _alternated(ours: Side, by_hand: Side) -> tuple[float, float]:
    assert await ours() == await by_hand()
    taken: tuple[list[float], list[float]] = ([], [])
    for _ in range(ROUNDS):
        for side, work in enumerate((ours, by_hand)):
            started = time.perf_counter()
            await work()
            taken[side].append(time.perf_counter() - started)
    return statistics.median(taken[0]), statistics.median(taken[1])


def in_thread(connection: duckdb.DuckDBPyConnection, statement: str) -> Side:
    """A statement by hand on DuckDB, off the event loop."""

    def found() -> int:
        ((count,),) = connection.execute(statement).fetchall()
        return int(count)

    return lambda: asyncio.to_thread(found)
