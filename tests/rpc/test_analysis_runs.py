"""SegmentAnalysis through a real gRPC server, a real PostgreSQL and real workers."""

from __future__ import annotations

import asyncio
import uuid
from pathlib import Path
from typing import Any

import grpc
import pytest
from segmentry.state.database import Database
from segmentry.v1 import segment_analysis_pb2 as pb

from tests.rpc.echo import details, error_info
from tests.rpc.served import FIELDS, HEURISTIC, SMALL, analyses, reason, start, watched


async def test_discover_streams_a_real_analysis_to_its_result(database: Database, tmp_path: Path) -> None:
    async with analyses(database, tmp_path, job="") as served:
        request = pb.DiscoverRequest(schema_id="customers", parameters=SMALL)
        # A heartbeat of a busy machine repeats a number and is no part of the run.
        said = [item async for item in served.stub.Discover(request)]
        items = [item for item in said if item.event.WhichOneof("kind") != "notice"]
        assert [item.sequence for item in items] == list(range(1, len(items) + 1))
        kinds = [item.event.WhichOneof("kind") for item in items]
        assert kinds[:2] == ["run", "run"]
        assert set(kinds) >= {"plan", "profile", "score", "card", "result"}
        assert kinds.count("result") == 1
        result = items[-1].event.result
        assert result.run.state == pb.RUN_STATE_SUCCEEDED
        assert sum(card.size for card in result.segments) + result.unassigned == result.rows == 300
        assert abs(sum(card.percentage for card in result.segments) - 100) <= 0.1
        assert {score.k for score in result.scores} == {2, 3}
        for score in result.scores:
            for name in ("value", "squared", "simplified", "stability", "excess_se", "eligible", "inertia"):
                assert score.HasField(name), name
        assert kinds.count("selection") == 1
        assert kinds.index("selection") > max(at for at, kind in enumerate(kinds) if kind == "score")
        assert result.selection.chosen_k == result.chosen_k
        assert result.selection.picked_reason
        assert result.usage.HasField("prompt_tokens")
        for card in result.segments:
            assert card.name
            assert card.description
            assert card.suggested_use
            assert card.characteristics
            assert card.HasField("expression")
        got = await served.stub.GetAnalysis(pb.GetAnalysisRequest(run_id=result.run.run_id))
        assert got.result == result
        assert got.run == result.run


async def test_every_token_resumes_with_the_same_tail(database: Database, tmp_path: Path) -> None:
    async with analyses(database, tmp_path) as served:
        run = (await served.stub.StartAnalysis(start())).run
        assert run.state == pb.RUN_STATE_QUEUED
        items = await watched(served, run.run_id)
        for position, item in enumerate(items):
            assert await watched(served, run.run_id, item.resume_token) == items[position + 1 :]
        resumed = served.stub.Discover(pb.DiscoverRequest(resume_token=items[0].resume_token))
        assert [item.event async for item in resumed] == [item.event for item in items[1:]]


async def test_two_watchers_see_the_same(database: Database, tmp_path: Path) -> None:
    async with analyses(database, tmp_path) as served:
        run = (await served.stub.StartAnalysis(start())).run
        async with asyncio.TaskGroup() as tasks:
            watchers = [tasks.create_task(watched(served, run.run_id)) for _ in range(2)]
        assert watchers[0].result() == watchers[1].result()


async def test_a_heartbeat_repeats_the_last_number_and_is_not_logged(
    database: Database, tmp_path: Path
) -> None:
    async with analyses(database, tmp_path, job="hang", heartbeat_s=0.05) as served:
        run = (await served.stub.StartAnalysis(start())).run
        last = 0
        async for item in served.stub.WatchAnalysis(pb.WatchAnalysisRequest(run_id=run.run_id)):
            if item.event.WhichOneof("kind") == "notice":
                assert item.sequence == last
                if last >= 3:
                    break
            else:
                assert item.sequence == last + 1
                last = item.sequence
        await served.stub.CancelAnalysis(pb.CancelAnalysisRequest(run_id=run.run_id))
        items = await watched(served, run.run_id)
        assert [item.sequence for item in items] == list(range(1, len(items) + 1))
        assert items[-1].event.run.state == pb.RUN_STATE_CANCELLED


