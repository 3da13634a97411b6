"""Analyses as a service: started once, watched by many, ended exactly once, whatever dies."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import threading
import time
from collections.abc import AsyncGenerator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from segmentry.analysis.events import ClusterScore, Fallback, SegmentCard
from segmentry.analysis.parameters import Parameters
from segmentry.analysis.question import NeedsConfirmation, Question
from segmentry.analysis.records import AnalysisRun, Finished, Heard
from segmentry.analysis.service import AnalysisService
from segmentry.customers.demo import golf_snapshot
from segmentry.customers.snapshot import Snapshot
from segmentry.customers.snapshots import SnapshotStore
from segmentry.errors import (
    AlreadyExists,
    EmptyDataset,
    InvalidCriteria,
    InvalidParameters,
    InvalidResumeToken,
    MissingField,
    NotFound,
    ServerDraining,
    Unavailable,
)
from segmentry.state.database import Database
from segmentry.state.idempotency import Claim

from tests.analysis.serving import ServeAnalyses, serve_analyses


@pytest.fixture(scope="module")
def golfers() -> Snapshot:
    """A golf club of 400."""
    return golf_snapshot(members=400)


@pytest.fixture
def tables(golfers: Snapshot) -> SnapshotStore:
    store = SnapshotStore()
    store.put("demo", "golf", golfers)
    store.put("other", "golf", golfers)
    return store


@pytest.fixture
def serving(database: Database, tables: SnapshotStore, tmp_path: Path) -> ServeAnalyses:
    return serve_analyses(database, tables, tmp_path / "tables")


AS_OF = datetime(2025, 12, 16, 10, tzinfo=UTC)
SMALL = Parameters(max_clusters=3, included_features=("engagementScore", "churnRiskScore", "lifetimeValue"))


def asked(parameters: Parameters = SMALL, tenant: str = "demo", schema_id: str = "golf") -> Question:
    return Question(tenant, schema_id, parameters, AS_OF)


def pinned(parameters: Parameters = SMALL) -> Parameters:
    return Parameters(
        max_clusters=parameters.max_clusters,
        included_features=parameters.included_features,
        preferred_tier="ML_WORKER",
    )


async def heard(service: AnalysisService, run: AnalysisRun, token: str = "") -> list[Heard]:
    return [each async for each in service.watch(run.tenant, run.run_id, token)]


async def ended(service: AnalysisService, question: Question) -> tuple[list[Heard], AnalysisRun]:
    """What a run says, and how it stands afterwards."""
    run = await service.start(question)
    said = await heard(service, run)
    return said, (await service.get(run.tenant, run.run_id))[0]


async def until_running(service: AnalysisService, run: AnalysisRun, stage: str) -> None:
    async for each in service.watch(run.tenant, run.run_id):
        if isinstance(each.said, AnalysisRun) and each.said.stage == stage:
            return


async def nobody(service: AnalysisService, tmp_path: Path) -> bool:
    """Whether no worker but a spare runs and no table lies around, at last."""
    ends_at = time.monotonic() + 10.0
    while list((tmp_path / "tables").glob("run-*")) or service._supervisor.busy_pids:  # pyright: ignore[reportPrivateUsage]  (no other way to see it)
        if time.monotonic() > ends_at:
            return False
        await asyncio.sleep(0.02)
    return True


def finished(said: list[Heard]) -> Finished:
    last = said[-1]
    assert last.terminal
    assert isinstance(last.said, Finished)
    return last.said


async def test_a_real_analysis_tells_everything_and_ends_with_its_result(
    serving: ServeAnalyses, tmp_path: Path
) -> None:
    async with serving(job="") as service:
        said, run = await ended(service, asked())
        assert [each.sequence for each in said] == list(range(1, len(said) + 1))
        assert [each.terminal for each in said] == [False] * (len(said) - 1) + [True]
        states = [each.said.state for each in said if isinstance(each.said, AnalysisRun)]
        assert states[:2] == ["QUEUED", "RUNNING"]
        assert {each.said.k for each in said if isinstance(each.said, ClusterScore)} == {2, 3}
        end = finished(said)
        assert end.run == run
        assert run.state == "SUCCEEDED"
        assert run.progress == 1.0
        assert end.result.rows == 400
        assert sum(card.size for card in end.result.segments) + end.result.unassigned == 400
        assert [each.said for each in said if isinstance(each.said, SegmentCard)] == list(end.result.segments)
        assert await service.get("demo", run.run_id) == (end.run, end.result)
        assert await nobody(service, tmp_path)


async def test_every_token_resumes_with_exactly_the_tail(serving: ServeAnalyses) -> None:
    async with serving() as service:
        said, run = await ended(service, asked())
        for position, each in enumerate(said):
            assert await heard(service, run, each.resume_token) == said[position + 1 :]
        assert [each async for each in service.watch("demo", "", said[0].resume_token)] == said[1:]
        token = await service.token((await service.get("demo", run.run_id))[0])
        assert await heard(service, run, token) == []


async def test_two_watchers_hear_the_same(serving: ServeAnalyses) -> None:
    async with serving() as service:
        run = await service.start(asked())
        async with asyncio.TaskGroup() as tasks:
            watchers = [tasks.create_task(heard(service, run)) for _ in range(2)]
        assert watchers[0].result() == watchers[1].result()


async def test_the_heuristic_needs_no_worker(serving: ServeAnalyses) -> None:
    async with serving(job="die") as service:
        said, run = await ended(service, asked(Parameters(preferred_tier="HEURISTIC")))
    assert run.tier == "HEURISTIC"
    result = finished(said).result
    assert sum(card.size for card in result.segments) == 400
    assert result.fallbacks == ()


async def test_a_worker_killed_once_is_replaced(serving: ServeAnalyses) -> None:
    async with serving(job="die_once") as service:
        said, run = await ended(service, asked())
    assert run.state == "SUCCEEDED"
    assert run.attempt == 2
    assert finished(said).result.tier == "ML_WORKER"
    attempts = [each.said.attempt for each in said if isinstance(each.said, AnalysisRun)]
    assert attempts == sorted(attempts)


async def test_a_worker_killed_twice_gives_heuristic_cards_and_says_so(serving: ServeAnalyses) -> None:
    async with serving(job="die") as service:
        said, run = await ended(service, asked())
    result = finished(said).result
    assert run.tier == result.tier == "HEURISTIC"
    assert [each.reason for each in result.fallbacks] == ["WORKER_LOST"]
    assert [each.said for each in said if isinstance(each.said, Fallback)] == list(result.fallbacks)
    assert sum(card.size for card in result.segments) == 400
    # The second worker said the same, which nobody hears again.
    assert len([each for each in said if isinstance(each.said, ClusterScore)]) == 1


async def test_a_worker_killed_twice_fails_the_run_that_named_it(serving: ServeAnalyses) -> None:
    async with serving(job="die") as service:
        said, run = await ended(service, asked(pinned()))
    assert run.state == "FAILED"
    assert run.error is not None
    assert run.error.reason == "WORKER_LOST"
    assert said[-1].terminal
    assert isinstance(said[-1].said, AnalysisRun)
    assert said[-1].said.state == "FAILED"


async def test_too_much_memory_gives_heuristic_cards(serving: ServeAnalyses) -> None:
    async with serving(job="too_large") as service:
        said, _ = await ended(service, asked())
    assert [each.reason for each in finished(said).result.fallbacks] == ["DATASET_TOO_LARGE"]


async def test_a_bug_in_the_job_fails_the_run_and_tells_nothing(serving: ServeAnalyses) -> None:
    async with serving(job="fail") as service:
        _, run = await ended(service, asked())
    assert run.state == "FAILED"
    assert run.error is not None
    assert run.error.reason == "INTERNAL"
    assert "secret" not in run.error.message


async def test_a_running_run_is_cancelled_and_nothing_is_left(serving: ServeAnalyses, tmp_path: Path) -> None:
    async with serving(job="hang") as service:
        run = await service.start(asked())
        await until_running(service, run, "hanging")
        cancelled = await service.cancel("demo", run.run_id)
        assert await nobody(service, tmp_path)
        said = await heard(service, run)
        assert said[-1].terminal
        assert said[-1].said == cancelled
        assert cancelled.state == "CANCELLED"
        assert await service.cancel("demo", run.run_id) == cancelled


async def test_a_queued_run_is_cancelled(serving: ServeAnalyses, tmp_path: Path) -> None:
    async with serving(job="hang") as service:
        runs = [await service.start(asked()) for _ in range((os.cpu_count() or 1) + 1)]
        for run in runs[:-1]:
            await until_running(service, run, "hanging")
        await service.cancel("demo", runs[-1].run_id)
        states = [
            each.said.state for each in await heard(service, runs[-1]) if isinstance(each.said, AnalysisRun)
        ]
        assert states == ["QUEUED", "QUEUED", "CANCELLED"]
        for run in runs[:-1]:
            await service.cancel("demo", run.run_id)
        assert await nobody(service, tmp_path)


@pytest.mark.parametrize("n_events", [1, 2, 3, 5, 8])
async def test_a_cancel_at_any_stage_ends_the_log_once(
    serving: ServeAnalyses, tmp_path: Path, n_events: int
) -> None:
    async with serving() as service:
        run = await service.start(asked())
        async for each in service.watch("demo", run.run_id):
            if each.sequence >= n_events:
                break
        await service.cancel("demo", run.run_id)
        assert await nobody(service, tmp_path)
        said = await heard(service, run)
        assert [each.terminal for each in said].count(True) == 1
        assert [each.sequence for each in said] == list(range(1, len(said) + 1))


async def test_only_runs_at_work_have_a_table_beside_them(serving: ServeAnalyses, tmp_path: Path) -> None:
    slots = os.cpu_count() or 1
    async with serving(job="hang") as service:
        runs = [await service.start(asked()) for _ in range(slots + 3)]
        for run in runs[:slots]:
            await until_running(service, run, "hanging")
        assert len(list((tmp_path / "tables").glob("run-*"))) == slots
        for run in runs:
            await service.cancel("demo", run.run_id)
        assert await nobody(service, tmp_path)


async def test_a_run_cancelled_while_its_table_is_written_leaves_no_table(
    serving: ServeAnalyses, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write, writing, go_on = Snapshot.write, threading.Event(), threading.Event()

    def slow(self: Snapshot, path: Path) -> None:
        writing.set()
        go_on.wait(10)
        path.parent.mkdir(exist_ok=True)
        write(self, path)

    monkeypatch.setattr(Snapshot, "write", slow)
    async with serving(job="hang") as service:
        run = await service.start(asked())
        await asyncio.to_thread(writing.wait, 10)
        await service.cancel("demo", run.run_id)
        await asyncio.sleep(0.05)
        go_on.set()
        await heard(service, run)
        assert await nobody(service, tmp_path)
    assert not list((tmp_path / "tables").glob("run-*"))


async def test_callers_that_hold_every_connection_cost_no_lease(
    postgres_folder: Path, tables: SnapshotStore, tmp_path: Path, database: Database
) -> None:
    async with (
        Database(directory=postgres_folder, name="tests", pool_size=1) as narrow,
        serve_analyses(narrow, tables, tmp_path / "tables")(job="hang") as service,
    ):
        run = await service.start(asked())
        await until_running(service, run, "hanging")
        async with narrow.transaction():
            await database.execute("UPDATE run SET lease_until = now() + interval '1 s'")
            assert await service._store.renew([run.run_id]) == {run.run_id}  # pyright: ignore[reportPrivateUsage]  (what the keeper does every 5 s)
        await service.cancel("demo", run.run_id)


async def test_a_claim_starts_one_run(serving: ServeAnalyses, database: Database) -> None:
    claim = Claim("StartAnalysis", "b5a3", b"one")
    async with serving() as service:
        async with asyncio.TaskGroup() as tasks:
            starts = [tasks.create_task(service.start(asked(), claim=claim)) for _ in range(100)]
        assert len({start.result().run_id for start in starts}) == 1
        with pytest.raises(AlreadyExists):
            await service.start(asked(), claim=Claim("StartAnalysis", "b5a3", b"two"))
        await heard(service, starts[0].result())
        assert (await service.start(asked(), claim=claim)).state == "SUCCEEDED"
    row = await database.fetch_one("SELECT count(*) AS n FROM run")
    assert row is not None
    assert row.integer("n") == 1


async def test_a_large_table_needs_confirmation_for_the_model_tier(
    serving: ServeAnalyses, tables: SnapshotStore, database: Database
) -> None:
    tables.put("demo", "large", golf_snapshot(members=5000))
    question = asked(
        Parameters(max_clusters=2, preferred_tier="LLM", included_features=("handicap",)), schema_id="large"
    )
    claim = Claim("StartAnalysis", "c", b"c")
    async with serving() as service:
        with pytest.raises(NeedsConfirmation) as caught:
            await service.start(question, claim=claim)
        assert caught.value.estimate.rows == 5000
        assert caught.value.estimate.requires_confirmation
        assert await database.fetch("SELECT 1 FROM run UNION ALL SELECT 1 FROM idempotency") == []
        run = await service.start(question, confirmed=True, claim=claim)
        await service.cancel("demo", run.run_id)
        auto = await service.start(asked(Parameters(max_clusters=2), schema_id="large"))
        await service.cancel("demo", auto.run_id)


async def test_what_cannot_be_analysed_is_refused_before_anything_is_stored(
    serving: ServeAnalyses, tables: SnapshotStore, golfers: Snapshot, database: Database
) -> None:
    tables.put("demo", "empty", Snapshot.from_frame(golfers.frame().head(0), golfers.catalog))
    async with serving() as service:
        for question, error in (
            (asked(schema_id=""), MissingField),
            (asked(schema_id="nowhere"), NotFound),
            (asked(tenant="nobody"), NotFound),
            (asked(schema_id="empty"), EmptyDataset),
            (asked(Parameters(min_clusters=9, max_clusters=3)), InvalidParameters),
            (asked(Parameters(included_features=("engagmentScore",))), InvalidParameters),
            (asked(Parameters(within=json.dumps({"statsu": "ACTIVE"}))), InvalidCriteria),
        ):
            with pytest.raises(error):
                await service.start(question)
    assert await database.fetch("SELECT 1 FROM run") == []


async def test_within_analyses_only_who_matches(serving: ServeAnalyses) -> None:
    async with serving(job="") as service:
        question = asked(Parameters(preferred_tier="HEURISTIC", within=json.dumps({"status": "ACTIVE"})))
        said, _ = await ended(service, question)
        estimate = await service.estimate(question)
    result = finished(said).result
    assert result.rows == estimate.rows
    assert 0 < result.rows < 400


async def test_another_tenants_runs_and_tokens_do_not_exist(serving: ServeAnalyses) -> None:
    async with serving() as service:
        said, run = await ended(service, asked(Parameters(preferred_tier="HEURISTIC")))
        with pytest.raises(NotFound):
            await service.get("other", run.run_id)
        with pytest.raises(NotFound):
            await service.cancel("other", run.run_id)
        with pytest.raises(NotFound):
            await anext(service.watch("other", run.run_id))
        with pytest.raises(InvalidResumeToken):
            await anext(service.watch("other", "", said[0].resume_token))
        assert await service.list("other") == []
        second = await service.start(asked(Parameters(preferred_tier="HEURISTIC")))
        with pytest.raises(InvalidResumeToken):
            await anext(service.watch("demo", second.run_id, said[0].resume_token))
        assert [each.run_id for each in await service.list("demo")] == [run.run_id, second.run_id]


async def test_after_a_restart_the_run_is_there_and_its_tokens_hold(serving: ServeAnalyses) -> None:
    async with serving() as service:
        said, run = await ended(service, asked())
    async with serving() as restarted:
        assert await heard(restarted, run) == said
        assert await heard(restarted, run, said[3].resume_token) == said[4:]
        assert (await restarted.get("demo", run.run_id))[1] == finished(said).result


async def test_a_run_of_a_server_that_stopped_is_finished_by_the_next(serving: ServeAnalyses) -> None:
    async with serving(job="hang_once") as service:
        run = await service.start(asked())
        await until_running(service, run, "hanging")
        before = [each async for each in _so_far(service, run)]
    async with serving(job="hang_once") as restarted:
        await restarted.open()
        said = await heard(restarted, run)
    assert said[: len(before)] == before
    assert finished(said).run.attempt == 2
    assert [each.sequence for each in said] == list(range(1, len(said) + 1))


async def test_a_run_whose_table_is_gone_fails_as_lost(serving: ServeAnalyses, tables: SnapshotStore) -> None:
    async with serving(job="hang") as service:
        run = await service.start(asked())
        await until_running(service, run, "hanging")
    tables.put("demo", "golf", golf_snapshot(members=50))
    async with serving() as restarted:
        await restarted.open()
        said = await heard(restarted, run)
        ended_run, _ = await restarted.get("demo", run.run_id)
    assert ended_run.state == "FAILED"
    assert ended_run.error is not None
    assert ended_run.error.reason == "WORKER_LOST"
    last = said[-1].said
    assert isinstance(last, AnalysisRun)
    assert replace(last, error=None) == replace(ended_run, error=None)


async def test_a_killed_worker_process_is_noticed_within_a_second(serving: ServeAnalyses) -> None:
    async with serving(job="hang_once") as service:
        run = await service.start(asked())
        await until_running(service, run, "hanging")
        for pid in service._supervisor.pids:  # pyright: ignore[reportPrivateUsage]  (as an outsider would see it)
            os.kill(pid, signal.SIGKILL)
        assert finished(await heard(service, run)).run.attempt == 2


async def test_the_log_survives_a_restart_of_the_database_connections(
    serving: ServeAnalyses, database: Database
) -> None:
    async with serving() as service:
        run = await service.start(asked())
        seen = 0
        async for each in service.watch("demo", run.run_id):
            seen += 1
            if seen in {2, 6, 10}:
                await database.fetch(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                    "WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )
            if each.terminal:
                assert isinstance(each.said, Finished)
        said = await heard(service, run)
    assert len(said) == seen
    assert [each.sequence for each in said] == list(range(1, seen + 1))


async def test_a_file_in_the_place_of_the_folder_for_tables_is_said(
    serving: ServeAnalyses, tmp_path: Path
) -> None:
    (tmp_path / "tables").touch()
    async with serving() as service:
        with pytest.raises(Unavailable, match="folder for tables"):
            await service.open()


async def test_a_closed_service_starts_nothing(serving: ServeAnalyses) -> None:
    async with serving() as service:
        await service.close()
        with pytest.raises(ServerDraining):
            await service.start(asked())


async def _so_far(service: AnalysisService, run: AnalysisRun) -> AsyncGenerator[Heard]:
    async for each in service.watch(run.tenant, run.run_id):
        yield each
        if isinstance(each.said, AnalysisRun) and each.said.stage == "hanging":
            return
