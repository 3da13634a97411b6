"""Whether a change keeps what must stay true: of the segment itself, and of those that name it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from segmentry.criteria import check
from segmentry.criteria.dates import Clock
from segmentry.criteria.nodes import Node
from segmentry.criteria.segments import Saved
from segmentry.customers.store import CustomerStore, Table
from segmentry.errors import SegmentTestsFailed
from segmentry.segments.contract import Contract, Held, Outcome, contract_of, failed, run
from segmentry.segments.record import SavedSegment
from segmentry.segments.store import SegmentStore

# Of the segments that name a changed one, those that are tested before the change is kept.
MOST_DEPENDANTS = 20
_MOST_TOLD = 5


@dataclass(frozen=True, slots=True)
class Where:
    """The tenant, its table, the clock, and who answers."""

    tenant: str
    table: Table
    clock: Clock
    customers: CustomerStore


async def outcomes(contract: Contract, node: Node, saved: Saved, where: Where) -> tuple[Outcome, ...]:
    """Every test of a contract on those criteria.

    Raises: InvalidCriteria; what the store raises.
    """
    if not contract:
        return ()
    checked = await asyncio.to_thread(check.require, node, where.table.catalog, where.clock, saved)
    held = Held(where.tenant, where.table.schema_id, checked.bound, where.clock.as_of)
    return await run(contract, held, where.customers)


async def broken(
    contract: Contract,
    node: Node,
    saved: Saved,
    where: Where,
    before: tuple[SavedSegment, Saved] | None = None,
) -> tuple[Outcome, ...]:
    """The tests that fail, and that the segment as it was `before` did not have or passed.

    What failed before is not broken by the change: customers move by themselves.
    """
    failing = failed(await outcomes(contract, node, saved, where))
    if not failing or before is None:
        return failing
    segment, saved_before = before
    known = contract_of(segment.contract)
    earlier = failed(await outcomes(known, segment.node, saved_before, where))
    already = {each.test for each in earlier}
    return tuple(each for each in failing if each.test not in already)


async def broken_dependants(
    before: SavedSegment, node: Node, where: Where, store: SegmentStore
) -> dict[str, tuple[Outcome, ...]]:
    """By id, the tests of segments that name this one and pass now, and fail with the new criteria."""
    found: dict[str, tuple[Outcome, ...]] = {}
    tenant = where.tenant
    for each in (await store.tested_dependants(tenant, before.segment_id))[:MOST_DEPENDANTS]:
        saved = await store.saved(tenant, before.schema_id, [each.node, node])
        after = Saved({**saved.criteria, (before.segment_id, None): node}, saved.names)
        lost = await broken(contract_of(each.contract), each.node, after, where, (each, saved))
        if lost:
            found[each.segment_id] = lost
    return found


def told(own: Sequence[Outcome], others: dict[str, tuple[Outcome, ...]]) -> tuple[str, ...]:
    """Every broken test, for people."""
    return (
        *(each.message for each in own),
        *(f"{segment_id}: {each.message}" for segment_id, lost in others.items() for each in lost),
    )


def refuse(segment_id: str, messages: Sequence[str]) -> None:
    """Raises: SegmentTestsFailed when a test is broken."""
    if not messages:
        return
    more = f", and {len(messages) - _MOST_TOLD} more" if len(messages) > _MOST_TOLD else ""
    raise SegmentTestsFailed(
        f"these criteria break what must stay true: {'; '.join(messages[:_MOST_TOLD])}{more}; "
        "change them, change the contract, or send force",
        segmentId=segment_id,
        tests="\n".join(each[:200] for each in messages[:20]),
    )
