"""Serves SegmentBuilder: converts, asks the builder, converts back."""
# ruff: noqa: N802, ARG002  # methods are named by the contract, and few need the context

from __future__ import annotations

import hashlib
import uuid
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Generator
from contextlib import aclosing, contextmanager
from datetime import datetime
from time import perf_counter
from typing import cast

from segmentry.agents.counters import Counters
from segmentry.builder import export, preview
from segmentry.builder.aside import aside
from segmentry.builder.build import build
from segmentry.builder.events import Emit, Event, quiet
from segmentry.builder.outcome import ExpertUsage, Outcome, answered_alone, trees, words_read
from segmentry.builder.refine import refine
from segmentry.builder.request import Options, Place, refuse_words
from segmentry.criteria.nodes import And, Node
from segmentry.customers.store import CustomerStore
from segmentry.errors import InvalidResumeToken, NotBuilt, SegmentryError
from segmentry.insights.outcome_store import no_such_build
from segmentry.llm.model import NO_USAGE
from segmentry.rpc import context as contexts
from segmentry.rpc import explaining, outcomes
from segmentry.rpc.call import ServerContext, note, request_id
from segmentry.rpc.context import RequestContext
from segmentry.rpc.convert import build_events, catalog, criteria
from segmentry.rpc.convert import builder as convert
from segmentry.rpc.convert.export import export_response
from segmentry.rpc.outcomes import Learning
from segmentry.rpc.pages import MAX_PAGE, PageRequest, page
from segmentry.rpc.panels import NOBODY, Panels
from segmentry.rpc.relay import Notice, Outbox, Streams
from segmentry.rpc.segments import SavedSegments
from segmentry.rpc.status import reason_of
from segmentry.rpc.tokens import Tokens
from segmentry.segments.service import SegmentService
from segmentry.v1 import segment_builder_pb2 as pb

SERVICE = "segmentry.v1.SegmentBuilder"
_BUILD_IDS = uuid.uuid5(uuid.NAMESPACE_URL, "segmentry/builds")
_SCHEMAS_PER_PAGE = 50

_BuildRequest = pb.BuildRequest | pb.StreamBuildRequest
_RefineRequest = pb.RefineRequest | pb.StreamRefineRequest


