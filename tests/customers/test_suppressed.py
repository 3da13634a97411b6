"""Small counts kept back: what a store behind the seam shows, for every count of every table."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from segmentry.criteria.catalog import Catalog, Field
from segmentry.criteria.nodes import Everyone, Leaf, Node, Not, Operator, Top
from segmentry.customers.snapshot import Snapshot
from segmentry.customers.snapshots import SnapshotStore
from segmentry.customers.store import Count
from segmentry.customers.suppressed import SuppressedStore, shown, suppressed
from segmentry.errors import SmallCountsWithheld

AS_OF = datetime(2025, 12, 16, 10, tzinfo=UTC)
CATALOG = Catalog("t", (Field("n", "number", integer=True),))


def club(n: int) -> SnapshotStore:
    store = SnapshotStore()
    store.put("demo", "t", Snapshot.from_frame(pl.DataFrame({"n": range(n)}), CATALOG))
    return store


def below(n: int) -> Node:
    return Leaf("n", Operator.LT, n)


async def counted(store: SuppressedStore, *nodes: Node) -> list[Count]:
    return await store.count("demo", "t", nodes, AS_OF)


def numbers(count: Count) -> list[int]:
    return [each for each in (count.matched, count.universe, count.low, count.high) if each is not None]


def allowed(number: int, universe: int, k: int) -> bool:
    small_rest = number != 0 and universe - k < number < universe
    return number % k == 0 and not small_rest


@settings(max_examples=400, deadline=None)
@given(k=st.integers(2, 40), universe=st.integers(0, 300), share=st.floats(0, 1))
def test_every_number_shown_is_zero_or_a_multiple_of_k_and_no_small_cell(
    k: int, universe: int, share: float
) -> None:
    matched = round(universe * share)
    count = shown(Count(matched, universe, "s"), k)
    assert all(allowed(number, universe, k) for number in numbers(count))
    assert count.suppressed is (count.matched is None)
    small = matched > 0 and (matched < k or 0 < universe - matched < k)
    assert count.suppressed is small
    if count.matched is not None and matched != universe:
        assert count.matched <= matched < count.matched + k
    assert (count.matched == 0) is (matched == 0)


@settings(max_examples=400, deadline=None)
@given(
    k=st.integers(2, 40),
    universe=st.integers(1, 300),
    parts=st.tuples(st.floats(0, 1), st.floats(0, 1), st.floats(0, 1)),
)
def test_an_estimate_is_shown_by_the_same_rule(
    k: int, universe: int, parts: tuple[float, float, float]
) -> None:
    low, matched, high = sorted(round(universe * part) for part in parts)
    count = shown(Count(matched, universe, "s", exact=False, low=low, high=high), k)
    assert all(allowed(number, universe, k) for number in numbers(count))
    if count.low is not None and count.high is not None:
        assert count.low <= low
        assert count.high >= high
    assert (count.low is None) is count.suppressed


@settings(max_examples=200, deadline=None)
@given(k=st.integers(3, 40), universe=st.integers(80, 400), ends=st.tuples(st.floats(0, 1), st.floats(0, 1)))
def test_the_difference_of_two_counts_never_pins_a_small_group(
    k: int, universe: int, ends: tuple[float, float]
) -> None:
    inner, outer = sorted(round(universe * end) for end in ends)
    pair = [shown(Count(n, universe, "s"), k).matched for n in (inner, outer)]
    # Every pair of counts that looks the same from outside: how many customers may lie between them.
    alike = {
        one + more - one
        for one in range(max(0, inner - k), inner + k + 1)
        for more in range(max(0, outer - k) - one, outer + k + 1 - one)
        if 0 <= one <= one + more <= universe
        and [shown(Count(n, universe, "s"), k).matched for n in (one, one + more)] == pair
    }
    between = outer - inner
    if 0 < between < k:
        assert len(alike) > 1, pair


@pytest.mark.parametrize("k", [2, 5, 7])
async def test_a_store_behind_the_seam_shows_counts_by_that_rule(k: int) -> None:
    store = SuppressedStore(club(103), k)
    counts = await counted(store, *(below(n) for n in range(104)))
    assert all(allowed(number, 103, k) for count in counts for number in numbers(count))
    assert [count.suppressed for count in counts] == [0 < n < k or 0 < 103 - n < k for n in range(104)]
    (everyone,) = await counted(store, Everyone())
    assert everyone.matched == everyone.universe >= 103
    (nobody,) = await counted(store, Not(Everyone()))
    assert (nobody.matched, nobody.exact) == (0, True)


async def test_the_size_of_a_table_is_rounded_too() -> None:
    store = SuppressedStore(club(103), 5)
    tables: Sequence[int] = [table.rows for table in await store.tables("demo")]
    assert [*tables, (await store.table("demo", "")).rows] == [105, 105]


async def test_single_customers_are_refused_whether_they_exist_or_not() -> None:
    store = SuppressedStore(club(103), 5)
    refusals: list[str] = []
    for key in ("1", "nobody"):
        with pytest.raises(SmallCountsWithheld) as refused:
            await store.member("demo", "t", key)
        refusals.append(str(refused.value))
    assert refusals[0] == refusals[1]
    with pytest.raises(SmallCountsWithheld):
        await store.example("demo", "t", below(50), AS_OF)


async def test_a_percentage_is_no_scale_to_weigh_a_group_with() -> None:
    store = SuppressedStore(club(100), 5)
    for percent in (1, 10, 50, 99):
        for tree in (Top("n", percent), Not(Top("n", percent, of=below(50)))):
            (count,) = await store.count("demo", "t", [tree], AS_OF)
            assert (count.matched, count.suppressed) == (None, True)


async def test_the_threshold_of_a_top_is_not_shown() -> None:
    store = SuppressedStore(club(100), 5)
    for percent in (1, 10, 99):
        with pytest.raises(SmallCountsWithheld):
            await store.resolve("demo", "t", [Not(Top("n", percent))], AS_OF)


def test_no_seam_is_put_before_a_store_that_shows_everything() -> None:
    store = club(3)
    assert suppressed(store, 0) is suppressed(store, 1) is store
    assert isinstance(suppressed(store, 2), SuppressedStore)
