"""A run that loses its worker or its server at any stage ends with the groups it would have had."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from segmentry.analysis.events import AnalysisEstimate, ClusterScore, FieldProfile, SegmentCard
from segmentry.analysis.parameters import Parameters
from segmentry.analysis.question import Question
from segmentry.analysis.records import AnalysisRun, Finished, Heard
from segmentry.analysis.service import AnalysisService
from segmentry.customers.demo import golf_snapshot
from segmentry.customers.snapshots import SnapshotStore
from segmentry.state.database import Database

from tests.analysis.jobs import MARKS
from tests.analysis.serving import ServeAnalyses, serve_analyses

pytestmark = pytest.mark.timeout(200)  # a dozen workers that import numba, on a busy machine

# More rows than the sample has, so that both stages are there.
MEMBERS = 21_000
FEATURES = ("engagementScore", "lifetimeValue", "churnRiskScore")
ASKED = Question(
    "demo", "golf", Parameters(max_clusters=3, included_features=FEATURES), datetime(2025, 12, 16, tzinfo=UTC)
)
# Where it stops, and what the next worker goes on from.
STAGES = {"profile": "nothing", "provisional": "sample", "final": "polish", "card": "polish"}


@pytest.fixture(scope="module")
def tables() -> SnapshotStore:
    """A club that needs a sample."""
    store = SnapshotStore()
    store.put("demo", "golf", golf_snapshot(members=MEMBERS))
    return store


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where tables and marks of jobs lie."""
    (tmp_path / "work").mkdir()
    return tmp_path / "work"


@pytest.fixture
def serving(database: Database, tables: SnapshotStore, folder: Path) -> Callable[[str, str], ServeAnalyses]:
    """Services whose first job stops at a stage: "die" or "hang" there."""

    def stumbling(stage: str, how: str) -> ServeAnalyses:
        (folder / "stage").write_text(stage)
        (folder / "how").write_text(how)
        return serve_analyses(database, tables, folder)

    return stumbling


def once(said: list[Heard]) -> None:
    """Nothing was said twice, nothing is missing, and it ended once."""
    assert [each.sequence for each in said] == list(range(1, len(said) + 1))
    assert [each.terminal for each in said].count(True) == 1
    subjects: Counter[object] = Counter()
    for each in said:
        match each.said:
            case AnalysisEstimate():
                subjects["plan"] += 1
            case FieldProfile(field=field):
                subjects[field] += 1
            case ClusterScore(k=k, provisional=provisional):
                subjects[k, provisional] += 1
            case SegmentCard(card_id=card_id):
                subjects[card_id] += 1
            case _:
                pass
    assert subjects["plan"] == 1
    assert {(k, provisional) for k in (2, 3) for provisional in (False, True)} <= set(subjects)
    assert set(subjects.values()) == {1}


def result(said: list[Heard]) -> Finished:
    last = said[-1].said
    assert isinstance(last, Finished)
    return last


def same(one: Finished, other: Finished) -> None:
    """All but the times, and that a later run continues the segments of an earlier one."""
    segments = [
        tuple(replace(each, previous_card_id="") for each in end.result.segments) for end in (one, other)
    ]
    assert segments[0] == segments[1]
    assert one.result.chosen_k == other.result.chosen_k
    scores = [tuple(replace(each, elapsed_s=0.0) for each in end.result.scores) for end in (one, other)]
    assert scores[0] == scores[1]


async def heard(service: AnalysisService, run: AnalysisRun) -> list[Heard]:
    return [each async for each in service.watch(run.tenant, run.run_id)]


async def test_a_worker_killed_at_any_stage_changes_no_result(
    serving: Callable[[str, str], ServeAnalyses], folder: Path
) -> None:
    async with serving("nowhere", "die")("stumble") as service:
        undisturbed = result(await heard(service, await service.start(ASKED)))
        for stage, checkpoint in STAGES.items():
            for mark in (folder / MARKS).iterdir():
                mark.unlink()
            (folder / "stage").write_text(stage)
            said = await heard(service, await service.start(ASKED))
            once(said)
            end = result(said)
            assert (end.run.state, end.run.attempt) == ("SUCCEEDED", 2), stage
            if checkpoint != "nothing":  # else half of the sample is drawn, and the numbers differ
                same(end, undisturbed)
            assert (folder / MARKS / "1").read_text() == f"{checkpoint} 1", stage


@pytest.mark.parametrize("stage", ["provisional", "final"])
async def test_a_server_stopped_at_a_stage_leaves_it_to_the_next(
    serving: Callable[[str, str], ServeAnalyses], folder: Path, stage: str
) -> None:
    async with serving(stage, "hang")("stumble") as service:
        run = await service.start(ASKED)
        async for each in service.watch("demo", run.run_id):
            if isinstance(each.said, AnalysisRun) and each.said.stage == "hanging":
                break
    async with serving(stage, "hang")("stumble") as restarted:
        await restarted.open()
        said = await heard(restarted, run)
        again = result(await heard(restarted, await restarted.start(ASKED)))
    once(said)
    same(result(said), again)
    assert (folder / MARKS / "1").read_text() == f"{STAGES[stage]} 0"


async def test_a_run_that_lost_a_worker_and_its_server_has_one_worker_left(
    database: Database, tables: SnapshotStore, folder: Path
) -> None:
    serve = serve_analyses(database, tables, folder)
    async with serve("die_then_hang") as service:
        run = await service.start(ASKED)
        async for each in service.watch("demo", run.run_id):
            if isinstance(each.said, AnalysisRun) and each.said.stage == "hanging":
                break
    async with serve("die") as restarted:
        await restarted.open()
        said = await heard(restarted, run)
    assert result(said).result.tier == "HEURISTIC"
    assert [each.reason for each in result(said).result.fallbacks] == ["WORKER_LOST"]


async def nobody(service: AnalysisService, folder: Path) -> bool:
    """Whether no worker is at work and no table lies around, at last."""
    for _ in range(500):
        if not service._supervisor.busy_pids and not await asyncio.to_thread(tables_in, folder):  # pyright: ignore[reportPrivateUsage]  (no other way to see it)
            return True
        await asyncio.sleep(0.02)
    return False


def tables_in(folder: Path) -> list[Path]:
    return list(folder.glob("run-*"))


async def test_a_cancel_at_any_stage_leaves_no_process_and_no_table(
    serving: Callable[[str, str], ServeAnalyses], folder: Path
) -> None:
    async with serving("nowhere", "hang")("stumble") as service:
        for stage in STAGES:
            for mark in (folder / MARKS).glob("*"):
                mark.unlink()
            (folder / "stage").write_text(stage)
            run = await service.start(ASKED)
            async for each in service.watch("demo", run.run_id):
                if isinstance(each.said, AnalysisRun) and each.said.stage == "hanging":
                    break
            await service.cancel("demo", run.run_id)
            assert await nobody(service, folder)
            said = await heard(service, run)
            assert [each.terminal for each in said].count(True) == 1
            assert isinstance(said[-1].said, AnalysisRun)
            assert said[-1].said.state == "CANCELLED"
