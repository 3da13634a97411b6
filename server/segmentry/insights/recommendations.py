"""Recommendations as a service: what is applied, accepted and dismissed was checked and counted again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from segmentry.insights.counting import KeptCriteria, drifted
from segmentry.insights.recommendation import AppliedCard, Recommendation, State
from segmentry.insights.recommendation_store import Draft, RecommendationStore
from segmentry.insights.rule import QualificationRule, Stage, kind_of
from segmentry.state.idempotency import Claim


@dataclass(frozen=True, slots=True)
class Accepted:
    """A recommendation and its rule. `drift`: how the count has moved since it was applied; mostly empty."""

    recommendation: Recommendation
    rule: QualificationRule
    drift: str = ""


class RecommendationService:
    """Recommendations of all tenants, over the customers that they are about."""

    def __init__(self, store: RecommendationStore, kept: KeptCriteria) -> None:
        self._store = store
        self._kept = kept

    async def apply(
        self, tenant: str, card: AppliedCard, *, now: datetime, claim: Claim | None = None
    ) -> Recommendation:
        """The recommendation of that card: the same one each time, opened again if it was dismissed.

        The name that was given first stays.

        Raises: NotFound for a table that is gone; InvalidCriteria where it has changed since; AlreadyExists.
        """
        found = await self._kept.counted(tenant, card.schema_id, card.criteria, now)
        return await self._store.apply(tenant, card, found.matched, claim)

    async def get(self, tenant: str, recommendation_id: str) -> Recommendation:
        """Raises: NotFound, also for another tenant's."""
        return await self._store.get(tenant, recommendation_id)

    async def list(
        self,
        tenant: str,
        *,
        state: State | None = None,
        run_id: str = "",
        after: tuple[datetime, str] | None = None,
        limit: int,
    ) -> Sequence[Recommendation]:
        """A page in order of creation; `after` is the (create_time, id) of the last one that was seen."""
        return await self._store.list(tenant, state=state, run_id=run_id, after=after, limit=limit)

    async def accept(
        self,
        tenant: str,
        recommendation_id: str,
        etag: str,
        *,
        stage: Stage = "fit",
        now: datetime,
        claim: Claim | None = None,
    ) -> Accepted:
        """Make a rule of it, a draft, or return the one that the same claim made before.

        Raises: NotFound; VersionMismatch; InvalidState unless it is open; InvalidCriteria where the table has
        changed since; AlreadyExists.
        """
        if claim is not None and (earlier := await self._store.accepted(tenant, claim)) is not None:
            return Accepted(*earlier)
        before = await self._store.get(tenant, recommendation_id)
        if claim is None:
            # Else a parallel call of the same id may have been first, which the store finds out.
            before.refuse_etag(etag)
            before.refuse_state("accepted")
        applied = before.applied
        found = await self._kept.counted(tenant, applied.schema_id, applied.criteria, now)
        draft = Draft(stage, kind_of(found.node, found.catalog), found.matched)
        made, rule = await self._store.accept(tenant, recommendation_id, etag, draft, claim)
        return Accepted(made, rule, drifted(before.rule_size, found.matched))

    async def dismiss(self, tenant: str, recommendation_id: str, etag: str, comment: str) -> Recommendation:
        """Put it aside. Raises: NotFound; VersionMismatch; InvalidState unless it is open."""
        return await self._store.dismiss(tenant, recommendation_id, etag, comment)
