"""What becomes of a card: a recommendation, then a rule, then a verdict on customers."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from datetime import datetime

from segmentry.v1 import segment_analysis_pb2, segment_insights_pb2

from segmentry_client import calls
from segmentry_client.connection import Connection
from segmentry_client.texts import refused, refused_stream
from segmentry_client.wire import timestamp


class Qualifying(Connection):
    """Apply cards, decide about recommendations, put rules into use, ask them about customers.

    An `etag` is that of what was read; a change that somebody else made meanwhile is refused with
    VERSION_MISMATCH. A `request_id` makes a repeat safe, so such calls are retried.
    """

    @refused
    async def apply_segment(
        self,
        run_id: str,
        card_id: str,
        *,
        name: str = "",
        use_criteria: bool = False,
        use_best: bool = False,
        request_id: str = "",
        timeout_s: float | None = None,
    ) -> segment_analysis_pb2.ApplySegmentResponse:
        """Make a recommendation of a card; the same card always gives the same one.

        `use_best` takes its `criteria_best`; refused where it has none.
        """
        return await calls.unary(
            self.analysis.ApplySegment,
            segment_analysis_pb2.ApplySegmentRequest(
                tenant_id=self._tenant_id,
                run_id=run_id,
                card_id=card_id,
                name=name,
                use_criteria=use_criteria,
                use_best=use_best,
                request_id=request_id,
            ),
            timeout_s=timeout_s or self._deadlines.write_s,
            metadata=self._metadata,
            patience=self._patience if request_id else None,
        )

    @refused_stream
    async def list_recommendations(
        self,
        *,
        state: segment_insights_pb2.RecommendationState.ValueType = (
            segment_insights_pb2.RECOMMENDATION_STATE_UNSPECIFIED
        ),
        run_id: str = "",
        page_size: int = 0,
        timeout_s: float | None = None,
    ) -> AsyncGenerator[segment_insights_pb2.Recommendation]:
        """Recommendations in order of creation; pages are asked for on the way."""
        page_token = ""
        while True:
            page = await calls.unary(
                self.insights.ListRecommendations,
                segment_insights_pb2.ListRecommendationsRequest(
                    tenant_id=self._tenant_id,
                    state=state,
                    run_id=run_id,
                    page_size=page_size,
                    page_token=page_token,
                ),
                timeout_s=timeout_s or self._deadlines.read_s,
                metadata=self._metadata,
                patience=self._patience,
            )
            for each in page.recommendations:
                yield each
            page_token = page.next_page_token
            if not page_token:
                return

    @refused
    async def get_recommendation(
        self, recommendation_id: str, *, timeout_s: float | None = None
    ) -> segment_insights_pb2.Recommendation:
        """One recommendation, with the card as it was applied."""
        reply = await calls.unary(
            self.insights.GetRecommendation,
            segment_insights_pb2.GetRecommendationRequest(
                tenant_id=self._tenant_id, recommendation_id=recommendation_id
            ),
            timeout_s=timeout_s or self._deadlines.read_s,
            metadata=self._metadata,
            patience=self._patience,
        )
        return reply.recommendation

    @refused
    async def accept_recommendation(
        self,
        recommendation_id: str,
        etag: str,
        *,
        stage: str = "",
        request_id: str = "",
        timeout_s: float | None = None,
    ) -> segment_insights_pb2.AcceptRecommendationResponse:
        """Make a rule of it, always a draft; `stage` is eligibility, fit (the default) or match."""
        return await calls.unary(
            self.insights.AcceptRecommendation,
            segment_insights_pb2.AcceptRecommendationRequest(
                tenant_id=self._tenant_id,
                recommendation_id=recommendation_id,
                etag=etag,
                stage=stage,
                request_id=request_id,
            ),
            timeout_s=timeout_s or self._deadlines.write_s,
            metadata=self._metadata,
            patience=self._patience if request_id else None,
        )

    @refused
    async def dismiss_recommendation(
        self, recommendation_id: str, etag: str, *, comment: str = "", timeout_s: float | None = None
    ) -> segment_insights_pb2.Recommendation:
        """Put it aside, with the reason."""
        reply = await calls.unary(
            self.insights.DismissRecommendation,
            segment_insights_pb2.DismissRecommendationRequest(
                tenant_id=self._tenant_id, recommendation_id=recommendation_id, etag=etag, comment=comment
            ),
            timeout_s=timeout_s or self._deadlines.write_s,
            metadata=self._metadata,
        )
        return reply.recommendation

    @refused_stream
    async def list_rules(
        self,
        *,
        state: segment_insights_pb2.QualificationRuleState.ValueType = (
            segment_insights_pb2.QUALIFICATION_RULE_STATE_UNSPECIFIED
        ),
        page_size: int = 0,
        timeout_s: float | None = None,
    ) -> AsyncGenerator[segment_insights_pb2.QualificationRule]:
        """Rules in order of creation; pages are asked for on the way."""
        page_token = ""
        while True:
            page = await calls.unary(
                self.insights.ListQualificationRules,
                segment_insights_pb2.ListQualificationRulesRequest(
                    tenant_id=self._tenant_id, state=state, page_size=page_size, page_token=page_token
                ),
                timeout_s=timeout_s or self._deadlines.read_s,
                metadata=self._metadata,
                patience=self._patience,
            )
            for each in page.rules:
                yield each
            page_token = page.next_page_token
            if not page_token:
                return

    @refused
    async def get_rule(
        self, rule_id: str, *, timeout_s: float | None = None
    ) -> segment_insights_pb2.QualificationRule:
        """One rule."""
        reply = await calls.unary(
            self.insights.GetQualificationRule,
            segment_insights_pb2.GetQualificationRuleRequest(tenant_id=self._tenant_id, rule_id=rule_id),
            timeout_s=timeout_s or self._deadlines.read_s,
            metadata=self._metadata,
            patience=self._patience,
        )
        return reply.rule

    @refused
    async def activate_rule(
        self, rule_id: str, etag: str, *, request_id: str = "", timeout_s: float | None = None
    ) -> segment_insights_pb2.ActivateQualificationRuleResponse:
        """Put a draft into use."""
        return await calls.unary(
            self.insights.ActivateQualificationRule,
            segment_insights_pb2.ActivateQualificationRuleRequest(
                tenant_id=self._tenant_id, rule_id=rule_id, etag=etag, request_id=request_id
            ),
            timeout_s=timeout_s or self._deadlines.write_s,
            metadata=self._metadata,
            patience=self._patience if request_id else None,
        )

    @refused
    async def archive_rule(
        self, rule_id: str, etag: str, *, request_id: str = "", timeout_s: float | None = None
    ) -> segment_insights_pb2.QualificationRule:
        """Take a rule out of use, for good."""
        reply = await calls.unary(
            self.insights.ArchiveQualificationRule,
            segment_insights_pb2.ArchiveQualificationRuleRequest(
                tenant_id=self._tenant_id, rule_id=rule_id, etag=etag, request_id=request_id
            ),
            timeout_s=timeout_s or self._deadlines.write_s,
            metadata=self._metadata,
            patience=self._patience if request_id else None,
        )
        return reply.rule

    @refused
    async def check_qualification(
        self,
        customer_ids: Sequence[str],
        *,
        rule_ids: Sequence[str] = (),
        schema_id: str = "",
        include_drafts: bool = False,
        as_of: datetime | None = None,
        timeout_s: float | None = None,
    ) -> segment_insights_pb2.CheckQualificationResponse:
        """Hold up to 1,000 customers against the rules named, else against all active ones of the table."""
        return await calls.unary(
            self.insights.CheckQualification,
            segment_insights_pb2.CheckQualificationRequest(
                tenant_id=self._tenant_id,
                customer_ids=customer_ids,
                rule_ids=rule_ids,
                schema_id=schema_id or self._schema_id,
                include_drafts=include_drafts,
                as_of=timestamp(as_of or self._as_of),
            ),
            timeout_s=timeout_s or self._deadlines.read_s,
            metadata=self._metadata,
            patience=self._patience,
        )
