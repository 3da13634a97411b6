"""Answers on their way into the state store, written in batches beside the requests.

A build's reply does not wait for it and acknowledges nothing: a server that is killed loses the builds of its
last second. What `flush` has written is committed, and RecordOutcome calls it before it looks a build up.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final

from segmentry.errors import SegmentryError
from segmentry.insights.builds import KeptBuild, leaves_text
from segmentry.state.database import Database

EVERY_S: Final = 1.0
# While the store is away; about 20 MB of answers.
MOST_WAITING: Final = 2_000
_AT_ONCE: Final = 200
_AWAY_S: Final = 5.0
_SWEEP_S: Final = 3600.0
# A sweep holds its locks no longer than this many rows take.
_SWEPT_AT_ONCE: Final = 5_000

_log = logging.getLogger(__name__)

# Makes what is kept of an answer; worked out beside the request, too.
Make = Callable[[], KeptBuild]


def _now() -> datetime:
    return datetime.now(UTC)


class BuildLog:
    """Keeps builds for `days`. `away` says that the store did not take the last ones: they wait in memory."""

    def __init__(self, database: Database, days: int, now: Callable[[], datetime] = _now) -> None:
        self._database = database
        self._days = days
        self._now = now
        self._waiting: deque[Make] = deque()
        self._lock = asyncio.Lock()
        self.away = False
        self.n_lost = 0

    @property
    def keeps(self) -> bool:
        """Whether builds are kept at all."""
        return self._days > 0

    @property
    def n_waiting(self) -> int:
        return len(self._waiting)

    def offer(self, make: Make) -> None:
        """Keep an answer soon. Returns at once; where too many wait, the oldest is given up."""
        if not self.keeps:
            return
        if len(self._waiting) >= MOST_WAITING:
            self._waiting.popleft()
            self.n_lost += 1
        self._waiting.append(make)

    async def flush(self) -> None:
        """Write everything that waits.

        Raises: Unavailable, StoreBusy, StorageFull; what was not written waits on then.
        """
        async with self._lock:
            while self._waiting:
                batch = [self._waiting[index] for index in range(min(_AT_ONCE, len(self._waiting)))]
                kept = await asyncio.to_thread(_made, batch)
                try:
                    await self._write(kept)
                except SegmentryError:
                    self.away = True
                    raise
                # Others may have been given up at this end meanwhile.
                written = set(map(id, batch))
                while self._waiting and id(self._waiting[0]) in written:
                    self._waiting.popleft()
            self.away = False

    async def keep(self, every_s: float = EVERY_S) -> None:
        """Write every second and forget what is older than the days, until cancelled.

        The store is not opened for it: until a request needs it, builds wait in memory.
        """
        loop = asyncio.get_running_loop()
        swept = -_SWEEP_S
        while True:
            await asyncio.sleep(_AWAY_S if self.away else every_s)
            if not self._database.is_open:
                continue
            try:
                await self.flush()
                if loop.time() - swept >= _SWEEP_S:
                    await self.sweep()
                    swept = loop.time()
            except SegmentryError as error:
                _log.warning("%d builds could not be kept yet: %s", len(self._waiting), error.reason)
            if self.n_lost:
                _log.warning("%d builds were given up: the store was away for too long", self.n_lost)
                self.n_lost = 0

    async def close(self) -> None:
        """Write what is left, if the store is open and there."""
        if self._database.is_open:
            with contextlib.suppress(SegmentryError):
                await self.flush()

    async def sweep(self) -> None:
        """Forget builds, and what was said of them, once they are older than the days. Raises: as `flush`."""
        before = self._now() - timedelta(days=self._days)
        await self._database.execute(
            "DELETE FROM build WHERE (tenant, build_id) IN "
            "(SELECT tenant, build_id FROM build WHERE created_at < $1 LIMIT $2)",
            before,
            _SWEPT_AT_ONCE,
            upkeep=True,
        )

    async def _write(self, builds: list[KeptBuild]) -> None:
        # A repeat of a request has the id of the first: what its caller saw last stands, until a report.
        latest = {(each.tenant, each.build_id): each for each in builds}
        rows = list(latest.values())
        await self._database.execute(
            "INSERT INTO build AS known (tenant, build_id, schema_id, query, current, proposed, "
            "readings, as_of, time_zone, tier, model, reported_model, fingerprint, personal, "
            "leaves, created_at) SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], "
            "$5::text[], $6::text[], $7::text[], $8::timestamptz[], $9::text[], $10::text[], $11::text[], "
            "$12::text[], $13::text[], $14::boolean[], $15::text[], $16::timestamptz[]) "
            "ON CONFLICT (tenant, build_id) DO UPDATE SET proposed = EXCLUDED.proposed, "
            "readings = EXCLUDED.readings, tier = EXCLUDED.tier, model = EXCLUDED.model, "
            "reported_model = EXCLUDED.reported_model, fingerprint = EXCLUDED.fingerprint, "
            "personal = EXCLUDED.personal, query = EXCLUDED.query, leaves = EXCLUDED.leaves "
            "WHERE known.outcome IS NULL",
            [each.tenant for each in rows],
            [each.build_id for each in rows],
            [each.schema_id for each in rows],
            [each.query for each in rows],
            [each.current for each in rows],
            [each.proposed for each in rows],
            [f"[{','.join(each.readings)}]" for each in rows],
            [each.as_of for each in rows],
            [each.time_zone for each in rows],
            [each.tier for each in rows],
            [each.model for each in rows],
            [each.reported_model for each in rows],
            [each.fingerprint for each in rows],
            [each.personal for each in rows],
            [leaves_text(each.leaves) for each in rows],
            [each.created_at for each in rows],
            upkeep=True,
        )


def _made(batch: list[Make]) -> list[KeptBuild]:
    return [make() for make in batch]
