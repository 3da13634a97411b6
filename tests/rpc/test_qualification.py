"""A card becomes a recommendation, a rule, and a verdict on customers: over the wire, kept in PostgreSQL."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncGenerator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from segmentry.rpc.convert import criteria
from segmentry.state.database import Database
from segmentry.v1 import segment_analysis_pb2 as analysis
from segmentry.v1 import segment_insights_pb2 as pb

from tests.rpc.builder_server import Refusal, refusal
from tests.rpc.served import HEURISTIC, Served, analyses, club, start, watched

OTHER = "tenant_123"


@pytest.fixture
async def served(database: Database, tmp_path: Path) -> AsyncGenerator[Served]:
    async with analyses(database, tmp_path, job="") as served:
        yield served


async def cards(served: Served, **fields: Any) -> tuple[str, list[analysis.SegmentCard]]:
    """A finished run of thirds, and its cards."""
    run = (await served.stub.StartAnalysis(start(parameters=HEURISTIC, **fields))).run
    await watched(served, run.run_id)
    got = await served.stub.GetAnalysis(analysis.GetAnalysisRequest(run_id=run.run_id))
    return run.run_id, list(got.result.segments)


async def applied(served: Served, **fields: Any) -> pb.Recommendation:
    """A recommendation of the first card."""
    run_id, found = await cards(served)
    request = analysis.ApplySegmentRequest(run_id=run_id, card_id=found[0].card_id, **fields)
    made = await served.stub.ApplySegment(request)
    wanted = pb.GetRecommendationRequest(recommendation_id=made.recommendation_id)
    return (await served.insights.GetRecommendation(wanted)).recommendation


async def accepted(served: Served, **fields: Any) -> pb.QualificationRule:
    """A draft rule."""
    found = await applied(served)
    request = pb.AcceptRecommendationRequest(
        recommendation_id=found.recommendation_id, etag=found.etag, **fields
    )
    return (await served.insights.AcceptRecommendation(request)).rule


async def active(served: Served) -> pb.QualificationRule:
    """A rule in use."""
    rule = await accepted(served)
    request = pb.ActivateQualificationRuleRequest(rule_id=rule.rule_id, etag=rule.etag)
    return (await served.insights.ActivateQualificationRule(request)).rule


async def refused(call: Any) -> Refusal:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call
    return refusal(caught.value)


async def test_a_card_becomes_a_rule_that_judges_customers(served: Served) -> None:
    run_id, found = await cards(served)
    request = analysis.ApplySegmentRequest(run_id=run_id, card_id=found[0].card_id, name="Spring offer")
    made = await served.stub.ApplySegment(request)
    assert (made.cluster_size, made.rule_size) == (found[0].size, found[0].fidelity.matched_count)
    assert made.fidelity == found[0].fidelity
    listed = await served.insights.ListRecommendations(pb.ListRecommendationsRequest(run_id=run_id))
    (opened,) = listed.recommendations
    assert (opened.state, opened.run_id, opened.schema_id) == (
        pb.RECOMMENDATION_STATE_OPEN,
        run_id,
        "customers",
    )
    assert opened.card.name == "Spring offer"
    assert opened.card.characteristics == found[0].characteristics

    reply = await served.insights.AcceptRecommendation(
        pb.AcceptRecommendationRequest(
            recommendation_id=opened.recommendation_id, etag=opened.etag, stage="eligibility"
        )
    )
    assert reply.recommendation.state == pb.RECOMMENDATION_STATE_ACCEPTED
    assert reply.recommendation.rule_id == reply.rule.rule_id
    assert not reply.warnings
    rule = reply.rule
    assert (rule.state, rule.version, rule.stage) == (pb.QUALIFICATION_RULE_STATE_DRAFT, 1, "eligibility")
    assert (rule.name, rule.type, rule.schema_id) == ("Spring offer", "metric_condition", "customers")
    assert rule.criteria == found[0].criteria
    assert list(rule.filter_rules) == list(found[0].filter_rules)
    assert rule.matched_count == made.rule_size
    assert not rule.HasField("activate_time")

    activated = await served.insights.ActivateQualificationRule(
        pb.ActivateQualificationRuleRequest(rule_id=rule.rule_id, etag=rule.etag)
    )
    assert (activated.rule.state, activated.rule.version) == (pb.QUALIFICATION_RULE_STATE_ACTIVE, 2)
    assert activated.rule.activate_time.seconds > 0

    everyone = [str(number + 1) for number in range(300)]
    checked = await served.insights.CheckQualification(pb.CheckQualificationRequest(customer_ids=everyone))
    truth = club(300).mask(criteria.read(rule), datetime.now(UTC)).tolist()
    assert [each.customer_id for each in checked.customers] == everyone
    assert [each.verdicts[0].qualifies for each in checked.customers] == truth
    assert sum(truth) == rule.matched_count
    for each in checked.customers:
        (verdict,) = each.verdicts
        assert (verdict.rule_id, verdict.version) == (rule.rule_id, 2)
        assert verdict.message.startswith("meets" if verdict.qualifies else "does not meet: ")


async def test_one_customer_is_told_why(served: Served) -> None:
    rule = await active(served)
    as_of = Timestamp(seconds=1_765_000_000)
    reply = await served.insights.CheckQualification(
        pb.CheckQualificationRequest(customer_id="7", rule_ids=[rule.rule_id], as_of=as_of)
    )
    (verdict,) = reply.verdicts
    assert not reply.customers
    assert reply.as_of == as_of
    assert "lifetime value" in verdict.message or "is" in verdict.message
    nobody = await served.insights.CheckQualification(pb.CheckQualificationRequest(customer_id="301"))
    assert not nobody.verdicts[0].HasField("qualifies")
    assert nobody.verdicts[0].message == "there is no customer '301'"


async def test_a_draft_and_an_archived_rule_qualify_nobody(served: Served) -> None:
    draft = await accepted(served)
    everyone = [str(number + 1) for number in range(300)]

    async def qualified(**fields: Any) -> int:
        request = pb.CheckQualificationRequest(customer_ids=everyone, **fields)
        reply = await served.insights.CheckQualification(request)
        return sum(verdict.qualifies for each in reply.customers for verdict in each.verdicts)

    assert await qualified() == 0
    assert await qualified(rule_ids=[draft.rule_id]) == 0
    assert await qualified(include_drafts=True) == draft.matched_count
    assert await qualified(rule_ids=[draft.rule_id], include_drafts=True) == draft.matched_count
    put = pb.ActivateQualificationRuleRequest(rule_id=draft.rule_id, etag=draft.etag)
    rule = (await served.insights.ActivateQualificationRule(put)).rule
    assert await qualified() == draft.matched_count
    end = pb.ArchiveQualificationRuleRequest(rule_id=rule.rule_id, etag=rule.etag)
    ended = (await served.insights.ArchiveQualificationRule(end)).rule
    assert ended.state == pb.QUALIFICATION_RULE_STATE_ARCHIVED
    assert await qualified() == 0
    said = await served.insights.CheckQualification(
        pb.CheckQualificationRequest(customer_id="1", rule_ids=[rule.rule_id])
    )
    assert said.verdicts[0].message == "the rule is no longer in use"


async def test_a_hundred_equal_applies_make_one_recommendation(served: Served) -> None:
    run_id, found = await cards(served)
    request = analysis.ApplySegmentRequest(run_id=run_id, card_id=found[0].card_id)
    request.request_id = str(uuid.uuid4())
    async with asyncio.TaskGroup() as tasks:
        calls = [tasks.create_task(_of(served.stub.ApplySegment(request))) for _ in range(100)]
    assert len({call.result().recommendation_id for call in calls}) == 1
    listed = await served.insights.ListRecommendations(pb.ListRecommendationsRequest(run_id=run_id))
    assert len(listed.recommendations) == 1
    request.name = "another body"
    said = await refused(served.stub.ApplySegment(request))
    assert said.reason == "IDEMPOTENCY_CONFLICT"


async def test_a_hundred_equal_accepts_make_one_rule(served: Served) -> None:
    found = await applied(served)
    request = pb.AcceptRecommendationRequest(
        recommendation_id=found.recommendation_id, etag=found.etag, request_id=str(uuid.uuid4())
    )
    async with asyncio.TaskGroup() as tasks:
        calls = [tasks.create_task(_of(served.insights.AcceptRecommendation(request))) for _ in range(100)]
    assert len({call.result().rule.rule_id for call in calls}) == 1
    rules = await served.insights.ListQualificationRules(pb.ListQualificationRulesRequest())
    assert len([each for each in rules.rules if each.recommendation_id == found.recommendation_id]) == 1


async def test_every_wrong_step_is_refused_and_changes_nothing(served: Served) -> None:
    found = await applied(served)
    name = found.recommendation_id
    accept = pb.AcceptRecommendationRequest(recommendation_id=name, etag=found.etag)
    rule = (await served.insights.AcceptRecommendation(accept)).rule
    again = await refused(served.insights.AcceptRecommendation(accept))
    assert (again.code, again.reason) == (grpc.StatusCode.ABORTED, "VERSION_MISMATCH")
    accept.etag = again.metadata["currentEtag"]
    late = await refused(served.insights.AcceptRecommendation(accept))
    assert (late.code, late.reason) == (grpc.StatusCode.FAILED_PRECONDITION, "INVALID_STATE")
    dismiss = pb.DismissRecommendationRequest(recommendation_id=name, etag=accept.etag)
    assert (await refused(served.insights.DismissRecommendation(dismiss))).reason == "INVALID_STATE"
    put = pb.ActivateQualificationRuleRequest(rule_id=rule.rule_id, etag="old")
    assert (await refused(served.insights.ActivateQualificationRule(put))).reason == "VERSION_MISMATCH"
    put.etag = rule.etag
    used = (await served.insights.ActivateQualificationRule(put)).rule
    put.etag = used.etag
    assert (await refused(served.insights.ActivateQualificationRule(put))).reason == "INVALID_STATE"
    read = await served.insights.GetQualificationRule(pb.GetQualificationRuleRequest(rule_id=rule.rule_id))
    assert read.rule == used


async def test_what_was_dismissed_keeps_its_reason_and_opens_when_applied_again(served: Served) -> None:
    run_id, found = await cards(served)
    request = analysis.ApplySegmentRequest(run_id=run_id, card_id=found[0].card_id)
    made = await served.stub.ApplySegment(request)
    wanted = pb.GetRecommendationRequest(recommendation_id=made.recommendation_id)
    before = (await served.insights.GetRecommendation(wanted)).recommendation
    put = pb.DismissRecommendationRequest(
        recommendation_id=before.recommendation_id, etag=before.etag, comment="too small "
    )
    aside = (await served.insights.DismissRecommendation(put)).recommendation
    assert (aside.state, aside.dismiss_comment) == (pb.RECOMMENDATION_STATE_DISMISSED, "too small")
    again = await served.stub.ApplySegment(request)
    assert again.recommendation_id == made.recommendation_id
    after = (await served.insights.GetRecommendation(wanted)).recommendation
    assert (after.state, after.dismiss_comment) == (pb.RECOMMENDATION_STATE_OPEN, "")
    assert after.etag != before.etag


async def test_a_count_that_has_moved_is_told(served: Served) -> None:
    found = await applied(served)
    # A third of the members as it was; the table is replaced by a larger one.
    served.store.put("demo", "customers", club(5000), default=True)
    reply = await served.insights.AcceptRecommendation(
        pb.AcceptRecommendationRequest(recommendation_id=found.recommendation_id, etag=found.etag)
    )
    (warning,) = reply.warnings
    assert warning.reason == "DRIFTED"
    assert f"{reply.rule.matched_count:,} customers match now" in warning.message


async def test_another_tenant_sees_and_moves_nothing(served: Served) -> None:
    run_id, found = await cards(served)
    rule = await active(served)
    theirs = [
        served.stub.ApplySegment(
            analysis.ApplySegmentRequest(tenant_id=OTHER, run_id=run_id, card_id=found[0].card_id)
        ),
        served.insights.GetRecommendation(
            pb.GetRecommendationRequest(tenant_id=OTHER, recommendation_id=rule.recommendation_id)
        ),
        served.insights.AcceptRecommendation(
            pb.AcceptRecommendationRequest(
                tenant_id=OTHER, recommendation_id=rule.recommendation_id, etag="x"
            )
        ),
        served.insights.DismissRecommendation(
            pb.DismissRecommendationRequest(
                tenant_id=OTHER, recommendation_id=rule.recommendation_id, etag="x"
            )
        ),
        served.insights.GetQualificationRule(
            pb.GetQualificationRuleRequest(tenant_id=OTHER, rule_id=rule.rule_id)
        ),
        served.insights.ActivateQualificationRule(
            pb.ActivateQualificationRuleRequest(tenant_id=OTHER, rule_id=rule.rule_id, etag="x")
        ),
        served.insights.ArchiveQualificationRule(
            pb.ArchiveQualificationRuleRequest(tenant_id=OTHER, rule_id=rule.rule_id, etag="x")
        ),
        served.insights.CheckQualification(
            pb.CheckQualificationRequest(tenant_id=OTHER, customer_id="1", rule_ids=[rule.rule_id])
        ),
    ]
    for call in theirs:
        said = await refused(call)
        assert (said.code, said.reason) == (grpc.StatusCode.NOT_FOUND, "RESOURCE_NOT_FOUND")
    checked = await served.insights.CheckQualification(
        pb.CheckQualificationRequest(tenant_id=OTHER, customer_id="1")
    )
    assert not checked.verdicts
    listed = await served.insights.ListRecommendations(pb.ListRecommendationsRequest(tenant_id=OTHER))
    rules = await served.insights.ListQualificationRules(pb.ListQualificationRulesRequest(tenant_id=OTHER))
    assert (len(listed.recommendations), len(rules.rules)) == (0, 0)


async def test_lists_come_in_pages_in_order_of_creation(served: Served) -> None:
    run_id, found = await cards(served)
    made = [
        (
            await served.stub.ApplySegment(analysis.ApplySegmentRequest(run_id=run_id, card_id=card.card_id))
        ).recommendation_id
        for card in found
    ]
    seen: list[str] = []
    request = pb.ListRecommendationsRequest(run_id=run_id, page_size=1)
    while True:
        page = await served.insights.ListRecommendations(request)
        seen += [each.recommendation_id for each in page.recommendations]
        request.page_token = page.next_page_token
        if not request.page_token:
            break
    assert seen == made
    dismissed = pb.ListRecommendationsRequest(run_id=run_id, state=pb.RECOMMENDATION_STATE_DISMISSED)
    assert not (await served.insights.ListRecommendations(dismissed)).recommendations


ABSENT = "rec_0000000000000000"


@pytest.mark.parametrize(
    ("method", "request_", "reason", "field"),
    [
        ("CheckQualification", pb.CheckQualificationRequest(), "MISSING_FIELD", "customer_ids"),
        (
            "CheckQualification",
            pb.CheckQualificationRequest(customer_id="1", customer_ids=["2"]),
            "INVALID_PARAMETERS",
            "customer_id",
        ),
        (
            "CheckQualification",
            pb.CheckQualificationRequest(customer_ids=["1", ""]),
            "INVALID_PARAMETERS",
            "customer_ids[1]",
        ),
        (
            "CheckQualification",
            pb.CheckQualificationRequest(customer_ids=["1"] * 1001),
            "INVALID_PARAMETERS",
            "customer_ids",
        ),
        (
            "CheckQualification",
            pb.CheckQualificationRequest(customer_id="1", rule_ids=["rule_x"]),
            "RESOURCE_NOT_FOUND",
            "",
        ),
        ("AcceptRecommendation", pb.AcceptRecommendationRequest(), "MISSING_FIELD", "recommendation_id"),
        (
            "AcceptRecommendation",
            pb.AcceptRecommendationRequest(recommendation_id=ABSENT),
            "MISSING_FIELD",
            "etag",
        ),
        (
            "AcceptRecommendation",
            pb.AcceptRecommendationRequest(recommendation_id=ABSENT, etag="x", stage="vip"),
            "INVALID_PARAMETERS",
            "stage",
        ),
        (
            "DismissRecommendation",
            pb.DismissRecommendationRequest(recommendation_id=ABSENT, etag="x", comment="y" * 2001),
            "INVALID_PARAMETERS",
            "comment",
        ),
        (
            "ListRecommendations",
            pb.ListRecommendationsRequest(page_size=-1),
            "INVALID_PARAMETERS",
            "page_size",
        ),
    ],
)
async def test_a_bad_request_says_which_field_and_what_would_work(
    served: Served, method: str, request_: Any, reason: str, field: str
) -> None:
    said = await refused(getattr(served.insights, method)(request_))
    assert said.reason == reason
    assert said.metadata.get("field", "") == field


async def test_only_the_cards_of_a_finished_run_can_be_applied(database: Database, tmp_path: Path) -> None:
    async with analyses(database, tmp_path, job="hang") as served:
        run = (await served.stub.StartAnalysis(start())).run
        request = analysis.ApplySegmentRequest(run_id=run.run_id, card_id="card_1")
        assert (await refused(served.stub.ApplySegment(request))).reason == "RUN_NOT_FINISHED"
        await served.stub.CancelAnalysis(analysis.CancelAnalysisRequest(run_id=run.run_id))
    async with analyses(database, tmp_path, job="") as served:
        run_id, _ = await cards(served)
        request = analysis.ApplySegmentRequest(run_id=run_id, card_id="card_none")
        said = await refused(served.stub.ApplySegment(request))
        assert (said.reason, said.metadata["resourceType"]) == ("RESOURCE_NOT_FOUND", "card")


async def _of(call: Any) -> Any:
    return await call
