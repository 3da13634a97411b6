"""How the values of tables lay at their last versions, and what tells that a tenant changed something."""

from __future__ import annotations

import json
from collections.abc import Mapping

from segmentry.errors import JsonValue
from segmentry.state.database import Database

# The current version, the one before it, and one more for a server that is behind.
KEPT = 3


class ProfileStore:
    """The table `table_profile`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def before(self, tenant: str, schema_id: str, snapshot_id: str) -> Mapping[str, JsonValue] | None:
        """The profile of the version before that one, or of the last version where that one is new."""
        row = await self._database.fetch_one(
            "SELECT profile FROM table_profile WHERE tenant = $1 AND schema_id = $2 AND snapshot_id <> $3 "
            "AND taken_at < coalesce((SELECT taken_at FROM table_profile WHERE tenant = $1 "
            "AND schema_id = $2 AND snapshot_id = $3), 'infinity') ORDER BY taken_at DESC LIMIT 1",
            tenant,
            schema_id,
            snapshot_id,
        )
        found = None if row is None else row.decoded("profile")
        return found if isinstance(found, dict) else None

    async def keep(
        self, tenant: str, schema_id: str, snapshot_id: str, profile: Mapping[str, JsonValue]
    ) -> None:
        """Keep the profile of a version that was not seen before, and forget old ones."""
        async with self._database.transaction() as session:
            await session.execute(
                "INSERT INTO table_profile (tenant, schema_id, snapshot_id, profile) VALUES ($1, $2, $3, $4) "
                "ON CONFLICT DO NOTHING",
                tenant,
                schema_id,
                snapshot_id,
                json.dumps(dict(profile)),
            )
            await session.execute(
                "DELETE FROM table_profile WHERE tenant = $1 AND schema_id = $2 AND snapshot_id NOT IN "
                "(SELECT snapshot_id FROM table_profile WHERE tenant = $1 AND schema_id = $2 "
                "ORDER BY taken_at DESC LIMIT $3)",
                tenant,
                schema_id,
                KEPT,
            )

    async def revision(self, tenant: str, schema_id: str) -> str:
        """What differs after every change of the tenant's segments, rules, runs and settings for a table."""
        row = await self._database.fetch_one(
            "SELECT concat_ws('/', "
            "(SELECT md5(string_agg(v.etag, ',' ORDER BY v.segment_id)) FROM segment s "
            "JOIN segment_version v ON v.segment_id = s.segment_id AND v.version = s.latest "
            "WHERE s.tenant = $1 AND s.schema_id = $2), "
            "(SELECT md5(string_agg(etag, ',' ORDER BY rule_id)) FROM qualification_rule "
            "WHERE tenant = $1 AND schema_id = $2), "
            "(SELECT max(ended_at) FROM run WHERE tenant = $1 AND scope = $2), "
            "(SELECT etag FROM analysis_settings WHERE tenant = $1)) AS revision",
            tenant,
            schema_id,
        )
        assert row is not None
        return row.text("revision")
