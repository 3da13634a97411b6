"""Saved segments as a service: what is saved was checked and counted, and what is named is looked up.

Nothing of the state store is opened before a segment is saved, read or named.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from datetime import datetime

from segmentry.criteria import canonical, check
from segmentry.criteria.dates import Clock
from segmentry.criteria.nodes import Node
from segmentry.criteria.segments import Saved, references
from segmentry.customers.store import CustomerStore, Table
from segmentry.errors import DeadlineExceeded, Exhausted, InvalidState, Unavailable
from segmentry.segments import testing
from segmentry.segments.contract import NOTHING, Contract, Outcome, contract_of
from segmentry.segments.lint import Lint, Subject, lint
from segmentry.segments.origin import BY_HAND, Origin
from segmentry.segments.record import ARCHIVED, Content, SavedSegment, State
from segmentry.segments.store import SegmentStore
from segmentry.state.database import Database
from segmentry.state.idempotency import Claim

# Saving waits no longer than this for a figure that can be had later.
COUNT_S = 2.0

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Definition:
    """What a caller wants to keep."""

    name: str
    description: str
    node: Node
    state: State = "ACTIVE"
    origin: Origin = BY_HAND
    contract: Contract = NOTHING
    force: bool = False


@dataclass(frozen=True, slots=True)
class Change:
    """What a caller wants to change; None leaves it as it is."""

    name: str | None = None
    description: str | None = None
    node: Node | None = None
    state: State | None = None
    contract: Contract | None = None
    force: bool = False
    # With other criteria and without it: they were written by hand.
    origin: Origin | None = None


class SegmentService:
    """Saved segments of all tenants, over the customers that they select."""

    def __init__(self, database: Database, customers: CustomerStore) -> None:
        self._store = SegmentStore(database)
        self._customers = customers

    @property
    def customers(self) -> CustomerStore:
        """The customers that the segments select."""
        return self._customers

    async def saved(self, tenant: str, schema_id: str, *nodes: Node) -> Saved:
        """Everything that those trees name, directly and through other segments.

        Without a `$segment` in them nothing is asked of the state store.

        Raises: CriteriaTooComplex; Unavailable or StoreBusy of the state store.
        """
        if not any(references(node) for node in nodes):
            return Saved()
        return await self._store.saved(tenant, schema_id, nodes)

    async def create(
        self,
        tenant: str,
        schema_id: str,
        wanted: Definition,
        *,
        now: datetime,
        author: str = "",
        claim: Claim | None = None,
    ) -> SavedSegment:
        """Save version 1, or return what the same claim saved before. No `schema_id` means the default table.

        Raises: NotFound for the table; InvalidCriteria with every fault; SegmentTestsFailed without `force`;
        AlreadyExists; as the stores.
        """
        if claim is not None and (earlier := await self._store.made_by(tenant, claim)) is not None:
            return earlier
        table = await self._customers.table(tenant, schema_id)
        saved = await self.saved(tenant, table.schema_id, wanted.node)
        n_matched = await self._checked_count(tenant, table, wanted.node, saved, now)
        where = testing.Where(tenant, table, Clock.at(now, table.catalog.time_zone), self._customers)
        lost = testing.told(await testing.broken(wanted.contract, wanted.node, saved, where), {})
        if not wanted.force:
            testing.refuse("", lost)
        content = Content(
            wanted.name,
            wanted.description,
            wanted.state,
            wanted.node,
            canonical.fingerprint(wanted.node, table.catalog),
            str(table.catalog.version),
            author,
            wanted.origin,
            n_matched,
            wanted.contract.text(),
            lost,
        )
        return await self._store.create(tenant, table.schema_id, content, claim)

    async def update(
        self,
        tenant: str,
        segment_id: str,
        etag: str,
        change: Change,
        *,
        now: datetime,
        author: str = "",
        claim: Claim | None = None,
    ) -> SavedSegment:
        """Add a version with the change, or return the one that the same claim added before.

        Raises: NotFound; VersionMismatch; InvalidState for an archived segment that the change does not bring
        back; InvalidCriteria with every fault, cycles too; AlreadyExists; SegmentTestsFailed without `force`;
        what the stores raise.
        """
        if claim is not None and (earlier := await self._store.made_by(tenant, claim)) is not None:
            return earlier
        before = await self._store.get(tenant, segment_id)
        before.refuse_etag(etag)
        if before.state == ARCHIVED and change.state is None:
            raise InvalidState(
                f"segment {segment_id} is archived; set state to DRAFT, ACTIVE or PAUSED to bring it back",
                state=ARCHIVED,
                wanted="DRAFT, ACTIVE, PAUSED",
            )
        node, fingerprint = before.node, before.fingerprint
        catalog_version, n_matched = before.catalog_version, before.last_count
        if change.node is not None or before.state == ARCHIVED:
            node = before.node if change.node is None else change.node
            table = await self._customers.table(tenant, before.schema_id)
            others = await self.saved(tenant, before.schema_id, node)
            # What refers to this segment refers to the new criteria, so that a cycle shows.
            saved = Saved({**others.criteria, (segment_id, None): node}, others.names)
            n_matched = await self._checked_count(tenant, table, node, saved, now)
            fingerprint = canonical.fingerprint(node, table.catalog)
            catalog_version = str(table.catalog.version)
        contract = contract_of(before.contract) if change.contract is None else change.contract
        lost = await self._broken(tenant, before, node, contract, now)
        if lost and not change.force:
            testing.refuse(segment_id, lost)
        content = Content(
            before.name if change.name is None else change.name,
            before.description if change.description is None else change.description,
            before.state if change.state is None else change.state,
            node,
            fingerprint,
            catalog_version,
            author,
            _origin(before, change),
            n_matched,
            contract.text(),
            lost,
        )
        return await self._store.update(tenant, segment_id, etag, content, claim)

    async def archive(self, tenant: str, segment_id: str, etag: str, *, author: str = "") -> SavedSegment:
        """Archive a segment. Raises: NotFound; VersionMismatch; SegmentInUse while others refer to it."""
        return await self._store.archive(tenant, segment_id, etag, author)

    async def get(self, tenant: str, segment_id: str, version: int | None = None) -> SavedSegment:
        """The latest version, or that one. Raises: NotFound, also for another tenant's."""
        return await self._store.get(tenant, segment_id, version)

    async def list(
        self,
        tenant: str,
        *,
        state: State | None = None,
        after: tuple[datetime, str] | None = None,
        limit: int,
    ) -> list[SavedSegment]:
        """The latest version of each segment, as `SegmentStore.list`."""
        return await self._store.list(tenant, state=state, after=after, limit=limit)

    async def versions(
        self, tenant: str, segment_id: str, *, state: State | None = None, after: int = 0, limit: int
    ) -> list[SavedSegment]:
        """The versions of one segment, as `SegmentStore.versions`. Raises: NotFound."""
        return await self._store.versions(tenant, segment_id, state=state, after=after, limit=limit)

    async def _broken(
        self, tenant: str, before: SavedSegment, node: Node, contract: Contract, now: datetime
    ) -> tuple[str, ...]:
        """The tests that a change breaks, of the segment and of those that name it."""
        if node is before.node and contract.text() == before.contract:
            return ()
        table = await self._customers.table(tenant, before.schema_id)
        where = testing.Where(tenant, table, Clock.at(now, table.catalog.time_zone), self._customers)
        saved = await self.saved(tenant, before.schema_id, node, before.node)
        own = await testing.broken(contract, node, saved, where, (before, saved))
        if node is before.node:
            return testing.told(own, {})
        others = await testing.broken_dependants(before, node, where, self._store)
        return testing.told(own, others)

    async def test(
        self, tenant: str, kept: SavedSegment, node: Node, contract: Contract, clock: Clock
    ) -> tuple[Outcome, ...]:
        """Every test of a contract on those criteria, in the table of the segment.

        Raises: InvalidCriteria with every fault; what the stores raise.
        """
        table = await self._customers.table(tenant, kept.schema_id)
        others = await self.saved(tenant, kept.schema_id, node)
        saved = Saved({**others.criteria, (kept.segment_id, None): node}, others.names)
        where = testing.Where(tenant, table, clock, self._customers)
        return await testing.outcomes(contract, node, saved, where)

    async def table(self, tenant: str, schema_id: str) -> Table:
        """The customers' table of that id, or the default one. Raises: NotFound."""
        return await self._customers.table(tenant, schema_id)

    async def lint(self, tenant: str, table: Table, node: Node, clock: Clock, *, but: str = "") -> Lint:
        """What is odd about criteria that are kept or to be kept, as the segment `but`.

        Raises: InvalidCriteria with every fault; CriteriaTooComplex; Unavailable or StoreBusy where the
        criteria name segments.
        """
        saved = await self.saved(tenant, table.schema_id, node)
        subject = Subject(tenant, table, node, saved, clock, but)
        return await lint(subject, self._store, self._customers)

    async def lint_kept(self, kept: SavedSegment, node: Node, tenant: str, now: datetime) -> Lint:
        """What is odd about a segment that was saved as `node`, whose paths are the caller's.

        Raises: as `lint`.
        """
        table = await self._customers.table(tenant, kept.schema_id)
        clock = Clock.at(now, table.catalog.time_zone)
        return await self.lint(tenant, table, node, clock, but=kept.segment_id)

    async def _checked_count(
        self, tenant: str, table: Table, node: Node, saved: Saved, now: datetime
    ) -> int | None:
        """The members as of `now`; None where the customers' store does not answer in time.

        Raises: InvalidCriteria with every fault.
        """
        clock = Clock.at(now, table.catalog.time_zone)
        bound = check.require(node, table.catalog, clock, saved).bound
        try:
            async with asyncio.timeout(COUNT_S):
                (count,) = await self._customers.count(tenant, table.schema_id, [bound], clock.as_of)
        except (TimeoutError, Exhausted, Unavailable, DeadlineExceeded) as err:
            log.warning("a segment was saved without its count: %s", type(err).__name__)
            return None
        return count.matched


def _origin(before: SavedSegment, change: Change) -> Origin:
    """Where the criteria of the next version came from."""
    if change.origin is not None:
        return change.origin
    return before.origin if change.node is None else BY_HAND
