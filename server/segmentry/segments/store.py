"""Saved segments in the state store: every version is kept, and changes to one tenant's graph queue up."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from segmentry.criteria import segments
from segmentry.criteria.nodes import Node
from segmentry.criteria.segments import Saved
from segmentry.errors import SegmentInUse
from segmentry.segments.dependants import DEPENDANTS, refuse_growth
from segmentry.segments.lookup import SEGMENT_ID, Reader, closure
from segmentry.segments.origin import Origin
from segmentry.segments.record import (
    ARCHIVED,
    Content,
    SavedSegment,
    State,
    no_such_segment,
    node_of,
    state_of,
    text_of,
)
from segmentry.segments.rule_users import rule_users
from segmentry.state.database import Database, Session
from segmentry.state.idempotency import Claim, claimed, take
from segmentry.state.row import Row

_HIGHEST_VERSION = 2**31 - 1
_SELECT = (
    "SELECT v.*, s.schema_id, s.created_at AS first_at FROM segment s "
    "JOIN segment_version v ON v.segment_id = s.segment_id "
)
_USED_BY = (
    # Old versions are in use where somebody pins them; who uses those in turn is found the same way.
    "WITH RECURSIVE used (root, segment_id, version) AS ("
    "SELECT r.target, r.segment_id, r.version FROM segment_reference r WHERE r.target = ANY($2::text[]) "
    "UNION SELECT u.root, r.segment_id, r.version FROM used u "
    "JOIN segment_reference r ON r.target = u.segment_id AND r.target_version = u.version) "
    "SELECT DISTINCT u.root, u.segment_id FROM used u "
    "JOIN segment s ON s.segment_id = u.segment_id AND s.latest = u.version AND s.tenant = $1 "
    "JOIN segment_version v ON v.segment_id = s.segment_id AND v.version = s.latest "
    "WHERE v.state <> 'ARCHIVED' AND u.segment_id <> u.root ORDER BY u.root, u.segment_id"
)


# Of longer criteria only those with the same text are held against others.
_KIN_CHARACTERS = 8 * 1024
_MOST_KIN = 500


@dataclass(frozen=True, slots=True)
class Kin:
    """A saved segment of the same table, as far as it takes to see whether it is a copy."""

    segment_id: str
    version: int
    name: str
    fingerprint: str
    last_count: int | None
    node: Node


class SegmentStore:
    """The tables `segment`, `segment_version` and `segment_reference`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def saved(self, tenant: str, schema_id: str, nodes: Sequence[Node]) -> Saved:
        """What those trees name: see `lookup.closure`."""
        return await closure(self._database, tenant, schema_id, nodes)

    async def made_by(self, tenant: str, claim: Claim) -> SavedSegment | None:
        """What this claim saved before, or None. Raises: AlreadyExists if the id was used otherwise."""
        async with self._database.transaction() as session:
            resource = await claimed(session, tenant, claim)
            return None if resource is None else await _of_resource(session, tenant, resource)

    async def create(
        self, tenant: str, schema_id: str, content: Content, claim: Claim | None = None
    ) -> SavedSegment:
        """Save version 1, or return what the claim saved before.

        Raises: AlreadyExists; UnknownSegment, CriteriaTooComplex if what it names went away meanwhile.
        """
        segment_id = f"seg_{secrets.token_hex(8)}"
        async with self._database.transaction() as session:
            if claim is not None:
                earlier = await take(session, tenant, claim, _resource(segment_id, 1))
                if earlier is not None:
                    return await _of_resource(session, tenant, earlier)
            if segments.references(content.node):
                await _queue(session, tenant)
                await _refuse_graph(session, tenant, schema_id, segment_id, content.node)
            await session.execute(
                "INSERT INTO segment (segment_id, tenant, schema_id) VALUES ($1, $2, $3)",
                segment_id,
                tenant,
                schema_id,
            )
            await _insert(session, segment_id, 1, content)
            return await _read(session, tenant, segment_id)

    async def get(self, tenant: str, segment_id: str, version: int | None = None) -> SavedSegment:
        """The latest version, or that one. Raises: NotFound, also for another tenant's."""
        return await _read(self._database, tenant, segment_id, version)

    async def list(
        self, tenant: str, *, state: State | None = None, after: tuple[datetime, str] | None, limit: int
    ) -> list[SavedSegment]:
        """The latest versions in order of creation; without a `state` all but archived ones.

        `after` is the (create_time, segment_id) of the last one that was seen.
        """
        rows = await self._database.fetch(
            _SELECT + "AND v.version = s.latest WHERE s.tenant = $1 "
            "AND CASE WHEN $2::text IS NULL THEN v.state <> 'ARCHIVED' ELSE v.state = $2 END "
            "AND ($3::timestamptz IS NULL OR (s.created_at, s.segment_id) > ($3, $4)) "
            "ORDER BY s.created_at, s.segment_id LIMIT $5",
            tenant,
            state,
            None if after is None else after[0],
            "" if after is None else after[1],
            limit,
        )
        return await _with_users(self._database, tenant, rows)

    async def versions(
        self, tenant: str, segment_id: str, *, state: State | None = None, after: int, limit: int
    ) -> list[SavedSegment]:
        """The versions of one segment above `after`, in order. Raises: NotFound."""
        await _read(self._database, tenant, segment_id)
        rows = await self._database.fetch(
            _SELECT + "WHERE s.tenant = $1 AND s.segment_id = $2 AND v.version > $3 "
            "AND ($4::text IS NULL OR v.state = $4) ORDER BY v.version LIMIT $5",
            tenant,
            segment_id,
            after,
            state,
            limit,
        )
        return await _with_users(self._database, tenant, rows)

    async def tested_dependants(self, tenant: str, segment_id: str) -> list[SavedSegment]:
        """The latest versions that name the latest of this one, also through others, with a contract."""
        rows = await self._database.fetch(
            _SELECT + "AND v.version = s.latest WHERE s.tenant = $1 AND v.contract <> '' "
            "AND s.segment_id = ANY($2::text[]) ORDER BY s.created_at, s.segment_id",
            tenant,
            [row.text("segment_id") for row in await self._database.fetch(DEPENDANTS, tenant, segment_id)],
        )
        return [_segment(row) for row in rows]

    async def kin(self, tenant: str, schema_id: str, fingerprint: str, *, but: str = "") -> list[Kin]:
        """Segments of one table that may be copies of one with that fingerprint, the newest 500 at most.

        Those with the same fingerprint come first; archived ones and `but` are left out.
        """
        rows = await self._database.fetch(
            "SELECT s.segment_id, v.version, v.name, v.fingerprint, v.last_count, v.criteria FROM segment s "
            "JOIN segment_version v ON v.segment_id = s.segment_id AND v.version = s.latest "
            "WHERE s.tenant = $1 AND s.schema_id = $2 AND v.state <> 'ARCHIVED' AND s.segment_id <> $3 "
            "AND (v.fingerprint = $4 OR length(v.criteria) <= $5) "
            "ORDER BY (v.fingerprint = $4) DESC, s.created_at DESC, s.segment_id LIMIT $6",
            tenant,
            schema_id,
            but,
            fingerprint,
            _KIN_CHARACTERS,
            _MOST_KIN,
        )
        return await asyncio.to_thread(lambda: [_kin(row) for row in rows])

    async def update(
        self, tenant: str, segment_id: str, etag: str, content: Content, claim: Claim | None = None
    ) -> SavedSegment:
        """Add a version, or return the one that the claim added before.

        Raises: NotFound; VersionMismatch if `etag` is not that of the latest version; AlreadyExists;
        SegmentCycle, UnknownSegment, CriteriaTooComplex for what the criteria lead to by now, the last also
        for a segment that refers to this one.
        """
        async with self._database.transaction() as session:
            await _queue(session, tenant)
            before = await _read(session, tenant, segment_id)
            number = before.version + 1
            if claim is not None:
                earlier = await take(session, tenant, claim, _resource(segment_id, number))
                if earlier is not None:
                    return await _of_resource(session, tenant, earlier)
            before.refuse_etag(etag)
            if before.state == ARCHIVED or text_of(content.node) != before.criteria:
                await _refuse_graph(session, tenant, before.schema_id, segment_id, content.node)
                await refuse_growth(session, tenant, before, content.node)
            return await _append(session, tenant, segment_id, number, content)

    async def archive(self, tenant: str, segment_id: str, etag: str, author: str) -> SavedSegment:
        """Add a version that is archived; one that is archived already is returned as it is.

        Raises: NotFound; VersionMismatch; SegmentInUse while segments, rules or recommendations refer to it.
        """
        async with self._database.transaction() as session:
            await _queue(session, tenant)
            before = await _read(session, tenant, segment_id)
            before.refuse_etag(etag)
            if before.state == ARCHIVED:
                return before
            if before.referenced_by:
                kept = (await rule_users(session, tenant, [segment_id])).get(segment_id, ())
                told = {each.user_id: str(each) for each in kept}
                users = ", ".join(told.get(each, each) for each in before.referenced_by[:5])
                more = f" and {len(before.referenced_by) - 5} more" if len(before.referenced_by) > 5 else ""
                raise SegmentInUse(
                    f"segment {segment_id} is used by {users}{more}; change or delete those first",
                    referencedBy=",".join(before.referenced_by[:20]),
                )
            content = Content(
                before.name,
                before.description,
                ARCHIVED,
                before.node,
                before.fingerprint,
                before.catalog_version,
                author,
                before.origin,
                before.last_count,
                before.contract,
            )
            return await _append(session, tenant, segment_id, before.version + 1, content)


