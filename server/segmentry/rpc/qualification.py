"""Serves the qualification rules of SegmentInsights: converts, asks the service, converts back."""
# ruff: noqa: N802, ARG002  # methods are named by the contract, and few need the context

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

from segmentry.insights.qualification import QualificationService
from segmentry.rpc import claims, pages
from segmentry.rpc.call import ServerContext, note
from segmentry.rpc.context import instant_of, plain, required, tenant_of
from segmentry.rpc.convert import recommendations as convert
from segmentry.rpc.convert.times import timestamp
from segmentry.rpc.pages import PageRequest
from segmentry.rpc.tokens import Tokens
from segmentry.v1 import segment_insights_pb2 as pb

PAGE = 50


class QualificationRules:
    """The five RPCs."""

    def __init__(self, service: QualificationService, tokens: Tokens) -> None:
        self._rules = service
        self._rule_pages = tokens

    async def ListQualificationRules(
        self, request: pb.ListQualificationRulesRequest, context: ServerContext
    ) -> pb.ListQualificationRulesResponse:
        tenant, state = tenant_of(request), convert.rule_state_from(int(request.state))
        asked = PageRequest(tenant, f"rules {state}", request.page_size, request.page_token)
        size = pages.size_of(asked, PAGE)
        after = pages.creation(pages.position(asked, self._rule_pages))
        found = await self._rules.list(tenant, state=state, after=after, limit=size + 1)
        token = ""
        if len(found) > size:
            last = found[size - 1]
            token = pages.sealed(asked, self._rule_pages, pages.created(last.create_time, last.rule_id))
        # A page of 500 large definitions takes longer than the loop may stand still.
        shown = await asyncio.to_thread(lambda: [convert.rule(each) for each in found[:size]])
        return pb.ListQualificationRulesResponse(rules=shown, next_page_token=token)

    async def GetQualificationRule(
        self, request: pb.GetQualificationRuleRequest, context: ServerContext
    ) -> pb.GetQualificationRuleResponse:
        tenant, rule_id = tenant_of(request), required(request.rule_id, "rule_id")
        return pb.GetQualificationRuleResponse(rule=convert.rule(await self._rules.get(tenant, rule_id)))

    async def ActivateQualificationRule(
        self, request: pb.ActivateQualificationRuleRequest, context: ServerContext
    ) -> pb.ActivateQualificationRuleResponse:
        tenant, rule_id = tenant_of(request), required(request.rule_id, "rule_id")
        etag = required(request.etag, "etag")
        claim = claims.claim(request, "ActivateQualificationRule", tenant)
        activated = await self._rules.activate(
            tenant, rule_id, etag, now=datetime.now(UTC).replace(microsecond=0), claim=claim
        )
        note(rule=rule_id)
        return pb.ActivateQualificationRuleResponse(
            rule=convert.rule(activated.rule), warnings=convert.drift(activated.drift)
        )

    async def ArchiveQualificationRule(
        self, request: pb.ArchiveQualificationRuleRequest, context: ServerContext
    ) -> pb.ArchiveQualificationRuleResponse:
        tenant, rule_id = tenant_of(request), required(request.rule_id, "rule_id")
        etag = required(request.etag, "etag")
        claim = claims.claim(request, "ArchiveQualificationRule", tenant)
        found = await self._rules.archive(tenant, rule_id, etag, claim=claim)
        note(rule=rule_id)
        return pb.ArchiveQualificationRuleResponse(rule=convert.rule(found))

    async def CheckQualification(
        self, request: pb.CheckQualificationRequest, context: ServerContext
    ) -> pb.CheckQualificationResponse:
        tenant = tenant_of(request)
        customer_ids = convert.customer_ids(request)
        as_of = instant_of(request)
        judged = await self._rules.check(
            tenant,
            customer_ids,
            [required(each, "rule_ids") for each in request.rule_ids],
            schema_id=plain(request.schema_id, "schema_id"),
            include_drafts=request.include_drafts,
            as_of=as_of,
        )
        verdicts = judged.on(0)
        note(customers=len(customer_ids), rules=len(verdicts))
        if request.customer_id:
            return pb.CheckQualificationResponse(verdicts=convert.verdicts(verdicts), as_of=timestamp(as_of))
        return convert.check_response(customer_ids, judged, as_of)
