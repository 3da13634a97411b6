"""All tables of a server behind one store: snapshots and tables of databases, one version for one request."""

from __future__ import annotations

import asyncio
import gc
import weakref
from collections.abc import Sequence
from datetime import UTC, datetime

import polars as pl
import pytest
from segmentry.criteria.catalog import Catalog, Field
from segmentry.criteria.export.origin import Origin
from segmentry.criteria.nodes import Everyone, Leaf, Node, Operator
from segmentry.customers.refresh import Looker, Refresher
from segmentry.customers.snapshot import Snapshot
from segmentry.customers.snapshot_table import Slots, SnapshotTable
from segmentry.customers.snapshots import SnapshotStore
from segmentry.customers.store import Alike, Count, CustomerStore, Member
from segmentry.customers.stores import Stores
from segmentry.customers.suppressed import suppressed
from segmentry.errors import DatasetTooLarge, NotFound, Unavailable

AS_OF = datetime(2025, 12, 16, tzinfo=UTC)
ACTIVE = Leaf("status", Operator.EQ, "ACTIVE")


def version(number: int) -> Snapshot:
    """The table at a version: as many active customers as its number, and ten others."""
    frame = pl.DataFrame({"status": ["ACTIVE"] * number + ["INACTIVE"] * 10})
    catalog = Catalog("members", (Field("status", "string"),))
    return Snapshot.from_frame(frame, catalog, snapshot_id=f"v{number}")


class Served:
    """A table as a database serves it: its own rows, one version after the other."""

    def __init__(self) -> None:
        self.number = 1
        self.closed = False

    @property
    def _table(self) -> SnapshotTable:
        return SnapshotTable(version(self.number), Slots(1, 1.0))

    @property
    def catalog(self) -> Catalog:
        return version(1).catalog

    async def describe(self) -> tuple[int, str, datetime]:
        return await self._table.describe()

    async def origin(self) -> Origin:
        return await self._table.origin()

    async def count(self, nodes: Sequence[Node], as_of: datetime) -> list[Count]:
        return await self._table.count(nodes, as_of)

    async def estimate(self, node: Node, as_of: datetime) -> Count | None:
        return Count(1, 11, "v1", exact=False, low=0, high=2)

    async def resolve(self, nodes: Sequence[Node], as_of: datetime) -> list[Node]:
        return await self._table.resolve(nodes, as_of)

    async def member(self, key: str) -> Member:
        return await self._table.member(key)

    async def holds(self, nodes: Sequence[Node], keys: Sequence[str], as_of: datetime) -> Alike:
        return await self._table.holds(nodes, keys, as_of)

    async def example(self, node: Node, as_of: datetime) -> Member | None:
        return await self._table.example(node, as_of)

    async def close(self) -> None:
        self.closed = True


async def _refused() -> Snapshot:
    raise DatasetTooLarge("too many rows", rows=11, maximum=10)


def both() -> tuple[Stores, Served]:
    stores, served = Stores(), Served()
    stores.snapshots.put("t", "memory", version(2))
    stores.put("t", "crm", served, _refused)
    return stores, served


async def test_a_table_is_asked_of_the_engine_that_serves_it() -> None:
    stores, _ = both()
    seam: CustomerStore = stores
    for schema_id, matched in (("memory", 2), ("crm", 1), ("", 2)):
        (count,) = await seam.count("t", schema_id, [ACTIVE], AS_OF)
        assert count.matched == matched
        assert (await seam.resolve("t", schema_id, [ACTIVE], AS_OF)) == [ACTIVE]
        assert (await seam.member("t", schema_id, "1")).row["status"] == "ACTIVE"
        example = await seam.example("t", schema_id, Leaf("status", Operator.EQ, "INACTIVE"), AS_OF)
        assert example is not None
        assert example.key == str(matched + 1)
    assert await seam.estimate("t", "memory", ACTIVE, AS_OF) is None
    estimate = await seam.estimate("t", "crm", ACTIVE, AS_OF)
    assert estimate is not None
    assert estimate.is_estimate


async def test_tables_of_all_engines_are_listed_with_rows_and_version() -> None:
    stores, _ = both()
    listed = [
        (each.schema_id, each.rows, each.snapshot_id, each.is_default) for each in await stores.tables("t")
    ]
    assert listed == [("memory", 12, "v2", True), ("crm", 11, "v1", False)]
    stores.put("t", "orders", Served(), _refused, default=True)
    assert [(each.schema_id, each.is_default) for each in await stores.tables("t")] == [
        ("orders", True),
        ("crm", False),
        ("memory", False),
    ]
    assert (await stores.table("t", "")).schema_id == "orders"


async def test_unknown_names_list_the_tables_of_all_engines_and_no_other_tenant() -> None:
    stores, _ = both()
    with pytest.raises(NotFound, match="there are: crm, memory"):
        await stores.count("t", "gulf", [ACTIVE], AS_OF)
    with pytest.raises(NotFound, match="'u' has no customer table"):
        await stores.tables("u")