async def _refuse_graph(session: Session, tenant: str, schema_id: str, segment_id: str, node: Node) -> None:
    """Refuse criteria that would lead back to their own segment, as the store stands in this transaction.

    Raises: SegmentCycle, UnknownSegment, CriteriaTooComplex.
    """
    others = await closure(session, tenant, schema_id, [node])
    segments.expand(node, Saved({**others.criteria, (segment_id, None): node}))


async def _queue(session: Session, tenant: str) -> None:
    """Wait for every other change of this tenant's segments: two halves of a cycle never meet.

    The lock comes before anything else that a change waits for, so that no two wait for each other.
    """
    await session.execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", f"segments:{tenant}")


async def _append(
    session: Session, tenant: str, segment_id: str, number: int, content: Content
) -> SavedSegment:
    await _insert(session, segment_id, number, content)
    await session.execute("UPDATE segment SET latest = $2 WHERE segment_id = $1", segment_id, number)
    return await _read(session, tenant, segment_id)


async def _insert(session: Session, segment_id: str, number: int, content: Content) -> None:
    await session.execute(
        "INSERT INTO segment_version (segment_id, version, name, description, state, criteria, fingerprint, "
        "catalog_version, etag, author, build_id, last_count, counted_at, contract, forced_past, origin) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12::bigint, "
        "CASE WHEN $12::bigint IS NOT NULL THEN clock_timestamp() END, $13, $14::text[], $15)",
        segment_id,
        number,
        content.name,
        content.description,
        content.state,
        text_of(content.node),
        content.fingerprint,
        content.catalog_version,
        f"{number}-{secrets.token_hex(8)}",
        content.author,
        content.origin.build_id,
        content.last_count,
        content.contract,
        list(content.forced_past),
        content.origin.text(),
    )
    named = segments.references(content.node)
    await session.execute(
        "INSERT INTO segment_reference (segment_id, version, target, target_version) "
        "SELECT $1, $2, r.target, r.version FROM unnest($3::text[], $4::integer[]) AS r (target, version)",
        segment_id,
        number,
        [target for target, _ in named],
        [version for _, version in named],
    )


