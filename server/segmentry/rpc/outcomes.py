"""Serves RecordOutcome, and keeps the answers that it is about."""
# methods are named by the contract, and few need the context

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from segmentry.builder.outcome import Notice, Outcome
from segmentry.builder.request import Place
from segmentry.criteria import zones
from segmentry.criteria.dates import Clock
from segmentry.criteria.nodes import Node
from segmentry.customers.store import CustomerStore
from segmentry.errors import InvalidCriteria, InvalidValue
from segmentry.insights.build_log import BuildLog
from segmentry.insights.builds import KeptBuild
from segmentry.insights.outcomes import Final, OutcomeService, refuse_final
from segmentry.rpc import claims, explaining
from segmentry.rpc.call import note
from segmentry.rpc.context import plain, required, tenant_of
from segmentry.rpc.convert import outcomes as convert
from segmentry.segments.service import SegmentService
from segmentry.v1 import segment_builder_pb2 as pb

_NOT_KEPT = Notice(
    "BUILD_NOT_KEPT",
    "the state store is away: this build waits in memory, and RecordOutcome will not know it if the server "
    "ends before the store is back",
)


@dataclass(frozen=True, slots=True)
class Learning:
    """What a server learns from its answers with: the log of builds, and what became of them."""

    log: BuildLog
    outcomes: OutcomeService

    def keep(self, outcome: Outcome, words: str, current: Node | None, place: Place) -> Outcome:
        """Keep an answer beside the request; the answer says so where that may come to nothing."""
        if not self.log.keeps:
            return outcome
        now = datetime.now(UTC)
        self.log.offer(lambda: convert.kept(outcome, words, current, place, now))
        return replace(outcome, warnings=(*outcome.warnings, _NOT_KEPT)) if self.log.away else outcome


async def record(
    request: pb.RecordOutcomeRequest, learning: Learning, store: CustomerStore, segments: SegmentService
) -> pb.RecordOutcomeResponse:
    """The reply of RecordOutcome.

    Raises: MissingField, InvalidValue, InvalidParameters; NotFound for a build that is not kept or another
    tenant's; InvalidCriteria with every fault of the final criteria; AlreadyExists for a request id that was
    used for another report; Unavailable, StoreBusy.
    """
    tenant, build_id = tenant_of(request), required(request.build_id, "build_id")
    said = convert.said_of(int(request.outcome))
    comment = _comment(request.comment)
    claim = claims.claim(request, "RecordOutcome", tenant)
    node = explaining.side("final", request.final) if request.HasField("final") else None
    build = await learning.outcomes.build(tenant, build_id)
    refuse_final(build, said, given=node is not None)
    final = None if node is None else await _checked(node, build, store, segments)
    found = await learning.outcomes.record(build, said, final, comment, claim)
    note(build_id=build_id, schema=build.schema_id, outcome=said, change=found.edit.change)
    return await asyncio.to_thread(convert.recorded, found, build_id)


async def _checked(node: Node, build: KeptBuild, store: CustomerStore, segments: SegmentService) -> Final:
    pinned = await store.pinned(build.tenant, build.schema_id)
    table = await pinned.table(build.tenant, build.schema_id)
    clock = Clock(build.as_of, zones.zone(build.time_zone))
    saved = await segments.saved(build.tenant, build.schema_id, node)
    place = Place(build.tenant, build.schema_id, table.catalog, clock, saved)
    checked = await asyncio.to_thread(place.check, node)
    if checked.errors:
        raise InvalidCriteria(explaining.of_side("final", checked.errors))
    return Final(checked.node, table.catalog, clock)


def _comment(text: str) -> str:
    if len(text) > convert.MOST_COMMENT:
        raise InvalidValue(
            f"comment has {len(text):,} characters, limit {convert.MOST_COMMENT:,}",
            field="comment",
            problem="range",
        )
    return plain(text, "comment")
