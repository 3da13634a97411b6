"""The run log: events are numbered and stored before anybody hears them, then read as often as wanted.

Every watcher reads the stored log, so two of them see the same, and a slow one misses nothing. A bell
inside this process wakes watchers at once; for a run of another server they look again twice a second.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from segmentry.errors import InvalidResumeToken, OutOfRange
from segmentry.runs.run import (
    TERMINAL,
    TRANSITIONS,
    JsonObject,
    LoggedEvent,
    NewEvent,
    State,
    event_of,
    state_of,
)
from segmentry.runs.store import no_such_run
from segmentry.state.database import Database

POLL_S = 0.5
PAGE = 200


class LostRun(Exception):
    """The run ended, or belongs to another server by now: nothing was written."""


@dataclass(frozen=True, slots=True)
class Change:
    """What an append changes in the run's row besides its events. None leaves a column as it is.

    `at` is when the state changed, for people: leases go by the database's clock.
    """

    state: State | None = None
    at: datetime | None = None
    progress: JsonObject | None = None
    error: JsonObject | None = None
    attempt: int | None = None


class RunLog:
    """Appends and reads the events of runs."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._bells: dict[str, set[asyncio.Event]] = {}

    async def append(
        self, run_id: str, fence: int, events: Sequence[NewEvent], change: Change | None = None
    ) -> list[LoggedEvent]:
        """Store the events with the next numbers, and the change, in one transaction.

        When the change ends the run, the last event is its terminal one.

        Raises: LostRun; what the store raises (then nothing was stored, or at worst all of it).
        """
        change = change or Change()
        ends = change.state in TERMINAL
        assert events or not ends, "the end of a run is an event"
        allowed = [state for state, then in TRANSITIONS.items() if change.state in then]
        async with self._database.transaction() as session:
            row = await session.fetch_one(
                "UPDATE run SET last_sequence = last_sequence + $3, state = coalesce($4, state), "
                "progress = coalesce($5::json, progress), error = coalesce($6::json, error), "
                "attempt = coalesce($7, attempt), "
                "started_at = CASE WHEN $4 = 'RUNNING' THEN coalesce(started_at, $10, clock_timestamp()) "
                "ELSE started_at END, "
                "ended_at = CASE WHEN $8 THEN coalesce($10, clock_timestamp()) ELSE ended_at END "
                "WHERE run_id = $1 AND fence = $2 AND state = ANY($9::text[]) RETURNING last_sequence",
                run_id,
                fence,
                len(events),
                change.state,
                None if change.progress is None else json.dumps(change.progress),
                None if change.error is None else json.dumps(change.error),
                change.attempt,
                ends,
                allowed if change.state is not None else ["QUEUED", "RUNNING"],
                change.at,
            )
            if row is None:
                raise LostRun(run_id)
            if ends:
                await session.execute("DELETE FROM run_checkpoint WHERE run_id = $1", run_id)
            first = row.integer("last_sequence") - len(events) + 1
            logged = [
                LoggedEvent(run_id, first + index, event.kind, event.body, ends and index == len(events) - 1)
                for index, event in enumerate(events)
            ]
            await session.execute(
                "INSERT INTO run_event (run_id, sequence, kind, body, terminal) "
                "SELECT $1, * FROM unnest($2::int[], $3::text[], $4::json[], $5::bool[])",
                run_id,
                [event.sequence for event in logged],
                [event.kind for event in logged],
                [json.dumps(event.body) for event in logged],
                [event.terminal for event in logged],
            )
        self._ring(run_id)
        return logged

    async def read(self, run_id: str, after: int = 0, limit: int = PAGE) -> list[LoggedEvent]:
        """At most `limit` stored events with a number above `after`, in order."""
        rows = await self._database.fetch(
            "SELECT run_id, sequence, kind, body, terminal FROM run_event "
            "WHERE run_id = $1 AND sequence > $2 ORDER BY sequence LIMIT $3",
            run_id,
            after,
            limit,
        )
        return [event_of(row) for row in rows]

    async def last(self, run_id: str, kind: str) -> LoggedEvent | None:
        """The newest event of that kind, or None."""
        row = await self._database.fetch_one(
            "SELECT run_id, sequence, kind, body, terminal FROM run_event "
            "WHERE run_id = $1 AND kind = $2 ORDER BY sequence DESC LIMIT 1",
            run_id,
            kind,
        )
        return None if row is None else event_of(row)

    async def follow(self, run_id: str, after: int = 0) -> AsyncGenerator[LoggedEvent]:
        """Replay what was said after number `after`, then go on live until the terminal event.

        Raises: NotFound; OutOfRange (RESUME_TOKEN_EXPIRED) when events after `after` are no longer kept;
        InvalidResumeToken when `after` was never reached.
        """
        with self._listening(run_id) as bell:
            while True:
                bell.clear()
                events = await self.read(run_id, after)
                for event in events:
                    if event.sequence != after + 1:
                        raise _expired()
                    after = event.sequence
                    yield event
                    if event.terminal:
                        return
                if not events and await self._is_over(run_id, after):
                    return
                if not events:
                    await _wait(bell)

    async def _is_over(self, run_id: str, after: int) -> bool:
        row = await self._database.fetch_one("SELECT state, last_sequence FROM run WHERE run_id = $1", run_id)
        if row is None:
            raise no_such_run(run_id)
        last, over = row.integer("last_sequence"), state_of(row.text("state")) in TERMINAL
        if after > last:
            raise InvalidResumeToken(
                "resume_token is ahead of its run; start without one", field="resume_token"
            )
        # Read again before calling it expired: the events may have come between the two statements.
        if over and after < last and not await self.read(run_id, after, limit=1):
            raise _expired()
        return over and after == last

    def _ring(self, run_id: str) -> None:
        for bell in self._bells.get(run_id, ()):
            bell.set()

    @contextmanager
    def _listening(self, run_id: str) -> Generator[asyncio.Event]:
        bell = asyncio.Event()
        self._bells.setdefault(run_id, set()).add(bell)
        try:
            yield bell
        finally:
            self._bells[run_id].discard(bell)
            if not self._bells[run_id]:
                del self._bells[run_id]


async def _wait(bell: asyncio.Event) -> None:
    try:
        async with asyncio.timeout(POLL_S):
            await bell.wait()
    except TimeoutError:
        return


def _expired() -> OutOfRange:
    return OutOfRange(
        "the events after this resume_token are no longer kept; read the result with GetAnalysis",
        field="resume_token",
    )
