"""The same explanations from tables in databases as from the snapshot of the same rows."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

import pytest
from hypothesis import HealthCheck, Phase, assume, given, settings
from segmentry.builder.request import Place
from segmentry.criteria import limits, parse
from segmentry.criteria.nodes import Node
from segmentry.customers.snapshot import Snapshot
from segmentry.customers.sql_rows import Scratch
from segmentry.customers.stores import Stores
from segmentry.errors import NotFound
from segmentry.explain.compare import Comparison, compare
from segmentry.explain.count import ExplainedCount, explain_count
from segmentry.explain.member import explain_member

from tests.criteria.strategies import CATALOG, CLOCK, NODES
from tests.customers import sql_stores
from tests.customers.sql_stores import DATABASES
from tests.explain.tables import CLUBS, PLACE, Club, club

SETTINGS = settings(
    max_examples=8,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@dataclass(frozen=True)
class Database:
    """A database to make tables in, and the loop that it is used from."""

    scratch: Scratch
    run: asyncio.Runner

    @asynccontextmanager
    async def holding(self, table: Club) -> AsyncGenerator[tuple[Place, Stores]]:
        """Those rows as a table of the database behind a server's store; keys count from 0."""
        async with sql_stores.pushed_down(self.scratch, CATALOG, table.rows, table.events) as engine:

            async def copied() -> Snapshot:
                raise AssertionError("explanations copy no table")

            stores = Stores()
            stores.put("demo", "t", engine, copied)
            yield Place("demo", "t", engine.catalog, CLOCK), stores


@pytest.fixture(scope="module", params=DATABASES)
def database(request: pytest.FixtureRequest) -> Generator[Database]:
    dsn = request.getfixturevalue("postgres_dsn") if request.param == "postgresql" else ""
    with asyncio.Runner() as runner:

        async def opened() -> Scratch:
            return sql_stores.scratch(request.param, dsn)

        scratch = runner.run(opened())
        yield Database(scratch, runner)
        runner.run(scratch.close())


def figures(found: ExplainedCount) -> object:
    """All that an explanation says, but for the version of the rows."""

    def number(count: object) -> object:
        return None if count is None else (getattr(count, "matched"), getattr(count, "universe"))  # noqa: B009

    return (
        number(found.count),
        [number(each) for each in found.figures],
        [(each.leaf_id, each.explanation) for each in found.leaves],
        [each.leaf_ids for each in found.clauses],
        found.strongest_leaf_id,
        [(each.path, each.node, each.label, each.kind, number(each.count)) for each in found.relaxations],
    )


def compared(found: Comparison) -> object:
    counts = [(each.matched, each.universe) for each in found.counts]
    return counts, found.changes, found.same_canonical, found.same_members, found.witness


@pytest.mark.parametrize("part", range(2))
@SETTINGS
@given(node=NODES, other=NODES, table=CLUBS)
def test_a_database_explains_and_compares_as_the_snapshot_does(
    *, database: Database, part: int, node: Node, other: Node, table: Club
) -> None:
    for each in (node, other):
        assume(limits.depth(each) <= limits.MAX_DEPTH and not PLACE.check(each).errors)

    async def asked() -> None:
        async with database.holding(table) as (place, stores):
            explained = await explain_count(node, place, await stores.pinned("demo", "t"))
            assert figures(explained) == figures(await explain_count(node, PLACE, table.store))
            there = await compare(place.check(node), place.check(other), place, stores)
            here = await compare(PLACE.check(node), PLACE.check(other), PLACE, table.store)
            assert compared(there) == compared(here)

    database.run.run(asked())


@SETTINGS
@given(node=NODES, table=CLUBS)
def test_a_customer_in_a_database_is_explained_as_one_of_the_snapshot(
    database: Database, node: Node, table: Club
) -> None:
    assume(limits.depth(node) <= limits.MAX_DEPTH and not PLACE.check(node).errors)

    async def asked() -> None:
        async with database.holding(table) as (place, stores):
            for number in range(len(table.rows)):
                there = await explain_member(node, str(number), place, stores)
                here = await explain_member(node, str(number + 1), PLACE, table.store)
                assert there.key == str(number)
                assert replace(there, key=here.key, checked=here.checked) == here
            with pytest.raises(NotFound):
                await explain_member(node, str(len(table.rows)), place, stores)

    database.run.run(asked())


def test_relaxations_come_from_a_database_that_is_written_to_meanwhile(database: Database) -> None:
    """The version of the rows changes between two calls; the offers are still counted on one."""
    table = club([{"city": "a", "score": 3.0}, {"city": "b", "score": 7.0}])
    node = parse.loads('{"$and":[{"city":"a"},{"score":{"$gt":5}}]}')

    async def asked() -> ExplainedCount:
        async with database.holding(table) as (place, stores):
            inner, calls = stores.count, 0

            async def count(*args: object) -> object:
                nonlocal calls
                calls += 1
                name = f"other_{calls}"
                await database.scratch.write([(f"CREATE TEMPORARY TABLE {name} (n integer)", ())])
                await database.scratch.write([(f"DROP TABLE {name}", ())])
                return await inner(*args)  # pyright: ignore[reportArgumentType]  # passed on as it came

            stores.count = count  # pyright: ignore[reportAttributeAccessIssue]  # writes, answers as before
            return await explain_count(node, place, stores)

    found = database.run.run(asked())
    assert {each.label: each.count.matched for each in found.relaxations} == {
        'without "city is a"': 1,
        'without "score is more than 5"': 1,
        '"score is at least 3" instead of "score is more than 5"': 1,
    }
