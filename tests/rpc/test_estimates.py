"""Estimates before exact counts, through a real server over a store that counts a sample first."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Sequence
from datetime import datetime

import grpc
import pytest
from segmentry.criteria import parse
from segmentry.criteria.nodes import Node
from segmentry.customers.demo import golf_snapshot
from segmentry.customers.duckdb_rows import DuckdbScratch
from segmentry.customers.engine import Pinned
from segmentry.customers.snapshot import Snapshot
from segmentry.customers.snapshot_table import Slots, SnapshotTable
from segmentry.customers.snapshots import SnapshotStore
from segmentry.customers.store import Count
from segmentry.customers.stores import Stores
from segmentry.errors import Unavailable
from segmentry.rpc.convert.criteria import to_struct
from segmentry.v1 import segment_builder_pb2 as pb

from tests.customers import sql_stores
from tests.customers.sql_stores import EAGER
from tests.rpc.builder_server import AS_OF, TENANTS, builder, club, refusal

QUERY = "Golfers with handicap under 10"
STEP = 10


class Sampled(SnapshotStore):
    """Every tenth customer is the sample; on demand exact counts wait for the estimate, or fail."""

    def __init__(self, *, streaming: bool = False, broken: bool = False, exact_fails: bool = False) -> None:
        super().__init__()
        for tenant in TENANTS:
            self.put(tenant, "customers", club(), default=True)
        self.estimated = asyncio.Event()
        self.streaming = streaming
        self.broken = broken
        self.exact_fails = exact_fails

    async def pinned(self, tenant: str, schema_id: str) -> Pinned:
        return dataclasses.replace(await super().pinned(tenant, schema_id), engine=_SampledTable(self))


class _SampledTable(SnapshotTable):
    def __init__(self, store: Sampled) -> None:
        super().__init__(club(), Slots(2, 2.0))
        self._store = store

    async def estimate(self, node: Node, as_of: datetime) -> Count | None:
        snapshot = club()
        try:
            if self._store.broken:
                raise Unavailable("the sample is gone")
            matched = STEP * int(snapshot.mask(node, as_of)[::STEP].sum())
            low, high = matched // 2, min(snapshot.rows, 2 * matched + STEP)
            return Count(matched, snapshot.rows, snapshot.snapshot_id, exact=False, low=low, high=high)
        finally:
            self._store.estimated.set()

    async def count(self, nodes: Sequence[Node], as_of: datetime) -> list[Count]:
        if self._store.streaming:
            await self._store.estimated.wait()
            # The estimate is told before the exact count is.
            await asyncio.sleep(0.02)
        if self._store.exact_fails:
            raise Unavailable("the table cannot be reached")
        return await super().count(nodes, as_of)


def low_handicap() -> pb.PreviewCountRequest:
    return pb.PreviewCountRequest(criteria=to_struct(parse.loads('{"handicap":{"$lt":10}}')))


async def test_a_preview_is_an_estimate_only_where_the_caller_allows_it() -> None:
    request = low_handicap()
    async with builder(Sampled()) as client:
        exact = await client.stub.PreviewCount(request)
        request.allow_estimate = True
        estimate = await client.stub.PreviewCount(request)
    assert exact.exact
    assert not exact.HasField("low")
    assert not estimate.exact
    assert estimate.low <= exact.count <= estimate.high
    assert [each.reason for each in estimate.warnings] == ["COUNT_ESTIMATED"]


async def test_an_estimate_is_exact_where_the_store_counts_as_quickly() -> None:
    request = low_handicap()
    request.allow_estimate = True
    async with builder() as client:
        assert (await client.stub.PreviewCount(request)).exact


@pytest.mark.parametrize("broken", [False, True], ids=["estimate", "no-estimate"])
async def test_a_stream_tells_the_estimate_first_and_the_exact_count_last(*, broken: bool) -> None:
    store = Sampled(streaming=True, broken=broken)
    async with builder(store) as client:
        events = [each async for each in client.stub.StreamBuild(pb.StreamBuildRequest(query=QUERY))]
    whole = [each.preview for each in events if each.HasField("preview") and not each.preview.leaf_id]
    assert [each.exact for each in whole] == ([True] if broken else [False, True])
    assert whole[-1].count == events[-1].completed.preview_count
    assert not whole[-1].HasField("low")
    if not broken:
        assert whole[0].low <= whole[-1].count <= whole[0].high
    assert [each.sequence for each in events] == list(range(1, len(events) + 1))


async def test_a_refinement_tells_it_too() -> None:
    store = Sampled(streaming=True)
    request = pb.StreamRefineRequest(
        instruction="also require email opt-in",
        current_criteria=to_struct(parse.loads('{"status":"ACTIVE"}')),
    )
    async with builder(store) as client:
        events = [each async for each in client.stub.StreamRefine(request)]
    whole = [each.preview for each in events if each.HasField("preview") and not each.preview.leaf_id]
    assert [each.exact for each in whole] == [False, True]


async def test_a_count_that_fails_after_an_estimate_fails_the_stream_with_its_own_reason() -> None:
    store = Sampled(streaming=True, exact_fails=True)
    async with builder(store) as client:
        with pytest.raises(grpc.aio.AioRpcError) as failed:
            async for _ in client.stub.StreamBuild(pb.StreamBuildRequest(query=QUERY)):
                pass
    assert refusal(failed.value).reason == "STORE_UNAVAILABLE"


async def test_a_real_database_tells_the_estimate_of_its_stored_sample() -> None:
    snapshot = golf_snapshot(600, as_of=AS_OF)
    rows, request = snapshot.rows_as_mappings(), low_handicap()
    scratch, stores = DuckdbScratch(), Stores()
    async with sql_stores.pushed_down(scratch, snapshot.catalog, rows, [], EAGER, seed=4) as table:
        await table.refresh()
        stores.put("demo", "customers", table, _no_copy)
        async with builder(stores) as client:
            exact = await client.stub.PreviewCount(request)
            request.allow_estimate = True
            estimate = await client.stub.PreviewCount(request)
            events = [each async for each in client.stub.StreamBuild(pb.StreamBuildRequest(query=QUERY))]
    await scratch.close()
    assert (exact.exact, exact.universe) == (True, 600)
    assert exact.count == sum(
        1 for row in rows if isinstance(row["handicap"], float) and row["handicap"] < 10
    )
    assert not estimate.exact
    assert estimate.low < estimate.high
    assert estimate.low <= exact.count <= estimate.high
    whole = [each.preview for each in events if each.HasField("preview") and not each.preview.leaf_id]
    # The estimate is told only if it comes before the exact count.
    assert [each.exact for each in whole] in ([True], [False, True])
    assert whole[-1].count == exact.count
    assert all(each.low < each.high for each in whole[:-1])


async def _no_copy() -> Snapshot:
    raise AssertionError("counting copies no table")
