"""The store: tables by tenant and schema, one load for many first users, and a bound on waiting."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest
from segmentry.criteria.catalog import Catalog, Field
from segmentry.criteria.nodes import Everyone, Leaf, Node, Not, Operator
from segmentry.customers import columns, leaves, scan
from segmentry.customers.scan import Cancel
from segmentry.customers.snapshot import SegmentResolver, Snapshot, no_segments
from segmentry.customers.snapshots import SnapshotStore
from segmentry.customers.store import CustomerStore
from segmentry.errors import NotFound, StoreBusy, UnreadableTable

AS_OF = datetime(2025, 12, 16, tzinfo=UTC)
ACTIVE = Leaf("status", Operator.EQ, "ACTIVE")


def small(n_active: int = 2) -> Snapshot:
    frame = pl.DataFrame({"status": ["ACTIVE"] * n_active + ["INACTIVE", None]})
    return Snapshot.from_frame(frame, Catalog("s", (Field("status", "enum"),), display_name="Small"))


async def test_counts_share_one_version_and_say_which() -> None:
    store = SnapshotStore()
    snapshot = small()
    store.put("t", "s", snapshot)
    seam: CustomerStore = store
    counts = await seam.count("t", "s", [ACTIVE, Not(ACTIVE), Everyone()], AS_OF)
    assert [count.matched for count in counts] == [2, 2, 4]
    assert {(count.universe, count.snapshot_id, count.exact) for count in counts} == {
        (4, snapshot.snapshot_id, True)
    }


async def test_the_first_table_is_the_default_until_another_is_named() -> None:
    store = SnapshotStore()
    store.put("t", "one", small())
    store.put("t", "two", small())
    assert (await store.table("t", "")).schema_id == "one"
    store.put("t", "three", small(), default=True)
    tables = await store.tables("t")
    assert [(table.schema_id, table.is_default) for table in tables] == [
        ("three", True),
        ("one", False),
        ("two", False),
    ]
    assert (tables[0].rows, tables[0].display_name) == (4, "Small")


async def test_unknown_names_are_not_found_and_known_ones_are_listed() -> None:
    store = SnapshotStore()
    store.put("t", "golf", small())
    with pytest.raises(NotFound, match="there are: golf") as caught:
        await store.table("t", "gulf")
    assert caught.value.metadata == {"resourceType": "schema", "resourceId": "gulf", "available": "golf"}
    with pytest.raises(NotFound, match="'nobody' has no customer table") as caught:
        await store.count("nobody", "golf", [ACTIVE], AS_OF)
    # Another tenant's tables are not named, and no other tenant is.
    assert caught.value.metadata == {"resourceType": "tenant", "resourceId": "nobody"}
    assert caught.value.message.endswith("check tenant_id or the credential")
    with pytest.raises(NotFound):
        await store.tables("nobody")


async def test_first_users_share_one_load_also_across_tenants() -> None:
    store = SnapshotStore()
    loads: list[int] = []

    def load() -> Snapshot:
        loads.append(1)
        return small()

    store.put_lazy("demo", "golf", load)
    store.put_lazy("tenant_123", "golf", load)
    assert store.catalog("demo") is None
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(store.snapshot(tenant)) for tenant in ("demo", "tenant_123") * 5]
    assert len(loads) == 1
    assert len({id(task.result()) for task in tasks}) == 1
    assert store.catalog("demo") is not None


async def test_a_load_that_failed_is_tried_again() -> None:
    store = SnapshotStore()
    outcomes = iter([UnreadableTable("not yet"), None])

    def load() -> Snapshot:
        outcome = next(outcomes)
        if outcome is not None:
            raise outcome
        return small()

    store.put_lazy("t", "s", load)
    with pytest.raises(UnreadableTable):
        await store.table("t", "s")
    assert (await store.table("t", "s")).rows == 4


async def test_readers_keep_the_version_they_started_on() -> None:
    store = SnapshotStore()
    store.put("t", "s", small(2))
    before = await store.snapshot("t", "s")
    store.put("t", "s", small(5))
    assert before.count(ACTIVE, AS_OF) == 2
    (count,) = await store.count("t", "s", [ACTIVE], AS_OF)
    assert (count.matched, count.universe) == (5, 7)


async def test_who_waits_too_long_for_a_slot_is_told_to_come_back() -> None:
    release = threading.Event()
    started = asyncio.Event()
    loop = asyncio.get_running_loop()

    class Slow(Snapshot):
        def count_many(
            self,
            nodes: Sequence[Node],
            as_of: datetime,
            segments: SegmentResolver = no_segments,
            *,
            cancel: Cancel | None = None,
        ) -> list[int]:
            loop.call_soon_threadsafe(started.set)
            release.wait(5)
            return super().count_many(nodes, as_of, segments, cancel=cancel)

    ready = small()
    slow = Slow(ready.catalog, ready.rows, ready.store)
    store = SnapshotStore(slots=1, wait_s=0.02)
    store.put("t", "s", slow)
    async with asyncio.TaskGroup() as group:
        first = group.create_task(store.count("t", "s", [ACTIVE], AS_OF))
        await started.wait()
        with pytest.raises(StoreBusy, match="try again") as caught:
            await store.count("t", "s", [ACTIVE], AS_OF)
        release.set()
    assert caught.value.retry_after_s == 1.0
    assert first.result()[0].matched == 2
    assert (await store.count("t", "s", [ACTIVE], AS_OF))[0].matched == 2


def test_a_mask_is_the_callers_own_and_words_are_read_only() -> None:
    snapshot = small()
    first = snapshot.mask(ACTIVE, AS_OF)
    first[:] = True
    second = snapshot.mask(ACTIVE, AS_OF)
    assert second.tolist() == [True, True, False, False]
    words = snapshot.words(ACTIVE, AS_OF)
    with pytest.raises(ValueError, match="read-only"):
        words[0] = 0
    assert snapshot.count(ACTIVE, AS_OF) == 2


async def test_a_caller_who_leaves_stops_the_scan_at_its_next_slice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scan, "TEXT_SLICE_ROWS", 64)
    names = pl.DataFrame({"name": [f"n{index}" for index in range(columns.CODED_LIMIT + 2)]})
    snapshot = Snapshot.from_frame(names, Catalog("s", (Field("name", "string"),)))
    store = SnapshotStore()
    store.put("t", "s", snapshot)
    searched: list[int] = []
    started, left = threading.Event(), threading.Event()

    def search(series: pl.Series, needle: str) -> pl.Series:
        searched.append(len(series))
        started.set()
        left.wait(5)
        return series.str.starts_with(needle)

    monkeypatch.setitem(leaves.SERIES_TESTS, Operator.STARTS_WITH, search)
    begins = Leaf("name", Operator.STARTS_WITH, "n7")
    task = asyncio.create_task(store.count("t", "s", [begins], AS_OF))
    await asyncio.to_thread(started.wait, 5)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    left.set()
    # A second caller of the same leaf takes over where the first one left nothing.
    monkeypatch.undo()
    (count,) = await store.count("t", "s", [begins], AS_OF)
    assert count.matched == names["name"].str.starts_with("n7").sum()
    n_slices = names.height // 64
    assert 1 <= len(searched) <= scan.n_threads() < n_slices


@pytest.mark.parametrize("damage", ["nothing there", "half a manifest", "a block is missing"])
def test_a_folder_that_is_no_snapshot_is_refused(tmp_path: Path, damage: str) -> None:
    folder = tmp_path / "table"
    if damage != "nothing there":
        small().write(folder)
    if damage == "half a manifest":
        (folder / "manifest.json").write_text('{"format": 1')
    if damage == "a block is missing":
        (folder / "block-0.arrow").unlink()
    with pytest.raises(UnreadableTable, match="holds no snapshot"):
        Snapshot.read(folder)


def test_a_written_snapshot_reads_as_it_was(five: Snapshot, tmp_path: Path) -> None:
    five.write(tmp_path / "five")
    again = Snapshot.read(tmp_path / "five")
    assert again.frame().equals(five.frame())
    assert again.events_as_mappings() == five.events_as_mappings()
    assert (again.catalog, again.snapshot_id, again.loaded_at) == (
        five.catalog,
        five.snapshot_id,
        five.loaded_at,
    )
    assert again.rows_as_mappings() == five.rows_as_mappings()
