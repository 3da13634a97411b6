"""Keeping a snapshot fresh while it is used: the next version is made beside it and takes its place."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from segmentry.customers.snapshot import Snapshot
from segmentry.customers.snapshots import SnapshotStore
from segmentry.errors import SegmentryError

# After a failure; doubled with each further one, up to the table's own interval.
FIRST_AGAIN_S = 1.0
# Tables with the same interval drift apart instead of all being read at the same moment.
SPREAD = 0.1

# The next version from the current one; None when nothing has changed.
Reload = Callable[[Snapshot], Awaitable[Snapshot | None]]

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Refresher:
    """Replaces one table every `every_s` seconds. A failure is logged, and the current version stays.

    `turn` is shared by all refreshers of a server: one new version is made at a time, so that memory holds
    one more table than is served and not one more of each.
    """

    store: SnapshotStore
    tenant: str
    schema_id: str
    reload: Reload
    every_s: float
    turn: asyncio.Semaphore

    async def keep(self) -> None:
        """Do so until cancelled."""
        failures = 0
        while True:
            await asyncio.sleep(self._pause_s(failures))
            failures = 0 if await self.once() else failures + 1

    async def once(self) -> bool:
        """Look once and replace the table if it has changed; False when that failed."""
        try:
            async with self.turn:
                current = await self.store.snapshot(self.tenant, self.schema_id)
                new = await self.reload(current)
        except SegmentryError as err:
            log.warning(
                "table %s of tenant %s is not refreshed and stays as it is: %s",
                self.schema_id, self.tenant, err.message,
            )  # fmt: skip
            return False
        except Exception:
            # A fault of our own must not end the refreshing, nor take the table away.
            log.exception(
                "table %s of tenant %s is not refreshed and stays as it is", self.schema_id, self.tenant
            )
            return False
        if new is not None and new.snapshot_id != current.snapshot_id:
            self.store.put(self.tenant, self.schema_id, new)
            log.info(
                "table %s of tenant %s has %d rows now (%s)",
                self.schema_id, self.tenant, new.rows, new.snapshot_id,
            )  # fmt: skip
        return True

    def _pause_s(self, failures: int) -> float:
        if not failures:
            return self.every_s * random.uniform(1 - SPREAD, 1 + SPREAD)
        again_s = min(FIRST_AGAIN_S * 2.0 ** min(failures - 1, 30), self.every_s)
        return again_s * random.uniform(0.5, 1.5)
