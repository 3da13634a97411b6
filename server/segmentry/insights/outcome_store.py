"""Kept builds and what became of them, in the state store."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, cast

from segmentry.errors import NotFound
from segmentry.insights.builds import KeptBuild, leaves_of
from segmentry.insights.edits import Change
from segmentry.state.database import Database
from segmentry.state.idempotency import Claim, claimed, take
from segmentry.state.row import Row

Outcome = Literal["ACCEPTED", "EDITED", "REJECTED", "BUILT_BY_HAND"]


@dataclass(frozen=True, slots=True)
class Report:
    """What became of a build; `touched` are leaves by their index.

    `final` is JSON text, None where nothing was used.
    """

    outcome: Outcome
    change: Change
    final: str | None
    comment: str
    touched: frozenset[int]


@dataclass(frozen=True, slots=True)
class Recorded:
    """A build with its report."""

    build: KeptBuild
    outcome: Outcome
    change: Change
    final: str | None
    reported_at: datetime


class OutcomeStore:
    """The tables `build` and `outcome_leaf`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def build(self, tenant: str, build_id: str) -> KeptBuild:
        """Raises: NotFound, also for another tenant's and for one that is too old."""
        row = await self._database.fetch_one(
            "SELECT * FROM build WHERE tenant = $1 AND build_id = $2", tenant, build_id
        )
        if row is None:
            raise no_such_build(build_id)
        return _build(row)

    async def record(self, build: KeptBuild, report: Report, claim: Claim | None) -> None:
        """Keep a report in place of an earlier one. Committed when it returns; once per claim.

        Raises: NotFound; AlreadyExists if the request id was used for another request.
        """
        tenant, build_id = build.tenant, build.build_id
        async with self._database.transaction() as session:
            if claim is not None and await claimed(session, tenant, claim) is not None:
                return
            # Reports of one build queue here.
            known = await session.fetch_one(
                "SELECT 1 AS one FROM build WHERE tenant = $1 AND build_id = $2 FOR UPDATE", tenant, build_id
            )
            if known is None:
                raise no_such_build(build_id)
            if claim is not None and await take(session, tenant, claim, build_id) is not None:
                return
            await session.execute(
                "UPDATE build SET outcome = $3, change = $4, final = $5, comment = $6, "
                "reported_at = clock_timestamp() WHERE tenant = $1 AND build_id = $2",
                tenant,
                build_id,
                report.outcome,
                report.change,
                report.final,
                report.comment,
            )
            await session.execute(
                "INSERT INTO outcome_leaf (tenant, build_id, leaf, agent, prompt_version, phrase, edited) "
                "SELECT $1, $2, l.* FROM "
                "unnest($3::integer[], $4::text[], $5::text[], $6::text[], $7::boolean[]) AS l "
                "ON CONFLICT (tenant, build_id, leaf) DO UPDATE SET edited = EXCLUDED.edited",
                tenant,
                build_id,
                list(range(len(build.leaves))),
                [each.agent for each in build.leaves],
                [each.prompt_version for each in build.leaves],
                [each.phrase for each in build.leaves],
                [number in report.touched for number in range(len(build.leaves))],
            )

    async def list(
        self,
        tenant: str,
        *,
        change: Change | None = None,
        after: tuple[datetime, str] | None = None,
        limit: int,
    ) -> Sequence[Recorded]:
        """A page in order of reporting; `after` is the (time, build id) of the last one that was seen."""
        rows = await self._database.fetch(
            "SELECT * FROM build WHERE tenant = $1 AND reported_at IS NOT NULL "
            "AND ($2::text IS NULL OR change = $2) "
            "AND ($3::timestamptz IS NULL OR (reported_at, build_id) > ($3, $4)) "
            "ORDER BY reported_at, build_id LIMIT $5",
            tenant,
            change,
            None if after is None else after[0],
            "" if after is None else after[1],
            limit,
        )
        return [
            Recorded(
                _build(row),
                cast("Outcome", row.text("outcome")),  # a CHECK of the table
                cast("Change", row.text("change")),  # a CHECK of the table
                row.optional_text("final"),
                row.instant("reported_at"),
            )
            for row in rows
        ]


def no_such_build(build_id: str) -> NotFound:
    """What is said of a build that is not there, whoever it belongs to."""
    return NotFound(
        f"no build {build_id!r} is kept; builds are kept for some days, and known to other servers after a "
        "second",
        resourceType="build",
        resourceId=build_id,
    )


def _build(row: Row) -> KeptBuild:
    readings: list[object] = json.loads(row.text("readings"))
    return KeptBuild(
        tenant=row.text("tenant"),
        build_id=row.text("build_id"),
        schema_id=row.text("schema_id"),
        query=row.text("query"),
        current=row.optional_text("current"),
        proposed=row.optional_text("proposed"),
        readings=tuple(json.dumps(each, ensure_ascii=False) for each in readings),
        as_of=row.instant("as_of"),
        time_zone=row.text("time_zone"),
        tier=row.text("tier"),
        model=row.text("model"),
        reported_model=row.text("reported_model"),
        fingerprint=row.text("fingerprint"),
        personal=row.flag("personal"),
        leaves=leaves_of(row.text("leaves")),
        created_at=row.instant("created_at"),
    )
