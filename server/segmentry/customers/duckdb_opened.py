"""A DuckDB database that is open, for as long as somebody reads it."""

from __future__ import annotations

import asyncio
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import duckdb


@dataclass
class Opened:
    """One opening of files. `folder` holds what it writes for itself; `seen` tells its files from later ones.

    A statement of one cursor keeps the whole database in use: it closes after its last session.
    """

    database: duckdb.DuckDBPyConnection
    folder: Path | None
    seen: str
    sessions: int = 0
    _retired: bool = False
    _ended: bool = False

    async def retire(self) -> None:
        """Take no more sessions: close now or at the end of the last one. Idempotent."""
        self._retired = True
        await self._end()

    async def leave(self) -> None:
        """End one session."""
        self.sessions -= 1
        await self._end()

    async def _end(self) -> None:
        if not self._retired or self.sessions or self._ended:
            return
        self._ended = True
        # Shielded: a caller that is cancelled leaves no folder behind.
        await asyncio.shield(asyncio.get_running_loop().run_in_executor(None, self._close))

    def _close(self) -> None:
        try:
            self.database.close()
        finally:
            if self.folder is not None:
                shutil.rmtree(self.folder, ignore_errors=True)
