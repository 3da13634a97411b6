"""One rule per RPC: how a tenant asks it about its own things. The attacks are made from these.

An RPC without a rule fails the build. To add one, write a request of the RPC that succeeds for a tenant about
its own `Possessions`; every field of it that can name something that is kept is then attacked by itself. If
the RPC shows or changes a new kind of thing, add one to `possessions.py`, and if a request has a field of a
new name, say in `carriers.py` what it carries.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from google.protobuf.field_mask_pb2 import FieldMask
from google.protobuf.message import Message
from segmentry.v1 import criteria_pb2
from segmentry.v1 import segment_analysis_pb2 as analysis
from segmentry.v1 import segment_builder_pb2 as builder
from segmentry.v1 import segment_insights_pb2 as insights

from tests.tenancy.possessions import THIRDS, Possessions, struct


@dataclass(frozen=True)
class Rule:
    """How a tenant asks.

    `request` makes a request that succeeds, with a thing of its own to use up where the RPC changes one.
    `reads`: asked twice it answers the same, so that what others do between must not show.
    """

    request: Callable[[Possessions], Awaitable[Message]]
    reads: bool = True


@dataclass(frozen=True)
class NotBuilt:
    """An RPC of the contract that answers UNIMPLEMENTED; whoever builds it replaces this by a `Rule`."""


def _of(make: Callable[[Possessions], Message], *, reads: bool = True) -> Rule:
    async def request(own: Possessions) -> Message:
        return make(own)

    return Rule(request, reads)


async def _update(own: Possessions) -> Message:
    segment = await own.save()
    segment.name = "renamed"
    return builder.UpdateSegmentRequest(
        segment=segment, update_mask=FieldMask(paths=["name", "criteria", "expression"])
    )


async def _delete(own: Possessions) -> Message:
    segment = await own.save()
    return builder.DeleteSegmentRequest(segment_id=segment.segment_id, etag=segment.etag)


async def _accept(own: Possessions) -> Message:
    found = await own.recommend()
    return insights.AcceptRecommendationRequest(recommendation_id=found.recommendation_id, etag=found.etag)


async def _dismiss(own: Possessions) -> Message:
    found = await own.recommend()
    return insights.DismissRecommendationRequest(recommendation_id=found.recommendation_id, etag=found.etag)


async def _activate(own: Possessions) -> Message:
    rule = await own.rule_of(await own.recommend(), active=False)
    return insights.ActivateQualificationRuleRequest(rule_id=rule.rule_id, etag=rule.etag)


async def _archive(own: Possessions) -> Message:
    rule = await own.rule_of(await own.recommend(), active=True)
    return insights.ArchiveQualificationRuleRequest(rule_id=rule.rule_id, etag=rule.etag)


async def _report(own: Possessions) -> Message:
    return builder.RecordOutcomeRequest(
        build_id=await own.built(), outcome=builder.BUILD_OUTCOME_EDITED, final=_side(own)
    )


def _side(own: Possessions) -> criteria_pb2.CriteriaInput:
    return criteria_pb2.CriteriaInput(criteria=struct({"town": own.town}))


def _in_segment(own: Possessions) -> dict[str, str]:
    return {"$segment": own.segment.segment_id}


async def _cancel_canaries(own: Possessions) -> Message:
    started = await own.get("SegmentInsights/RunCanaries", insights.RunCanariesRequest())
    return insights.CancelCanariesRequest(run_id=started.run.run_id)


async def _accept_canaries(own: Possessions) -> Message:
    """The last finished run: one is made to finish first."""
    await own.get("SegmentInsights/RunCanaries", insights.RunCanariesRequest())
    while True:
        found = await own.get("SegmentInsights/GetCanaries", insights.GetCanariesRequest())
        if found.run.state == "finished":
            return insights.AcceptCanariesRequest(run_id=found.run.run_id)
        if found.run.state == "stopped":
            await own.get("SegmentInsights/RunCanaries", insights.RunCanariesRequest())
        await asyncio.sleep(0.05)


RULES: dict[str, Rule | NotBuilt] = {
    "SegmentBuilder/Build": _of(lambda own: builder.BuildRequest(query=f"customers in {own.town}")),
    "SegmentBuilder/StreamBuild": _of(
        lambda own: builder.StreamBuildRequest(query=f"customers in {own.town}"), reads=False
    ),
    "SegmentBuilder/Refine": _of(
        lambda own: builder.RefineRequest(
            instruction="also spend over 10", current_criteria=struct(_in_segment(own))
        )
    ),
    "SegmentBuilder/StreamRefine": _of(
        lambda own: builder.StreamRefineRequest(
            instruction="also spend over 10", current_criteria=struct(_in_segment(own))
        ),
        reads=False,
    ),
    "SegmentBuilder/PreviewCount": _of(
        lambda own: builder.PreviewCountRequest(criteria=struct(_in_segment(own)))
    ),
    "SegmentBuilder/ListFields": _of(lambda _: builder.ListFieldsRequest()),
    "SegmentBuilder/ListSchemas": _of(lambda _: builder.ListSchemasRequest()),
    "SegmentBuilder/ExplainCount": _of(
        lambda own: builder.ExplainCountRequest(criteria=struct(_in_segment(own)))
    ),
    "SegmentBuilder/ExplainMember": _of(
        lambda own: builder.ExplainMemberRequest(
            criteria=struct(_in_segment(own)), customer_id=own.customer_id
        )
    ),
    "SegmentBuilder/CompareCriteria": _of(
        lambda own: builder.CompareCriteriaRequest(left=_side(own), right=_side(own))
    ),
    "SegmentBuilder/ExportCriteria": _of(
        lambda own: builder.ExportCriteriaRequest(criteria=struct(_in_segment(own)), target="postgresql")
    ),
    "SegmentBuilder/RecordOutcome": Rule(_report, reads=False),
    "SegmentBuilder/CreateSegment": _of(
        lambda own: builder.CreateSegmentRequest(
            segment=builder.Segment(name="another", criteria=struct(_in_segment(own)))
        ),
        reads=False,
    ),
    "SegmentBuilder/GetSegment": _of(
        lambda own: builder.GetSegmentRequest(segment_id=own.segment.segment_id)
    ),
    "SegmentBuilder/ListSegments": _of(lambda _: builder.ListSegmentsRequest()),
    "SegmentBuilder/UpdateSegment": Rule(_update, reads=False),
    "SegmentBuilder/DeleteSegment": Rule(_delete, reads=False),
    "SegmentBuilder/TestSegment": _of(
        lambda own: builder.TestSegmentRequest(
            segment_id=own.segment.segment_id,
            contract=builder.SegmentContract(included_customers=[own.customer_id], min_size=1),
        )
    ),
    "SegmentBuilder/LintSegment": _of(
        lambda own: builder.LintSegmentRequest(criteria=struct({"town": own.town}))
    ),
    "SegmentAnalysis/StartAnalysis": _of(
        lambda _: analysis.StartAnalysisRequest(schema_id="customers", parameters=THIRDS), reads=False
    ),
    "SegmentAnalysis/EstimateAnalysis": _of(
        lambda _: analysis.EstimateAnalysisRequest(schema_id="customers", parameters=THIRDS)
    ),
    "SegmentAnalysis/Discover": _of(
        lambda _: analysis.DiscoverRequest(schema_id="customers", parameters=THIRDS), reads=False
    ),
    "SegmentAnalysis/ListAnalyses": _of(lambda _: analysis.ListAnalysesRequest()),
    "SegmentAnalysis/GetAnalysis": _of(lambda own: analysis.GetAnalysisRequest(run_id=own.run_id)),
    "SegmentAnalysis/WatchAnalysis": _of(lambda own: analysis.WatchAnalysisRequest(run_id=own.run_id)),
    "SegmentAnalysis/CancelAnalysis": _of(lambda own: analysis.CancelAnalysisRequest(run_id=own.run_id)),
    "SegmentAnalysis/ApplySegment": _of(
        lambda own: analysis.ApplySegmentRequest(run_id=own.run_id, card_id=own.card_id), reads=False
    ),
    "SegmentInsights/ListRecommendations": _of(lambda _: insights.ListRecommendationsRequest()),
    "SegmentInsights/GetRecommendation": _of(
        lambda own: insights.GetRecommendationRequest(recommendation_id=own.recommendation.recommendation_id)
    ),
    "SegmentInsights/AcceptRecommendation": Rule(_accept, reads=False),
    "SegmentInsights/DismissRecommendation": Rule(_dismiss, reads=False),
    "SegmentInsights/ListQualificationRules": _of(lambda _: insights.ListQualificationRulesRequest()),
    "SegmentInsights/GetQualificationRule": _of(
        lambda own: insights.GetQualificationRuleRequest(rule_id=own.rule.rule_id)
    ),
    "SegmentInsights/ActivateQualificationRule": Rule(_activate, reads=False),
    "SegmentInsights/ArchiveQualificationRule": Rule(_archive, reads=False),
    "SegmentInsights/CheckQualification": _of(
        lambda own: insights.CheckQualificationRequest(
            customer_id=own.customer_id, rule_ids=[own.rule.rule_id]
        )
    ),
    "SegmentInsights/GetReadiness": _of(lambda _: insights.GetReadinessRequest(), reads=False),
    "SegmentInsights/WatchReadiness": _of(lambda _: insights.WatchReadinessRequest(), reads=False),
    "SegmentInsights/GetAnalysisConfig": _of(lambda _: insights.GetAnalysisConfigRequest()),
    "SegmentInsights/UpdateAnalysisConfig": _of(
        lambda own: insights.UpdateAnalysisConfigRequest(
            config=insights.AnalysisConfig(included_features=[own.field], seed=5),
            update_mask=FieldMask(paths=["included_features", "seed"]),
        ),
        reads=False,
    ),
    "SegmentInsights/GetAgentHealth": _of(lambda _: insights.GetAgentHealthRequest()),
    "SegmentInsights/ListOutcomes": _of(lambda _: insights.ListOutcomesRequest()),
    # Of the server and its model: whoever asks, the runs are the same ones, and no tenant's thing is in them.
    "SegmentInsights/RunCanaries": _of(lambda _: insights.RunCanariesRequest(), reads=False),
    "SegmentInsights/GetCanaries": _of(lambda _: insights.GetCanariesRequest(), reads=False),
    "SegmentInsights/AcceptCanaries": Rule(_accept_canaries, reads=False),
    "SegmentInsights/CancelCanaries": Rule(_cancel_canaries, reads=False),
}