async def test_a_failed_run_ends_its_stream_well_with_the_fault_in_the_run(
    database: Database, tmp_path: Path
) -> None:
    pinned = pb.AnalysisParameters(preferred_tier=pb.ANALYSIS_TIER_ML_WORKER, included_features=FIELDS)
    async with analyses(database, tmp_path, job="die") as served:
        request = pb.DiscoverRequest(schema_id="customers", parameters=pinned)
        items = [item async for item in served.stub.Discover(request)]
        last = items[-1].event.run
        assert last.state == pb.RUN_STATE_FAILED
        assert last.error.code == grpc.StatusCode.UNAVAILABLE.value[0]
        assert b"WORKER_LOST" in last.error.SerializeToString()
        assert last.attempt == 2


async def test_a_lost_worker_falls_back_and_says_so(database: Database, tmp_path: Path) -> None:
    async with analyses(database, tmp_path, job="die") as served:
        request = pb.DiscoverRequest(schema_id="customers", parameters=SMALL)
        items = [item async for item in served.stub.Discover(request)]
        fallbacks = [item.event.fallback for item in items if item.event.HasField("fallback")]
        assert [(each.from_tier, each.to_tier, each.reason) for each in fallbacks] == [
            ("ML_WORKER", "HEURISTIC", "WORKER_LOST")
        ]
        result = items[-1].event.result
        assert list(result.fallbacks) == fallbacks
        assert result.run.tier == pb.ANALYSIS_TIER_HEURISTIC


async def test_start_is_idempotent_by_request_id(database: Database, tmp_path: Path) -> None:
    request_id = str(uuid.uuid4())
    async with analyses(database, tmp_path) as served:
        async with asyncio.TaskGroup() as tasks:

            async def once() -> pb.StartAnalysisResponse:
                return await served.stub.StartAnalysis(start(request_id=request_id))

            starts = [tasks.create_task(once()) for _ in range(100)]
        (run_id,) = {each.result().run.run_id for each in starts}
        rows = await database.fetch("SELECT run_id FROM run")
        assert [row.text("run_id") for row in rows] == [run_id]
        explicit = await served.stub.StartAnalysis(start(request_id=request_id, tenant_id="demo"))
        assert explicit.run.run_id == run_id
        other = served.stub.StartAnalysis(start(request_id=request_id, schema_id="large"))
        assert await reason(other) == (grpc.StatusCode.ALREADY_EXISTS, "IDEMPOTENCY_CONFLICT")
        bad = served.stub.StartAnalysis(start(request_id="\x00"))
        assert await reason(bad) == (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_VALUE")


async def test_the_model_tier_on_a_large_table_asks_first_with_the_estimate(
    database: Database, tmp_path: Path
) -> None:
    model = pb.AnalysisParameters(preferred_tier=pb.ANALYSIS_TIER_LLM, included_features=FIELDS)
    async with analyses(database, tmp_path) as served:
        request = start(schema_id="large", parameters=model, request_id=str(uuid.uuid4()))
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await served.stub.StartAnalysis(request)
        assert caught.value.code() == grpc.StatusCode.FAILED_PRECONDITION
        assert error_info(caught.value.trailing_metadata()).reason == "CONFIRMATION_REQUIRED"
        estimate = pb.AnalysisEstimate()
        assert any(each.Unpack(estimate) for each in details(caught.value.trailing_metadata()).details)
        assert estimate.rows == 5000
        assert estimate.requires_confirmation
        assert len((await served.stub.ListAnalyses(pb.ListAnalysesRequest())).runs) == 0
        request.confirmed = True
        run = (await served.stub.StartAnalysis(request)).run
        await served.stub.CancelAnalysis(pb.CancelAnalysisRequest(run_id=run.run_id))


async def test_an_estimate_starts_nothing(database: Database, tmp_path: Path) -> None:
    async with analyses(database, tmp_path) as served:
        request = pb.EstimateAnalysisRequest(schema_id="customers", parameters=SMALL)
        estimate = (await served.stub.EstimateAnalysis(request)).estimate
        assert estimate.rows == 300
        assert not estimate.requires_confirmation
        assert estimate.recommended_tier == pb.ANALYSIS_TIER_ML_WORKER
        assert {tier.tier for tier in estimate.tiers} >= {
            pb.ANALYSIS_TIER_ML_WORKER,
            pb.ANALYSIS_TIER_LLM,
            pb.ANALYSIS_TIER_HEURISTIC,
        }
        assert list(estimate.effective_parameters.included_features) == FIELDS
        assert not served.supervisor.pids
        assert await database.fetch("SELECT 1 FROM run") == []


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        pytest.param({"schema_id": ""}, "MISSING_FIELD", id="no schema"),
        pytest.param({"schema_id": "nowhere"}, "RESOURCE_NOT_FOUND", id="unknown schema"),
        pytest.param({"tenant_id": "nobody"}, "RESOURCE_NOT_FOUND", id="unknown tenant"),
        pytest.param(
            {"parameters": pb.AnalysisParameters(min_clusters=9, max_clusters=3)},
            "INVALID_PARAMETERS",
            id="min above max",
        ),
        pytest.param(
            {"parameters": pb.AnalysisParameters(included_features=["engagmentScore"])},
            "INVALID_PARAMETERS",
            id="unknown feature",
        ),
        pytest.param({"parameters": pb.AnalysisParameters(eps=float("nan"))}, "INVALID_PARAMETERS", id="NaN"),
        pytest.param(
            {"parameters": pb.AnalysisParameters(algorithm="magic")}, "INVALID_PARAMETERS", id="algorithm"
        ),
    ],
)
async def test_bad_input_is_refused_with_its_reason(
    database: Database, tmp_path: Path, fields: dict[str, Any], expected: str
) -> None:
    async with analyses(database, tmp_path) as served:
        _, found = await reason(served.stub.StartAnalysis(start(**fields)))
        assert found == expected
        asked: dict[str, Any] = {"schema_id": "customers", "parameters": SMALL, **fields}
        assert (await reason(served.stub.Discover(pb.DiscoverRequest(**asked))))[1] == expected


