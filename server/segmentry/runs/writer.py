"""Appends of one run's owner, which outlast a short absence of the database."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from segmentry.errors import StoreBusy, Unavailable
from segmentry.runs.log import Change, RunLog
from segmentry.runs.run import NewEvent, Run

# A restart of the database takes seconds; the run's work is worth waiting for it.
PAUSES_S = (0.05, 0.2, 0.5, 1.0, 2.0, 4.0, 4.0)


class Writer:
    """The one writer of a run, as long as its fence holds. Use it from one task at a time."""

    def __init__(self, log: RunLog, run: Run) -> None:
        self.run_id = run.run_id
        self._log = log
        self._fence = run.fence
        self._sequence = run.last_sequence

    async def append(self, events: Sequence[NewEvent], change: Change | None = None) -> None:
        """Store the events exactly once, trying again while the store cannot be reached.

        Raises: LostRun; Unavailable or StoreBusy when the store stays away.
        """
        for pause_s in (*PAUSES_S, None):
            try:
                logged = await self._log.append(self.run_id, self._fence, events, change)
            except (Unavailable, StoreBusy):
                if pause_s is None:
                    raise
                await asyncio.sleep(pause_s)
                if await self._arrived(events):
                    self._sequence += len(events)
                    return
            else:
                self._sequence = logged[-1].sequence if logged else self._sequence
                return

    async def _arrived(self, events: Sequence[NewEvent]) -> bool:
        """Whether a commit whose answer was lost took place after all."""
        try:
            stored = await self._log.read(self.run_id, self._sequence, limit=len(events))
        except (Unavailable, StoreBusy):
            return False
        return bool(events) and [(each.kind, each.body) for each in stored] == [
            (each.kind, each.body) for each in events
        ]
