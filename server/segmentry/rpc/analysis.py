"""Serves SegmentAnalysis: converts, asks the service, converts back."""

# ruff: noqa: N802, ARG002  # methods are named by the contract, and few need the context

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing
from datetime import UTC, datetime
from typing import TypeVar, cast

from segmentry.analysis.question import NeedsConfirmation, Question
from segmentry.analysis.records import Heard
from segmentry.analysis.service import AnalysisService
from segmentry.criteria import parse
from segmentry.criteria.segments import Saved
from segmentry.errors import (
    InvalidValue,
    NotFound,
    RunNotFinished,
    SlowConsumer,
    StoreBusy,
    Unavailable,
)
from segmentry.insights.recommendations import RecommendationService
from segmentry.rpc import claims, pages, status
from segmentry.rpc.call import ServerContext, note
from segmentry.rpc.context import plain, required, tenant_of
from segmentry.rpc.convert import analysis as convert
from segmentry.rpc.convert import recommendations as convert_recommendations
from segmentry.rpc.convert import segments as convert_segments
from segmentry.rpc.convert.analysis_parameters import named_in, parameters_from
from segmentry.rpc.convert.notices import server_notice
from segmentry.rpc.pages import PageRequest
from segmentry.rpc.relay import Notice, Outbox, Streams
from segmentry.rpc.settings import AnalysisDefaults
from segmentry.rpc.tokens import Tokens
from segmentry.segments.service import SegmentService
from segmentry.v1 import segment_analysis_pb2 as pb
from segmentry.v1 import segment_analysis_pb2_grpc as pb_grpc

SERVICE = "segmentry.v1.SegmentAnalysis"
PAGE = 50

# How the call of a reader that stalled ends: it may come back and resume.
_STALLED = status.code_of(SlowConsumer(""))

M = TypeVar("M")
Started = TypeVar("Started", pb.StartAnalysisRequest, pb.DiscoverRequest)


def _now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)


