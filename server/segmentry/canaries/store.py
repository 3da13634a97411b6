"""Runs of the stored queries in the state store: one of a model at a time, owned by one server.

A server owns a run by a lease that it renews by the database's clock. When the server dies the lease runs
out, and another one, or the same after its restart, goes on where it was.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from segmentry.canaries.answers import Answer, text_of
from segmentry.canaries.due import Past, due
from segmentry.canaries.run import CANCELLED, LOST, Baseline, Cause, Decider, Run, baseline_of, run_of
from segmentry.canaries.stored import Stored
from segmentry.errors import InvalidState, NotFound
from segmentry.state.database import Database, Session
from segmentry.state.idempotency import Claim, claimed, take

LEASE_S: Final = 30.0
RENEW_S: Final = 5.0
# What nobody has gone on with for so long will not be gone on with.
LOST_AFTER_S: Final = 600.0
EARLIER: Final = 20


@dataclass(frozen=True, slots=True)
class Watched:
    """The model whose runs these are, and the queries of this release."""

    provider: str
    model: str
    stored: Stored


class CanaryStore:
    """The tables `canary_run` and `canary_decision` as one server sees them; `owner` is new with each."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.owner = uuid.uuid4().hex

    async def begin(self, watched: Watched, decider: Decider, claim: Claim | None) -> tuple[Run, bool]:
        """Start a run on request, or return the one that is under way or was started by the same claim.

        The second value says whether it is new. Raises: AlreadyExists if the request id was used for another
        request; what the store raises.
        """
        async with self._database.transaction() as session:
            if claim is not None and (earlier := await claimed(session, decider.tenant, claim)) is not None:
                return await _run(session, earlier), False
            await _alone(session, watched)
            await _close_lost(session, watched)
            row = await session.fetch_one(
                "SELECT * FROM canary_run WHERE provider = $1 AND model = $2 AND state = 'running'",
                watched.provider,
                watched.model,
            )
            found = None if row is None else run_of(row)
            run = found or await self._insert(session, watched, "request")
            if claim is not None:
                await take(session, decider.tenant, claim, run.run_id)
            if found is None:
                await _note(session, run.run_id, "run", decider)
            return run, found is None

    async def begin_due(self, watched: Watched, every_days: int, *, scheduled: bool = True) -> Run | None:
        """Start the run that is due, in one of all servers; None where none is. 0 days: none ever is.

        Without `scheduled` only one is that follows another version of the model.
        """
        async with self._database.transaction(upkeep=True) as session:
            await _alone(session, watched)
            await _close_lost(session, watched)
            cause = due(await _past(session, watched), every_days)
            if cause is None or (cause == "schedule" and not scheduled):
                return None
            return await self._insert(session, watched, cause)

    async def adopt(self, watched: Watched) -> Run | None:
        """Take over the run that nobody works on any more, if there is one."""
        async with self._database.transaction(upkeep=True) as session:
            await _alone(session, watched)
            row = await session.fetch_one(
                "UPDATE canary_run SET owner = $4, lease_until = clock_timestamp() + "
                "make_interval(secs => $5) WHERE provider = $1 AND model = $2 AND state = 'running' "
                "AND stored_version = $3 AND lease_until < clock_timestamp() AND NOT cancelled "
                "AND started_at > clock_timestamp() - make_interval(days => 1) RETURNING *",
                watched.provider,
                watched.model,
                watched.stored.version,
                self.owner,
                LEASE_S,
            )
            return None if row is None else run_of(row)

    async def renew(self, run_id: str) -> str:
        """Renew our lease: `ours`, `cancelled` where somebody wants an end, `lost` where it is not ours."""
        async with self._database.transaction(upkeep=True) as session:
            row = await session.fetch_one(
                "UPDATE canary_run SET lease_until = clock_timestamp() + make_interval(secs => $3) "
                "WHERE run_id = $1 AND owner = $2 AND state = 'running' RETURNING cancelled",
                run_id,
                self.owner,
                LEASE_S,
            )
        if row is None:
            return "lost"
        return "cancelled" if row.flag("cancelled") else "ours"

    async def save(self, run: Run) -> bool:
        """Keep the answers so far. False where the run is not ours any more."""
        return await self._write(run, "running") is not None

    async def end(self, run: Run) -> Run | None:
        """End a run that is `finished` or `stopped`; None where it is not ours any more.

        A finished one is accepted without anybody's word where nothing was accepted before.
        """
        return await self._write(run, run.state)

    async def release(self) -> None:
        """Give our run up, so that another server goes on with it at once."""
        await self._database.execute(
            "UPDATE canary_run SET lease_until = '-infinity' WHERE owner = $1 AND state = 'running'",
            self.owner,
            upkeep=True,
        )

    async def baseline(self, watched: Watched) -> Baseline:
        """The accepted answers to the queries of this release."""
        rows = await self._database.fetch(
            "SELECT * FROM canary_run WHERE provider = $1 AND model = $2 AND stored_version = $3 "
            "AND state = 'finished' AND (accepted_at IS NOT NULL OR has_first) "
            "ORDER BY started_at DESC, run_id LIMIT 500",
            watched.provider,
            watched.model,
            watched.stored.version,
        )
        return baseline_of([run_of(row) for row in rows])

    async def newest(self, watched: Watched | None, limit: int = EARLIER + 1) -> Sequence[Run]:
        """The runs of the model, newest first; of any model where None is watched."""
        async with self._database.transaction() as session:
            if watched is not None:
                await _close_lost(session, watched)
            rows = await session.fetch(
                "SELECT * FROM canary_run WHERE $1::text IS NULL OR (provider = $1 AND model = $2) "
                "ORDER BY started_at DESC, run_id LIMIT $3",
                None if watched is None else watched.provider,
                None if watched is None else watched.model,
                limit,
            )
        return [run_of(row) for row in rows]

    async def accept(self, watched: Watched, run_id: str, decider: Decider) -> Run:
        """Hold later runs against the answers of the last finished one. Accepting it again changes nothing.

        Raises: NotFound; InvalidState for a run that is not the last finished one.
        """
        async with self._database.transaction() as session:
            await _alone(session, watched)
            run = await _run(session, run_id)
            last = await session.fetch_one(
                "SELECT run_id FROM canary_run WHERE provider = $1 AND model = $2 AND state = 'finished' "
                "ORDER BY started_at DESC, run_id LIMIT 1",
                watched.provider,
                watched.model,
            )
            if last is None or last.text("run_id") != run_id:
                name = "none has finished yet" if last is None else f"that is {last.text('run_id')}"
                raise InvalidState(
                    f"only the last finished run of the stored queries is accepted, and {name}",
                    state=run.state,
                    runId=run_id,
                )
            if run.accepted_at is not None:
                return run
            row = await session.fetch_one(
                "UPDATE canary_run SET accepted_at = clock_timestamp() WHERE run_id = $1 RETURNING *", run_id
            )
            assert row is not None, "it was read in this transaction"
            await _note(session, run_id, "accept", decider)
            return run_of(row)

    async def cancel(self, run_id: str, decider: Decider) -> Run:
        """Want a run to end; one that has ended stays as it is. Raises: NotFound."""
        async with self._database.transaction() as session:
            row = await session.fetch_one(
                "UPDATE canary_run SET cancelled = true, "
                # Nobody works on it, so that nobody else would end it.
                "state = CASE WHEN lease_until < clock_timestamp() THEN 'stopped' ELSE state END, "
                "stop_reason = CASE WHEN lease_until < clock_timestamp() THEN $2 ELSE stop_reason END, "
                "ended_at = CASE WHEN lease_until < clock_timestamp() THEN clock_timestamp() END "
                "WHERE run_id = $1 AND state = 'running' AND NOT cancelled RETURNING *",
                run_id,
                CANCELLED,
            )
            if row is None:
                return await _run(session, run_id)
            await _note(session, run_id, "cancel", decider)
            return run_of(row)

    async def _insert(self, session: Session, watched: Watched, cause: Cause) -> Run:
        rows = await session.fetch(
            "SELECT * FROM canary_run WHERE provider = $1 AND model = $2 AND stored_version = $3 "
            "AND state = 'finished' AND accepted_at IS NOT NULL ORDER BY started_at DESC, run_id LIMIT 1",
            watched.provider,
            watched.model,
            watched.stored.version,
        )
        waiting = [Answer(query) for query in watched.stored.queries]
        row = await session.fetch_one(
            "INSERT INTO canary_run (run_id, provider, model, state, cause, started_at, queries, cost_usd, "
            "stored_version, answers, held_against, owner, lease_until) "
            "VALUES ($1, $2, $3, 'running', $4, clock_timestamp(), $5, 0, $6, $7, $8, $9, "
            "clock_timestamp() + make_interval(secs => $10)) RETURNING *",
            f"canary_{uuid.uuid4().hex}",
            watched.provider,
            watched.model,
            cause,
            len(waiting),
            watched.stored.version,
            text_of(waiting),
            rows[0].text("run_id") if rows else "",
            self.owner,
            LEASE_S,
        )
        assert row is not None
        return run_of(row)

    async def _write(self, run: Run, state: str) -> Run | None:
        async with self._database.transaction(upkeep=True) as session:
            row = await session.fetch_one(
                "UPDATE canary_run SET state = $3, answers = $4, answered = $5, agreed = $6, changed = $7, "
                "calls = $8, cost_usd = $9, name = $10, fingerprint = $11, stop_reason = $12, "
                "has_first = $13, "
                "ended_at = CASE WHEN $3 <> 'running' THEN clock_timestamp() END, "
                "accepted_at = CASE WHEN $3 = 'finished' AND held_against = '' THEN clock_timestamp() END, "
                "lease_until = clock_timestamp() + make_interval(secs => $14) "
                "WHERE run_id = $1 AND owner = $2 AND state = 'running' RETURNING *",
                run.run_id,
                self.owner,
                state,
                text_of(run.answers),
                run.answered,
                run.agreed,
                len(run.changed),
                run.usage.calls,
                run.usage.cost_usd,
                run.version.name,
                run.version.fingerprint,
                run.stop_reason,
                any(each.state == "first" for each in run.answers),
                LEASE_S,
            )
        return None if row is None else run_of(row)


