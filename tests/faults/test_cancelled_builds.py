"""Callers who leave in the middle of a build, at any moment: nothing of theirs stays open at the vendor."""

from __future__ import annotations

import asyncio
import random
from dataclasses import replace

import grpc
import pytest
from segmentry.v1 import segment_builder_pb2 as pb

from tests.rpc.builder_server import Client, builder
from tests.vendor.plans import Pace, Plan
from tests.vendored import condition, says, vendored

CANCELS = 100
# Patience of this test, not a bound on the server: `python -m benchmarks cancels` measures that.
PATIENCE_S = 60.0
OPEN = "gold members who are crazy about us"
CRAZY = says(condition("crazy about us", "engagementScore", "band", "high engagement"))
# No byte of an answer, or half of one: neither ends by itself within this test.
SILENT = replace(CRAZY, pace=Pace(600.0))
SLOW = replace(CRAZY, pace=Pace(0.02, tokens_per_s=1.0, tokens_per_write=1))


async def leave_after(client: Client, wait_s: float) -> None:
    """Begin a build and cancel it after a while, whatever has come of it."""
    call = client.stub.StreamBuild(pb.StreamBuildRequest(query=OPEN))
    reading = asyncio.create_task(_read(call))
    await asyncio.sleep(wait_s)
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading


async def _read(call: grpc.aio.UnaryStreamCall[pb.StreamBuildRequest, pb.StreamBuildResponse]) -> None:
    async for _ in call:
        pass


@pytest.mark.parametrize("plan", [SILENT, SLOW], ids=["before the first byte", "in the middle of answers"])
async def test_a_hundred_builds_cancelled_at_random_moments_leave_no_call_open(plan: Plan) -> None:
    drawn = random.Random(7)
    async with vendored(CRAZY) as asked, builder(panel=asked.panel) as client:
        vendor = asked.vendor
        # One build as it should be: until the vendor answered once, calls go one ahead of the others.
        await client.stub.Build(pb.BuildRequest(query=OPEN))
        n_before = vendor.n_calls
        asked.script.default = plan
        for _ in range(CANCELS // 10):
            async with asyncio.TaskGroup() as group:
                for _ in range(10):
                    group.create_task(leave_after(client, drawn.uniform(0.0, 0.3)))
        async with asyncio.timeout(PATIENCE_S):
            await vendor.idle()
            await vendor.disconnected()
        cancelled = vendor.calls[n_before:]
        assert len(cancelled) > CANCELS
        assert [(each.agent, each.ended_at) for each in cancelled if each.left_at is None] == []
        # And the server serves whoever comes next.
        asked.script.default = CRAZY
        reply = await client.stub.Build(pb.BuildRequest(query=OPEN))
        assert reply.success
        assert not reply.fallbacks
