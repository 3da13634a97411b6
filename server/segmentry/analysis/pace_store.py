"""What runs took, in PostgreSQL: the last ones of each server, by way."""

from __future__ import annotations

import platform
from dataclasses import dataclass, field

from segmentry.analysis.pace import Pace, Paces
from segmentry.state.database import Database

KEPT = 50


@dataclass(frozen=True, slots=True)
class PaceStore:
    """The record of one `server`: another machine has another pace."""

    database: Database
    server: str = field(default_factory=platform.node)

    async def keep(self, way: str, pace: Pace) -> None:
        """Add a run, and forget those beyond the last 50. Raises: what the store raises."""
        async with self.database.transaction() as session:
            await session.execute(
                "INSERT INTO run_pace (server, way, cold_s, took_s) VALUES ($1, $2, $3, $4)",
                self.server,
                way,
                pace.cold_s,
                pace.took_s,
            )
            await session.execute(
                "DELETE FROM run_pace WHERE server = $1 AND way = $2 AND pace_id NOT IN (SELECT pace_id "
                "FROM run_pace WHERE server = $1 AND way = $2 ORDER BY pace_id DESC LIMIT $3)",
                self.server,
                way,
                KEPT,
            )

    async def recall(self) -> Paces:
        """The last runs of each way. Raises: what the store raises."""
        rows = await self.database.fetch(
            "SELECT way, cold_s, took_s FROM run_pace WHERE server = $1 ORDER BY pace_id", self.server
        )
        found: dict[str, list[Pace]] = {}
        for row in rows:
            pace = Pace(row.optional_number("cold_s") or 0.0, row.optional_number("took_s") or 0.0)
            found.setdefault(row.text("way"), []).append(pace)
        return tuple((way, tuple(each)) for way, each in found.items())
