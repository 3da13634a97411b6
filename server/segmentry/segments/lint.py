"""What is odd about criteria that are to be kept: faults of their own, and saved segments nearly alike."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass

from segmentry.criteria import canonical, check, walk
from segmentry.criteria.check import Checked
from segmentry.criteria.dates import Clock
from segmentry.criteria.nodes import And, Event, Node, Segment
from segmentry.criteria.segments import Saved
from segmentry.customers.store import Count, CustomerStore, Table
from segmentry.errors import DeadlineExceeded, Diagnostic, Exhausted, Unavailable
from segmentry.segments.store import Kin, SegmentStore

# Saving waits no longer than this for what can be asked again.
LINT_S = 1.5
# Counted per lint; of the others one knows by their fields or their size that they are nothing alike.
MOST_COUNTED = 8
# From here on two segments are said to be nearly the same.
NEAR = 0.9
# A size that was counted some time ago may have moved; below half of the other one it is another segment.
_SIZE_APART = 0.5
_SIZE_EQUAL = 0.95

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class NearCopy:
    """A saved segment that selects nearly the same customers. Counts are None where they are kept back."""

    segment_id: str
    version: int
    name: str
    same_criteria: bool
    jaccard: float | None
    count: int | None
    both: int | None

    def diagnostic(self) -> Diagnostic:
        """The same as a warning about the whole."""
        if self.same_criteria:
            said = f"the same criteria as the segment {self.name!r} ({self.segment_id})"
        else:
            said = (
                f"nearly the same customers as the segment {self.name!r} ({self.segment_id}): "
                f"{self.both:,} are in both, {self.jaccard or 0:.0%} of those in either"
            )
        return Diagnostic("NEAR_COPY", "", f"{said}; name it with $segment instead", (), "warning", 5)


@dataclass(frozen=True, slots=True)
class Lint:
    """What there is to say, the criteria's own warnings first. `count`: members, None if not counted."""

    warnings: tuple[Diagnostic, ...]
    copies: tuple[NearCopy, ...] = ()
    count: Count | None = None


@dataclass(frozen=True, slots=True)
class Subject:
    """What is looked at: criteria in their table, at a moment. `but`: the segment they are of."""

    tenant: str
    table: Table
    node: Node
    saved: Saved
    clock: Clock
    but: str = ""


async def lint(subject: Subject, store: SegmentStore, customers: CustomerStore) -> Lint:
    """Everything odd about criteria. What cannot be looked at in time is said with LINT_INCOMPLETE.

    Raises: InvalidCriteria with every fault.
    """
    catalog = subject.table.catalog
    checked = await asyncio.to_thread(check.require, subject.node, catalog, subject.clock, subject.saved)
    try:
        async with asyncio.timeout(LINT_S):
            counted, copies = await _copies(subject, checked, store, customers)
    except (TimeoutError, Exhausted, Unavailable, DeadlineExceeded) as err:
        log.warning("criteria were not held against saved segments: %s", type(err).__name__)
        message = "not held against the saved segments in time; LintSegment asks again"
        return Lint((*checked.warnings, Diagnostic("LINT_INCOMPLETE", "", message, (), "warning", 5)))
    return Lint((*checked.warnings, *(each.diagnostic() for each in copies)), copies, counted)


async def _copies(
    subject: Subject, checked: Checked, store: SegmentStore, customers: CustomerStore
) -> tuple[Count, tuple[NearCopy, ...]]:
    tenant, table = subject.tenant, subject.table
    fingerprint = canonical.fingerprint(subject.node, table.catalog)
    kin = await store.kin(tenant, table.schema_id, fingerprint, but=subject.but)
    (own,) = await customers.count(tenant, table.schema_id, [checked.bound], subject.clock.as_of)
    chosen = await asyncio.to_thread(nearest, subject.node, own.matched, fingerprint, kin)
    found: list[NearCopy] = []
    if chosen:
        saved = await store.saved(tenant, table.schema_id, [each.node for each in chosen])
        bound = await asyncio.to_thread(
            lambda: [check.check(each.node, table.catalog, subject.clock, saved) for each in chosen]
        )
        # The catalog may have changed since a segment was saved.
        sound = [(each, one.bound) for each, one in zip(chosen, bound, strict=True) if not one.errors]
        asked: list[Node] = [node for _, theirs in sound for node in (theirs, And((checked.bound, theirs)))]
        counts = await customers.count(tenant, table.schema_id, asked, subject.clock.as_of) if asked else []
        for at, (each, _) in enumerate(sound):
            theirs, both = counts[2 * at].matched, counts[2 * at + 1].matched
            share = jaccard(own.matched, theirs, both)
            same = each.fingerprint == fingerprint
            if same or (share is not None and share >= NEAR):
                found.append(NearCopy(each.segment_id, each.version, each.name, same, share, theirs, both))
    found.sort(key=lambda copy: (not copy.same_criteria, -(copy.jaccard or 0.0)))
    return own, tuple(found)


def jaccard(one: int | None, other: int | None, both: int | None) -> float | None:
    """Customers of both as a share of those of either; None when there are none or a count is kept back.

    >>> jaccard(10, 8, 8), jaccard(0, 0, 0), jaccard(10, None, 4)
    (0.8, None, None)
    """
    if one is None or other is None or both is None or one + other - both <= 0:
        return None
    return min(1.0, both / (one + other - both))


def nearest(node: Node, size: int | None, fingerprint: str, kin: Sequence[Kin]) -> list[Kin]:
    """The saved segments worth counting: the same criteria first, then by what they ask about and size."""
    own = asked_about(node)
    ranked: list[tuple[float, int, Kin]] = []
    for at, each in enumerate(kin):
        alike = _alike(size, each.last_count)
        if each.fingerprint == fingerprint:
            score = 2.0
        elif alike is not None and alike < _SIZE_APART:
            continue
        else:
            theirs = asked_about(each.node)
            shared = len(own & theirs) / max(1, len(own | theirs))
            if not shared and (alike is None or alike < _SIZE_EQUAL):
                continue
            score = shared + (alike or 0.0) / 2
        ranked.append((-score, at, each))
    ranked.sort(key=lambda entry: entry[:2])
    return [each for _, _, each in ranked[:MOST_COUNTED]]


def asked_about(node: Node) -> frozenset[str]:
    """The fields, events and segments that criteria ask about."""
    named = {f"$event {each.name}" for each in walk.nodes(node) if isinstance(each, Event)}
    named |= {f"$segment {each.segment_id}" for each in walk.nodes(node) if isinstance(each, Segment)}
    return frozenset({*walk.fields(node), *named})


def _alike(one: int | None, other: int | None) -> float | None:
    """The smaller size as a share of the larger, which no overlap can exceed; None if one is unknown."""
    if one is None or other is None:
        return None
    return min(one, other) / max(one, other, 1)
