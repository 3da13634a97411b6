"""The readiness of a table: asks everything that bears on it, and rates the answers.

What cannot be asked is a finding itself: a state store or a table that is away does not fail the call.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from segmentry.customers.store import CustomerStore, Table
from segmentry.errors import DatasetTooLarge, Exhausted, JsonValue, NotFound, Unavailable
from segmentry.insights import kept_findings, table_findings
from segmentry.insights.kept_findings import Kept, Place, SavedByTrees
from segmentry.insights.profiles import ProfileStore
from segmentry.insights.readiness import Finding, Readiness, level_of, score_of, worst_first

RUN_OLD = timedelta(days=30)

Profile = Mapping[str, JsonValue]


class Health(table_findings.Health, Protocol):
    """A table as it was looked at, with what the next version is held against."""

    @property
    def profile(self) -> Profile: ...


@dataclass(frozen=True, slots=True)
class Model:
    """The language model: which, and why it is not asked now, a cause of `llm`; empty while it is."""

    name: str
    cause: str = ""


@dataclass(frozen=True, slots=True)
class LastRun:
    """The last discovery that ended. `notices` are (reason, message) of warnings; `cards` its segments."""

    state: str
    ended: datetime
    error: str = ""
    notices: tuple[tuple[str, str], ...] = ()
    cards: tuple[Kept, ...] = ()


@dataclass(frozen=True, slots=True)
class Sources:
    """Whom to ask. `look` gives the health of a table from the profile of the version before."""

    customers: CustomerStore
    look: Callable[[str, str, Profile | None], Awaitable[Health]]
    kept: Callable[[str, str], Awaitable[Sequence[Kept]]]
    saved: SavedByTrees
    last_run: Callable[[str, str], Awaitable[LastRun | None]]
    needed: Callable[[str], Awaitable[Sequence[str]]]
    algorithm: Callable[[str], Awaitable[str]]
    algorithms: tuple[str, ...]
    model: Callable[[str], Model | None]
    worker: Callable[[], bool]


class ReadinessService:
    """The readiness of all tenants' tables. A version of a table is looked at once."""

    def __init__(self, sources: Sources, profiles: ProfileStore) -> None:
        self._sources = sources
        self._profiles = profiles
        self._looks: dict[tuple[str, str], _Look] = {}

    async def survey(self, tenant: str, schema_id: str, now: datetime) -> Readiness:
        """The readiness of a table; an empty id means the tenant's default table.

        Raises: NotFound.
        """
        found: list[Finding] = [*self._machinery(tenant)]
        sources = self._sources
        table: Table | None = None
        health: Health | None = None
        try:
            table = await sources.customers.table(tenant, schema_id)
            health = await self._health(tenant, table)
        except NotFound:
            raise
        except DatasetTooLarge:
            found.append(
                Finding(
                    "TABLE_TOO_LARGE",
                    "NOT_READY",
                    "the table has more rows than this server copies for an analysis",
                    "raise SEGMENTRY_MAX_ANALYSIS_ROWS if there is memory for it, or serve a smaller table",
                    value=None if table is None else table.rows,
                )
            )
        except (Unavailable, Exhausted):
            found.append(
                Finding(
                    "TABLE_AWAY",
                    "NOT_READY",
                    "the rows of the table cannot be reached now",
                    "see whether the database that holds them answers",
                )
            )
        known = table.schema_id if table is not None else schema_id
        needed: Sequence[str] = ()
        try:
            needed = await sources.needed(tenant)
            found += _switched_off(await sources.algorithm(tenant), sources.algorithms)
            found += await self._kept(tenant, known, table, now)
        except (Unavailable, Exhausted):
            found.append(
                Finding(
                    "STATE_AWAY",
                    "NOT_READY",
                    "the state store cannot be reached: nothing can be saved, and no analysis starts",
                    "see whether PostgreSQL answers at the address of the settings",
                )
            )
        if health is not None:
            found += table_findings.findings(health, now, needed)
        findings = worst_first(found)
        return Readiness(
            schema_id=known,
            level=level_of(findings),
            score=score_of(findings),
            findings=findings,
            checked_at=now,
            llm_available=self._answers(tenant),
            worker_available=sources.worker(),
            rows=None if table is None else table.rows,
            snapshot_id="" if table is None else table.snapshot_id,
            loaded_at=None if table is None else table.loaded_at,
            usable_fields=() if health is None else health.features,
            algorithms=sources.algorithms if sources.worker() else (),
        )

    async def revision(self, tenant: str, schema_id: str) -> tuple[str, ...]:
        """What changes whenever the readiness may have: cheap to ask for. Raises: NotFound."""
        model = self._sources.model(tenant)
        state = ("", "") if model is None else (model.name, model.cause)
        try:
            table = await self._sources.customers.table(tenant, schema_id)
            version, schema_id = f"{table.snapshot_id} {table.rows}", table.schema_id
        except (Unavailable, Exhausted):
            version = "away"
        try:
            kept = await self._profiles.revision(tenant, schema_id)
        except (Unavailable, Exhausted):
            kept = "away"
        return (version, kept, *state, str(self._sources.worker()))

    def _answers(self, tenant: str) -> bool:
        model = self._sources.model(tenant)
        return model is not None and not model.cause

    def _machinery(self, tenant: str) -> list[Finding]:
        found: list[Finding] = []
        model = self._sources.model(tenant)
        if model is None:
            found.append(
                Finding(
                    "MODEL_NOT_CONFIGURED",
                    "DEGRADED",
                    "no language model is configured: words are read offline, names come from templates",
                    "set AI_OPENAI_KEY, or AI_BASE_URL for a compatible service",
                )
            )
        elif model.cause:
            found.append(
                Finding(
                    "MODEL_AWAY",
                    "DEGRADED",
                    f"{model.name} is left alone for a while: {model.cause}",
                    "segmentry experts shows when it is asked again; see its quota, its key and the network",
                )
            )
        if not self._sources.worker():
            found.append(
                Finding(
                    "WORKER_AWAY",
                    "DEGRADED",
                    "no process for analyses is there: a discovery falls back to thirds of one field",
                    "the server's log says why workers end; memory is the usual reason",
                )
            )
        return found

    async def _health(self, tenant: str, table: Table) -> Health:
        """The health of this version, looked at once: callers at the same time wait for one look."""
        look = self._looks.setdefault((tenant, table.schema_id), _Look())
        async with look.lock:
            if look.health is None or look.snapshot_id != table.snapshot_id:
                look.health = await self._looked_at(tenant, table, look)
                look.snapshot_id = table.snapshot_id
            elif not look.is_kept:
                # The state store was away: what the version before was like is known now.
                look.health = await self._looked_at(tenant, table, look)
            return look.health

    async def _looked_at(self, tenant: str, table: Table, look: _Look) -> Health:
        look.is_kept = False
        try:
            before = await self._profiles.before(tenant, table.schema_id, table.snapshot_id)
        except (Unavailable, Exhausted):
            return await self._sources.look(tenant, table.schema_id, None)
        health = await self._sources.look(tenant, table.schema_id, before)
        try:
            await self._profiles.keep(tenant, table.schema_id, table.snapshot_id, health.profile)
        except (Unavailable, Exhausted):
            return health
        look.is_kept = True
        return health

    async def _kept(self, tenant: str, schema_id: str, table: Table | None, now: datetime) -> list[Finding]:
        last = await self._sources.last_run(tenant, schema_id)
        found = _run_findings(last, now)
        if table is not None:
            kept = [*await self._sources.kept(tenant, schema_id), *(() if last is None else last.cards)]
            place = Place(self._sources.customers, self._sources.saved, tenant, table)
            found += await kept_findings.findings(place, kept, now)
        return found