class SegmentBuilder(SavedSegments):
    """`now` replaces the server's clock for requests that name no `as_of`; `panels`: the experts, if any.

    `counters` count what builds come to; `learning` keeps builds until somebody says what became of them.
    """

    def __init__(  # noqa: PLR0917 - the parts it is made of
        self,
        store: CustomerStore,
        streams: Streams,
        tokens: Tokens,
        segments: SegmentService,
        now: Callable[[], datetime] | None = None,
        panels: Panels = NOBODY,
        counters: Counters | None = None,
        learning: Learning | None = None,
    ) -> None:
        super().__init__(segments, tokens, now, None if learning is None else learning.outcomes.build)
        self._store = store
        self._streams = streams
        self._panels = panels
        self._counters = counters or Counters()
        self._learning = learning

    # --- words to criteria ------------------------------------------------------------------------

    async def Build(self, request: pb.BuildRequest, context: ServerContext) -> pb.BuildResponse:
        outcome = await self._build(request, quiet, context)
        return await aside(lambda: convert.build_response(outcome), *trees(outcome))

    async def StreamBuild(
        self, request: pb.StreamBuildRequest, context: ServerContext
    ) -> AsyncIterator[pb.StreamBuildResponse]:
        _refuse_detached(request)

        async def work(outbox: Outbox[pb.StreamBuildResponse]) -> None:
            outcome = await self._build(request, _into(outbox, pb.StreamBuildResponse), context)
            reply = await aside(lambda: convert.build_response(outcome), *trees(outcome))
            await outbox.put(pb.StreamBuildResponse(completed=reply))

        def notice(said: Notice) -> pb.StreamBuildResponse:
            return build_events.notice(said, pb.StreamBuildResponse)

        async with _closing(self._streams.relay(context, work, notice)) as messages:
            async for message in messages:
                yield message

    async def Refine(self, request: pb.RefineRequest, context: ServerContext) -> pb.RefineResponse:
        outcome = await self._refine(request, quiet, context)
        return await aside(lambda: convert.refine_response(outcome), *trees(outcome))

    async def StreamRefine(
        self, request: pb.StreamRefineRequest, context: ServerContext
    ) -> AsyncIterator[pb.StreamRefineResponse]:
        _refuse_detached(request)

        async def work(outbox: Outbox[pb.StreamRefineResponse]) -> None:
            outcome = await self._refine(request, _into(outbox, pb.StreamRefineResponse), context)
            reply = await aside(lambda: convert.refine_response(outcome), *trees(outcome))
            await outbox.put(pb.StreamRefineResponse(completed=reply))

        def notice(said: Notice) -> pb.StreamRefineResponse:
            return build_events.notice(said, pb.StreamRefineResponse)

        async with _closing(self._streams.relay(context, work, notice)) as messages:
            async for message in messages:
                yield message

    async def _build(self, request: _BuildRequest, emit: Emit, context: ServerContext) -> Outcome:
        refuse_words(request.query, "query")
        options = _options(request.options)
        where = await self._resolve(request)
        build_id = _build_id(where.tenant, "Build", request)
        note(build_id=build_id, model_calls=0)
        place = await contexts.place(where, self._segments)
        with self._timed(place.tenant, options):
            outcome = await build(
                request.query,
                place,
                options,
                where.store,
                build_id=build_id,
                emit=emit,
                panel=self._panels.of(where.tenant),
                bill=_billed,
            )
        return _noted(self._kept(outcome, request.query, None, place, options))

    async def _refine(self, request: _RefineRequest, emit: Emit, context: ServerContext) -> Outcome:
        refuse_words(request.instruction, "instruction")
        options = _options(request.options)
        current: Node = criteria.read(request, "current_criteria", "current_expression")
        where = await self._resolve(request)
        build_id = _build_id(where.tenant, "Refine", request)
        note(build_id=build_id, model_calls=0)
        place = await contexts.place(where, self._segments, current)
        with self._timed(place.tenant, options):
            outcome = await refine(
                request.instruction,
                current,
                place,
                options,
                where.store,
                build_id=build_id,
                emit=emit,
                panel=self._panels.of(where.tenant),
                bill=_billed,
            )
        return _noted(self._kept(outcome, request.instruction, current, place, options))

    @contextmanager
    def _timed(self, tenant: str, options: Options) -> Generator[None]:
        """Count how long an answer took, or why there was none."""
        started = perf_counter()
        try:
            yield
        except SegmentryError as error:
            self._counters.answers(tenant).failed[reason_of(error)] += 1
            raise
        if not options.dry_run:
            self._counters.answers(tenant).took(perf_counter() - started)

    def _kept(
        self, outcome: Outcome, words: str, current: Node | None, place: Place, options: Options
    ) -> Outcome:
        """Count an answer, and keep it until somebody says what became of it."""
        if options.dry_run:
            return outcome
        answers = self._counters.answers(place.tenant)
        answers.builds += 1
        answers.alone += answered_alone(outcome)
        answers.clarified += outcome.clarification is not None
        if outcome.result is not None:
            answers.tiers[outcome.tier] += 1
        accounted, n_words = words_read(outcome)
        answers.accounted, answers.words = answers.accounted + accounted, answers.words + n_words
        learning = self._learning
        return outcome if learning is None else learning.keep(outcome, words, current, place)

    # --- criteria, fields and tables --------------------------------------------------------------

    async def PreviewCount(
        self, request: pb.PreviewCountRequest, context: ServerContext
    ) -> pb.PreviewCountResponse:
        node = criteria.read(request)
        where = await self._resolve(request)
        place = await contexts.place(where, self._segments, node)
        count, notices = await preview.of_criteria(
            node, place, where.store, allow_estimate=request.allow_estimate
        )
        note(schema=where.schema_id, count="suppressed" if count.matched is None else count.matched)
        return convert.preview_response(count, notices, where)

    async def ExplainCount(
        self, request: pb.ExplainCountRequest, context: ServerContext
    ) -> pb.ExplainCountResponse:
        node = criteria.read(request)
        where = await self._resolve(request)
        return await explaining.count(node, await contexts.place(where, self._segments, node), where.store)

    async def ExplainMember(
        self, request: pb.ExplainMemberRequest, context: ServerContext
    ) -> pb.ExplainMemberResponse:
        node, customer_id = criteria.read(request), explaining.customer_id(request)
        where = await self._resolve(request)
        place = await contexts.place(where, self._segments, node)
        return await explaining.member(node, customer_id, place, where.store)

    async def CompareCriteria(
        self, request: pb.CompareCriteriaRequest, context: ServerContext
    ) -> pb.CompareCriteriaResponse:
        left, right = explaining.sides(request)
        where = await self._resolve(request)
        place = await contexts.place(where, self._segments, And((left, right)))
        return await explaining.compare(left, right, place, where.store)

    async def ExportCriteria(
        self, request: pb.ExportCriteriaRequest, context: ServerContext
    ) -> pb.ExportCriteriaResponse:
        node = criteria.read(request)
        where = await self._resolve(request)
        exported = await export.export(
            node,
            request.target,
            await contexts.place(where, self._segments, node),
            self._store,
            keep_placeholders=request.keep_placeholders,
            view=request.view,
        )
        note(schema=where.schema_id, target=request.target)
        return export_response(exported)

    async def ListFields(
        self, request: pb.ListFieldsRequest, context: ServerContext
    ) -> pb.ListFieldsResponse:
        tenant = contexts.tenant_of(request)
        table = await self._store.table(tenant, request.schema_id)
        version = str(table.catalog.version)
        scope = f"fields {version} {table.schema_id}"
        asked = PageRequest(tenant, scope, request.page_size, request.page_token)
        fields, token = page(table.catalog.visible, asked, self._tokens, MAX_PAGE)
        return pb.ListFieldsResponse(
            fields=[catalog.field_message(field) for field in fields],
            next_page_token=token,
            catalog_version=version,
        )

    async def ListSchemas(
        self, request: pb.ListSchemasRequest, context: ServerContext
    ) -> pb.ListSchemasResponse:
        tenant = contexts.tenant_of(request)
        tables = await self._store.tables(tenant)
        asked = PageRequest(tenant, "schemas", request.page_size, request.page_token)
        shown, token = page(tables, asked, self._tokens, _SCHEMAS_PER_PAGE)
        return pb.ListSchemasResponse(
            schemas=[catalog.schema_message(table) for table in shown], next_page_token=token
        )

    async def _resolve(self, request: contexts.TableRequest) -> RequestContext:
        return await contexts.resolve(request, self._store, self._now() if self._now else None)

    async def RecordOutcome(
        self, request: pb.RecordOutcomeRequest, context: ServerContext
    ) -> pb.RecordOutcomeResponse:
        if self._learning is None:
            raise no_such_build(request.build_id)
        return await outcomes.record(request, self._learning, self._store, self._segments)


