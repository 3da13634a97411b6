"""Serves the saved segments of SegmentBuilder: converts, asks the service, converts back."""
# ruff: noqa: N802, ARG002  # methods are named by the contract, and few need the context

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime

from segmentry.criteria.nodes import Node
from segmentry.errors import MissingField, NotFound, SegmentryError
from segmentry.insights.builds import KeptBuild
from segmentry.rpc import claims, linting, pages, testing
from segmentry.rpc.call import ServerContext, note, principal
from segmentry.rpc.context import plain, tenant_of
from segmentry.rpc.convert import segments as convert
from segmentry.rpc.pages import PageRequest
from segmentry.rpc.tokens import Tokens
from segmentry.segments.origin import Origin, ReadLeaf
from segmentry.segments.record import SavedSegment
from segmentry.segments.service import SegmentService
from segmentry.v1 import events_pb2
from segmentry.v1 import segment_builder_pb2 as pb
from segmentry.v1 import segment_builder_pb2_grpc as grpc_stubs

PAGE = 50

# A build that is kept; NotFound for one that is not, or is another tenant's.
KeptBuilds = Callable[[str, str], Awaitable[KeptBuild]]

log = logging.getLogger(__name__)


class SavedSegments(grpc_stubs.SegmentBuilderServicer):
    """The RPCs of saved segments. `now` replaces the server's clock."""

    def __init__(
        self,
        segments: SegmentService,
        tokens: Tokens,
        now: Callable[[], datetime] | None = None,
        builds: KeptBuilds | None = None,
    ) -> None:
        self._builds = builds
        self._segments = segments
        self._tokens = tokens
        self._now = now

    async def CreateSegment(
        self, request: pb.CreateSegmentRequest, context: ServerContext
    ) -> pb.CreateSegmentResponse:
        tenant = tenant_of(request)
        claim = claims.claim(request, "CreateSegment", tenant)
        wanted = convert.definition(request.segment, force=request.force)
        wanted = replace(wanted, origin=await self._origin(tenant, wanted.origin))
        schema_id = plain(request.segment.schema_id, "segment.schema_id")
        now = self._instant()
        saved = await self._segments.create(
            tenant, schema_id, wanted, author=principal().name, now=now, claim=claim
        )
        odd = await self._odd(saved, wanted.node, tenant, now)
        return pb.CreateSegmentResponse(segment=_noted(saved), warnings=odd)

    async def GetSegment(
        self, request: pb.GetSegmentRequest, context: ServerContext
    ) -> pb.GetSegmentResponse:
        tenant, segment_id = tenant_of(request), _segment_id(request.segment_id, "segment_id")
        version = request.version if request.HasField("version") else None
        return pb.GetSegmentResponse(segment=_noted(await self._segments.get(tenant, segment_id, version)))

    async def ListSegments(
        self, request: pb.ListSegmentsRequest, context: ServerContext
    ) -> pb.ListSegmentsResponse:
        tenant = tenant_of(request)
        state = convert.state_from(int(request.state), "state")
        segment_id = request.segment_id
        scope = f"segments {segment_id} {state}"
        asked = PageRequest(tenant, scope, request.page_size, request.page_token)
        size = pages.size_of(asked, PAGE)
        most = size + 1
        at = pages.position(asked, self._tokens)
        if segment_id:
            after = int(at or 0)
            found = await self._segments.versions(tenant, segment_id, state=state, after=after, limit=most)
        else:
            since = pages.creation(at)
            found = await self._segments.list(tenant, state=state, after=since, limit=most)
        shown = found[:size]
        token = ""
        if len(found) > size:
            last = shown[-1]
            end = str(last.version) if segment_id else pages.created(last.create_time, last.segment_id)
            token = pages.sealed(asked, self._tokens, end)
        # A page of 500 large definitions takes longer than the loop may stand still.
        messages = await asyncio.to_thread(convert.segments, shown)
        return pb.ListSegmentsResponse(segments=messages, next_page_token=token)

    async def UpdateSegment(
        self, request: pb.UpdateSegmentRequest, context: ServerContext
    ) -> pb.UpdateSegmentResponse:
        tenant = tenant_of(request)
        segment_id = _segment_id(request.segment.segment_id, "segment.segment_id")
        etag = _etag(request.segment.etag, "segment.etag")
        claim = claims.claim(request, "UpdateSegment", tenant)
        change = convert.change(request.segment, request.update_mask, force=request.force)
        if change.origin is not None:
            change = replace(change, origin=await self._origin(tenant, change.origin))
        now = self._instant()
        saved = await self._segments.update(
            tenant, segment_id, etag, change, author=principal().name, now=now, claim=claim
        )
        odd = [] if change.node is None else await self._odd(saved, change.node, tenant, now)
        return pb.UpdateSegmentResponse(segment=_noted(saved), warnings=odd)

    async def DeleteSegment(
        self, request: pb.DeleteSegmentRequest, context: ServerContext
    ) -> pb.DeleteSegmentResponse:
        tenant, segment_id = tenant_of(request), _segment_id(request.segment_id, "segment_id")
        etag = _etag(request.etag, "etag")
        return pb.DeleteSegmentResponse(
            segment=_noted(await self._segments.archive(tenant, segment_id, etag, author=principal().name))
        )

    async def TestSegment(
        self, request: pb.TestSegmentRequest, context: ServerContext
    ) -> pb.TestSegmentResponse:
        return await testing.reply(request, self._segments, self._now() if self._now else None)

    async def LintSegment(
        self, request: pb.LintSegmentRequest, context: ServerContext
    ) -> pb.LintSegmentResponse:
        return await linting.reply(request, self._segments, self._now() if self._now else None)

    async def _origin(self, tenant: str, named: Origin) -> Origin:
        """What is kept of the build that was named; the id alone where nothing is."""
        if not named.build_id or self._builds is None:
            return named
        try:
            build = await self._builds(tenant, named.build_id)
        except NotFound:
            return named
        leaves = (
            ReadLeaf(each.agent, each.prompt_version, each.phrase) for each in build.leaves if each.agent
        )
        return Origin(named.build_id, build.query, tuple(leaves))

    async def _odd(
        self, saved: SavedSegment, node: Node, tenant: str, now: datetime
    ) -> list[events_pb2.Warning]:
        """What is odd about what has been saved: by now nothing of it may fail the call."""
        try:
            found = await self._segments.lint_kept(saved, node, tenant, now)
        except SegmentryError as err:
            log.warning("a segment was saved and not looked at: %s", type(err).__name__)
            return [linting.incomplete()]
        return linting.warnings(node, found)

    def _instant(self) -> datetime:
        return self._now() if self._now else datetime.now(UTC).replace(microsecond=0)


def _segment_id(segment_id: str, field: str) -> str:
    if not segment_id:
        raise MissingField(f"{field} is needed; ListSegments names the segments", field=field)
    return segment_id


def _etag(etag: str, field: str) -> str:
    if not etag:
        raise MissingField(f"{field} is needed: the etag of the version that was read", field=field)
    return etag


def _noted(saved: SavedSegment) -> pb.Segment:
    note(segment=saved.segment_id, version=saved.version)
    return convert.segment(saved)
