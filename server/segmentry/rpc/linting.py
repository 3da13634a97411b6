"""Serves LintSegment, and says the same when a segment is saved."""

from __future__ import annotations

import asyncio
from datetime import datetime

from segmentry.builder import preview
from segmentry.builder.outcome import Notice
from segmentry.criteria.nodes import Node
from segmentry.errors import MissingField
from segmentry.rpc.call import note
from segmentry.rpc.context import clock_of, plain, tenant_of
from segmentry.rpc.convert import criteria
from segmentry.rpc.convert.builder import warning
from segmentry.rpc.convert.times import timestamp
from segmentry.segments.lint import Lint, NearCopy
from segmentry.segments.service import SegmentService
from segmentry.v1 import events_pb2
from segmentry.v1 import segment_builder_pb2 as pb


async def reply(
    request: pb.LintSegmentRequest, segments: SegmentService, now: datetime | None
) -> pb.LintSegmentResponse:
    """The reply of LintSegment.

    Raises: MissingField without criteria and segment; NotFound; InvalidCriteria; as `SegmentService.lint`.
    """
    tenant = tenant_of(request)
    schema_id = plain(request.schema_id, "schema_id")
    given = request.HasField("criteria") or request.HasField("expression")
    node: Node | None = criteria.read(request) if given else None
    if node is None and not request.segment_id:
        raise MissingField(
            "criteria are needed, or the segment_id of a saved segment whose criteria are meant",
            field="criteria",
        )
    if request.segment_id:
        kept = await segments.get(tenant, request.segment_id)
        node, schema_id = node or kept.node, schema_id or kept.schema_id
    assert node is not None
    table = await segments.table(tenant, schema_id)
    clock = clock_of(request, table.catalog.time_zone, now)
    found = await segments.lint(tenant, table, node, clock, but=request.segment_id)
    note(schema=table.schema_id, warnings=len(found.warnings))
    return pb.LintSegmentResponse(
        warnings=await asyncio.to_thread(warnings, node, found),
        near_copies=[_near(each) for each in found.copies],
        as_of=timestamp(clock.as_of),
        time_zone=clock.zone.key,
    )


def warnings(node: Node, found: Lint) -> list[events_pb2.Warning]:
    """What is odd, as it travels: the criteria's own faults, then what their count says, then copies."""
    notices = preview.notices(found.warnings)
    counted = preview.of_count(node, found.count) if found.count is not None else ()
    return [warning(each) for each in (*notices, *counted)]


def incomplete() -> events_pb2.Warning:
    """Said when nothing could be looked at."""
    return warning(Notice("LINT_INCOMPLETE", "the segment was saved and not looked at; ask LintSegment"))


def _near(copy: NearCopy) -> pb.NearCopy:
    return pb.NearCopy(
        segment_id=copy.segment_id,
        version=copy.version,
        name=copy.name,
        same_criteria=copy.same_criteria,
        jaccard=copy.jaccard,
        count=copy.count,
        both_count=copy.both,
    )
