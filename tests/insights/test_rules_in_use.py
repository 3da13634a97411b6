"""Rules that checks ask for are remembered for a second, and never past a change of this server's own."""

from __future__ import annotations

from dataclasses import dataclass

from segmentry.insights.recommendation import AppliedCard
from segmentry.insights.recommendation_store import Draft, RecommendationStore
from segmentry.insights.rule import QualificationRule
from segmentry.insights.rules_in_use import FRESH_S, RulesInUse
from segmentry.state.database import Database

CRITERIA = '{"handicap":{"$lt":18}}'


@dataclass
class Hours:
    """A clock that stands still until it is moved."""

    now: float = 0.0

    def __call__(self) -> float:
        return self.now


async def made(store: RecommendationStore, number: int) -> QualificationRule:
    """A draft."""
    card = AppliedCard(f"run_{number}", "card", "golf", f"rule {number}", "{}", CRITERIA)
    opened = await store.apply("demo", card, None, None)
    draft = Draft("fit", "metric_condition", None)
    return (await store.accept("demo", opened.recommendation_id, opened.etag, draft, None))[1]


async def test_a_change_of_this_server_is_seen_by_its_next_check(database: Database) -> None:
    store = RecommendationStore(database)
    rules = RulesInUse(store, Hours())
    draft = await made(store, 1)
    assert not await rules.usable("demo", "golf", ["ACTIVE"], 9)
    assert [each.state for each in await rules.named("demo", [draft.rule_id])] == ["DRAFT"]
    used = await store.activate("demo", draft.rule_id, draft.etag, None, None)
    assert await rules.usable("demo", "golf", ["ACTIVE"], 9) == [used]
    assert await rules.named("demo", [draft.rule_id]) == [used]
    ended = await store.archive("demo", used.rule_id, used.etag, None)
    assert not await rules.usable("demo", "golf", ["ACTIVE"], 9)
    assert await rules.named("demo", [draft.rule_id]) == [ended]


async def test_a_change_of_another_server_is_seen_within_a_second(database: Database) -> None:
    here, there, clock = RecommendationStore(database), RecommendationStore(database), Hours()
    rules = RulesInUse(here, clock)
    draft = await made(here, 1)
    assert not await rules.usable("demo", "golf", ["ACTIVE"], 9)
    used = await there.activate("demo", draft.rule_id, draft.etag, None, None)
    clock.now = FRESH_S * 0.99
    assert not await rules.usable("demo", "golf", ["ACTIVE"], 9)
    clock.now = FRESH_S
    assert await rules.usable("demo", "golf", ["ACTIVE"], 9) == [used]


async def test_a_read_that_a_change_overtook_is_not_remembered(database: Database) -> None:
    store = RecommendationStore(database)
    draft = await made(store, 1)

    class Overtaken(RecommendationStore):
        async def named(self, tenant: str, rule_ids: object) -> list[QualificationRule]:
            read = await store.named(tenant, [draft.rule_id])
            if read[0].state == "DRAFT":
                await self.activate(tenant, draft.rule_id, draft.etag, None, None)
            return read

    rules = RulesInUse(Overtaken(database), Hours())
    assert [each.state for each in await rules.named("demo", [draft.rule_id])] == ["DRAFT"]
    assert [each.state for each in await rules.named("demo", [draft.rule_id])] == ["ACTIVE"]


async def test_what_one_tenant_asked_for_is_no_answer_to_another(database: Database) -> None:
    store = RecommendationStore(database)
    rules = RulesInUse(store, Hours())
    draft = await made(store, 1)
    assert await rules.usable("demo", "golf", ["DRAFT"], 9) == [draft]
    assert not await rules.usable("tenant_123", "golf", ["DRAFT"], 9)
    assert not await rules.usable("demo", "shop", ["DRAFT"], 9)
