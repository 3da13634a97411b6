"""SegmentAnalysis through a real gRPC server, a real PostgreSQL and real workers."""

from __future__ import annotations

import asyncio
import os
import uuid
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import grpc
import pytest
from segmentry.analysis.service import TARGET, AnalysisService
from segmentry.customers.demo import golf_snapshot
from segmentry.customers.snapshot import Snapshot
from segmentry.customers.snapshots import SnapshotStore
from segmentry.errors import StoreBusy, Unavailable
from segmentry.rpc.analysis import SegmentAnalysis
from segmentry.rpc.interceptors.errors import Errors
from segmentry.rpc.relay import Drain, StreamLimits, Streams
from segmentry.rpc.tokens import Tokens
from segmentry.runs.log import RunLog
from segmentry.runs.run import Run
from segmentry.runs.store import RunStore
from segmentry.runs.supervisor import Supervisor
from segmentry.state.database import Database
from segmentry.v1 import segment_analysis_pb2 as pb
from segmentry.v1 import segment_analysis_pb2_grpc

from tests.rpc.echo import details, error_info, outcome

if TYPE_CHECKING:
    from segmentry.v1.segment_analysis_pb2_grpc import SegmentAnalysisAsyncStub

TOP = Path(__file__).parents[2]
FIELDS = ["engagementScore", "churnRiskScore"]
SMALL = pb.AnalysisParameters(max_clusters=3, included_features=FIELDS)
HEURISTIC = pb.AnalysisParameters(preferred_tier=pb.ANALYSIS_TIER_HEURISTIC, included_features=FIELDS)


@cache
def club(members: int) -> Snapshot:
    return golf_snapshot(members)


@dataclass
class Served:
    """A client's stub, and what stands behind it."""

    stub: SegmentAnalysisAsyncStub
    service: AnalysisService
    supervisor: Supervisor
    drain: Drain


@asynccontextmanager
async def analyses(
    database: Database, folder: Path, job: str = "brief", heartbeat_s: float = 15.0
) -> AsyncGenerator[Served]:
    """Serve SegmentAnalysis with a job of `tests/analysis/jobs.py`; empty means the real one."""
    store = SnapshotStore()
    for tenant in ("demo", "tenant_123"):
        store.put(tenant, "customers", club(300), default=True)
        store.put(tenant, "large", club(5000))
    supervisor = Supervisor(environment={"PYTHONPATH": os.pathsep.join([str(TOP), str(TOP / "server")])})
    target = f"tests.analysis.jobs:{job}" if job else TARGET
    drain = Drain()
    server = grpc.aio.server(interceptors=[Errors()])
    async with AnalysisService(database, store, supervisor, folder=folder, target=target) as service:
        servicer = SegmentAnalysis(
            service, Streams(StreamLimits(heartbeat_s=heartbeat_s), drain), Tokens(b"0123456789abcdef")
        )
        segment_analysis_pb2_grpc.add_SegmentAnalysisServicer_to_server(servicer, server)
        port = server.add_insecure_port("127.0.0.1:0")
        await server.start()
        try:
            async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
                stub: Any = segment_analysis_pb2_grpc.SegmentAnalysisStub(channel)
                yield Served(stub, service, supervisor, drain)
        finally:
            await server.stop(0)


def start(**fields: Any) -> pb.StartAnalysisRequest:
    asked: dict[str, Any] = {"schema_id": "customers", "parameters": SMALL, **fields}
    return pb.StartAnalysisRequest(**asked)


async def reason(call: Any) -> tuple[grpc.StatusCode, str]:
    """How a call fails."""
    return await outcome(call)


async def watched(served: Served, run_id: str = "", token: str = "") -> list[pb.WatchAnalysisResponse]:
    request = pb.WatchAnalysisRequest(run_id=run_id, resume_token=token)
    return [item async for item in served.stub.WatchAnalysis(request)]


async def at_last(served: Served, run_id: str, state: int) -> None:
    for _ in range(400):
        if (await served.stub.GetAnalysis(pb.GetAnalysisRequest(run_id=run_id))).run.state == state:
            return
        await asyncio.sleep(0.02)
    pytest.fail(f"{run_id} did not reach the state {state}")


async def test_discover_streams_a_real_analysis_to_its_result(database: Database, tmp_path: Path) -> None:
    async with analyses(database, tmp_path, job="") as served:
        request = pb.DiscoverRequest(schema_id="customers", parameters=SMALL)
        items = [item async for item in served.stub.Discover(request)]
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


@pytest.mark.parametrize("detached", [False, True])
async def test_a_caller_that_leaves_ends_its_discovery_unless_detached(
    database: Database, tmp_path: Path, detached: bool
) -> None:
    async with analyses(database, tmp_path, job="hang") as served:
        call = served.stub.Discover(
            pb.DiscoverRequest(schema_id="customers", parameters=SMALL, detached=detached)
        )
        run_id = ""
        async for item in call:
            run_id = item.event.run.run_id
            if item.event.run.stage == "hanging":
                break
        call.cancel()
        if detached:
            await asyncio.sleep(0.05)
            run = (await served.stub.GetAnalysis(pb.GetAnalysisRequest(run_id=run_id))).run
            assert run.state == pb.RUN_STATE_RUNNING
            await served.stub.CancelAnalysis(pb.CancelAnalysisRequest(run_id=run_id))
        await at_last(served, run_id, pb.RUN_STATE_CANCELLED)


