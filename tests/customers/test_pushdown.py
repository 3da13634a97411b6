"""The pushdown engines against the reference matcher: random tables, events and trees, in real databases."""

from __future__ import annotations

import asyncio
from collections.abc import Generator, Sequence
from datetime import datetime

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from segmentry.criteria import check, match, parse, walk
from segmentry.criteria.dates import Clock
from segmentry.criteria.match import EventRow, Row
from segmentry.criteria.nodes import And, Event, Everyone, Leaf, Node, Not, Operator, Top
from segmentry.customers.cells import cell
from segmentry.customers.demo import golf_snapshot
from segmentry.customers.snapshot import Snapshot
from segmentry.customers.sql_rows import Scratch
from segmentry.customers.store import Count
from segmentry.errors import NotFound

from tests.customers import sql_stores
from tests.customers.sql_stores import DATABASES, EAGER
from tests.customers.test_differential import AS_OF, CATALOG, EVENTS, FOLDED, GOLF, ROWS, TREES


def _is_legal(tree: Node) -> bool:
    """Whether the check would let it through: it knows no lists of datetimes or of truth values."""
    leaves = (each for each in walk.nodes(tree) if isinstance(each, Leaf))
    return not any(leaf.field in ("at", "flag") and isinstance(leaf.value, tuple) for leaf in leaves)


LEGAL = TREES.filter(_is_legal)
Made = tuple[int, datetime, int | None, str | None]


class Place:
    """One database for the tests of this file, with the loop that it is used from."""

    def __init__(self, scratch: Scratch, runner: asyncio.Runner) -> None:
        self.scratch = scratch
        self.run = runner.run


@pytest.fixture(scope="module", params=DATABASES)
def place(request: pytest.FixtureRequest) -> Generator[Place]:
    dsn = request.getfixturevalue("postgres_dsn") if request.param == "postgresql" else ""
    with asyncio.Runner() as runner:

        async def opened() -> Scratch:
            return sql_stores.scratch(request.param, dsn)

        scratch = runner.run(opened())
        yield Place(scratch, runner)
        runner.run(scratch.close())


def _happened(rows: Sequence[Row], events: Sequence[Made]) -> list[list[EventRow]]:
    theirs: list[list[EventRow]] = [[] for _ in rows]
    for owner, at, amount, shop in events:
        if owner < len(rows):
            theirs[owner].append({"name": "order", "ts": at, "properties": {"amount": amount, "shop": shop}})
    return theirs