async def _read(reader: Reader, tenant: str, segment_id: str, version: int | None = None) -> SavedSegment:
    """Raises: NotFound, also for another tenant's."""
    known = version is None or 0 < version <= _HIGHEST_VERSION
    rows = await reader.fetch(
        _SELECT + "AND v.version = coalesce($3::integer, s.latest) WHERE s.tenant = $1 AND s.segment_id = $2",
        tenant,
        _known(segment_id),
        version if known else 0,
    )
    if not rows:
        raise no_such_segment(segment_id, version)
    return (await _with_users(reader, tenant, rows))[0]


def _known(segment_id: str) -> str:
    """The id, unless it is none of ours: PostgreSQL refuses a text with NUL in it."""
    return segment_id if SEGMENT_ID.fullmatch(segment_id) else ""


async def _with_users(reader: Reader, tenant: str, rows: Sequence[Row]) -> list[SavedSegment]:
    ids = list({row.text("segment_id") for row in rows})
    users: dict[str, list[str]] = {}
    for row in await reader.fetch(_USED_BY, tenant, ids) if ids else []:
        users.setdefault(row.text("root"), []).append(row.text("segment_id"))
    for root, kept in (await rule_users(reader, tenant, ids)).items():
        users.setdefault(root, []).extend(each.user_id for each in kept)
    found = (_segment(row) for row in rows)
    return [replace(each, referenced_by=tuple(users.get(each.segment_id, ()))) for each in found]


def _kin(row: Row) -> Kin:
    return Kin(
        segment_id=row.text("segment_id"),
        version=row.integer("version"),
        name=row.text("name"),
        fingerprint=row.text("fingerprint"),
        last_count=row.optional_integer("last_count"),
        node=node_of(row.text("criteria")),
    )


def _segment(row: Row) -> SavedSegment:
    return SavedSegment(
        segment_id=row.text("segment_id"),
        version=row.integer("version"),
        schema_id=row.text("schema_id"),
        name=row.text("name"),
        description=row.text("description"),
        state=state_of(row.text("state")),
        criteria=row.text("criteria"),
        fingerprint=row.text("fingerprint"),
        catalog_version=row.text("catalog_version"),
        etag=row.text("etag"),
        author=row.text("author"),
        origin=Origin.of(row.text("build_id"), row.text("origin")),
        create_time=row.instant("first_at"),
        update_time=row.instant("created_at"),
        last_count=row.optional_integer("last_count"),
        contract=row.text("contract"),
        forced_past=row.texts("forced_past"),
    )


def _resource(segment_id: str, version: int) -> str:
    """What a request id led to: a version, so that a repeat returns what the first call returned."""
    return f"{segment_id}@{version}"


async def _of_resource(session: Session, tenant: str, resource: str) -> SavedSegment:
    segment_id, _, version = resource.partition("@")
    return await _read(session, tenant, segment_id, int(version))
