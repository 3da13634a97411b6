"""Whom the readiness of a table asks: the parts of the server that know."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from segmentry.analysis.events import AnalysisResult
from segmentry.analysis.health import Profile, TableHealth, health
from segmentry.analysis.records import KIND
from segmentry.analysis.service import AnalysisService
from segmentry.customers.store import CustomerStore
from segmentry.errors import Exhausted, Unavailable
from segmentry.insights.kept_findings import Kept
from segmentry.insights.recommendation_store import RecommendationStore
from segmentry.insights.surveying import LastRun, Model, Sources
from segmentry.llm.guarded import VendorState
from segmentry.rpc.settings import AnalysisDefaults
from segmentry.runs.store import RunStore
from segmentry.runs.tokens import signing_key
from segmentry.segments.service import SegmentService
from segmentry.state.database import Database

if TYPE_CHECKING:
    from segmentry.customers.snapshot import Snapshot

# More segments and rules of one table than people look through.
MOST_KEPT = 200
# Warnings of a run that are about its segments; those about fields are found anew.
_ABOUT_SEGMENTS = frozenset(
    {
        "WEAK_SEGMENTS",
        "NO_CLEAR_SEGMENTS",
        "SMALL_SEGMENTS",
        "ONE_BLOB",
        "MOSTLY_NOISE",
        "NO_CLUSTERS",
        "NO_VARIATION",
        "DUPLICATES",
        "K_CAPPED",
        "SEGMENTS_OVERLAP",
    }
)


class Tables(Protocol):
    """Where the rows of a table are got: `customers.stores.Stores`."""

    async def snapshot(self, tenant: str, schema_id: str = "") -> Snapshot: ...


@dataclass(frozen=True, slots=True)
class Asked:
    """The parts. `customers` shows what may be shown, `tables` gives the rows themselves; below `small_count`
    figures are kept back."""

    database: Database
    customers: CustomerStore
    tables: Tables
    segments: SegmentService
    recommendations: RecommendationStore
    analyses: AnalysisService
    defaults: AnalysisDefaults
    vendor: Callable[[str], VendorState | None]
    small_count: int = 0

    def sources(self) -> Sources:
        return Sources(
            customers=self.customers,
            look=self._look,
            kept=self._kept,
            saved=self.segments.saved,
            last_run=self._last_run,
            needed=self.defaults.saved_features,
            algorithm=self.defaults.algorithm,
            algorithms=self.defaults.algorithms,
            model=self._model,
            worker=lambda: self.analyses.has_workers,
        )

    async def _look(self, tenant: str, schema_id: str, before: Profile | None) -> TableHealth:
        snapshot = await self.tables.snapshot(tenant, schema_id)
        found = await asyncio.to_thread(health, snapshot, before, await self._key())
        return found if self.small_count <= 1 else _coarse(found, self.small_count)

    async def _key(self) -> bytes:
        """What hides texts in profiles; any key does while nothing can be kept."""
        try:
            return await signing_key(self.database, "profiles")
        except (Unavailable, Exhausted):
            return b"nothing is kept"

    async def _kept(self, tenant: str, schema_id: str) -> Sequence[Kept]:
        segments = await self.segments.list(tenant, after=None, limit=MOST_KEPT)
        rules = await self.recommendations.usable(tenant, schema_id, ("ACTIVE",), MOST_KEPT)
        return [
            *(
                Kept("segment", each.segment_id, each.name, each.criteria, each.last_count)
                for each in segments
                if each.schema_id == schema_id
            ),
            *(Kept("rule", each.rule_id, each.name, each.criteria, each.matched_count) for each in rules),
        ]

    async def _last_run(self, tenant: str, schema_id: str) -> LastRun | None:
        run_id = await RunStore(self.database).last_ended(tenant, KIND, schema_id)
        if run_id is None:
            return None
        run, result = await self.analyses.get(tenant, run_id)
        assert run.end_time is not None, "the store says that it has ended"
        return LastRun(
            run.state,
            run.end_time,
            "" if run.error is None else run.error.reason,
            () if result is None else tuple(_notices(result)),
            () if result is None else tuple(_cards(result)),
        )

    def _model(self, tenant: str) -> Model | None:
        found = self.vendor(tenant)
        if found is None:
            return None
        return Model(found.model, found.cause or "" if found.state == "open" else "")


def _notices(result: AnalysisResult) -> list[tuple[str, str]]:
    told = {each.reason: each.message for each in result.notices if each.reason in _ABOUT_SEGMENTS}
    return list(told.items())


def _cards(result: AnalysisResult) -> list[Kept]:
    return [
        Kept("card", each.card_id, each.name, each.criteria, each.fidelity.matched_count, result.rows)
        for each in result.segments
        if each.criteria
    ]


def _coarse(found: TableHealth, k: int) -> TableHealth:
    """The health without counts of fewer than `k` customers: rows rounded up, shares to 5 %."""

    def up(amount: int) -> int:
        return -(-amount // k) * k

    return dataclasses.replace(
        found,
        rows=up(found.rows),
        keyless=up(found.keyless),
        repeated=up(found.repeated),
        rows_before=None if found.rows_before is None else up(found.rows_before),
        fields=tuple(
            dataclasses.replace(each, missing=round(each.missing * 20) / 20) for each in found.fields
        ),
    )