@pytest.mark.parametrize("part", range(2))
@settings(
    max_examples=12,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(rows=ROWS, events=EVENTS, trees=st.lists(LEGAL, min_size=1, max_size=4))
def test_every_row_is_decided_as_by_the_reference(
    *, place: Place, part: int, rows: list[Row], events: list[Made], trees: list[Node]
) -> None:
    happened = _happened(rows, events)
    expected = [match.select(tree, rows, AS_OF, happened, folded=FOLDED) for tree in trees]

    async def asked() -> None:
        async with sql_stores.pushed_down(place.scratch, CATALOG, rows, happened) as table:
            several = await table.count([*trees, Not(trees[0]), Everyone(), *trees], AS_OF)
            sums = [sum(each) for each in expected]
            assert [each.matched for each in several] == [
                *sums,
                len(rows) - sums[0],
                len(rows),
                *sums,
            ]
            assert {(each.universe, each.exact) for each in several} == {(len(rows), True)}
            for tree, mask in zip(trees, expected, strict=True):
                keys = [str(number) for number, matched in enumerate(mask) if matched]
                assert await table.keys(tree, AS_OF) == keys
                (alone,) = await table.count([tree], AS_OF)
                assert (alone.matched, alone.universe) == (len(keys), len(rows))
                example = await table.example(tree, AS_OF)
                assert (None if example is None else example.key) == (keys[0] if keys else None)
            resolved = await table.resolve(trees, AS_OF)
            plain = [match.without_tops(tree, rows, AS_OF, happened, folded=FOLDED) for tree in trees]
            assert resolved == plain

    place.run(asked())


@settings(
    max_examples=8,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(rows=ROWS, events=EVENTS)
def test_a_customer_comes_back_as_stored(place: Place, rows: list[Row], events: list[Made]) -> None:
    happened = _happened(rows, events)

    async def asked() -> None:
        async with sql_stores.pushed_down(place.scratch, CATALOG, rows, happened) as table:
            for number, row in enumerate(rows):
                member = await table.member(str(number))
                wanted = {each.name: cell(row[each.name], each) for each in CATALOG.fields}
                assert (member.key, member.row) == (str(number), wanted)
                assert sorted(map(repr, member.events)) == sorted(map(repr, happened[number]))
            for unknown in ("-1", "99", "01", "x", "", "1e0", "9" * 30):
                with pytest.raises(NotFound):
                    await table.member(unknown)
            frame = await table.frame()
            assert frame.columns == [each.name for each in CATALOG.fields]
            assert frame.height == len(rows)
            assert sorted(map(repr, frame["a.b"])) == sorted(repr(row["a.b"]) for row in rows)

    place.run(asked())


@pytest.fixture(scope="module")
def club() -> Snapshot:
    return golf_snapshot(900, as_of=AS_OF)


def _interval(count: Count) -> tuple[int, int]:
    assert isinstance(count.low, int)
    assert isinstance(count.high, int)
    return count.low, count.high


def test_estimates_are_near_the_truth_and_counts_agree_on_the_golf_club(place: Place, club: Snapshot) -> None:
    rows, happened = club.rows_as_mappings(), club.events_as_mappings()
    trees = [check.require(parse.loads(each), club.catalog, Clock.at(AS_OF)).bound for each in GOLF]

    async def asked() -> tuple[int, int]:
        inside = estimated = 0
        async with sql_stores.pushed_down(
            place.scratch, club.catalog, rows, happened, EAGER, seed=4
        ) as table:
            await table.refresh()
            plain = await table.resolve(trees, AS_OF)
            exact = await table.count(trees, AS_OF)
            assert [each.matched for each in exact] == club.count_many(trees, AS_OF)
            for tree, count in zip(plain, exact, strict=True):
                found = await table.estimate(tree, AS_OF)
                assert found is not None
                low, high = _interval(found)
                assert not found.exact
                assert found.universe == club.rows
                assert low <= (found.matched or 0) <= high <= club.rows
                assert high - low < club.rows / 6
                estimated += 1
                inside += low <= (count.matched or 0) <= high
            # The rank of a sampled customer says nothing of the table's.
            assert await table.estimate(Top("handicap", 10), AS_OF) is None
        return inside, estimated

    inside, estimated = place.run(asked())
    assert estimated == len(GOLF)
    # How often exactly: tests/customers/test_estimates.py. This many misses happen once in 10,000 runs.
    assert inside >= 0.8 * estimated


def test_small_and_quick_tables_need_no_estimate(place: Place, club: Snapshot) -> None:
    rows = club.rows_as_mappings(400)

    async def asked() -> None:
        async with sql_stores.pushed_down(place.scratch, CATALOG, [], [], EAGER) as table:
            assert await table.estimate(Everyone(), AS_OF) is None
            assert (await table.count([Everyone(), Leaf("flag", Operator.EQ, value=True)], AS_OF))[
                1
            ].matched == 0
        async with sql_stores.pushed_down(place.scratch, club.catalog, rows, []) as table:
            assert await table.estimate(Everyone(), AS_OF) is None

    place.run(asked())


def test_many_nodes_are_counted_in_batches_on_one_version(place: Place, club: Snapshot) -> None:
    rows, happened = club.rows_as_mappings(300), club.events_as_mappings(300)
    booked = [Event("booking", operator=Operator.GTE, value=number) for number in range(1, 9)]
    trees: list[Node] = [
        And((Leaf("handicap", Operator.LT, float(number)), booked[number % 8])) for number in range(150)
    ]
    expected = [sum(match.select(tree, rows, AS_OF, happened)) for tree in trees]

    async def asked() -> None:
        async with sql_stores.pushed_down(place.scratch, club.catalog, rows, happened) as table:
            counts = await table.count(trees, AS_OF)
            assert [each.matched for each in counts] == expected
            assert len({each.snapshot_id for each in counts}) == 1

    place.run(asked())