class SegmentAnalysis(pb_grpc.SegmentAnalysisServicer):
    """The servicer. `tokens` sign the pages of lists; `now` replaces the server's clock. With a `small_count`
    above 1 no result has points of single customers."""

    def __init__(
        self,
        service: AnalysisService,
        streams: Streams,
        tokens: Tokens,
        segments: SegmentService,
        recommendations: RecommendationService,
        *,
        defaults: AnalysisDefaults,
        small_count: int = 0,
        now: Callable[[], datetime] = _now,
    ) -> None:
        self._service = service
        self._streams = streams
        self._tokens = tokens
        self._segments = segments
        self._recommendations = recommendations
        self._defaults = defaults
        self._small_count = small_count
        self._now = now

    async def EstimateAnalysis(
        self, request: pb.EstimateAnalysisRequest, context: ServerContext
    ) -> pb.EstimateAnalysisResponse:
        estimate = await self._service.estimate(await self._question(request, tenant_of(request)))
        return pb.EstimateAnalysisResponse(estimate=convert.estimate(estimate))

    async def StartAnalysis(
        self, request: pb.StartAnalysisRequest, context: ServerContext
    ) -> pb.StartAnalysisResponse:
        return pb.StartAnalysisResponse(run=await self._start(request, "StartAnalysis"))

    async def Discover(
        self, request: pb.DiscoverRequest, context: ServerContext
    ) -> AsyncIterator[pb.DiscoverResponse]:
        tenant = tenant_of(request)
        # Before the run is made, so that there is no moment at which it is nobody's.
        stay = _Stay(context, lambda run_id: self._service.abandon(tenant, run_id))
        if request.resume_token:
            _refuse_beside_token(request)
            run_id = ""
        else:
            on_made = None if request.detached else stay.own
            run_id = (await self._start(request, "Discover", on_made)).run_id

        async def work(outbox: Outbox[pb.DiscoverResponse]) -> None:
            async for heard in self._service.watch(tenant, run_id, request.resume_token):
                event = self._event(heard)
                await outbox.put(
                    pb.DiscoverResponse(sequence=heard.sequence, resume_token=heard.resume_token, event=event)
                )

        def say(notice: Notice) -> pb.DiscoverResponse:
            return pb.DiscoverResponse(event=pb.AnalysisEvent(notice=server_notice(notice)))

        try:
            async with _closing(self._streams.relay(context, work, say, logged=True)) as items:
                async for item in items:
                    stay.resumable = bool(item.resume_token) or stay.resumable
                    yield item
            stay.over = True
        except (Unavailable, StoreBusy):
            # A drain, or a store that is away: with a token in hand the caller resumes.
            stay.over = stay.resumable
            raise

    async def WatchAnalysis(
        self, request: pb.WatchAnalysisRequest, context: ServerContext
    ) -> AsyncIterator[pb.WatchAnalysisResponse]:
        tenant = tenant_of(request)

        async def work(outbox: Outbox[pb.WatchAnalysisResponse]) -> None:
            async for heard in self._service.watch(tenant, request.run_id, request.resume_token):
                event = self._event(heard)
                await outbox.put(
                    pb.WatchAnalysisResponse(
                        sequence=heard.sequence, resume_token=heard.resume_token, event=event
                    )
                )

        def say(notice: Notice) -> pb.WatchAnalysisResponse:
            return pb.WatchAnalysisResponse(event=pb.AnalysisEvent(notice=server_notice(notice)))

        async with _closing(self._streams.relay(context, work, say, logged=True)) as items:
            async for item in items:
                yield item

    async def GetAnalysis(
        self, request: pb.GetAnalysisRequest, context: ServerContext
    ) -> pb.GetAnalysisResponse:
        run, result = await self._service.get(tenant_of(request), request.run_id)
        token = await self._service.token(run)
        response = pb.GetAnalysisResponse(run=convert.run(run, token))
        if result is not None:
            response.result.CopyFrom(convert.result(run, result, token))
            self._keep_back(response.result)
        return response

    async def ListAnalyses(
        self, request: pb.ListAnalysesRequest, context: ServerContext
    ) -> pb.ListAnalysesResponse:
        tenant = tenant_of(request)
        state = convert.state_from(int(request.state))
        schema_id = plain(request.schema_id, "schema_id")
        asked = PageRequest(tenant, f"runs {schema_id}\n{state}", request.page_size, request.page_token)
        size = pages.size_of(asked, PAGE)
        after = pages.creation(pages.position(asked, self._tokens))
        runs = await self._service.list(tenant, schema_id=schema_id, state=state, after=after, limit=size + 1)
        response = pb.ListAnalysesResponse(
            runs=[convert.run(run, await self._service.token(run)) for run in runs[:size]]
        )
        if len(runs) > size:
            last = runs[size - 1]
            at = pages.created(last.create_time, last.run_id)
            response.next_page_token = pages.sealed(asked, self._tokens, at)
        return response

    async def CancelAnalysis(
        self, request: pb.CancelAnalysisRequest, context: ServerContext
    ) -> pb.CancelAnalysisResponse:
        run = await self._service.cancel(tenant_of(request), request.run_id)
        return pb.CancelAnalysisResponse(run=convert.run(run, await self._service.token(run)))

    async def ApplySegment(
        self, request: pb.ApplySegmentRequest, context: ServerContext
    ) -> pb.ApplySegmentResponse:
        tenant = tenant_of(request)
        card_id = required(request.card_id, "card_id")
        name = convert_segments.name_from(request.name, "name")
        claim = claims.claim(request, "ApplySegment", tenant)
        run, result = await self._service.get(tenant, required(request.run_id, "run_id"))
        if result is None:
            raise RunNotFinished(
                f"run {run.run_id} is {run.state}; only the cards of one that has SUCCEEDED can be applied",
                state=run.state,
                wanted="SUCCEEDED",
            )
        found = next((each for each in result.segments if each.card_id == card_id), None)
        if found is None:
            raise NotFound(
                f"run {run.run_id} has no card {card_id[:80]!r}; GetAnalysis shows its cards",
                resourceType="card",
                resourceId=card_id[:80],
            )
        if request.use_best and not found.criteria_best:
            raise InvalidValue(
                f"card {card_id[:80]!r} has no criteria_best; leave use_best out to apply its rules",
                field="use_best",
                problem="range",
            )
        card = convert.card(found)
        card.name = name or card.name
        as_rules = bool(found.filter_rules) and not (request.use_criteria or request.use_best)
        criteria = found.criteria_best if request.use_best else found.criteria
        kept = convert_recommendations.applied(card, run.run_id, run.schema_id, criteria, as_rules=as_rules)
        made = await self._recommendations.apply(tenant, kept, now=self._now(), claim=claim)
        note(run=run.run_id, recommendation=made.recommendation_id)
        return pb.ApplySegmentResponse(
            recommendation_id=made.recommendation_id,
            cluster_size=card.size if card.HasField("size") else None,
            rule_size=made.rule_size,
            fidelity=card.fidelity,
        )

    def _event(self, heard: Heard) -> pb.AnalysisEvent:
        event = convert.event(heard.said, heard.resume_token)
        if event.HasField("result"):
            self._keep_back(event.result)
        return event

    def _keep_back(self, result: pb.AnalysisResult) -> None:
        if self._small_count > 1 and result.HasField("plots"):
            result.plots.ClearField("scatter")

    async def _start(
        self, request: Started, rpc: str, on_made: Callable[[str], None] | None = None
    ) -> pb.AnalysisRun:
        tenant = tenant_of(request)
        question = await self._question(request, tenant)
        claim = claims.claim(request, rpc, tenant)
        try:
            run = await self._service.start(
                question, confirmed=request.confirmed, claim=claim, on_made=on_made
            )
        except NeedsConfirmation as err:
            err.wire_detail = convert.short_estimate(err.estimate)
            raise
        note(run=run.run_id)
        return convert.run(run, await self._service.token(run))

    async def _question(
        self,
        request: pb.EstimateAnalysisRequest | pb.StartAnalysisRequest | pb.DiscoverRequest,
        tenant: str,
    ) -> Question:
        """What is asked, with the saved segments that `within` names: a worker cannot look them up."""
        own, named = parameters_from(request.parameters), named_in(request.parameters)
        parameters = await self._defaults.completed(tenant, own, named)
        saved = Saved()
        if parameters.within and request.schema_id:
            within = parse.loads(parameters.within)
            saved = await self._segments.saved(tenant, plain(request.schema_id, "schema_id"), within)
        return Question(tenant, request.schema_id, parameters, self._now(), saved=saved)


