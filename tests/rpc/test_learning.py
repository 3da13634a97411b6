"""What GetAgentHealth tells of reported builds, of drift and of a vendor that changed its model."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from segmentry.agents.counters import Counters
from segmentry.insights.expert_counts import ExpertCounts
from segmentry.insights.health_report import HealthReports
from segmentry.state.database import Database
from segmentry.v1 import segment_builder_pb2 as pb
from segmentry_client import AsyncSegmentryClient

from tests.rpc.learning import client, served
from tests.rpc.test_builder_experts import CRAZY, OPEN
from tests.vendor.script import InTurn
from tests.vendor.server import Vendor

pytestmark = pytest.mark.timeout(60)
NOW = datetime(2025, 12, 16, 9, 40, tzinfo=UTC)
DAY = timedelta(days=1)
GOLD = {"membershipTier": "GOLD"}


@pytest.fixture
def dsn(postgres_dsn: str, database: object) -> str:
    """The emptied state store by its address."""
    return postgres_dsn.replace("/postgres", "/tests", 1)


async def test_edits_are_told_by_class_by_expert_and_by_phrase_to_their_tenant(
    tmp_path: Path, dsn: str
) -> None:
    async with Vendor(InTurn((CRAZY,))) as vendor, served(tmp_path, dsn, vendor) as server:
        async with AsyncSegmentryClient(server.address, tenant_id="demo") as it:
            built = [await it.build(OPEN) for _ in range(4)]
            versions = {each.agent: each.prompt_version for each in built[0].expert_usage}
            await it.record_outcome(built[0].build_id, pb.BUILD_OUTCOME_ACCEPTED)
            for each in built[1:3]:
                await it.record_outcome(each.build_id, pb.BUILD_OUTCOME_EDITED, final=GOLD)
            await it.record_outcome(built[3].build_id, pb.BUILD_OUTCOME_REJECTED)
            health = await it.agent_health()
        async with AsyncSegmentryClient(server.address, tenant_id="tenant_123") as it:
            foreign = await it.agent_health()
    told = health.outcomes
    assert (told.untouched, told.condition_removed, told.abandoned, told.rewritten) == (1, 2, 1, 0)
    assert health.edit_rate == pytest.approx(2 / 3)
    assert health.text_success_share == pytest.approx(3 / 4)
    rates = {
        (each.agent, each.prompt_version): (each.reported, each.edited)
        for each in health.agents
        if each.HasField("edit_rate")
    }
    expert = next(key for key in rates if key[0] != "reader")
    assert rates == {("reader", ""): (3, 0), expert: (3, 2)}
    assert versions[expert[0]] == expert[1]
    first = health.phrases[0]
    assert (first.reported, first.edited, first.abandoned, first.success_share) == (4, 2, 1, 0.25)
    assert "about us" in first.phrase
    assert not foreign.phrases
    assert not foreign.HasField("outcomes")
    assert not foreign.HasField("edit_rate")


async def test_a_vendor_that_answers_as_another_version_is_a_finding(
    tmp_path: Path, dsn: str, caplog: pytest.LogCaptureFixture
) -> None:
    before = replace(CRAZY, version="gpt-4o-mini-2024-07-18", fingerprint="fp_a")
    after = replace(before, fingerprint="fp_b")
    async with Vendor(InTurn((before,))) as old, client(tmp_path, dsn, old) as it:
        await it.build(OPEN)
        same = await it.agent_health()
        assert (same.reported_model, same.fingerprint) == ("gpt-4o-mini-2024-07-18", "fp_a")
        assert not same.findings
    async with Vendor(InTurn((after,))) as new, client(tmp_path, dsn, new) as it:
        built = await it.build(OPEN)
        (finding,) = (await it.agent_health()).findings
        assert finding.reason == "MODEL_CHANGED"
        assert "fp_b" in finding.message
        assert [each.reason for each in (await it.agent_health()).findings] == ["MODEL_CHANGED"]
        await it.record_outcome(built.build_id, pb.BUILD_OUTCOME_ACCEPTED)
        (kept,) = [each async for each in it.list_outcomes()]
        assert (kept.reported_model, kept.fingerprint) == ("gpt-4o-mini-2024-07-18", "fp_b")
    said = [each.getMessage() for each in caplog.records if "another version" in each.getMessage()]
    assert len(said) == 1
    assert OPEN not in said[0]


@pytest.mark.parametrize(
    ("counted", "measure"),
    [
        ({"agreed": 70}, "agreement"),
        ({"accounted": 300}, "words_accounted"),
        ({"clarified": 30}, "clarification"),
        ({"alone": 40}, "offline"),
        ({}, ""),
        # Half a point is what happens.
        ({"agreed": 94, "clarified": 6}, ""),
        # Better is no alarm.
        ({"agreed": 100, "clarified": 0, "alone": 100, "accounted": 400}, ""),
    ],
    ids=str,
)
async def test_drift_is_told_in_the_next_window_and_nothing_without_drift(
    database: Database, counted: dict[str, int], measure: str
) -> None:
    usual = {"builds": 100, "alone": 70, "compared": 100, "agreed": 95, "clarified": 5} | {
        "words": 400,
        "accounted": 380,
    }
    for at, changed in ((NOW - DAY - timedelta(hours=1), {}), (NOW, counted)):
        counters = Counters(lambda at=at: at)
        answers = counters.answers("demo")
        for name, n in (usual | changed).items():
            setattr(answers, name, n)
        await ExpertCounts(database, counters, lambda at=at: at).flush()
    counts = ExpertCounts(database, Counters(lambda: NOW), lambda: NOW)
    report = await HealthReports(database, counts, now=lambda: NOW).report("demo", DAY)
    assert [each.measure for each in report.findings] == ([measure] if measure else [])
    wide = await HealthReports(database, counts, points=60.0, now=lambda: NOW).report("demo", DAY)
    assert not wide.findings


@pytest.mark.parametrize(("repaired", "measure"), [(9, "repair"), (1, "")])
async def test_experts_whose_answers_have_to_be_repaired_more_often_are_drift(
    database: Database, repaired: int, measure: str
) -> None:
    for at, n in ((NOW - DAY - timedelta(hours=1), 0), (NOW, repaired)):
        counters = Counters(lambda at=at: at)
        for agent, asked in (("specialist_fields_1", 60), ("logic", 40)):
            tally = counters.of(agent, "v1", "demo")
            tally.asked, tally.repaired = asked, n if agent == "logic" else 0
        await ExpertCounts(database, counters, lambda at=at: at).flush()
    counts = ExpertCounts(database, Counters(lambda: NOW), lambda: NOW)
    report = await HealthReports(database, counts, now=lambda: NOW).report("demo", DAY)
    assert [each.measure for each in report.findings] == ([measure] if measure else [])
    if measure:
        (found,) = report.findings
        assert (found.before, found.now) == (0.0, pytest.approx(0.09))
        assert "9 % of the experts' answers had to be repaired, 0 % in the window before" in found.message
    foreign = await HealthReports(database, counts, now=lambda: NOW).report("tenant_123", DAY)
    assert not foreign.findings


@pytest.mark.parametrize(("n_edited", "measure"), [(10, "edit"), (1, "")])
async def test_builds_that_people_edit_more_often_are_drift(
    tmp_path: Path, dsn: str, database: Database, n_edited: int, measure: str
) -> None:
    async with client(tmp_path, dsn) as it:
        for at in range(2):
            for number in range(25):
                built = await it.build("membership tier GOLD and handicap below 12")
                if at and number < n_edited:
                    await it.record_outcome(built.build_id, pb.BUILD_OUTCOME_EDITED, final=GOLD)
                else:
                    await it.record_outcome(built.build_id, pb.BUILD_OUTCOME_ACCEPTED)
            if not at:
                await database.execute("UPDATE build SET reported_at = reported_at - interval '25 hours'")
        health = await it.agent_health(window=DAY)
    assert health.edit_rate == pytest.approx(n_edited / 25)
    assert [(each.reason, each.measure) for each in health.findings] == (
        [("DRIFT", measure)] if measure else []
    )
    for found in health.findings:
        assert (found.before, found.now) == (0.0, pytest.approx(n_edited / 25))
