"""Whether what a tenant keeps still fits its table: saved segments, rules in use, cards of the last run."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from segmentry.criteria import check
from segmentry.criteria.dates import Clock
from segmentry.criteria.nodes import Node
from segmentry.criteria.segments import Saved
from segmentry.customers.store import CustomerStore, Table
from segmentry.errors import DeadlineExceeded, Diagnostic, Exhausted, InvalidRequest, Unavailable
from segmentry.insights.counting import drifted, node_of
from segmentry.insights.readiness import Finding

COUNT_S = 2.0
# A segment of a run has moved when its share of the table differs by so much.
MOVED_SHARE = 0.05

Kind = Literal["segment", "rule", "card"]
# The saved segments of a tenant's table that trees name.
SavedByTrees = Callable[..., Awaitable[Saved]]

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Kept:
    """Criteria as JSON text under an id. `matched` of `rows` customers matched when last counted."""

    kind: Kind
    resource_id: str
    name: str
    criteria: str
    matched: int | None = None
    rows: int | None = None


@dataclass(frozen=True, slots=True)
class _Sound:
    kept: Kept
    bound: Node


_ADVICE: dict[Kind, str] = {
    "segment": "update the segment, or delete it if nobody needs it",
    "rule": "archive the rule, and make a new one of a discovery on the table as it is",
    "card": "run a discovery again",
}


@dataclass(frozen=True, slots=True)
class Place:
    """Whose table is asked, in which store; `saved` finds what trees name."""

    customers: CustomerStore
    saved: SavedByTrees
    tenant: str
    table: Table


async def findings(place: Place, kept: Sequence[Kept], now: datetime) -> list[Finding]:
    """What no longer fits, matches nobody, or has moved. Raises: what the state store raises."""
    table = place.table
    clock = Clock.at(now, table.catalog.time_zone)
    found: list[Finding] = []
    sound: list[_Sound] = []
    nodes = await asyncio.to_thread(lambda: [node_of(each.criteria) for each in kept])
    known = await _saved(place, nodes)
    for each, node, names in zip(kept, nodes, known, strict=True):
        checked = await asyncio.to_thread(check.check, node, table.catalog, clock, names)
        if checked.errors:
            found.append(_broken(each, checked.errors[0]))
        else:
            sound.append(_Sound(each, checked.bound))
    if not table.rows:
        return found
    for each, matched in zip(sound, await _counts(place, sound, clock), strict=True):
        if matched is not None:
            found += _counted(each.kept, matched, table.rows)
    return found


async def _saved(place: Place, nodes: Sequence[Node]) -> list[Saved]:
    """What each tree names: asked for together, and one by one where one of them leads too far."""
    saved, tenant, schema_id = place.saved, place.tenant, place.table.schema_id
    try:
        together = await saved(tenant, schema_id, *nodes)
    except InvalidRequest:
        apart: list[Saved] = []
        for node in nodes:
            try:
                apart.append(await saved(tenant, schema_id, node))
            except InvalidRequest:
                # The check says of such a tree that what it names is not there.
                apart.append(Saved())
        return apart
    return [together] * len(nodes)


async def _counts(place: Place, sound: Sequence[_Sound], clock: Clock) -> list[int | None]:
    if not sound:
        return []
    try:
        async with asyncio.timeout(COUNT_S):
            counts = await place.customers.count(
                place.tenant, place.table.schema_id, [each.bound for each in sound], clock.as_of
            )
    except (TimeoutError, Exhausted, Unavailable, DeadlineExceeded) as err:
        log.warning("what a tenant keeps was not counted: %s", type(err).__name__)
        return [None] * len(sound)
    return [each.matched for each in counts]


def _broken(kept: Kept, fault: Diagnostic) -> Finding:
    """The code and the place alone: the fault's own words may repeat values."""
    if fault.code == "INVALID_FIELD" and fault.field:
        said = f"names the field {fault.field}, which the table does not have"
    else:
        said = f"no longer fits the table ({fault.code}{f' at {fault.path}' if fault.path else ''})"
    return Finding(
        "CRITERIA_BROKEN",
        "DEGRADED",
        f"{_called(kept)} {said}",
        _ADVICE[kept.kind],
        field=fault.field,
        resource_id=kept.resource_id,
    )


def _counted(kept: Kept, matched: int, rows: int) -> list[Finding]:
    if matched == 0:
        return [
            Finding(
                "MATCHES_NOBODY",
                "DEGRADED",
                f"{_called(kept)} matches no customer now",
                _ADVICE[kept.kind],
                resource_id=kept.resource_id,
                value=0,
            )
        ]
    if kept.kind == "card" and kept.matched is not None and kept.rows:
        before, share = kept.matched / kept.rows, matched / rows
        if abs(share - before) > MOVED_SHARE:
            return [
                Finding(
                    "SEGMENT_MOVED",
                    "DEGRADED",
                    f"{_called(kept)} holds {100 * share:.0f} % of customers now, {100 * before:.0f} % then",
                    _ADVICE["card"],
                    resource_id=kept.resource_id,
                    value=round(share - before, 4),
                    limit=MOVED_SHARE,
                )
            ]
        return []
    moved = drifted(kept.matched, matched)
    if not moved:
        return []
    return [
        Finding(
            "DRIFTED",
            "READY",
            f"{_called(kept)}: {moved}",
            "look whether it is still meant so, and save it again to keep the new count",
            resource_id=kept.resource_id,
            value=matched,
        )
    ]


def _called(kept: Kept) -> str:
    noun = "segment of the last discovery" if kept.kind == "card" else kept.kind
    return f"{noun} {kept.name[:60]!r}"