class _Stay:
    """How long the run of a Discover stays: it ends with its call, unless that is `over` in good order."""

    def __init__(self, context: ServerContext, end: Callable[[str], None]) -> None:
        self.over = False
        self.resumable = False
        self._context = context
        self._end = end
        self._run_id = ""
        self._left = False
        context.add_done_callback(self._leave)  # pyright: ignore[reportArgumentType]  # the stub forgot Protocol

    def own(self, run_id: str) -> None:
        """The run is this call's, which may be over by now."""
        self._run_id = run_id
        if self._left:
            self._end(run_id)

    def _leave(self, _: object) -> None:
        self._left = True
        stalled = self.resumable and self._context.code() == _STALLED
        if self._run_id and not self.over and not stalled:
            self._end(self._run_id)


def _closing(stream: AsyncIterator[M]) -> aclosing[AsyncGenerator[M]]:
    # An abandoned generator would leave its cleanup to the garbage collector.
    return aclosing(cast("AsyncGenerator[M]", stream))


def _refuse_beside_token(request: pb.DiscoverRequest) -> None:
    for field, _ in request.ListFields():
        if field.name not in {"resume_token", "tenant_id"}:
            raise InvalidValue(
                f"{field.name} must be empty beside resume_token: the run it resumes has been asked already",
                field=field.name,
                problem="range",
            )
