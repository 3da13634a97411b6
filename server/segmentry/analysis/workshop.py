"""What every run of a server needs: turns, stores, workers, and a folder for tables on their way."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import time
from dataclasses import dataclass, replace
from pathlib import Path

from segmentry.analysis.advisor import NO_ADVISORS, Advisors
from segmentry.analysis.memory import SegmentMemory
from segmentry.analysis.pace_store import PaceStore
from segmentry.analysis.terms import Terms
from segmentry.customers.snapshot import Snapshot
from segmentry.errors import StoreBusy, Unavailable
from segmentry.runs.checkpoints import Checkpoints
from segmentry.runs.log import RunLog
from segmentry.runs.queue import RunQueue
from segmentry.runs.supervisor import Supervisor
from segmentry.state.database import Database

# A folder this old belongs to no run: runs end after their deadline.
STALE_FOLDER_S = 86_400.0


@dataclass(frozen=True, slots=True)
class Workshop:
    """What every run needs: its turn, where it writes, who computes, and a folder for tables on their way."""

    queue: RunQueue
    log: RunLog
    checkpoints: Checkpoints
    memory: SegmentMemory
    paces: PaceStore
    supervisor: Supervisor
    folder: Path
    target: str
    advisors: Advisors = NO_ADVISORS

    async def known(self, tenant: str) -> Terms:
        """The tenant's terms with what the last runs took; without, while the store is not open or away."""
        terms = self.advisors.terms(tenant)
        if not self.paces.database.is_open:
            return terms
        try:
            return replace(terms, paces=await self.paces.recall())
        except (Unavailable, StoreBusy):
            return terms

    def clear(self) -> None:
        """Make the folder, and remove what a killed server left there.

        Raises: Unavailable when the folder cannot be used.
        """
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            for entry in self.folder.glob("run-*"):
                # A run of another server on this folder may just have ended.
                with contextlib.suppress(FileNotFoundError):
                    if time.time() - entry.stat().st_mtime > STALE_FOLDER_S:
                        shutil.rmtree(entry, ignore_errors=True)
        except OSError as err:
            raise Unavailable(f"the folder for tables of analyses cannot be used ({err.strerror})") from err


def stores(database: Database) -> tuple[Checkpoints, SegmentMemory, PaceStore]:
    """Where runs keep what outlives them, beside their events."""
    return Checkpoints(database), SegmentMemory(database), PaceStore(database)


def write(snapshot: Snapshot, place: Path, table: Path) -> None:
    """Lay a table into a new folder of its own.

    Raises: OSError.
    """
    place.mkdir(mode=0o700, parents=True)
    snapshot.write(table)


async def remove(place: Path, writing: asyncio.Future[None]) -> None:
    """Remove the folder after whatever still writes into it: a thread cannot be cancelled."""
    await asyncio.wait([writing])
    if not writing.cancelled():
        writing.exception()  # looked at, for whoever was cancelled while it failed
    await asyncio.to_thread(shutil.rmtree, place, ignore_errors=True)
