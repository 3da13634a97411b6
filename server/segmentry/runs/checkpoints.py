"""How far a run came, for the worker or the server that takes it up: JSON of the job's own, one per run."""

from __future__ import annotations

import json

from segmentry.errors import JsonValue
from segmentry.state.database import Database


class Checkpoints:
    """The table `run_checkpoint`. `RunLog.append` empties it of a run that ends."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def put(self, run_id: str, fence: int, body: JsonValue) -> bool:
        """Replace the run's checkpoint; False where the run ended or belongs to another server by now."""
        row = await self._database.fetch_one(
            "INSERT INTO run_checkpoint (run_id, body) SELECT run_id, $3 FROM run "
            "WHERE run_id = $1 AND fence = $2 AND state IN ('QUEUED', 'RUNNING') FOR UPDATE "
            "ON CONFLICT (run_id) DO UPDATE SET body = excluded.body, at = clock_timestamp() "
            "RETURNING run_id",
            run_id,
            fence,
            json.dumps(body),
        )
        return row is not None

    async def get(self, run_id: str) -> JsonValue:
        """The run's newest checkpoint, or None."""
        row = await self._database.fetch_one("SELECT body FROM run_checkpoint WHERE run_id = $1", run_id)
        return None if row is None else row.decoded("body")
