"""Whose a run is: it ends with the caller who did not detach it, however the call ends."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import grpc
import pytest
from segmentry.errors import StoreBusy, Unavailable
from segmentry.runs.log import RunLog
from segmentry.runs.run import Run
from segmentry.runs.store import RunStore
from segmentry.state.database import Database
from segmentry.v1 import segment_analysis_pb2 as pb

from tests.rpc.served import SMALL, analyses, at_last, reason, start


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
