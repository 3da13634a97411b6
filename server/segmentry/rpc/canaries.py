"""Serves the stored queries of SegmentInsights: converts, asks the service, converts back."""
# ruff: noqa: N802, ARG002  # methods are named by the contract, and few need the context

from __future__ import annotations

import asyncio

from segmentry.agents.asking import Asker
from segmentry.builder.panel import Panel
from segmentry.canaries.asking import Subject, subject
from segmentry.canaries.run import Decider, Run
from segmentry.canaries.service import Canaries
from segmentry.canaries.stored import stored
from segmentry.config import Settings
from segmentry.insights.model_versions import ModelVersions
from segmentry.llm.budget import Budget, Ledger, Limits
from segmentry.llm.profiles import profile
from segmentry.rpc import claims
from segmentry.rpc.call import ServerContext, note, principal, request_id
from segmentry.rpc.context import required, tenant_of
from segmentry.rpc.convert import canaries as convert
from segmentry.state.database import Database
from segmentry.v1 import segment_insights_pb2 as pb


def canaries(
    settings: Settings, panel: Panel | None, ledger: Ledger, database: Database, versions: ModelVersions
) -> Canaries:
    """What watches the model of a panel with the server's own money."""
    return Canaries(
        database, _subject(settings, panel, ledger), stored(), settings.canary_every_days, versions.flush
    )


def _subject(settings: Settings, panel: Panel | None, ledger: Ledger) -> Subject | None:
    """None where no model is asked. Its calls count in no tenant's figures, and are paid by no tenant."""
    if panel is None or panel.strategy == "offline":
        return None
    model = panel.asker.model
    # Dollars cannot be counted where the price is not known; tokens can.
    usd = 0.0 if profile(model.model).price is None else settings.canary_cost_per_day_usd
    limits = Limits(tokens_per_day=settings.canary_tokens_per_day, cost_per_day_usd=usd)
    own = Panel(
        Asker(model),
        max_tokens=panel.max_tokens,
        strategy=panel.strategy,
        # The same question reads alike in every run and on every server.
        secret=b"segmentry canaries",
        budget=Budget(ledger, limits) if limits.bounded else None,
    )
    return subject(own, stored().place)


class StoredQueries:
    """The four RPCs. What they show is of the server and its model: every tenant sees the same."""

    def __init__(self, service: Canaries) -> None:
        self._canaries = service

    async def RunCanaries(
        self, request: pb.RunCanariesRequest, context: ServerContext
    ) -> pb.RunCanariesResponse:
        tenant = tenant_of(request)
        run = await self._canaries.start(_decider(tenant), claims.claim(request, "RunCanaries", tenant))
        note(canaries=run.run_id)
        return pb.RunCanariesResponse(run=await self._shown(run))

    async def GetCanaries(
        self, request: pb.GetCanariesRequest, context: ServerContext
    ) -> pb.GetCanariesResponse:
        tenant_of(request)
        runs = await self._canaries.last()
        accepted = await self._canaries.accepted(runs[0]) if runs else {}
        every_days = self._canaries.every_days
        return await asyncio.to_thread(convert.canaries_response, runs, accepted, every_days)

    async def AcceptCanaries(
        self, request: pb.AcceptCanariesRequest, context: ServerContext
    ) -> pb.AcceptCanariesResponse:
        decider, run_id = _decider(tenant_of(request)), required(request.run_id, "run_id")
        run = await self._canaries.accept(run_id, decider)
        note(canaries=run_id)
        return pb.AcceptCanariesResponse(run=await self._shown(run))

    async def CancelCanaries(
        self, request: pb.CancelCanariesRequest, context: ServerContext
    ) -> pb.CancelCanariesResponse:
        decider, run_id = _decider(tenant_of(request)), required(request.run_id, "run_id")
        run = await self._canaries.cancel(run_id, decider)
        note(canaries=run_id)
        return pb.CancelCanariesResponse(run=await self._shown(run))

    async def _shown(self, run: Run) -> pb.CanaryRun:
        accepted = await self._canaries.accepted(run)
        return await asyncio.to_thread(convert.canary_run, run, accepted)


def _decider(tenant: str) -> Decider:
    return Decider(tenant, principal().name, request_id())
