"""The stored queries over the wire: started, shown, accepted and cancelled by whom that is for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import grpc
import pytest
from segmentry.config import Secret, Settings
from segmentry.insights.model_versions import ModelVersions
from segmentry.rpc.canaries import canaries
from segmentry.rpc.panels import panel
from segmentry.state.database import Database
from segmentry.state.spending import SpendingStore
from segmentry.v1 import segment_insights_pb2 as pb
from segmentry_client import AsyncSegmentryClient

from tests.canaries.watching import Changeable, run_of, watched
from tests.rpc.builder_server import refusal
from tests.rpc.learning import client, refused, served
from tests.rpc.served import analyses
from tests.rpc.test_analysis_config import identify
from tests.vendor.server import Vendor

pytestmark = pytest.mark.timeout(120)


@pytest.fixture
def dsn(postgres_dsn: str, database: object) -> str:
    """The emptied state store by its address."""
    return postgres_dsn.replace("/postgres", "/tests", 1)


async def test_a_change_of_the_model_is_told_by_the_next_run_and_accepted_by_a_person(
    tmp_path: Path, dsn: str, database: Database
) -> None:
    script = Changeable()
    async with Vendor(script) as vendor, client(tmp_path, dsn, vendor) as it:
        none = await it.canaries()
        assert not none.HasField("run")
        assert none.every_days == 7
        started = (await it.run_canaries()).run
        assert (started.state, started.cause, started.queries) == ("running", "request", 50)
        first = await run_of(it)
        assert (first.run_id, first.state, first.accepted) == (started.run_id, "finished", True)
        assert (first.answered, first.agreed, first.changed) == (50, 50, 0)
        assert (first.model, first.reported_model, first.fingerprint) == (
            "gpt-4o-mini",
            "gpt-4o-mini-2024-07-18",
            "fp_a",
        )
        assert {each.state for each in first.answers} == {"first"}
        assert not (await it.agent_health()).findings

        script.words = {'"comets"': '"planets"'}
        await it.run_canaries()
        second = await run_of(it)
        (change,) = second.changes
        assert (change.query, change.change) == ("favourite sight is comets", "THRESHOLD_CHANGED")
        assert (dict(change.before), dict(change.now)) == (
            {"favourite_sight": "comets"},
            {"favourite_sight": "planets"},
        )
        assert (second.held_against, second.accepted) == (first.run_id, False)
        (finding,) = (await it.agent_health()).findings
        assert (finding.reason, finding.before, finding.now) == ("CANARY_CHANGED", 1.0, 0.98)
        assert change.query in finding.message

        stale = await refused(it.accept_canaries(first.run_id))
        assert (stale.code, stale.reason) == (grpc.StatusCode.FAILED_PRECONDITION, "INVALID_STATE")
        assert (await it.accept_canaries(second.run_id)).run.accepted
        assert not (await it.agent_health()).findings
        whole = await it.canaries()
        assert [each.run_id for each in whole.earlier] == [first.run_id]
        assert not whole.earlier[0].answers
        # No tenant's figures know of it, and no tenant pays.
        assert not (await it.agent_health()).agents
    rows = await database.fetch("SELECT tenant FROM model_budget")
    assert [row.text("tenant") for row in rows] == ["#canaries"]


async def test_a_request_id_starts_one_run_also_after_it_has_ended(tmp_path: Path, dsn: str) -> None:
    async with Vendor(Changeable()) as vendor, client(tmp_path, dsn, vendor) as it:
        first = (await it.run_canaries(request_id="weekly-1")).run
        await run_of(it)
        assert (await it.run_canaries(request_id="weekly-1")).run.run_id == first.run_id
        assert (await it.run_canaries(request_id="weekly-2")).run.run_id != first.run_id


async def test_a_run_is_cancelled_from_elsewhere_and_ends(tmp_path: Path, dsn: str) -> None:
    script = Changeable(faults={"Lisbon": "slow_first_byte"})
    async with Vendor(script) as vendor, served(tmp_path, dsn, vendor) as one:
        async with (
            AsyncSegmentryClient(one.address, tenant_id="demo") as starter,
            client(tmp_path, dsn, vendor) as other,
        ):
            run = (await starter.run_canaries()).run
            # Asking beside it starts none.
            assert (await other.run_canaries()).run.run_id == run.run_id
            await other.cancel_canaries(run.run_id)
            stopped = await run_of(starter)
        assert (stopped.state, stopped.stop_reason) == ("stopped", "CANCELLED")


async def test_without_a_model_nothing_is_run_and_nothing_shown(tmp_path: Path, dsn: str) -> None:
    async with client(tmp_path, dsn) as it:
        found = await refused(it.run_canaries())
        assert (found.code, found.reason) == (grpc.StatusCode.FAILED_PRECONDITION, "AI_ERROR")
        told = await it.canaries()
        assert (told.HasField("run"), told.every_days) == (False, 0)
        missing = await refused(it.accept_canaries(""))
        assert missing.reason == "MISSING_FIELD"


async def test_a_server_that_answers_offline_watches_no_model(database: Database) -> None:
    settings = Settings(ai_openai_key=Secret("sk-test"), ai_strategy="offline", canary_every_days=3)
    made = panel(settings)
    assert made is not None
    versions = ModelVersions(database, lambda: None)
    assert canaries(settings, made, SpendingStore(database), database, versions).every_days == 0
    await made.asker.model.close()


@pytest.mark.parametrize("role", ["viewer", "editor", "admin"])
async def test_everybody_reads_and_an_editor_runs_accepts_and_cancels(
    database: Database, tmp_path: Path, role: str
) -> None:
    headers = (("x-role", role), ("x-name", "bea"))
    async with (
        Vendor(Changeable()) as vendor,
        watched(database, vendor.base_url, n=2) as watch,
        analyses(database, tmp_path, identify=identify, canaries=watch) as server,
    ):
        insights: Any = server.insights
        await insights.GetCanaries(pb.GetCanariesRequest(), metadata=headers)
        calls = {
            "RunCanaries": pb.RunCanariesRequest(),
            "CancelCanaries": pb.CancelCanariesRequest(run_id="canary_1"),
            "AcceptCanaries": pb.AcceptCanariesRequest(run_id="canary_1"),
        }
        for name, request in calls.items():
            try:
                reply = await getattr(insights, name)(request, metadata=headers)
            except grpc.aio.AioRpcError as error:
                found = refusal(error)
                expected = "ROLE_REQUIRED" if role == "viewer" else "RESOURCE_NOT_FOUND"
                assert (name != "RunCanaries" or role == "viewer", found.reason) == (True, expected)
            else:
                assert (name, role != "viewer") == ("RunCanaries", True)
                assert reply.run.queries == 2
    rows = await database.fetch("SELECT decision, tenant, decided_by, request_id FROM canary_decision")
    said = [(row.text("decision"), row.text("tenant"), row.text("decided_by")) for row in rows]
    assert said == ([] if role == "viewer" else [("run", "demo", "bea")])
    assert all(row.text("request_id") for row in rows)


async def test_who_decided_something_cannot_be_rewritten(database: Database) -> None:
    await database.execute(
        "INSERT INTO canary_decision (run_id, decision, tenant, decided_by, request_id) "
        "VALUES ('canary_1', 'run', 'demo', 'bea', 'r-1')"
    )
    for sql in ("UPDATE canary_decision SET decided_by = 'eve'", "DELETE FROM canary_decision"):
        with pytest.raises(Exception, match="added and never changed"):
            await database.execute(sql)
