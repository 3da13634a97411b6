"""The experts' counts in the state store, written in batches beside the requests, added up over processes."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final

from segmentry.agents.counters import Counters, period_of
from segmentry.errors import InvalidParameters, SegmentryError
from segmentry.insights.agent_health import AgentHealth, Health, worst_first
from segmentry.state.database import Database

FLUSH_S: Final = 10.0
KEPT: Final = timedelta(days=14)
WINDOW: Final = timedelta(hours=24)
_SWEEP_S: Final = 3600.0

_log = logging.getLogger(__name__)


def _now() -> datetime:
    return datetime.now(UTC)


class ExpertCounts:
    """Keeps the counts of this process. A row is a whole of ten minutes, so a repeated write adds nothing."""

    def __init__(self, database: Database, counters: Counters, now: Callable[[], datetime] = _now) -> None:
        self._database = database
        self._counters = counters
        self._now = now
        self.process = uuid.uuid4().hex
        self._lock = asyncio.Lock()

    async def flush(self) -> None:
        """Write what changed since the last time.

        Raises: Unavailable, StoreBusy, StorageFull; the counts are kept for the next time then.
        """
        async with self._lock:
            changed = self._counters.unwritten()
            if changed:
                await self._database.execute(
                    "INSERT INTO expert_count (tenant, period, agent, prompt_version, process, counts) "
                    "SELECT tenant, period, agent, prompt_version, $6, counts::jsonb FROM "
                    "unnest($1::text[], $2::timestamptz[], $3::text[], $4::text[], $5::text[]) "
                    "AS c (tenant, period, agent, prompt_version, counts) "
                    "ON CONFLICT (tenant, period, agent, prompt_version, process) "
                    "DO UPDATE SET counts = EXCLUDED.counts",
                    [each.slot.tenant for each in changed],
                    [each.slot.period for each in changed],
                    [each.slot.agent for each in changed],
                    [each.slot.prompt_version for each in changed],
                    [each.text for each in changed],
                    self.process,
                    upkeep=True,
                )
            self._counters.written(changed)

    async def keep(self, every_s: float = FLUSH_S) -> None:
        """Write every few seconds and forget what is older than 14 days, until cancelled.

        The store is not opened for it: until a request needs it, counts wait in memory.
        """
        loop = asyncio.get_running_loop()
        swept = -_SWEEP_S
        while True:
            await asyncio.sleep(every_s)
            if not self._database.is_open:
                continue
            try:
                await self.flush()
                if loop.time() - swept >= _SWEEP_S:
                    await self._sweep()
                    swept = loop.time()
            except SegmentryError as error:
                _log.warning("the experts' counts could not be written: %s", error.reason)

    async def close(self) -> None:
        """Write what is left, if the store is open and there."""
        if self._database.is_open:
            with contextlib.suppress(SegmentryError):
                await self.flush()

    async def health(self, tenant: str, window: timedelta | None = None) -> Health:
        """How the experts did for a tenant in a window of time (24 hours), on all servers of this store.

        The window begins at full ten minutes and reaches back 14 days at most. Other servers' counts of the
        last seconds may be missing.

        Raises: InvalidParameters for a window that is not longer than 0; Unavailable, StoreBusy.
        """
        wanted = WINDOW if window is None else window
        if wanted <= timedelta(0):
            raise InvalidParameters("window is a length of time above 0, such as 86400s", field="window")
        since = period_of(self._now() - min(wanted, KEPT))
        await self.flush()
        rows = await self._database.fetch(
            "SELECT c.agent, c.prompt_version, json_object_agg(c.name, c.n)::text AS counts FROM ("
            "SELECT e.agent, e.prompt_version, each.key AS name, sum(each.value::double precision) AS n "
            "FROM expert_count e CROSS JOIN LATERAL jsonb_each_text(e.counts) each "
            "WHERE e.tenant = $1 AND e.period >= $2 GROUP BY 1, 2, 3) c GROUP BY 1, 2",
            tenant,
            since,
        )
        answers: dict[str, float] = {}
        agents: list[AgentHealth] = []
        for row in rows:
            counts = _counts(row.decoded("counts"))
            if row.text("agent"):
                agents.append(AgentHealth(row.text("agent"), row.text("prompt_version"), counts))
            else:
                answers = counts
        return Health(since, worst_first(agents), answers)

    async def totals(self, tenant: str, since: datetime, until: datetime | None) -> dict[str, float]:
        """Counts of a tenant's answers in `[since, until)`, and after `experts.` of all its experts.

        Raises: Unavailable, StoreBusy.
        """
        rows = await self._database.fetch(
            "SELECT (CASE WHEN e.agent = '' THEN '' ELSE 'experts.' END) || each.key AS name, "
            "sum(each.value::double precision)::text AS n "
            "FROM expert_count e CROSS JOIN LATERAL jsonb_each_text(e.counts) each "
            "WHERE e.tenant = $1 AND e.period >= $2 AND ($3::timestamptz IS NULL OR e.period < $3) "
            "GROUP BY 1",
            tenant,
            since,
            until,
        )
        return {row.text("name"): float(row.text("n")) for row in rows}

    async def _sweep(self) -> None:
        await self._database.execute(
            "DELETE FROM expert_count WHERE period < $1", period_of(self._now() - KEPT), upkeep=True
        )


def _counts(value: object) -> dict[str, float]:
    assert isinstance(value, dict)
    return {str(name): float(str(n)) for name, n in value.items()}  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]  # JSON of our own
