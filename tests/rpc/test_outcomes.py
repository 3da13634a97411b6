"""RecordOutcome over the wire: what became of a build is classed, kept once, and told to its tenant alone."""

from __future__ import annotations

import asyncio
import uuid
from pathlib import Path
from typing import Any

import pytest
from segmentry.state.database import Database
from segmentry.v1 import segment_builder_pb2 as pb
from segmentry_client import AsyncSegmentryClient, to_dict

from tests.rpc.learning import client, refused, served

pytestmark = pytest.mark.timeout(60)
ACCEPTED, EDITED = pb.BUILD_OUTCOME_ACCEPTED, pb.BUILD_OUTCOME_EDITED
REJECTED, BY_HAND = pb.BUILD_OUTCOME_REJECTED, pb.BUILD_OUTCOME_BUILT_BY_HAND
QUERY = "gold members with a handicap under 15"


@pytest.fixture
def dsn(postgres_dsn: str, database: object) -> str:
    """The emptied state store by its address."""
    return postgres_dsn.replace("/postgres", "/tests", 1)


def change(reply: pb.RecordOutcomeResponse) -> str:
    return pb.OutcomeChange.Name(reply.change).removeprefix("OUTCOME_CHANGE_")


async def test_five_edits_are_five_classes_and_name_whose_conditions_they_touched(
    tmp_path: Path, dsn: str
) -> None:
    async with client(tmp_path, dsn) as it:
        gold, low = {"membershipTier": "GOLD"}, {"handicap": {"$lt": 15}}
        finals: list[tuple[dict[str, Any], str, list[str]]] = [
            ({"$and": [low, gold]}, "UNTOUCHED", []),
            ({**gold, "handicap": {"$lt": 12}}, "THRESHOLD_CHANGED", ["reader"]),
            ({**gold, **low, "status": "ACTIVE"}, "CONDITION_ADDED", []),
            (gold, "CONDITION_REMOVED", ["reader"]),
            ({"$or": [gold, low]}, "REWRITTEN", ["reader"]),
        ]
        for final, expected, agents in finals:
            built = await it.build(QUERY)
            reply = await it.record_outcome(built.build_id, EDITED, final=final)
            assert (change(reply), list(reply.edited_agents)) == (expected, agents)
            assert reply.diff.equivalent is (expected == "UNTOUCHED")
        thrown = await it.record_outcome((await it.build(QUERY)).build_id, REJECTED)
        assert (change(thrown), thrown.HasField("diff")) == ("ABANDONED", False)
        by_hand = await it.record_outcome((await it.build(QUERY)).build_id, BY_HAND, final=gold)
        assert change(by_hand) == "BUILT_BY_HAND"
        listed = [each async for each in it.list_outcomes(page_size=3)]
        assert len(listed) == 7
        assert (listed[0].query, list(listed[0].agents)) == (QUERY, ["reader"])
        assert to_dict(listed[3])["final"] == gold
        only = [each async for each in it.list_outcomes(change=pb.OUTCOME_CHANGE_REWRITTEN)]
        assert [each.build_id for each in only] == [listed[4].build_id]


async def test_the_last_report_of_a_build_counts_and_a_request_id_is_one_report(
    tmp_path: Path, dsn: str, database: Database
) -> None:
    async with client(tmp_path, dsn) as it:
        built = await it.build(QUERY)
        once = str(uuid.uuid4())
        first = await it.record_outcome(built.build_id, REJECTED, request_id=once)
        await it.record_outcome(built.build_id, ACCEPTED)
        again = await it.record_outcome(built.build_id, REJECTED, request_id=once)
        assert first == again
        other = await refused(it.record_outcome(built.build_id, ACCEPTED, request_id=once))
        assert other.reason == "IDEMPOTENCY_CONFLICT"
        rows = await database.fetch("SELECT outcome, change FROM build")
        assert [(row.text("outcome"), row.text("change")) for row in rows] == [("ACCEPTED", "UNTOUCHED")]


async def test_a_hundred_equal_reports_at_once_are_one_row(
    tmp_path: Path, dsn: str, database: Database
) -> None:
    async with client(tmp_path, dsn) as it:
        built = await it.build(QUERY)
        once = str(uuid.uuid4())
        final = {"membershipTier": "GOLD"}
        calls = (
            it.record_outcome(built.build_id, EDITED, final=final, request_id=once, timeout_s=20)
            for _ in range(100)
        )
        replies = await asyncio.gather(*calls)
        assert {change(each) for each in replies} == {"CONDITION_REMOVED"}
        (row,) = await database.fetch(
            "SELECT (SELECT count(*) FROM build)::integer AS builds, "
            "(SELECT count(*) FROM outcome_leaf)::integer AS leaves, "
            "(SELECT count(*) FROM idempotency WHERE rpc = 'RecordOutcome')::integer AS claims"
        )
        assert [row.integer(name) for name in ("builds", "leaves", "claims")] == [1, 2, 1]


