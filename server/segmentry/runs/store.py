"""Runs in the state store: made once per request id, owned by one server at a time.

A server owns a run by a lease that it renews by the database's clock. When a server dies its leases run
out and another takes the runs over with a higher `fence`; a write with an old fence changes nothing.
"""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Collection, Sequence
from datetime import datetime

from segmentry.errors import NotFound
from segmentry.runs.run import JsonObject, NewEvent, Run, State, run_of
from segmentry.state.database import Database, Session
from segmentry.state.idempotency import REMEMBERED_H, Claim, claimed, take

LEASE_S = 15.0
RENEW_S = 5.0
# The contract promises events for a week after the end.
KEPT_D = 7
_RUN_ID = re.compile(r"run_[0-9a-f]{32}")


class RunStore:
    """The table `run` as one server sees it. `owner` is new with every start of a process."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.owner = uuid.uuid4().hex

    async def create(
        self,
        *,
        tenant: str,
        kind: str,
        scope: str,
        request: JsonObject,
        progress: JsonObject,
        first: NewEvent,
        claim: Claim | None = None,
    ) -> tuple[Run, bool]:
        """The new run with its first event, or the one that the claim made before; and whether it is new.

        Raises: AlreadyExists if the request id was used for another request; what the store raises.
        """
        run_id = f"run_{uuid.uuid4().hex}"
        async with self._database.transaction() as session:
            if claim is not None:
                earlier = await take(session, tenant, claim, run_id)
                if earlier is not None:
                    return await _existing(session, tenant, earlier), False
            row = await session.fetch_one(
                "INSERT INTO run (run_id, tenant, kind, scope, state, request, progress, last_sequence, "
                "owner, lease_until) VALUES ($1, $2, $3, $4, 'QUEUED', $5, $6, 1, $7, "
                "now() + make_interval(secs => $8)) RETURNING *",
                run_id,
                tenant,
                kind,
                scope,
                json.dumps(request),
                json.dumps(progress),
                self.owner,
                LEASE_S,
            )
            assert row is not None
            await session.execute(
                "INSERT INTO run_event (run_id, sequence, kind, body) VALUES ($1, 1, $2, $3)",
                run_id,
                first.kind,
                json.dumps(first.body),
            )
            return run_of(row), True

    async def made_by(self, tenant: str, claim: Claim) -> Run | None:
        """The run that this claim made before, or None.

        Raises: AlreadyExists if the request id was used for another request.
        """
        async with self._database.transaction() as session:
            earlier = await claimed(session, tenant, claim)
            return None if earlier is None else await _existing(session, tenant, earlier)

    async def get(self, tenant: str, run_id: str) -> Run:
        """Raises: NotFound, also for another tenant's run."""
        if _RUN_ID.fullmatch(run_id) is None:  # PostgreSQL refuses a text with NUL in it
            raise no_such_run(run_id)
        row = await self._database.fetch_one(
            "SELECT * FROM run WHERE tenant = $1 AND run_id = $2", tenant, run_id
        )
        if row is None:
            raise no_such_run(run_id)
        return run_of(row)

    async def list(
        self,
        tenant: str,
        kind: str,
        *,
        scope: str = "",
        state: State | None = None,
        after: tuple[datetime, str] | None = None,
        limit: int,
    ) -> Sequence[Run]:
        """In order of creation. `after` is the (created_at, run_id) of the last run that was seen."""
        rows = await self._database.fetch(
            "SELECT * FROM run WHERE tenant = $1 AND kind = $2 AND ($3 = '' OR scope = $3) "
            "AND ($4::text IS NULL OR state = $4) "
            "AND ($5::timestamptz IS NULL OR (created_at, run_id) > ($5, $6)) "
            "ORDER BY created_at, run_id LIMIT $7",
            tenant,
            kind,
            scope,
            state,
            None if after is None else after[0],
            "" if after is None else after[1],
            limit,
        )
        return [run_of(row) for row in rows]

    async def last_ended(self, tenant: str, kind: str, scope: str) -> str | None:
        """The id of the run that ended last, well or not; None without one. Cancelled ones say nothing."""
        row = await self._database.fetch_one(
            "SELECT run_id FROM run WHERE tenant = $1 AND kind = $2 AND scope = $3 "
            "AND state IN ('SUCCEEDED', 'FAILED') ORDER BY ended_at DESC, run_id DESC LIMIT 1",
            tenant,
            kind,
            scope,
        )
        return None if row is None else row.text("run_id")

    async def renew(self, active: Collection[str]) -> frozenset[str]:
        """Renew the leases of the runs we work on; return those that are still open and ours."""
        async with self._database.transaction(upkeep=True) as session:
            rows = await session.fetch(
                "UPDATE run SET lease_until = now() + make_interval(secs => $2) "
                "WHERE owner = $1 AND state IN ('QUEUED', 'RUNNING') AND run_id = ANY($3::text[]) "
                "RETURNING run_id",
                self.owner,
                LEASE_S,
                list(active),
            )
        return frozenset(row.text("run_id") for row in rows)

    async def adopt(self, kind: str, active: Collection[str] = ()) -> Sequence[Run]:
        """Take over the open runs that nobody works on any more, oldest first. `active` are our own."""
        async with self._database.transaction(upkeep=True) as session:
            rows = await session.fetch(
                "UPDATE run SET owner = $1, fence = fence + 1, "
                "lease_until = now() + make_interval(secs => $2) WHERE run_id IN ("
                "SELECT run_id FROM run WHERE kind = $3 AND state IN ('QUEUED', 'RUNNING') "
                "AND lease_until < now() AND run_id <> ALL($4::text[]) "
                "ORDER BY created_at LIMIT 100 FOR UPDATE SKIP LOCKED) "
                "RETURNING *",
                self.owner,
                LEASE_S,
                kind,
                list(active),
            )
        return sorted((run_of(row) for row in rows), key=lambda run: run.created_at)

    async def release(self) -> None:
        """Give our open runs up, so that another server takes them over at once."""
        await self._database.execute(
            "UPDATE run SET lease_until = '-infinity' WHERE owner = $1 AND state IN ('QUEUED', 'RUNNING')",
            self.owner,
            upkeep=True,
        )

    async def forget_old(self) -> None:
        """Drop events and request ids that are no longer promised."""
        await self._database.execute(
            "DELETE FROM run_event e USING run r WHERE e.run_id = r.run_id "
            "AND r.ended_at < now() - make_interval(days => $1)",
            KEPT_D,
        )
        await self._database.execute(
            "DELETE FROM idempotency WHERE created_at < now() - make_interval(hours => $1)", REMEMBERED_H
        )


def no_such_run(run_id: str) -> NotFound:
    return NotFound(
        f"there is no run {run_id[:80]!r}; ListAnalyses shows the runs of this tenant, and what they said is "
        f"kept for {KEPT_D} days",
        resourceType="run",
        resourceId=run_id[:80],
    )


async def _existing(session: Session, tenant: str, run_id: str) -> Run:
    row = await session.fetch_one("SELECT * FROM run WHERE tenant = $1 AND run_id = $2", tenant, run_id)
    if row is None:
        raise no_such_run(run_id)
    return run_of(row)
