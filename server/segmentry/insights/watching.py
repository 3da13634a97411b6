"""Readiness that is followed: one task per table finds out, and every watcher hears the same readings.

A table that nobody watches is not looked at. Changes are noticed by a revision that is cheap to ask for; only
then, and when a watcher's interval is over, the readiness is found out anew.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from time import monotonic
from typing import Protocol

from segmentry.errors import Exhausted, Unavailable
from segmentry.insights.readiness import Readiness
from segmentry.runs.background import Background

# A change is told within a second: it is noticed in half of one.
NOTICE_S = 0.5

log = logging.getLogger(__name__)

Survey = Callable[[str, str, datetime], Awaitable[Readiness]]
Revision = Callable[[str, str], Awaitable[tuple[str, ...]]]


class Clock(Protocol):
    """What time it is, how many seconds have passed since some moment, and how to let some pass."""

    def now(self) -> datetime: ...
    def elapsed_s(self) -> float: ...
    async def sleep(self, seconds: float) -> None: ...


class SystemClock:
    """The clock of this machine."""

    def now(self) -> datetime:
        return datetime.now(UTC).replace(microsecond=0)

    def elapsed_s(self) -> float:
        return monotonic()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


@dataclass(frozen=True, slots=True)
class _Reading:
    """`number` counts readings, `change` those of them that differ from the one before."""

    readiness: Readiness
    number: int
    change: int
    elapsed_s: float


class Watching:
    """Follows tables for watchers. `close` ends what is left of it."""

    def __init__(self, survey: Survey, revision: Revision, clock: Clock | None = None) -> None:
        self._survey = survey
        self._revision = revision
        self._clock = clock or SystemClock()
        self._background = Background()
        self._stations: dict[tuple[str, str], _Station] = {}

    @property
    def followed(self) -> int:
        """How many tables are followed now."""
        return len(self._stations)

    async def close(self) -> None:
        """End every task. Idempotent."""
        await self._background.close()

    async def watch(self, tenant: str, schema_id: str, interval_s: float) -> AsyncGenerator[Readiness]:
        """The readiness at once, then whenever it changes, and at the latest every `interval_s` seconds.

        Who reads slowly is told the newest, not all that was. Raises: NotFound; what finding out raises.
        """
        key = (tenant, schema_id)
        station = self._stations.get(key)
        if station is None:
            station = self._stations[key] = _Station(tenant, schema_id)
            work = self._follow(station)
            station.task = self._background.start(work, f"readiness of {schema_id or 'the default table'}")
        watcher = _Watcher(interval_s)
        station.watchers.add(watcher)
        try:
            while True:
                reading = await station.next_for(watcher)
                watcher.heard(reading)
                yield reading.readiness
        finally:
            station.watchers.discard(watcher)
            if not station.watchers and self._stations.get(key) is station:
                del self._stations[key]
                if station.task is not None:
                    station.task.cancel()

    async def _follow(self, station: _Station) -> None:
        """Until cancelled, or until the table cannot be found out about: then every watcher hears why."""
        try:
            while True:
                await self._look(station)
                until_due_s = station.until_due_s(self._clock.elapsed_s())
                # What is due and could not be found out is tried again in a while.
                await self._clock.sleep(min(NOTICE_S, until_due_s) if until_due_s > 0 else NOTICE_S)
        except asyncio.CancelledError:
            raise
        except Exception as err:  # noqa: BLE001  (it is raised again, to every watcher)
            self._stations.pop((station.tenant, station.schema_id), None)
            station.fail(err)

    async def _look(self, station: _Station) -> None:
        revision = await self._revision(station.tenant, station.schema_id)
        if revision == station.revision and station.until_due_s(self._clock.elapsed_s()) > 0:
            return
        try:
            found = await self._survey(station.tenant, station.schema_id, self._clock.now())
        except (Unavailable, Exhausted) as err:
            # What cannot be asked is mostly a finding; for the rest there is a next time.
            log.warning("the readiness of a table was not found out: %s", err.message)
            return
        station.revision = revision
        station.publish(found, self._clock.elapsed_s())


class _Watcher:
    """What one watcher has heard, and until when it need not hear the same again."""

    def __init__(self, interval_s: float) -> None:
        self._interval_s = interval_s
        self._change = 0
        self._number = 0
        # Infinite until it has heard something, which it does at once.
        self.due_s = float("inf")

    def wants(self, reading: _Reading) -> bool:
        """Whether this reading is news, or one that was waited for."""
        if reading.change > self._change:
            return True
        return reading.number > self._number and reading.elapsed_s >= self.due_s

    def heard(self, reading: _Reading) -> None:
        self._change, self._number = reading.change, reading.number
        self.due_s = reading.elapsed_s + self._interval_s


class _Station:
    """One table that is followed."""

    def __init__(self, tenant: str, schema_id: str) -> None:
        self.tenant = tenant
        self.schema_id = schema_id
        self.watchers: set[_Watcher] = set()
        self.task: asyncio.Task[None] | None = None
        self.revision: tuple[str, ...] | None = None
        self._reading: _Reading | None = None
        self._failure: Exception | None = None
        self._changed = asyncio.Event()

    def until_due_s(self, elapsed_s: float) -> float:
        """How long until the first watcher has waited for its interval; 0 when one has."""
        if self._reading is None:
            return 0.0
        # Who has not taken what was found out when it was due is due for nothing more.
        waited_for = (each.due_s for each in self.watchers if each.due_s > self._reading.elapsed_s)
        due = min(waited_for, default=float("inf"))
        return max(0.0, due - elapsed_s)

    def publish(self, found: Readiness, elapsed_s: float) -> None:
        before = self._reading
        number, change = (0, 0) if before is None else (before.number, before.change)
        if before is None or not found.same_as(before.readiness):
            change += 1
        self._reading = _Reading(found, number + 1, change, elapsed_s)
        self._wake()

    def fail(self, error: Exception) -> None:
        self._failure = error
        self._wake()

    async def next_for(self, watcher: _Watcher) -> _Reading:
        """The next reading for that watcher. Raises: what ended the following."""
        while True:
            if self._failure is not None:
                raise self._failure
            if self._reading is not None and watcher.wants(self._reading):
                return self._reading
            await self._changed.wait()

    def _wake(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()