async def _alone(session: Session, watched: Watched) -> None:
    """Until the end of the transaction nobody else decides about runs of this model."""
    await session.execute(
        "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))",
        f"canaries {watched.provider} {watched.model}",
    )


async def _close_lost(session: Session, watched: Watched) -> None:
    """End what nobody works on and nobody goes on with."""
    await session.execute(
        "UPDATE canary_run SET state = 'stopped', ended_at = clock_timestamp(), "
        "stop_reason = CASE WHEN cancelled THEN $3 ELSE $4 END "
        "WHERE provider = $1 AND model = $2 AND state = 'running' AND lease_until < clock_timestamp() "
        "AND (cancelled OR stored_version <> $5 "
        "OR greatest(lease_until, started_at) < clock_timestamp() - make_interval(secs => $6))",
        watched.provider,
        watched.model,
        CANCELLED,
        LOST,
        watched.stored.version,
        LOST_AFTER_S,
    )


async def _past(session: Session, watched: Watched) -> Past:
    row = await session.fetch_one(
        "SELECT clock_timestamp() AS now, EXISTS (SELECT 1 FROM canary_run WHERE provider = $1 "
        "AND model = $2 AND state = 'running') AS running, "
        "(SELECT max(ended_at) FROM canary_run WHERE provider = $1 AND model = $2 AND stored_version = $5 "
        "AND (state = 'finished' OR stop_reason = $3)) AS settled_at, "
        "(SELECT max(ended_at) FROM canary_run WHERE provider = $1 AND model = $2 AND stored_version = $5 "
        "AND state = 'stopped' AND stop_reason NOT IN ($3, $4)) AS stopped_at, "
        "(SELECT max(v.first_seen) FROM model_version v WHERE v.provider = $1 AND v.model = $2 AND EXISTS "
        "(SELECT 1 FROM model_version o WHERE o.provider = $1 AND o.model = $2 "
        "AND o.first_seen < v.first_seen)) AS changed_at",
        watched.provider,
        watched.model,
        CANCELLED,
        LOST,
        watched.stored.version,
    )
    assert row is not None  # of no table one row
    return Past(
        row.instant("now"),
        row.flag("running"),
        row.optional_instant("settled_at"),
        row.optional_instant("stopped_at"),
        row.optional_instant("changed_at"),
    )


async def _run(session: Session, run_id: str) -> Run:
    row = await session.fetch_one("SELECT * FROM canary_run WHERE run_id = $1", run_id)
    if row is None:
        raise NotFound(
            f"there is no run {run_id[:80]!r} of the stored queries; GetCanaries shows the last ones",
            resourceType="canary_run",
            resourceId=run_id[:80],
        )
    return run_of(row)


async def _note(session: Session, run_id: str, decision: str, decider: Decider) -> None:
    await session.execute(
        "INSERT INTO canary_decision (run_id, decision, tenant, decided_by, request_id) "
        "VALUES ($1, $2, $3, $4, $5)",
        run_id,
        decision,
        decider.tenant,
        decider.name,
        decider.request_id,
    )
