"""A table that is replaced while a real server is asked about it: no error, and no reply of two versions."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import grpc
import polars as pl
from google.protobuf.struct_pb2 import Struct
from segmentry.config import Settings
from segmentry.criteria.catalog import Catalog, Field, FieldValue
from segmentry.customers.refresh import Refresher
from segmentry.customers.snapshot import Snapshot
from segmentry.customers.snapshots import SnapshotStore
from segmentry.rpc import server
from segmentry.v1 import segment_builder_pb2 as pb
from segmentry.v1.segment_builder_pb2_grpc import SegmentBuilderStub

VERSIONS = 10
CALLERS = 200
FIELDS = (
    Field("status", "enum", values=(FieldValue("ACTIVE"), FieldValue("INACTIVE"))),
    Field("score", "number", integer=True),
)


def version(number: int) -> Snapshot:
    """Tables of sizes far apart, in which every figure tells the version."""
    n_active, n_others = 100 + number, 1000 * (VERSIONS + 1 - number)
    frame = pl.DataFrame(
        {
            "status": ["ACTIVE"] * n_active + ["INACTIVE"] * n_others,
            "score": [90] * (n_active - number) + [10] * (number + n_others),
        }
    )
    # The catalog changes with the rows, as an inferred one does.
    field = Field(f"only_in_{number}", "string")
    return Snapshot.from_frame(frame, Catalog("members", (*FIELDS, field)), snapshot_id=f"v{number}")


def figures(snapshot_id: str) -> tuple[int, int, int, int]:
    """Universe, active, high scores and both, of a version."""
    number = int(snapshot_id.removeprefix("v"))
    n_active = 100 + number
    return n_active + 1000 * (VERSIONS + 1 - number), n_active, n_active - number, n_active - number


def criteria(body: dict[str, Any]) -> Struct:
    struct = Struct()
    struct.update(body)
    return struct


async def test_every_reply_is_of_one_version_while_the_table_is_replaced(tmp_path: Path) -> None:
    store = SnapshotStore(wait_s=15.0)
    store.put("demo", "members", version(0))
    numbers = iter(range(1, VERSIONS + 1))

    async def reload(current: Snapshot) -> Snapshot:
        number = next(numbers)
        return await asyncio.to_thread(version, number)

    refresher = Refresher(store, "demo", "members", reload, 60.0, asyncio.Semaphore(1))
    settings = Settings(
        address="127.0.0.1:0", data_dir=tmp_path, max_reads=400, max_builds=400, log_level="error",
        deadline_read_s=20.0, deadline_build_s=20.0,
    )  # fmt: skip
    seen: set[str] = set()
    replies = 0
    moved = asyncio.Condition()
    done = False

    async def note(snapshot_id: str) -> None:
        nonlocal replies
        seen.add(snapshot_id)
        async with moved:
            replies += 1
            moved.notify_all()

    active = {"status": "ACTIVE"}
    both = {"$and": [active, {"score": {"$gte": 70}}]}

    async def preview(stub: Any, asked: dict[str, Any], place: int) -> None:
        while not done:
            reply = await stub.PreviewCount(pb.PreviewCountRequest(criteria=criteria(asked)))
            expected = figures(reply.snapshot_id)
            assert (reply.universe, reply.count) == (expected[0], expected[place])
            await note(reply.snapshot_id)

    async def build(stub: Any) -> None:
        """A build counts the whole, each condition and the other readings."""
        while not done:
            reply = await stub.Build(pb.BuildRequest(query="active with score at least 70"))
            universe, n_active, n_high, n_both = figures(reply.snapshot_id)
            assert reply.preview_count == n_both
            counts = {leaf.path: leaf.count for leaf in reply.result.provenance}
            assert sorted(counts.values()) == sorted([n_active, n_high]), (counts, universe)
            await note(reply.snapshot_id)

    async with server.running(settings, store=store) as it, grpc.aio.insecure_channel(it.address) as channel:
        stub: Any = SegmentBuilderStub(channel)
        async with asyncio.TaskGroup() as callers:
            for number in range(CALLERS):
                asked, place = ((active, 1), (both, 3))[number % 2]
                callers.create_task(preview(stub, asked, place))
            for _ in range(4):
                callers.create_task(build(stub))
            for _ in range(VERSIONS):
                # Replace when some callers have had an answer and many are in flight.
                until = replies + 60
                async with moved:
                    await moved.wait_for(lambda until=until: replies >= until)
                assert await refresher.once()
            until = replies + CALLERS
            async with moved:
                await moved.wait_for(lambda until=until: replies >= until)
            done = True
    assert (await store.table("demo", "")).snapshot_id == f"v{VERSIONS}"
    assert len(seen) >= VERSIONS
