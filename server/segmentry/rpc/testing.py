"""Serves TestSegment: what must stay true of a segment, held against its table, with reasons."""

from __future__ import annotations

import asyncio
from datetime import datetime

from segmentry.builder.request import Place
from segmentry.criteria.nodes import Node
from segmentry.criteria.segments import Saved
from segmentry.errors import MissingField, NotFound
from segmentry.rpc import explaining
from segmentry.rpc.call import note
from segmentry.rpc.context import clock_of, tenant_of
from segmentry.rpc.convert import criteria
from segmentry.rpc.convert.segments import contract_from
from segmentry.rpc.convert.times import timestamp
from segmentry.segments.contract import Contract, Outcome, contract_of
from segmentry.segments.service import SegmentService
from segmentry.v1 import segment_builder_pb2 as pb

# Of failed tests of customers, those that are explained condition by condition.
MOST_EXPLAINED = 20


async def reply(
    request: pb.TestSegmentRequest, segments: SegmentService, now: datetime | None
) -> pb.TestSegmentResponse:
    """The reply of TestSegment.

    Raises: MissingField; NotFound; InvalidParameters for a contract that is none; InvalidCriteria; what the
    stores raise.
    """
    tenant = tenant_of(request)
    if not request.segment_id:
        raise MissingField("segment_id is needed; ListSegments names the segments", field="segment_id")
    version = request.version if request.HasField("version") else None
    kept = await segments.get(tenant, request.segment_id, version)
    node: Node = criteria.read(request.candidate) if request.HasField("candidate") else kept.node
    contract: Contract = (
        contract_from(request.contract, "contract")
        if request.HasField("contract")
        else contract_of(kept.contract)
    )
    table = await segments.table(tenant, kept.schema_id)
    clock = clock_of(request, table.catalog.time_zone, now)
    outcomes = await segments.test(tenant, kept, node, contract, clock)
    others = await segments.saved(tenant, kept.schema_id, node)
    saved = Saved({**others.criteria, (kept.segment_id, None): node}, others.names)
    place = Place(tenant, table.schema_id, table.catalog, clock, saved)
    results = [_result(each) for each in outcomes]
    explained = 0
    for each, result in zip(outcomes, results, strict=True):
        if each.passed is False and each.customer_id and explained < MOST_EXPLAINED:
            explained += 1
            await _explain(result, node, place, segments)
    note(schema=table.schema_id, tests=len(results), failed=sum(each.passed is False for each in outcomes))
    return pb.TestSegmentResponse(
        segment_id=kept.segment_id,
        version=kept.version,
        passed=_all([each.passed for each in outcomes]),
        results=results,
        as_of=timestamp(clock.as_of),
        time_zone=clock.zone.key,
    )


async def _explain(result: pb.SegmentTestResult, node: Node, place: Place, segments: SegmentService) -> None:
    """Add why the customer is in or out; nothing for a customer that the table does not have."""
    try:
        told = await explaining.member(node, result.customer_id, place, segments.customers)
    except NotFound:
        return
    await asyncio.to_thread(result.leaves.extend, told.leaves)
    result.flips.extend(told.flips)


def _all(passed: list[bool | None]) -> bool | None:
    if False in passed:
        return False
    return None if None in passed or not passed else True


def _result(outcome: Outcome) -> pb.SegmentTestResult:
    return pb.SegmentTestResult(
        kind=outcome.kind,
        customer_id=outcome.customer_id,
        bound=outcome.bound,
        passed=outcome.passed,
        message=outcome.message,
    )
