"""More analyses than may run at once: who waits, what it is told, and who is refused."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from segmentry.analysis.parameters import Parameters
from segmentry.analysis.question import Question
from segmentry.analysis.records import AnalysisRun
from segmentry.analysis.service import AnalysisService
from segmentry.customers.demo import golf_snapshot
from segmentry.customers.snapshots import SnapshotStore
from segmentry.errors import Exhausted
from segmentry.runs.queue import RunQueue
from segmentry.runs.supervisor import Supervisor
from segmentry.state.database import Database

from tests.analysis.serving import TOP

AS_OF = datetime(2025, 12, 16, 10, tzinfo=UTC)
THREE = Parameters(max_clusters=3)
TENANTS = ("a", "b", "c")


@asynccontextmanager
async def serving(database: Database, folder: Path, line: RunQueue) -> AsyncGenerator[AnalysisService]:
    """A service whose jobs never end."""
    tables = SnapshotStore()
    for tenant in TENANTS:
        tables.put(tenant, "golf", golf_snapshot(members=50))
    path = os.pathsep.join([str(TOP), str(TOP / "server")])
    supervisor = Supervisor(environment={"PYTHONPATH": path}, spares=0)
    target = "tests.analysis.jobs:hang"
    async with AnalysisService(
        database, tables, supervisor, folder=folder, queue=line, target=target
    ) as service:
        yield service


def asked(tenant: str, parameters: Parameters = THREE) -> Question:
    return Question(tenant, "golf", parameters, AS_OF)


async def until(service: AnalysisService, run: AnalysisRun, state: str, place: int | None = None) -> None:
    """Until a run says that it stands so."""
    async with asyncio.timeout(20):
        async for each in service.watch(run.tenant, run.run_id):
            said = each.said
            if isinstance(said, AnalysisRun) and (said.state, said.queue_position) == (state, place):
                return


async def test_runs_beyond_a_tenants_share_wait_while_others_pass(database: Database, tmp_path: Path) -> None:
    async with serving(database, tmp_path / "work", RunQueue(3, per_tenant=2)) as service:
        runs = [await service.start(asked(tenant)) for tenant in ("a", "a", "a", "b", "c")]
        for number in (0, 1, 3):
            await until(service, runs[number], "RUNNING")
        await until(service, runs[2], "QUEUED", 1)
        await until(service, runs[4], "QUEUED", 2)
        assert (await service.get("c", runs[4].run_id))[0].queue_position == 2
        await service.cancel("a", runs[0].run_id)
        await until(service, runs[2], "RUNNING")
        await until(service, runs[4], "QUEUED", 1)
        await service.cancel("b", runs[3].run_id)
        await until(service, runs[4], "RUNNING")
        assert (await service.get("c", runs[4].run_id))[0].queue_position is None


async def test_one_more_than_may_wait_is_told_when_to_try_again(database: Database, tmp_path: Path) -> None:
    async with serving(database, tmp_path / "work", RunQueue(1, most_waiting=2)) as service:
        runs = [await service.start(asked("a")) for _ in range(3)]
        with pytest.raises(Exhausted) as refused:
            await service.start(asked("b"))
        assert refused.value.reason == "OVERLOADED"
        assert refused.value.retry_after_s is not None
        await until(service, runs[2], "QUEUED", 2)
        await service.cancel("a", runs[1].run_id)
        await until(service, runs[2], "QUEUED", 1)
        await service.start(asked("b"))


async def test_a_crowd_that_starts_together_gets_no_more_places_than_there_are(
    database: Database, tmp_path: Path
) -> None:
    async with serving(database, tmp_path / "work", RunQueue(1, most_waiting=4)) as service:
        ends = await asyncio.gather(*(service.start(asked("a")) for _ in range(20)), return_exceptions=True)
    refused = [end for end in ends if isinstance(end, Exhausted)]
    assert len(refused) == 15
    assert len([end for end in ends if isinstance(end, AnalysisRun)]) == 5
    row = await database.fetch_one("SELECT count(*) AS n FROM run")
    assert row is not None
    assert row.integer("n") == 5


async def test_the_lowest_tier_waits_for_its_turn_too(database: Database, tmp_path: Path) -> None:
    async with serving(database, tmp_path / "work", RunQueue(1)) as service:
        working = await service.start(asked("a"))
        await until(service, working, "RUNNING")
        run = await service.start(asked("b", Parameters(preferred_tier="HEURISTIC")))
        await until(service, run, "QUEUED", 1)
        await service.cancel("a", working.run_id)
        async for each in service.watch("b", run.run_id):
            if each.terminal:
                break
        assert (await service.get("b", run.run_id))[0].state == "SUCCEEDED"
