"""Serves the recommendations of SegmentInsights: converts, asks the service, converts back."""
# ruff: noqa: N802, ARG002  # methods are named by the contract, and few need the context

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

from segmentry.insights.recommendations import RecommendationService
from segmentry.rpc import claims, pages
from segmentry.rpc.call import ServerContext, note
from segmentry.rpc.context import plain, required, tenant_of
from segmentry.rpc.convert import recommendations as convert
from segmentry.rpc.pages import PageRequest
from segmentry.rpc.tokens import Tokens
from segmentry.v1 import segment_insights_pb2 as pb

PAGE = 50


class Recommendations:
    """The four RPCs."""

    def __init__(self, service: RecommendationService, tokens: Tokens) -> None:
        self._recommendations = service
        self._pages = tokens

    async def ListRecommendations(
        self, request: pb.ListRecommendationsRequest, context: ServerContext
    ) -> pb.ListRecommendationsResponse:
        tenant, state = tenant_of(request), convert.state_from(int(request.state))
        run_id = plain(request.run_id, "run_id")
        scope = f"recommendations {run_id}\n{state}"
        asked = PageRequest(tenant, scope, request.page_size, request.page_token)
        size = pages.size_of(asked, PAGE)
        after = pages.creation(pages.position(asked, self._pages))
        found = await self._recommendations.list(
            tenant, state=state, run_id=run_id, after=after, limit=size + 1
        )
        token = ""
        if len(found) > size:
            last = found[size - 1]
            token = pages.sealed(asked, self._pages, pages.created(last.create_time, last.recommendation_id))
        # A page of 500 cards takes longer than the loop may stand still.
        shown = await asyncio.to_thread(lambda: [convert.recommendation(each) for each in found[:size]])
        return pb.ListRecommendationsResponse(recommendations=shown, next_page_token=token)

    async def GetRecommendation(
        self, request: pb.GetRecommendationRequest, context: ServerContext
    ) -> pb.GetRecommendationResponse:
        tenant = tenant_of(request)
        wanted = required(request.recommendation_id, "recommendation_id")
        found = await self._recommendations.get(tenant, wanted)
        return pb.GetRecommendationResponse(recommendation=convert.recommendation(found))

    async def AcceptRecommendation(
        self, request: pb.AcceptRecommendationRequest, context: ServerContext
    ) -> pb.AcceptRecommendationResponse:
        tenant = tenant_of(request)
        wanted = required(request.recommendation_id, "recommendation_id")
        etag = required(request.etag, "etag")
        stage = convert.stage_from(request.stage)
        claim = claims.claim(request, "AcceptRecommendation", tenant)
        accepted = await self._recommendations.accept(
            tenant, wanted, etag, stage=stage, now=_now(), claim=claim
        )
        note(recommendation=wanted, rule=accepted.rule.rule_id)
        return pb.AcceptRecommendationResponse(
            recommendation=convert.recommendation(accepted.recommendation),
            rule=convert.rule(accepted.rule),
            warnings=convert.drift(accepted.drift),
        )

    async def DismissRecommendation(
        self, request: pb.DismissRecommendationRequest, context: ServerContext
    ) -> pb.DismissRecommendationResponse:
        tenant = tenant_of(request)
        wanted = required(request.recommendation_id, "recommendation_id")
        etag, comment = required(request.etag, "etag"), convert.comment_from(request.comment)
        found = await self._recommendations.dismiss(tenant, wanted, etag, comment)
        note(recommendation=wanted)
        return pb.DismissRecommendationResponse(recommendation=convert.recommendation(found))


def _now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)
