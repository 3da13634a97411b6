"""Everything that one tenant has: tables, segments, runs, recommendations, rules, tokens."""

from __future__ import annotations

import dataclasses
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
from google.protobuf.message import Message
from google.protobuf.struct_pb2 import Struct
from segmentry.config import TableSettings
from segmentry.v1 import criteria_pb2
from segmentry.v1 import segment_analysis_pb2 as analysis
from segmentry.v1 import segment_builder_pb2 as builder
from segmentry.v1 import segment_insights_pb2 as insights

from tests.tenancy.calling import RPCS, Answer, call, written

THIRDS = analysis.AnalysisParameters(
    preferred_tier=analysis.ANALYSIS_TIER_HEURISTIC, included_features=["spend", "visits"]
)
ACTIVE = insights.QUALIFICATION_RULE_STATE_ACTIVE


@dataclass
class Possessions:
    """What a tenant has, and how it asks. `words` are its own names: of towns, a field, a table."""

    channel: grpc.aio.Channel
    tenant: str
    town: str
    field: str
    table: str
    customer_id: str
    segment: builder.Segment = dataclasses.field(default_factory=builder.Segment)
    run_id: str = ""
    card_id: str = ""
    resume_token: str = ""
    build_id: str = ""
    rule: insights.QualificationRule = dataclasses.field(default_factory=insights.QualificationRule)
    recommendation: insights.Recommendation = dataclasses.field(default_factory=insights.Recommendation)
    request_id: str = dataclasses.field(default_factory=lambda: str(uuid.uuid4()))
    # Another tenant's words (not its ids), and those of them that this one has sent: what it wrote into its
    # own things, it may read there.
    foreign: frozenset[str] = frozenset()
    said: set[str] = dataclasses.field(default_factory=set[str])
    page_tokens: dict[str, str] = dataclasses.field(default_factory=dict)

    async def ask(self, key: str, request: Message) -> Answer:
        """Ask as this tenant."""
        own: Any = request
        own.tenant_id = self.tenant
        self.said |= {word for word in self.foreign if word in written(request)}
        return await call(self.channel, RPCS[key], own)

    async def get(self, key: str, request: Message) -> Any:
        """The reply to this tenant."""
        return (await self.ask(key, request)).message

    async def save(self, name: str = "all") -> builder.Segment:
        """A new segment of the people in the tenant's own town."""
        segment = builder.Segment(name=f"{name} of {self.town}", criteria=struct({"town": self.town}))
        reply = await self.get("SegmentBuilder/CreateSegment", builder.CreateSegmentRequest(segment=segment))
        return reply.segment

    async def discover(self) -> tuple[str, str, str]:
        """A finished run: its id, its first card, a token of its middle."""
        started = analysis.StartAnalysisRequest(schema_id="customers", parameters=THIRDS)
        run_id = (await self.get("SegmentAnalysis/StartAnalysis", started)).run.run_id
        watched = await self.ask(
            "SegmentAnalysis/WatchAnalysis", analysis.WatchAnalysisRequest(run_id=run_id)
        )
        assert watched.message.event.HasField("result"), watched.text
        first: Any = watched.messages[0]
        return run_id, watched.message.event.result.segments[0].card_id, first.resume_token

    async def recommend(self) -> insights.Recommendation:
        """A new open recommendation."""
        run_id, card_id, _ = await self.discover()
        applied = await self.get(
            "SegmentAnalysis/ApplySegment", analysis.ApplySegmentRequest(run_id=run_id, card_id=card_id)
        )
        wanted = insights.GetRecommendationRequest(recommendation_id=applied.recommendation_id)
        return (await self.get("SegmentInsights/GetRecommendation", wanted)).recommendation

    async def rule_of(self, found: insights.Recommendation, *, active: bool) -> insights.QualificationRule:
        """The rule that a recommendation becomes."""
        accept = insights.AcceptRecommendationRequest(
            recommendation_id=found.recommendation_id, etag=found.etag
        )
        rule = (await self.get("SegmentInsights/AcceptRecommendation", accept)).rule
        if not active:
            return rule
        activate = insights.ActivateQualificationRuleRequest(rule_id=rule.rule_id, etag=rule.etag)
        return (await self.get("SegmentInsights/ActivateQualificationRule", activate)).rule

    async def built(self) -> str:
        """A new build of the people in the tenant's own town."""
        build = builder.BuildRequest(query=f"customers in {self.town}")
        return (await self.get("SegmentBuilder/Build", build)).build_id

    async def acquire(self) -> None:
        """Get one thing of every kind, and a page token of every list."""
        self.segment = await self.save()
        await self.save("second")
        self.run_id, self.card_id, self.resume_token = await self.discover()
        self.rule = await self.rule_of(await self.recommend(), active=True)
        await self.rule_of(await self.recommend(), active=False)
        self.recommendation = await self.recommend()
        for _ in range(2):
            self.build_id = await self.built()
            report = builder.RecordOutcomeRequest(
                build_id=self.build_id, outcome=builder.BUILD_OUTCOME_ACCEPTED
            )
            await self.get("SegmentBuilder/RecordOutcome", report)
        for key, rpc in RPCS.items():
            if "page_token" in rpc.request.DESCRIPTOR.fields_by_name:
                first: Any = rpc.request(page_size=1)
                self.page_tokens[key] = (await self.get(key, first)).next_page_token
                assert self.page_tokens[key], f"{key} has one page only"

    async def everything(self) -> list[str]:
        """All that the tenant sees of its own, as text: two of them are equal if nothing was changed."""
        wanted: list[tuple[str, Message]] = [
            ("SegmentBuilder/ListSegments", builder.ListSegmentsRequest(page_size=500)),
            (
                "SegmentBuilder/ListSegments",
                builder.ListSegmentsRequest(segment_id=self.segment.segment_id, page_size=500),
            ),
            ("SegmentAnalysis/ListAnalyses", analysis.ListAnalysesRequest(page_size=500)),
            ("SegmentAnalysis/GetAnalysis", analysis.GetAnalysisRequest(run_id=self.run_id)),
            ("SegmentInsights/ListRecommendations", insights.ListRecommendationsRequest(page_size=500)),
            ("SegmentInsights/ListQualificationRules", insights.ListQualificationRulesRequest(page_size=500)),
            ("SegmentInsights/ListOutcomes", insights.ListOutcomesRequest(page_size=500)),
        ]
        return [(await self.ask(key, request)).text for key, request in wanted]

    @property
    def words(self) -> frozenset[str]:
        """Names that anybody may happen to use."""
        return frozenset({self.town, self.field, self.table, self.customer_id})

    @property
    def secrets(self) -> set[str]:
        """What nobody else may be shown. Not `build_id`: that of a segment is what its author wrote there."""
        return {
            self.town,
            self.field,
            self.table,
            self.customer_id,
            self.segment.segment_id,
            self.segment.etag,
            self.run_id,
            self.rule.rule_id,
            self.rule.etag,
            self.recommendation.recommendation_id,
            self.recommendation.etag,
        }


