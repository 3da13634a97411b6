"""What becomes of the segments that refer to one, when its criteria change."""

from __future__ import annotations

import asyncio

from segmentry.criteria import segments
from segmentry.criteria.nodes import Node
from segmentry.criteria.segments import Saved
from segmentry.errors import CriteriaTooComplex
from segmentry.segments.lookup import Reader, closure
from segmentry.segments.record import SavedSegment, node_of

# A reference without a version is to the latest one; who pins an older version sees no change.
DEPENDANTS = (
    "WITH RECURSIVE used (segment_id, version) AS ("
    "SELECT r.segment_id, r.version FROM segment_reference r "
    "WHERE r.target = $2 AND r.target_version IS NULL "
    "UNION SELECT r.segment_id, r.version FROM used u JOIN segment t ON t.segment_id = u.segment_id "
    "JOIN segment_reference r ON r.target = u.segment_id "
    "AND (r.target_version = u.version OR (r.target_version IS NULL AND t.latest = u.version))) "
    "SELECT u.segment_id, v.name, v.criteria FROM used u "
    "JOIN segment s ON s.segment_id = u.segment_id AND s.latest = u.version AND s.tenant = $1 "
    "JOIN segment_version v ON v.segment_id = s.segment_id AND v.version = s.latest "
    "WHERE v.state <> 'ARCHIVED' AND u.segment_id <> $2 ORDER BY u.segment_id"
)


async def refuse_growth(reader: Reader, tenant: str, before: SavedSegment, after: Node) -> None:
    """Refuse new criteria with which a segment that refers to this one would be beyond the limits.

    One that is beyond them already keeps nobody from anything. `reader` is the transaction of the change.

    Raises: CriteriaTooComplex (limit, actual, maximum, segmentId) naming the dependant.
    """
    segment_id, schema_id = before.segment_id, before.schema_id
    rows = await reader.fetch(DEPENDANTS, tenant, segment_id)
    if not rows:
        return
    named = (await closure(reader, tenant, schema_id, [after])).criteria
    for row in rows:
        dependant, node = row.text("segment_id"), await asyncio.to_thread(node_of, row.text("criteria"))
        try:
            theirs = (await closure(reader, tenant, schema_id, [node])).criteria
        except CriteriaTooComplex:
            continue
        fault = await asyncio.to_thread(_fault, node, Saved({**named, **theirs, (segment_id, None): after}))
        if fault is None or await asyncio.to_thread(
            _fault, node, Saved({**theirs, (segment_id, None): before.node})
        ):
            continue
        error = CriteriaTooComplex(
            f"the segment {row.text('name')!r} ({dependant}) refers to this one, and with these criteria "
            f"its {fault.message}; make them smaller, or let it pin the present version",
            segmentId=dependant,
        )
        error.metadata.update({key: fault.metadata[key] for key in ("limit", "actual", "maximum")})
        raise error


def _fault(node: Node, saved: Saved) -> CriteriaTooComplex | None:
    faults = segments.Expansion(node, saved).faults
    return next((fault for fault in faults if isinstance(fault, CriteriaTooComplex)), None)
