"""The rules that checks ask for, remembered for a second: a decision flow asks for the same ones all day."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from time import monotonic

from segmentry.insights.recommendation_store import RecommendationStore
from segmentry.insights.rule import QualificationRule, State

# A change that another server made is seen after that long; one of this server by its next check.
FRESH_S = 1.0
MOST_KEPT = 1_000

_Read = tuple[float, int, list[QualificationRule]]


class RulesInUse:
    """Reads of a `RecommendationStore`, each good for `FRESH_S` and until this server changes any rule."""

    def __init__(self, store: RecommendationStore, clock: Callable[[], float] = monotonic) -> None:
        self._store = store
        self._clock = clock
        self._kept: OrderedDict[Hashable, _Read] = OrderedDict()

    async def named(self, tenant: str, rule_ids: Sequence[str]) -> list[QualificationRule]:
        """As `RecommendationStore.named`, at most `FRESH_S` old."""
        key = (tenant, tuple(rule_ids))
        known = self._fresh(key)
        if known is None:
            begun = self._begun()
            known = self._keep(key, begun, await self._store.named(tenant, rule_ids))
        return known

    async def usable(
        self, tenant: str, schema_id: str, states: Sequence[State], limit: int
    ) -> list[QualificationRule]:
        """As `RecommendationStore.usable`, at most `FRESH_S` old."""
        key = (tenant, schema_id, tuple(states), limit)
        known = self._fresh(key)
        if known is None:
            begun = self._begun()
            known = self._keep(key, begun, await self._store.usable(tenant, schema_id, states, limit))
        return known

    def _begun(self) -> tuple[float, int]:
        """When a read begins, and after how many changes: what is newer than that it may not have seen."""
        return self._clock(), self._store.changes

    def _fresh(self, key: Hashable) -> list[QualificationRule] | None:
        read = self._kept.get(key)
        if read is None:
            return None
        at, changes, rules = read
        if changes != self._store.changes or self._clock() - at >= FRESH_S:
            return None
        return rules

    def _keep(
        self, key: Hashable, begun: tuple[float, int], rules: list[QualificationRule]
    ) -> list[QualificationRule]:
        self._kept[key] = (*begun, rules)
        self._kept.move_to_end(key)
        while len(self._kept) > MOST_KEPT:
            self._kept.popitem(last=False)
        return rules
