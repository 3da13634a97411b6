"""Serves the list of what became of builds: converts, asks the service, converts back."""
# ruff: noqa: N802, ARG002  # methods are named by the contract, and few need the context

from __future__ import annotations

import asyncio

from segmentry.insights.outcomes import OutcomeService
from segmentry.rpc import pages
from segmentry.rpc.call import ServerContext
from segmentry.rpc.context import tenant_of
from segmentry.rpc.convert import outcomes as convert
from segmentry.rpc.pages import PageRequest
from segmentry.rpc.tokens import Tokens
from segmentry.v1 import segment_insights_pb2 as pb

PAGE = 100


class OutcomeList:
    """ListOutcomes."""

    def __init__(self, service: OutcomeService, tokens: Tokens) -> None:
        self._outcomes = service
        self._outcome_pages = tokens

    async def ListOutcomes(
        self, request: pb.ListOutcomesRequest, context: ServerContext
    ) -> pb.ListOutcomesResponse:
        tenant, change = tenant_of(request), convert.change_of(int(request.change))
        asked = PageRequest(tenant, f"outcomes {change}", request.page_size, request.page_token)
        size = pages.size_of(asked, PAGE)
        after = pages.creation(pages.position(asked, self._outcome_pages))
        found = await self._outcomes.list(tenant, change=change, after=after, limit=size + 1)
        token = ""
        if len(found) > size:
            last = found[size - 1]
            token = pages.sealed(
                asked, self._outcome_pages, pages.created(last.reported_at, last.build.build_id)
            )
        shown = await asyncio.to_thread(lambda: [convert.outcome(each) for each in found[:size]])
        return pb.ListOutcomesResponse(outcomes=shown, next_page_token=token)