def _closing(messages: AsyncIterator[build_events.M]) -> aclosing[AsyncGenerator[build_events.M]]:
    # Left to itself, the inner generator would be cleaned up by a finaliser some time later.
    return aclosing(cast("AsyncGenerator[build_events.M]", messages))


def _into(outbox: Outbox[build_events.M], kind: type[build_events.M]) -> Callable[[Event], Awaitable[None]]:
    async def emit(event: Event) -> None:
        message, key = build_events.message(event, kind, request_id())
        await outbox.put(message, key)

    return emit


def _options(message: pb.BuildOptions) -> Options:
    if message.channel:
        raise NotBuilt(
            "options.channel is part of the contract and not built yet; leave it out and name the consent, "
            "such as 'with email opt-in'",
            field="options.channel",
        )
    return convert.options(message)


def _refuse_detached(request: pb.StreamBuildRequest | pb.StreamRefineRequest) -> None:
    """Refuse what only detached builds have; nothing is kept of a build when its caller goes away."""
    if request.resume_token:
        raise InvalidResumeToken(
            "resume_token was not issued by this service: it keeps no detached builds; send the query again",
            field="resume_token",
        )
    if request.detached:
        raise NotBuilt(
            "detached builds are part of the contract and not built yet; leave detached out", field="detached"
        )


def _build_id(tenant: str, rpc: str, request: _BuildRequest | _RefineRequest) -> str:
    """A new id, or with a `request_id` always the same one for the same request of a tenant."""
    if not request.request_id:
        return f"b_{uuid.uuid4().hex}"
    body = hashlib.sha256(request.SerializeToString(deterministic=True)).hexdigest()
    return f"b_{uuid.uuid5(_BUILD_IDS, f'{rpc}:{body}:{tenant}').hex}"


def _noted(outcome: Outcome) -> Outcome:
    note(tier=outcome.tier)
    if outcome.clarification is not None:
        note(clarification=outcome.clarification.reason)
    return outcome


def _billed(experts: tuple[ExpertUsage, ...]) -> None:
    """What was asked of the model, in the RPC's log line: numbers and versions, nothing of any text."""
    used = sum((each.usage for each in experts), NO_USAGE)
    note(
        model_calls=used.calls,
        prompt_tokens=used.prompt_tokens,
        completion_tokens=used.completion_tokens,
        cached_tokens=used.cached_tokens,
        prompts=",".join(f"{each.agent}={each.prompt_version}" for each in experts),
    )
    # Of a model whose price is not known nothing is said: 0 would be a price.
    if used.cost_usd is not None:
        note(cost_usd=round(used.cost_usd, 9))
    if used.estimated:
        note(estimated=True)