async def test_another_tenants_build_looks_like_none(tmp_path: Path, dsn: str) -> None:
    async with (
        served(tmp_path, dsn) as server,
        AsyncSegmentryClient(server.address, tenant_id="demo") as mine,
        AsyncSegmentryClient(server.address, tenant_id="tenant_123") as theirs,
    ):
        built = await mine.build(QUERY)
        foreign = await refused(theirs.record_outcome(built.build_id, ACCEPTED))
        unknown = await refused(theirs.record_outcome("b_" + "0" * 32, ACCEPTED))
        assert foreign.reason == unknown.reason == "RESOURCE_NOT_FOUND"
        assert foreign.message.replace(built.build_id, "b_" + "0" * 32) == unknown.message
        await mine.record_outcome(built.build_id, ACCEPTED)
        assert [each async for each in theirs.list_outcomes()] == []


@pytest.mark.parametrize(
    ("outcome", "final", "reason", "place"),
    [
        (pb.BUILD_OUTCOME_UNSPECIFIED, None, "MISSING_FIELD", "outcome"),
        (9, None, "INVALID_PARAMETERS", "outcome"),
        (EDITED, None, "MISSING_FIELD", "final"),
        (REJECTED, {}, "INVALID_PARAMETERS", "final"),
        (EDITED, {"handicapp": {"$lt": 3}}, "INVALID_FIELD", "final.criteria.handicapp.$lt"),
        (EDITED, {"handicap": {"$foo": 3}}, "INVALID_OPERATOR", "final.criteria.handicap.$foo"),
    ],
    ids=str,
)
async def test_a_report_that_cannot_be_is_refused_with_its_place(  # noqa: PLR0917
    tmp_path: Path, dsn: str, outcome: Any, final: Any, reason: str, place: str
) -> None:
    async with client(tmp_path, dsn) as it:
        built = await it.build(QUERY)
        error = await refused(it.record_outcome(built.build_id, outcome, final=final))
        assert error.reason == reason
        assert place in {error.path, error.metadata.get("field")}
        assert [each async for each in it.list_outcomes()] == []


async def test_a_reading_of_a_question_that_was_taken_as_it_was_is_untouched(
    tmp_path: Path, dsn: str
) -> None:
    async with client(tmp_path, dsn) as it:
        built = await it.build("members who are crazy about us")
        assert built.WhichOneof("outcome") == "clarification"
        nothing = await refused(it.record_outcome(built.build_id, ACCEPTED))
        assert (nothing.reason, nothing.metadata["field"]) == ("MISSING_FIELD", "final")
        other = await it.record_outcome(built.build_id, EDITED, final={"engagementScore": {"$gte": 90}})
        assert change(other) == "REWRITTEN"
        asked = await it.build("engaged users")
        reading = asked.clarification.readings[0]
        taken = await it.record_outcome(asked.build_id, EDITED, final=reading.criteria)
        assert change(taken) == "UNTOUCHED"


async def test_words_about_a_personal_field_are_not_kept(
    tmp_path: Path, dsn: str, database: Database
) -> None:
    async with client(tmp_path, dsn) as it:
        built = await it.build("members with email siobhan@example.com")
        await it.record_outcome(built.build_id, REJECTED)
        (listed,) = [each async for each in it.list_outcomes()]
        assert (listed.personal, listed.query) == (True, "")
        rows = await database.fetch("SELECT phrase FROM outcome_leaf")
        assert [row.text("phrase") for row in rows] == ["email"]


async def test_a_build_does_not_fail_nor_open_the_store_while_the_store_is_away(tmp_path: Path) -> None:
    nowhere = "postgresql://127.0.0.1:1/nowhere"
    async with served(tmp_path, nowhere) as server, AsyncSegmentryClient(server.address) as it:
        first = await it.build(QUERY)
        assert first.success
        assert not server.database.is_open
        assert [each.reason for each in first.warnings] == []
        lost = await refused(it.record_outcome(first.build_id, ACCEPTED, timeout_s=3))
        assert lost.code.name == "UNAVAILABLE"
        second = await it.build(QUERY)
        assert second.success
        assert [each.reason for each in second.warnings] == ["BUILD_NOT_KEPT"]


async def test_a_build_of_one_server_is_known_to_the_next(tmp_path: Path, dsn: str) -> None:
    async with served(tmp_path, dsn) as server, AsyncSegmentryClient(server.address) as it:
        await server.database.open()
        built = await it.build(QUERY)
    async with client(tmp_path, dsn) as it:
        assert change(await it.record_outcome(built.build_id, ACCEPTED)) == "UNTOUCHED"


async def test_nothing_is_kept_where_no_days_are_set(tmp_path: Path, dsn: str, database: Database) -> None:
    async with client(tmp_path, dsn, keep_builds_days=0) as it:
        built = await it.build(QUERY)
        gone = await refused(it.record_outcome(built.build_id, ACCEPTED))
        assert gone.reason == "RESOURCE_NOT_FOUND"
    assert await database.fetch("SELECT 1 AS one FROM build") == []
