"""Keeps the runs of this server: renews their leases, takes up what other servers left."""

from __future__ import annotations

import asyncio
import dataclasses
import logging
import time
from collections.abc import Callable, Collection
from typing import TYPE_CHECKING, Protocol

from segmentry.analysis.records import KIND, Order, Standing, error_json, now
from segmentry.errors import SegmentryError, StoreBusy, Unavailable, WorkerLost
from segmentry.runs.log import Change, LostRun, RunLog
from segmentry.runs.run import Run
from segmentry.runs.store import RENEW_S, RunStore

if TYPE_CHECKING:
    from segmentry.customers.snapshot import Snapshot

FORGET_S = 3600.0
# After a failure there is time for several more attempts before a lease runs out.
AGAIN_S = 1.0

log = logging.getLogger(__name__)


class Tables(Protocol):
    """Where the rows of a table are got: `customers.stores.Stores`."""

    async def snapshot(self, tenant: str, schema_id: str = "") -> Snapshot:
        """Raises: NotFound."""
        ...


class Leases:
    """`mine` says which runs this server works on or is about to end.

    `spawn` works on a run and `stop` ends that.
    """

    def __init__(
        self,
        store: RunStore,
        run_log: RunLog,
        tables: Tables,
        *,
        mine: Callable[[], Collection[str]],
        spawn: Callable[[Run, Snapshot], None],
        stop: Callable[[str], None],
    ) -> None:
        self._store = store
        self._log = run_log
        self._tables = tables
        self._mine = mine
        self._spawn = spawn
        self._stop = stop
        self._forget_at = time.monotonic()

    async def keep(self) -> None:
        """Do so until cancelled, whatever the store does meanwhile."""
        while True:
            pause_s = RENEW_S
            try:
                await self.keep_once()
            except (Unavailable, StoreBusy):
                log.warning("the store is away; leases are renewed when it is back")
                pause_s = AGAIN_S
            except Exception:
                # Without a keeper every run of this server would be lost within a lease.
                log.exception("leases could not be renewed; trying again")
                pause_s = AGAIN_S
            await asyncio.sleep(pause_s)

    async def keep_once(self) -> None:
        """Renew our leases, notice what was taken from us, take up what others left.

        Raises: what the store raises.
        """
        mine = tuple(self._mine())
        still = await self._store.renew(mine)
        for run_id in mine:
            if run_id not in still:
                self._stop(run_id)
        for run in await self._store.adopt(KIND, tuple(self._mine())):
            await self._take_up(run)
        if time.monotonic() >= self._forget_at:
            self._forget_at = time.monotonic() + FORGET_S
            await self._store.forget_old()

    async def _take_up(self, run: Run) -> None:
        log.info("taking up run %s, whose server is gone", run.run_id)
        lost = WorkerLost("the server that worked on this run was lost, and its table is not here any more")
        try:
            snapshot = await self._tables.snapshot(run.tenant, run.scope)
        except SegmentryError:
            await self._give_up(run, lost)
            return
        if snapshot.snapshot_id != Order.of(run).snapshot_id:
            await self._give_up(run, lost)
            return
        self._spawn(run, snapshot)

    async def _give_up(self, run: Run, error: SegmentryError) -> None:
        ended = now()
        standing = dataclasses.replace(
            Standing.of_run(run), state="FAILED", stage="", ended=ended, error=error_json(error)
        )
        change = Change(state="FAILED", at=ended, progress=standing.to_json(), error=standing.error)
        try:
            await self._log.append(run.run_id, run.fence, [standing.event()], change)
        except LostRun:
            log.info("run %s was ended by somebody else", run.run_id)
