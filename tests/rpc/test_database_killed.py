"""PostgreSQL is killed twice in the middle of 200 writes: what was acknowledged stays, nothing is doubled."""

from __future__ import annotations

import asyncio
import os
import signal
import uuid
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.protobuf.field_mask_pb2 import FieldMask
from segmentry.config import Settings
from segmentry.rpc import server
from segmentry.rpc.convert import struct
from segmentry.v1 import segment_analysis_pb2 as analysis
from segmentry.v1 import segment_analysis_pb2_grpc, segment_builder_pb2_grpc, segment_insights_pb2_grpc
from segmentry.v1 import segment_builder_pb2 as builder
from segmentry.v1 import segment_insights_pb2 as insights

from tests.rpc.builder_server import golf_store
from tests.rpc.served import HEURISTIC

N_SEGMENTS = 55
N_CARDS = 30
N_WRITES = 2 * N_SEGMENTS + 3 * N_CARDS
KILL_AFTER = (30, 120)
WRITERS = 8
# Each so many writes, one is repeated after it was acknowledged.
LOST = 10
# The statuses that our client repeats for a call with a request id.
AGAIN = {
    grpc.StatusCode.UNAVAILABLE,
    grpc.StatusCode.RESOURCE_EXHAUSTED,
    grpc.StatusCode.DEADLINE_EXCEEDED,
}


@dataclass
class Writing:
    """Stubs of one server, what was acknowledged, and how often a write had to be said again."""

    builder: Any
    analysis: Any
    insights: Any
    postgres: Path
    acknowledged: int = 0
    repeated: int = 0
    killed: list[int] = field(default_factory=list)

    async def write(self, rpc: Callable[[Any], Awaitable[Any]], request: Any) -> Any:
        """Say it until it is acknowledged, under one request id; some again, as if the reply were lost."""
        request.request_id = str(uuid.uuid4())
        reply = await self._said(rpc, request)
        self.acknowledged += 1
        if self.acknowledged in KILL_AFTER:
            self.killed.append(self.postmaster())
            os.kill(self.killed[-1], signal.SIGKILL)
        if self.acknowledged % LOST == 0:
            again = await self._said(rpc, request)
            for each in (reply, again):
                # They are about other segments too, of which there are more by now.
                if hasattr(each, "warnings"):
                    each.ClearField("warnings")
            assert again == reply
        return reply

    async def _said(self, rpc: Callable[[Any], Awaitable[Any]], request: Any) -> Any:
        while True:
            try:
                return await rpc(request)
            except grpc.aio.AioRpcError as error:
                if error.code() not in AGAIN:
                    raise
                self.repeated += 1
                await asyncio.sleep(0.05)

    def postmaster(self) -> int:
        return int((self.postgres / "data" / "postmaster.pid").read_text().splitlines()[0])

    async def segment(self, at: int) -> builder.Segment:
        """Two writes: a segment is created and changed."""
        wanted = builder.Segment(name=f"segment {at}", criteria=struct.from_json({"handicap": {"$lt": at}}))
        made = await self.write(self.builder.CreateSegment, builder.CreateSegmentRequest(segment=wanted))
        made.segment.description = "changed"
        change = builder.UpdateSegmentRequest(
            segment=made.segment, update_mask=FieldMask(paths=["description"])
        )
        return (await self.write(self.builder.UpdateSegment, change)).segment

    async def rule(self, run_id: str, card_id: str) -> insights.QualificationRule:
        """Three writes: a card is applied, accepted, and its rule activated."""
        applied = await self.write(
            self.analysis.ApplySegment, analysis.ApplySegmentRequest(run_id=run_id, card_id=card_id)
        )
        wanted = insights.GetRecommendationRequest(recommendation_id=applied.recommendation_id)
        found = (await self._said(self.insights.GetRecommendation, wanted)).recommendation
        accept = insights.AcceptRecommendationRequest(
            recommendation_id=found.recommendation_id, etag=found.etag
        )
        rule = (await self.write(self.insights.AcceptRecommendation, accept)).rule
        activate = insights.ActivateQualificationRuleRequest(rule_id=rule.rule_id, etag=rule.etag)
        return (await self.write(self.insights.ActivateQualificationRule, activate)).rule


@asynccontextmanager
async def writing(folder: Path) -> AsyncGenerator[Writing]:
    settings = Settings(address="127.0.0.1:0", data_dir=folder, drain_s=1.0)
    async with (
        server.running(settings, store=golf_store()) as it,
        grpc.aio.insecure_channel(it.address) as channel,
    ):
        yield Writing(
            segment_builder_pb2_grpc.SegmentBuilderStub(channel),
            segment_analysis_pb2_grpc.SegmentAnalysisStub(channel),
            segment_insights_pb2_grpc.SegmentInsightsStub(channel),
            folder / "postgres",
        )


async def cards(it: Writing) -> list[tuple[str, str]]:
    """Runs and their cards, as many as there are chains of writes."""
    found: list[tuple[str, str]] = []
    while len(found) < N_CARDS:
        asked = analysis.DiscoverRequest(schema_id="customers", parameters=HEURISTIC)
        said = [item.event async for item in it.analysis.Discover(asked)]
        result = said[-1].result
        found += [(result.run.run_id, card.card_id) for card in result.segments]
    return found[:N_CARDS]


@pytest.mark.timeout(240)
async def test_what_was_acknowledged_stays_and_nothing_is_doubled(open_folder: Path) -> None:
    folder = open_folder / "killed"
    folder.mkdir(mode=0o755)
    async with asyncio.timeout(200), writing(folder) as it:
        chains: list[Callable[[], Awaitable[Any]]] = []
        for run_id, card_id in await cards(it):
            chains.append(lambda run_id=run_id, card_id=card_id: it.rule(run_id, card_id))
        for at in range(N_SEGMENTS):
            # Both kinds of chains at every moment.
            chains.insert(2 * at, lambda at=at: it.segment(at))
        written: list[Any] = []

        async def writer() -> None:
            while chains:
                written.append(await chains.pop(0)())

        async with asyncio.TaskGroup() as tasks:
            for _ in range(WRITERS):
                tasks.create_task(writer())

        assert it.acknowledged == N_WRITES == 200
        assert len(set(it.killed)) == len(KILL_AFTER)
        assert it.postmaster() not in it.killed
        assert it.repeated > 0
        segments = await it.builder.ListSegments(builder.ListSegmentsRequest(page_size=500))
        rules = await it.insights.ListQualificationRules(
            insights.ListQualificationRulesRequest(page_size=500)
        )
        kept = await it.insights.ListRecommendations(insights.ListRecommendationsRequest(page_size=500))

    saved = {each.segment_id: each for each in written if isinstance(each, builder.Segment)}
    assert len(saved) == N_SEGMENTS
    # Each as it was acknowledged, with one change each, and no other.
    assert {each.segment_id: each for each in segments.segments} == saved
    assert {each.version for each in segments.segments} == {2}
    active = {each.rule_id: each for each in written if isinstance(each, insights.QualificationRule)}
    assert {each.rule_id: each for each in rules.rules} == active
    assert len(active) == len(kept.recommendations) == N_CARDS
    assert {each.state for each in rules.rules} == {insights.QUALIFICATION_RULE_STATE_ACTIVE}
