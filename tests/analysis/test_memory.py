"""What runs leave for later ones: in PostgreSQL, for the same tenant and table alone."""

from __future__ import annotations

from pathlib import Path

import pytest
from segmentry.analysis.memory import KEPT_RUNS, Left, SegmentMemory
from segmentry.analysis.parameters import Parameters
from segmentry.analysis.question import Question
from segmentry.analysis.records import Finished
from segmentry.analysis.service import AnalysisService
from segmentry.customers.snapshots import SnapshotStore
from segmentry.state.database import Database

from tests.analysis.serving import serve_analyses
from tests.analysis.tables import AS_OF
from tests.analysis.test_identity import club

pytestmark = pytest.mark.timeout(200)  # three runs in workers of their own


async def ended(service: AnalysisService, tenant: str) -> Finished:
    run = await service.start(Question(tenant, "club", Parameters(max_clusters=4), AS_OF))
    last = [each async for each in service.watch(tenant, run.run_id)][-1].said
    assert isinstance(last, Finished)
    return last


async def test_a_second_run_continues_the_first_and_another_tenants_does_not(
    database: Database, tmp_path: Path
) -> None:
    tables = SnapshotStore()
    for tenant in ("demo", "other"):
        tables.put(tenant, "club", club(range(300)))
    async with serve_analyses(database, tables, tmp_path / "tables")(job="") as service:
        first = await ended(service, "demo")
        assert first.result.continuity is None
        foreign = await ended(service, "other")
        assert foreign.result.continuity is None
        second = await ended(service, "demo")
        found = second.result.continuity
        assert found is not None
        assert found.previous_run_id == first.run.run_id
        assert found.migration is not None
        assert (found.migration.compared, found.migration.moved) == (300, 0)
        assert [card.card_id for card in second.result.segments] == [
            card.card_id for card in first.result.segments
        ]
    memory = SegmentMemory(database)
    assert len(await memory.recall("demo", "club")) == 1
    assert await memory.recall("nobody", "club") == ()
    assert await memory.secret("demo") != await memory.secret("other")


async def test_only_the_last_runs_are_kept(database: Database) -> None:
    memory = SegmentMemory(database)
    for number in range(KEPT_RUNS + 3):
        await memory.keep("demo", "club", f"run_{number:02}", Left('{"ground": "g"}', None))
    rows = await database.fetch("SELECT run_id FROM segment_model ORDER BY run_id")
    assert [row.text("run_id") for row in rows] == [f"run_{number:02}" for number in range(3, 13)]
    (newest,) = await memory.recall("demo", "club")
    assert (newest.run_id, newest.customers) == ("run_12", None)
    (before,) = await memory.recall("demo", "club", before="run_12")
    assert before.run_id == "run_11", "a run that is taken up again does not continue itself"
