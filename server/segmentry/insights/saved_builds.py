"""How many segments were saved as a build had made them, or after a change by hand."""

from __future__ import annotations

from datetime import datetime

from segmentry.state.database import Database


async def saved_builds(database: Database, tenant: str, since: datetime) -> int:
    """Builds that somebody saved as a segment since then, each once. Raises: Unavailable, StoreBusy."""
    row = await database.fetch_one(
        "SELECT count(DISTINCT v.build_id)::integer AS n FROM segment_version v "
        "JOIN segment s USING (segment_id) "
        "WHERE s.tenant = $1 AND v.build_id <> '' AND v.created_at >= $2",
        tenant,
        since,
    )
    return 0 if row is None else row.integer("n")