@dataclass
class _Look:
    """The last look at one table. `is_kept`: its profile is in the state store."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    snapshot_id: str = ""
    health: Health | None = None
    is_kept: bool = False


def _switched_off(asked: str, allowed: Sequence[str]) -> list[Finding]:
    """What a tenant's runs are refused for that say nothing themselves."""
    if asked in allowed:
        return []
    return [
        Finding(
            "ALGORITHM_OFF",
            "DEGRADED",
            f"{asked} is switched off on this server, and saved for your analyses: they are refused",
            f"segmentry config set --algorithm {allowed[0]}, or ask for SEGMENTRY_ANALYSIS_DBSCAN=true",
        )
    ]


def _run_findings(last: LastRun | None, now: datetime) -> list[Finding]:
    if last is None:
        return [
            Finding(
                "NEVER_ANALYSED",
                "READY",
                "no discovery has run over this table",
                "run one: segmentry discover, or StartAnalysis",
            )
        ]
    found = [
        Finding(reason, "READY", f"the last discovery said: {message}", "look at its cards before using them")
        for reason, message in last.notices
    ]
    if last.state == "FAILED":
        found.append(
            Finding(
                "RUN_FAILED",
                "DEGRADED",
                f"the last discovery failed{f': {last.error}' if last.error else ''}",
                "GetAnalysis says why; mend it and run one again",
            )
        )
    age = now - last.ended
    if age > RUN_OLD:
        days = round(age / timedelta(days=1))
        found.append(
            Finding(
                "RUN_OLD",
                "READY",
                f"the last discovery is {days} days old",
                "run one again: segmentry discover, or StartAnalysis",
                value=days,
                limit=RUN_OLD.days,
            )
        )
    return found
