"""A watched run outlives its server: the stream ends with a notice and is resumed on the next one."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import grpc
import pytest
from segmentry.config import Settings
from segmentry.rpc import server
from segmentry.v1 import segment_analysis_pb2 as pb
from segmentry.v1 import segment_analysis_pb2_grpc as stubs

from tests.rpc.echo import error_info

pytestmark = pytest.mark.timeout(60)  # two servers, two workers that import scikit-learn, on a busy machine


def settings(folder: Path) -> Settings:
    return Settings(address="127.0.0.1:0", data_dir=folder, demo=True, demo_members=2000, drain_s=5.0)


class Watch:
    """What one watch said, how it ended, and when it began to speak."""

    def __init__(self) -> None:
        self.said: list[pb.WatchAnalysisResponse] = []
        self.began = asyncio.Event()

    async def read(self, call: Any) -> grpc.aio.AioRpcError | None:
        try:
            while (message := await call.read()) is not grpc.aio.EOF:
                self.said.append(message)
                self.began.set()
        except grpc.aio.AioRpcError as error:
            return error
        return None

    @property
    def numbers(self) -> list[int]:
        return [each.sequence for each in self.said if each.event.WhichOneof("kind") != "notice"]


async def test_a_run_watched_while_the_server_drains_is_resumed_on_the_next(open_folder: Path) -> None:
    before, after = Watch(), Watch()
    asked = pb.StartAnalysisRequest(schema_id="customers")
    asked.parameters.max_clusters = 3
    asked.parameters.included_features.extend(["engagementScore", "lifetimeValue"])
    # Eager: making a new database cluster may take longer than the deadline of a StartAnalysis.
    async with server.running(settings(open_folder), eager=True) as first:
        channel = grpc.aio.insecure_channel(first.address)
        stub: Any = stubs.SegmentAnalysisStub(channel)
        run_id = (await stub.StartAnalysis(asked)).run.run_id
        watching = asyncio.ensure_future(
            before.read(stub.WatchAnalysis(pb.WatchAnalysisRequest(run_id=run_id)))
        )
        await before.began.wait()
    error = await watching
    await channel.close()
    assert error is not None
    info = error_info(error.trailing_metadata())
    assert (error.code(), info.reason) == (grpc.StatusCode.UNAVAILABLE, "SERVER_DRAINING")
    assert before.said[-1].event.notice.HasField("draining")
    token = info.metadata["resumeToken"]
    assert token == before.said[-2].resume_token

    async with (
        server.running(settings(open_folder), eager=True) as second,
        grpc.aio.insecure_channel(second.address) as channel,
    ):
        stub = stubs.SegmentAnalysisStub(channel)
        resumed = stub.WatchAnalysis(pb.WatchAnalysisRequest(resume_token=token))
        assert await after.read(resumed) is None
    seen = before.numbers + after.numbers
    assert seen == list(range(1, len(seen) + 1))
    result = after.said[-1].event.result
    assert result.run.run_id == run_id
    assert sum(card.size for card in result.segments) == 2000
