"""Which versions a vendor said it answers with, and that it says another one now."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from segmentry.errors import SegmentryError
from segmentry.insights.findings import Finding
from segmentry.llm.model import ModelVersion
from segmentry.state.database import Database

EVERY_S: Final = 10.0

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Heard:
    """The versions of one model that this process heard of, with the time of the first reply of each."""

    provider: str
    model: str
    versions: Mapping[ModelVersion, datetime]


class ModelVersions:
    """Keeps what vendors say of themselves.

    `heard` tells what this process heard of the server's model, None without one; `own` of the models that
    single tenants have, by tenant.
    """

    def __init__(
        self,
        database: Database,
        heard: Callable[[], Heard | None],
        own: Callable[[], Mapping[str, Heard]] = dict[str, Heard],
    ) -> None:
        self._database = database
        self._heard = heard
        self._own = own
        self._written: set[tuple[str, str, ModelVersion]] = set()

    async def flush(self) -> tuple[ModelVersion, ...]:
        """Keep what was heard since the last time.

        Returned are the versions of the server's model that no server had heard, but the first.

        Raises: Unavailable, StoreBusy.
        """
        heard = self._heard()
        changed = () if heard is None else await self._keep(heard)
        for each in self._own().values():
            await self._keep(each)
        return changed

    async def _keep(self, heard: Heard) -> tuple[ModelVersion, ...]:
        changed: list[ModelVersion] = []
        for version, at in dict(heard.versions).items():
            known = (heard.provider, heard.model, version)
            if known in self._written:
                continue
            row = await self._insert(heard, version, at)
            self._written.add(known)
            if row:
                changed.append(version)
                # Counters and versions alone: nothing of any request.
                _log.warning(
                    "%s of %s answers as another version: model_version=%s fingerprint=%s versions=%d",
                    heard.model,
                    heard.provider,
                    version.name or "unsaid",
                    version.fingerprint or "unsaid",
                    len(heard.versions),
                )
        return tuple(changed)

    async def keep(self, every_s: float = EVERY_S) -> None:
        """Keep what is heard every few seconds, until cancelled. The store is not opened for it."""
        while True:
            await asyncio.sleep(every_s)
            if not self._database.is_open:
                continue
            try:
                await self.flush()
            except SegmentryError as error:
                _log.warning("the model's version could not be kept: %s", error.reason)

    async def findings(self, since: datetime, tenant: str = "") -> tuple[Finding, ...]:
        """The changes since then of the model that a tenant's requests ask.

        Raises: Unavailable, StoreBusy.
        """
        heard = self._own().get(tenant) or self._heard()
        if heard is None:
            return ()
        await self.flush()
        rows = await self._database.fetch(
            "SELECT v.name, v.fingerprint, v.first_seen FROM model_version v "
            "WHERE v.provider = $1 AND v.model = $2 AND v.first_seen >= $3 AND EXISTS ("
            "SELECT 1 FROM model_version o WHERE o.provider = $1 AND o.model = $2 "
            "AND o.first_seen < v.first_seen) ORDER BY v.first_seen DESC LIMIT 20",
            heard.provider,
            heard.model,
            since,
        )
        return tuple(
            Finding(
                "MODEL_CHANGED",
                f"{heard.model} of {heard.provider} answers as "
                f"{_said(row.text('name'), row.text('fingerprint'))}, which it had not said before; "
                "compare the edit and agreement rates of before and after",
                row.instant("first_seen").astimezone(UTC),
            )
            for row in rows
        )

    async def _insert(self, heard: Heard, version: ModelVersion, at: datetime) -> bool:
        """Whether it is new to all servers of the store, and not the first."""
        async with self._database.transaction(upkeep=True) as session:
            row = await session.fetch_one(
                "INSERT INTO model_version AS known (provider, model, name, fingerprint, first_seen, "
                "last_seen) VALUES ($1, $2, $3, $4, $5, $5) ON CONFLICT (provider, model, name, fingerprint) "
                "DO UPDATE SET last_seen = greatest(known.last_seen, EXCLUDED.last_seen) "
                "RETURNING first_seen = $5 AND EXISTS (SELECT 1 FROM model_version o "
                "WHERE o.provider = $1 AND o.model = $2 AND o.first_seen < $5) AS changed",
                heard.provider,
                heard.model,
                version.name,
                version.fingerprint,
                at,
            )
            assert row is not None
            return row.flag("changed")


def _said(name: str, fingerprint: str) -> str:
    return " with fingerprint ".join(filter(None, (name or "an unnamed version", fingerprint)))
