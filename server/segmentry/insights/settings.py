"""What tenants set for all their analyses: one document each, changed by one at a time, every change kept.

What the document means is the business of whoever changes it: here it is JSON.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from segmentry.errors import JsonValue, VersionMismatch
from segmentry.state.database import Database
from segmentry.state.row import Row

# The etag of settings that nobody has changed yet, so that of two first changes one is stale.
UNCHANGED = "0"

Values = Mapping[str, JsonValue]


@dataclass(frozen=True, slots=True)
class SavedSettings:
    """What a tenant set, and since when. `update_time` None: nobody has changed anything yet."""

    values: Values = field(default_factory=dict[str, JsonValue])
    etag: str = UNCHANGED
    update_time: datetime | None = None
    updated_by: str = ""


@dataclass(frozen=True, slots=True)
class Editor:
    """Who changes settings, by which request."""

    name: str
    request_id: str = ""


class SettingsStore:
    """The tables `analysis_settings` and `analysis_settings_change`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, tenant: str) -> SavedSettings:
        """Raises: what the store raises."""
        row = await self._database.fetch_one("SELECT * FROM analysis_settings WHERE tenant = $1", tenant)
        return SavedSettings() if row is None else _settings(row)

    async def update(
        self, tenant: str, etag: str, editor: Editor, change: Callable[[Values], Values]
    ) -> SavedSettings:
        """Set what `change` makes of what is set. What stays as it was is no change and leaves no trace.

        With an `etag` a change that came first is noticed; without one the last change stands.

        Raises: VersionMismatch; what `change` raises, and then nothing is written.
        """
        async with self._database.transaction() as session:
            # So that there is a row to lock, also for the first two who come at the same time.
            await session.execute(
                "INSERT INTO analysis_settings (tenant, etag) VALUES ($1, $2) ON CONFLICT DO NOTHING",
                tenant,
                UNCHANGED,
            )
            row = await session.fetch_one(
                "SELECT * FROM analysis_settings WHERE tenant = $1 FOR UPDATE", tenant
            )
            assert row is not None
            before = _settings(row)
            if etag and etag != before.etag:
                raise VersionMismatch(
                    "the analysis configuration has changed since it was read; read it again, then repeat it",
                    resource="analysis-config",
                    currentEtag=before.etag,
                )
            values = change(before.values)
            if values == before.values:
                return before
            made = secrets.token_hex(8)
            changed = await session.fetch_one(
                "UPDATE analysis_settings SET saved = $2, etag = $3, updated_at = clock_timestamp(), "
                "updated_by = $4 WHERE tenant = $1 RETURNING *",
                tenant,
                _text(values),
                made,
                editor.name,
            )
            assert changed is not None
            await session.execute(
                "INSERT INTO analysis_settings_change (tenant, changed_by, request_id, before, after, etag) "
                "VALUES ($1, $2, $3, $4, $5, $6)",
                tenant,
                editor.name,
                editor.request_id,
                _text(before.values),
                _text(values),
                made,
            )
            return _settings(changed)


def _text(values: Values) -> str:
    return json.dumps(dict(values), ensure_ascii=False, sort_keys=True)


def _settings(row: Row) -> SavedSettings:
    values = row.decoded("saved")
    assert isinstance(values, dict)
    return SavedSettings(values, row.text("etag"), row.optional_instant("updated_at"), row.text("updated_by"))
