"""Keeping tables fresh while they are used.

The next version of a snapshot is made beside it and takes its place; a table that a database serves is
looked at again.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol

from segmentry.customers.snapshot import Snapshot
from segmentry.customers.snapshots import SnapshotStore
from segmentry.errors import SegmentryError

# After a failure; doubled with each further one, up to the table's own interval.
FIRST_AGAIN_S = 1.0
# Tables with the same interval drift apart instead of all being read at the same moment.
SPREAD = 0.1

# The next version from the current one; None when nothing has changed.
Reload = Callable[[Snapshot], Awaitable[Snapshot | None]]

# Looks at a table that a database serves.
Look = Callable[[], Awaitable[None]]

log = logging.getLogger(__name__)


class Refreshing(Protocol):
    """What keeps one table fresh until it is cancelled."""

    @property
    def tenant(self) -> str: ...
    @property
    def schema_id(self) -> str: ...
    async def keep(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Looker:
    """Looks at one table of a database at once and then every `every_s` seconds. A failure is logged.

    `turn` is shared, so that of the tables of a server one is looked through at a time.
    """

    tenant: str
    schema_id: str
    look: Look
    every_s: float
    turn: asyncio.Semaphore

    async def keep(self) -> None:
        """Do so until cancelled."""
        failures = 0
        while True:
            failures = 0 if await self.once() else failures + 1
            await asyncio.sleep(_pause_s(self.every_s, failures))

    async def once(self) -> bool:
        """Look once; False when that failed."""

        async def look() -> None:
            async with self.turn:
                await self.look()

        return await _logged(self.tenant, self.schema_id, look)


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
            await asyncio.sleep(_pause_s(self.every_s, failures))
            failures = 0 if await self.once() else failures + 1

    async def once(self) -> bool:
        """Look once and replace the table if it has changed; False when that failed."""
        return await _logged(self.tenant, self.schema_id, self._replace)

    async def _replace(self) -> None:
        async with self.turn:
            current = await self.store.snapshot(self.tenant, self.schema_id)
            new = await self.reload(current)
        if new is not None and new.snapshot_id != current.snapshot_id:
            self.store.put(self.tenant, self.schema_id, new)
            log.info(
                "table %s of tenant %s has %d rows now (%s)",
                self.schema_id, self.tenant, new.rows, new.snapshot_id,
            )  # fmt: skip


async def _logged(tenant: str, schema_id: str, work: Look) -> bool:
    try:
        await work()
    except SegmentryError as err:
        log.warning(
            "table %s of tenant %s is not refreshed and stays as it is: %s", schema_id, tenant, err.message
        )
        return False
    except Exception:
        # A fault of our own must not end the refreshing, nor take the table away.
        log.exception("table %s of tenant %s is not refreshed and stays as it is", schema_id, tenant)
        return False
    return True


def _pause_s(every_s: float, failures: int) -> float:
    if not failures:
        return every_s * random.uniform(1 - SPREAD, 1 + SPREAD)
    again_s = min(FIRST_AGAIN_S * 2.0 ** min(failures - 1, 30), every_s)
    return again_s * random.uniform(0.5, 1.5)