def struct(value: dict[str, Any]) -> Struct:
    """JSON criteria as they travel."""
    message = Struct()
    message.update(value)
    return message


def named(segment_id: str) -> criteria_pb2.Criteria:
    """Typed criteria that name a segment."""
    return criteria_pb2.Criteria(segment=criteria_pb2.SegmentReference(segment_id=segment_id))


def tables(folder: Path, tenant: str, town: str, own: str) -> tuple[TableSettings, ...]:
    """Two tables of a tenant: `customers`, with a field of its own, and one that only it has."""
    made: list[TableSettings] = []
    for at, schema in enumerate(("customers", f"{tenant}_ledger")):
        rows = [
            f"{tenant}-{n},{town if n % 3 else town + 'by'},{n * 7 % 90},{n % 11},{n % 5}"
            for n in range(1, 61)
        ]
        file, catalog = folder / f"{tenant}{at}.csv", folder / f"{tenant}{at}.toml"
        file.write_text(f"id,town,spend,visits,{own}\n" + "\n".join(rows) + "\n", encoding="utf-8")
        fields = "".join(
            f'[[field]]\nname = "{name}"\ntype = "{kind}"\n'
            for name, kind in (
                ("id", "string"),
                ("town", "string"),
                ("spend", "number"),
                ("visits", "number"),
                (own, "number"),
            )
        )
        catalog.write_text(
            f'[catalog]\nschema = "{schema}"\ntime_zone = "UTC"\nkey = "id"\n{fields}', encoding="utf-8"
        )
        made.append(TableSettings(file, schema, tenant, catalog, at == 0))
    return tuple(made)