async def test_a_request_keeps_its_version_while_the_table_is_replaced() -> None:
    stores, _ = both()
    pinned = await stores.pinned("t", "")
    stores.snapshots.put("t", "memory", version(5))
    before, after = (
        await pinned.count("t", "memory", [ACTIVE], AS_OF),
        await stores.count("t", "", [ACTIVE], AS_OF),
    )
    assert [(each.matched, each.universe, each.snapshot_id) for each in (*before, *after)] == [
        (2, 12, "v2"),
        (5, 15, "v5"),
    ]
    assert (await pinned.table("t", "memory")).snapshot_id == "v2"


async def test_a_pinned_table_answers_for_nothing_else() -> None:
    stores, _ = both()
    stores.snapshots.put("u", "memory", version(3))
    pinned = await stores.pinned("t", "memory")
    for tenant, schema_id in (("u", "memory"), ("t", "crm")):
        with pytest.raises(NotFound):
            await pinned.count(tenant, schema_id, [ACTIVE], AS_OF)


async def test_a_pinned_table_keeps_small_counts_back_too() -> None:
    stores, _ = both()
    pinned = await suppressed(stores, 5).pinned("t", "memory")
    (count,) = await pinned.count("t", "memory", [ACTIVE], AS_OF)
    assert (count.matched, count.suppressed) == (None, True)


async def test_an_analysis_shares_one_copy_of_a_served_table_for_a_while() -> None:
    stores = Stores()
    copies: list[Snapshot] = []

    async def copy() -> Snapshot:
        await asyncio.sleep(0)
        copies.append(version(1))
        return copies[-1]

    stores.put("t", "crm", Served(), copy)
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(stores.snapshot("t", "crm")) for _ in range(5)]
    assert len(copies) == 1
    assert {id(task.result()) for task in tasks} == {id(copies[0])}


async def test_a_served_table_that_is_too_large_for_an_analysis_says_so() -> None:
    stores, _ = both()
    with pytest.raises(DatasetTooLarge):
        await stores.snapshot("t", "crm")
    assert (await stores.snapshot("t", "memory")).rows == 12


async def test_closing_closes_the_engines() -> None:
    stores, served = both()
    await stores.close()
    assert served.closed


async def test_an_old_version_is_given_back_when_its_last_request_ends() -> None:
    stores = Stores()
    stores.snapshots.put("t", "s", version(1))
    old = weakref.ref(await stores.snapshot("t", "s"))
    pinned = await stores.pinned("t", "s")

    async def next_version(current: Snapshot) -> Snapshot:
        return version(2)

    refresher = Refresher(stores.snapshots, "t", "s", next_version, 60.0, asyncio.Semaphore(1))
    assert await refresher.once()
    gc.collect()
    assert old() is not None
    assert [each.matched for each in await pinned.count("t", "s", [ACTIVE, Everyone()], AS_OF)] == [1, 11]
    del pinned
    gc.collect()
    assert old() is None
    assert (await stores.table("t", "s")).snapshot_id == "v2"


async def test_a_refresh_that_fails_is_logged_each_time_and_the_table_stays(
    caplog: pytest.LogCaptureFixture,
) -> None:
    store = SnapshotStore()
    store.put("t", "s", version(1))
    failures = iter([Unavailable("the store cannot be reached"), ValueError("our own fault"), None])

    async def reload(current: Snapshot) -> Snapshot | None:
        failure = next(failures)
        if failure is not None:
            raise failure
        return version(2)

    refresher = Refresher(store, "t", "s", reload, 60.0, asyncio.Semaphore(1))
    outcomes = [await refresher.once(), await refresher.once()]
    assert outcomes == [False, False]
    assert (await store.table("t", "s")).snapshot_id == "v1"
    said = [record.getMessage() for record in caplog.records]
    assert len(said) == 2
    assert all("table s of tenant t is not refreshed and stays as it is" in line for line in said)
    assert "the store cannot be reached" in said[0]
    assert await refresher.once()
    assert (await store.table("t", "s")).snapshot_id == "v2"


async def test_refreshing_goes_on_until_it_is_cancelled() -> None:
    store = SnapshotStore()
    store.put("t", "s", version(1))
    third = asyncio.Event()
    made: list[int] = []

    async def reload(current: Snapshot) -> Snapshot | None:
        made.append(len(made))
        if len(made) == 2:
            raise Unavailable("away for a moment")
        if len(made) == 3:
            third.set()
        return version(len(made) + 1)

    refresher = Refresher(store, "t", "s", reload, 0.001, asyncio.Semaphore(1))
    task = asyncio.create_task(refresher.keep())
    async with asyncio.timeout(5):
        await third.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_a_served_table_is_looked_at_at_once_and_again_after_a_failure(
    caplog: pytest.LogCaptureFixture,
) -> None:
    looks: list[int] = []
    third = asyncio.Event()

    async def look() -> None:
        looks.append(len(looks))
        if len(looks) == 2:
            raise Unavailable("away for a moment")
        if len(looks) == 3:
            third.set()

    looker = Looker("t", "crm", look, 0.001, asyncio.Semaphore(1))
    task = asyncio.create_task(looker.keep())
    async with asyncio.timeout(5):
        await third.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert "table crm of tenant t is not refreshed and stays as it is: away for a moment" in caplog.text