@pytest.mark.parametrize("broken", ["watch", "token"])
async def test_a_discovery_that_fails_before_its_first_event_leaves_no_run(
    database: Database, tmp_path: Path, broken: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def busy(*_: object) -> Any:
        raise Unavailable("the store cannot be reached")

    async with analyses(database, tmp_path, job="hang") as served:
        monkeypatch.setattr(served.service, broken, busy)
        call = served.stub.Discover(pb.DiscoverRequest(schema_id="customers", parameters=SMALL))
        assert await reason(call) == (grpc.StatusCode.UNAVAILABLE, "STORE_UNAVAILABLE")
        monkeypatch.undo()
        (run,) = (await served.stub.ListAnalyses(pb.ListAnalysesRequest())).runs
        await at_last(served, run.run_id, pb.RUN_STATE_CANCELLED)


async def test_a_caller_that_leaves_while_its_run_is_made_leaves_no_run(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, go_on = asyncio.Event(), asyncio.Event()
    create = RunStore.create

    async def slow(self: RunStore, **fields: Any) -> tuple[Run, bool]:
        answer = await create(self, **fields)
        made.set()
        await go_on.wait()
        return answer

    monkeypatch.setattr(RunStore, "create", slow)
    async with analyses(database, tmp_path, job="hang") as served:
        call = served.stub.Discover(pb.DiscoverRequest(schema_id="customers", parameters=SMALL))
        reading = asyncio.ensure_future(call.read())
        await made.wait()
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await reading
        await asyncio.sleep(0.05)
        go_on.set()
        (run,) = (await served.stub.ListAnalyses(pb.ListAnalysesRequest())).runs
        await at_last(served, run.run_id, pb.RUN_STATE_CANCELLED)


async def test_the_end_of_a_left_run_is_written_when_the_store_is_back(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused = 0
    get = RunStore.get

    async def busy_thrice(self: RunStore, tenant: str, run_id: str) -> Run:
        nonlocal refused
        if refused < 3:
            refused += 1
            raise StoreBusy("no connection is free", retry_after_s=0.01)
        return await get(self, tenant, run_id)

    async with analyses(database, tmp_path, job="hang") as served:
        run = (await served.stub.StartAnalysis(start())).run
        monkeypatch.setattr(RunStore, "get", busy_thrice)
        served.service.abandon("demo", run.run_id)
        heard = [item async for item in served.service.watch("demo", run.run_id)]
        assert refused == 3
        assert heard[-1].terminal


async def test_a_busy_store_delays_a_stream_and_loses_nothing(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read, calls = RunLog.read, 0

    async def busy_now_and_then(self: RunLog, run_id: str, after: int = 0, limit: int = 3) -> Any:
        nonlocal calls
        calls += 1
        if calls % 2:
            raise StoreBusy("no connection is free", retry_after_s=0.01)
        return await read(self, run_id, after, min(limit, 3))

    monkeypatch.setattr(RunLog, "read", busy_now_and_then)
    async with analyses(database, tmp_path) as served:
        request = pb.DiscoverRequest(schema_id="customers", parameters=SMALL)
        items = [item async for item in served.stub.Discover(request)]
        assert [item.sequence for item in items] == list(range(1, len(items) + 1))
        assert items[-1].event.HasField("result")


async def test_a_watcher_that_leaves_ends_nothing(database: Database, tmp_path: Path) -> None:
    async with analyses(database, tmp_path, job="hang") as served:
        run = (await served.stub.StartAnalysis(start())).run
        call = served.stub.WatchAnalysis(pb.WatchAnalysisRequest(run_id=run.run_id))
        async for item in call:
            if item.event.run.stage == "hanging":
                break
        call.cancel()
        await asyncio.sleep(0.05)
        found = (await served.stub.GetAnalysis(pb.GetAnalysisRequest(run_id=run.run_id))).run
        assert found.state == pb.RUN_STATE_RUNNING


async def test_a_drain_ends_the_stream_and_not_the_run(database: Database, tmp_path: Path) -> None:
    async with analyses(database, tmp_path, job="hang") as served:
        call = served.stub.Discover(pb.DiscoverRequest(schema_id="customers", parameters=SMALL))
        items: list[Any] = []
        while not items or not items[-1].event.HasField("notice"):
            items.append(await call.read())
            if items[-1].event.run.stage == "hanging":
                served.drain.start()
        assert await reason(call) == (grpc.StatusCode.UNAVAILABLE, "SERVER_DRAINING")
        assert items[-1].event.notice.HasField("draining")
        run_id = items[0].event.run.run_id
        found = (await served.stub.GetAnalysis(pb.GetAnalysisRequest(run_id=run_id))).run
        assert found.state == pb.RUN_STATE_RUNNING


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
            served.stub.WatchAnalysis(
                pb.WatchAnalysisRequest(tenant_id="tenant_123", resume_token=first.resume_token)
            ),
            served.stub.WatchAnalysis(pb.WatchAnalysisRequest(tenant_id="tenant_123", run_id=run.run_id)),
            served.stub.GetAnalysis(pb.GetAnalysisRequest(tenant_id="tenant_123", run_id=run.run_id)),
            served.stub.CancelAnalysis(pb.CancelAnalysisRequest(tenant_id="tenant_123", run_id=run.run_id)),
        ):
            assert await reason(call) == (grpc.StatusCode.NOT_FOUND, "RESOURCE_NOT_FOUND")
        bad = served.stub.WatchAnalysis(pb.WatchAnalysisRequest(resume_token="made up"))
        assert await reason(bad) == (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_RESUME_TOKEN")
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


async def test_apply_says_that_it_is_not_built(database: Database, tmp_path: Path) -> None:
    async with analyses(database, tmp_path) as served:
        call = served.stub.ApplySegment(pb.ApplySegmentRequest(run_id="r", card_id="c"))
        assert await reason(call) == (grpc.StatusCode.UNIMPLEMENTED, "NOT_IMPLEMENTED")