async def test_tokens_and_runs_of_others_are_refused(database: Database, tmp_path: Path) -> None:
    async with analyses(database, tmp_path) as served:
        run = (await served.stub.StartAnalysis(start(parameters=HEURISTIC))).run
        (first, *_) = await watched(served, run.run_id)
        for call in (
            served.stub.WatchAnalysis(pb.WatchAnalysisRequest(tenant_id="tenant_123", run_id=run.run_id)),
            served.stub.GetAnalysis(pb.GetAnalysisRequest(tenant_id="tenant_123", run_id=run.run_id)),
            served.stub.CancelAnalysis(pb.CancelAnalysisRequest(tenant_id="tenant_123", run_id=run.run_id)),
        ):
            assert await reason(call) == (grpc.StatusCode.NOT_FOUND, "RESOURCE_NOT_FOUND")
        bad = served.stub.WatchAnalysis(pb.WatchAnalysisRequest(resume_token="made up"))
        assert await reason(bad) == (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_RESUME_TOKEN")
        stolen = served.stub.WatchAnalysis(
            pb.WatchAnalysisRequest(tenant_id="tenant_123", resume_token=first.resume_token)
        )
        assert await reason(stolen) == (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_RESUME_TOKEN")
        both = served.stub.Discover(
            pb.DiscoverRequest(schema_id="customers", resume_token=first.resume_token)
        )
        assert await reason(both) == (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_VALUE")
        nothing = served.stub.WatchAnalysis(pb.WatchAnalysisRequest())
        assert await reason(nothing) == (grpc.StatusCode.INVALID_ARGUMENT, "MISSING_FIELD")


async def test_no_text_with_nul_reaches_the_store(database: Database, tmp_path: Path) -> None:
    nul = "a\0b"
    async with analyses(database, tmp_path) as served:
        stub = served.stub
        for call, expected in (
            (stub.ListAnalyses(pb.ListAnalysesRequest(schema_id=nul)), "INVALID_VALUE"),
            (stub.ListAnalyses(pb.ListAnalysesRequest(tenant_id=nul)), "INVALID_VALUE"),
            (stub.ListAnalyses(pb.ListAnalysesRequest(page_token=nul)), "INVALID_PAGE_TOKEN"),
            (stub.GetAnalysis(pb.GetAnalysisRequest(run_id=nul)), "RESOURCE_NOT_FOUND"),
            (stub.GetAnalysis(pb.GetAnalysisRequest(tenant_id=nul, run_id="run_1")), "INVALID_VALUE"),
            (stub.CancelAnalysis(pb.CancelAnalysisRequest(run_id=nul)), "RESOURCE_NOT_FOUND"),
            (stub.WatchAnalysis(pb.WatchAnalysisRequest(run_id=nul)), "RESOURCE_NOT_FOUND"),
            (stub.WatchAnalysis(pb.WatchAnalysisRequest(resume_token=nul)), "INVALID_RESUME_TOKEN"),
            (stub.StartAnalysis(start(schema_id=nul)), "RESOURCE_NOT_FOUND"),
            (stub.StartAnalysis(start(request_id=nul)), "INVALID_VALUE"),
            (stub.StartAnalysis(start(request_id="r", tenant_id=nul)), "INVALID_VALUE"),
            (stub.Discover(pb.DiscoverRequest(resume_token=nul)), "INVALID_RESUME_TOKEN"),
        ):
            assert (await reason(call))[1] == expected


async def test_a_list_turns_its_pages_and_refuses_foreign_tokens(database: Database, tmp_path: Path) -> None:
    async with analyses(database, tmp_path) as served:
        made = [(await served.stub.StartAnalysis(start(parameters=HEURISTIC))).run.run_id for _ in range(5)]
        seen: list[str] = []
        token = ""
        for _ in range(3):
            page = await served.stub.ListAnalyses(pb.ListAnalysesRequest(page_size=2, page_token=token))
            seen += [run.run_id for run in page.runs]
            token = page.next_page_token or token
        assert seen == made
        for request in (
            pb.ListAnalysesRequest(page_token=token, schema_id="large"),
            pb.ListAnalysesRequest(page_token=token, tenant_id="tenant_123"),
            pb.ListAnalysesRequest(page_token="made up"),
        ):
            assert (await reason(served.stub.ListAnalyses(request)))[1] == "INVALID_PAGE_TOKEN"
        negative = served.stub.ListAnalyses(pb.ListAnalysesRequest(page_size=-1))
        assert (await reason(negative))[1] == "INVALID_PARAMETERS"
        for run_id in made:
            await watched(served, run_id)
        failed = await served.stub.ListAnalyses(pb.ListAnalysesRequest(state=pb.RUN_STATE_FAILED))
        assert len(failed.runs) == 0
        succeeded = await served.stub.ListAnalyses(pb.ListAnalysesRequest(state=pb.RUN_STATE_SUCCEEDED))
        assert len(succeeded.runs) == 5


async def test_a_result_brings_the_numbers_of_its_plots(database: Database, tmp_path: Path) -> None:
    async with analyses(database, tmp_path, job="") as served:
        run = (await served.stub.StartAnalysis(start(parameters=SMALL))).run
        result = (await watched(served, run.run_id))[-1].event.result
        ids = [card.card_id for card in result.segments]
        heatmap, scatter = result.plots.heatmap, result.plots.scatter
        assert sorted(heatmap.fields[:2]) == sorted(FIELDS)
        assert [row.card_id for row in heatmap.rows] == ids
        assert all(len(row.cells) == len(heatmap.fields) for row in heatmap.rows)
        assert [each.card_id for each in scatter.series] == ids
        sizes = [card.size if card.size >= 20 else 0 for card in result.segments]
        assert [len(each.x) for each in scatter.series] == [len(each.y) for each in scatter.series] == sizes
        assert 0 < scatter.y_explained <= scatter.x_explained <= 1
        assert scatter.rows == result.rows
        assert result.ByteSize() < 100_000


async def test_points_of_customers_are_kept_back_with_small_counts(
    database: Database, tmp_path: Path
) -> None:
    async with analyses(database, tmp_path, job="", small_count=10) as served:
        run = (await served.stub.StartAnalysis(start(parameters=SMALL))).run
        result = (await watched(served, run.run_id))[-1].event.result
        got = await served.stub.GetAnalysis(pb.GetAnalysisRequest(run_id=run.run_id))
        for each in (result, got.result):
            assert each.plots.HasField("heatmap")
            assert not each.plots.HasField("scatter")
