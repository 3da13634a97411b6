"""An analysis inside a saved segment."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import grpc
import pytest
from segmentry.criteria import parse
from segmentry.criteria.segments import Saved
from segmentry.rpc.convert import struct
from segmentry.segments.service import Change, Definition, SegmentService
from segmentry.state.database import Database
from segmentry.v1 import criteria_pb2
from segmentry.v1 import segment_analysis_pb2 as pb

from tests.rpc.builder_server import golf_store, refusal
from tests.rpc.served import FIELDS, analyses, club, start, watched

NOW = datetime(2025, 12, 16, 10, tzinfo=UTC)


def within(segment_id: str, tier: pb.AnalysisTier.ValueType) -> pb.AnalysisParameters:
    node = struct.from_json({"$segment": segment_id})
    return pb.AnalysisParameters(
        preferred_tier=tier,
        included_features=FIELDS,
        max_clusters=2,
        within=criteria_pb2.CriteriaInput(criteria=node),
    )


@pytest.mark.parametrize("tier", [pb.ANALYSIS_TIER_HEURISTIC, pb.ANALYSIS_TIER_ML_WORKER])
async def test_an_analysis_stays_inside_the_segment_as_it_was_when_it_started(
    database: Database, tmp_path: Path, tier: pb.AnalysisTier.ValueType
) -> None:
    segments = SegmentService(database, golf_store())
    wanted = Definition("A", "", parse.loads('{"status":"ACTIVE"}'))
    saved = await segments.create("demo", "customers", wanted, now=NOW)
    async with analyses(database, tmp_path, job="") as served:
        asked = start(parameters=within(saved.segment_id, tier))
        run = (await served.stub.StartAnalysis(asked)).run
        nobody = Change(node=parse.loads('{"status":"DELETED"}'))
        await segments.update("demo", saved.segment_id, saved.etag, nobody, now=NOW)
        result = (await watched(served, run.run_id))[-1].event.result
    active = int(club(300).mask(parse.loads('{"status":"ACTIVE"}'), NOW).sum())
    assert sum(card.size for card in result.segments) == active
    assert all("$segment" in str(struct.to_json(card.criteria)) for card in result.segments)


async def test_an_estimate_and_a_start_refuse_a_segment_that_is_not_there(
    database: Database, tmp_path: Path
) -> None:
    parameters = within("seg_0000000000000000", pb.ANALYSIS_TIER_HEURISTIC)
    async with analyses(database, tmp_path) as served:
        for call in (
            served.stub.StartAnalysis(start(parameters=parameters)),
            served.stub.EstimateAnalysis(
                pb.EstimateAnalysisRequest(schema_id="customers", parameters=parameters)
            ),
        ):
            with pytest.raises(grpc.aio.AioRpcError) as caught:
                await call
            assert refusal(caught.value).reason == "UNKNOWN_SEGMENT"
    assert Saved.of_json(None) == Saved()
