"""A segment that a rule or a recommendation names is in use, as long as either may still count."""

from __future__ import annotations

import pytest
from segmentry.errors import SegmentInUse
from segmentry.insights.recommendation import AppliedCard, Recommendation
from segmentry.insights.recommendation_store import Draft, RecommendationStore
from segmentry.insights.rule import QualificationRule
from segmentry.segments.record import SavedSegment
from segmentry.segments.service import SegmentService
from segmentry.state.database import Database

from tests.segments.keeping import keep, naming, rewrite

DRAFT = Draft("fit", "metric_condition", None)


@pytest.fixture
def rules(database: Database) -> RecommendationStore:
    return RecommendationStore(database)


async def opened(
    rules: RecommendationStore,
    criteria: str,
    *,
    tenant: str = "demo",
    schema: str = "club",
    run: str = "run_1",
) -> Recommendation:
    """A recommendation with those criteria."""
    card = AppliedCard(run, "card", schema, "Spring offer", "{}", criteria)
    return await rules.apply(tenant, card, None, None)


async def accepted(rules: RecommendationStore, found: Recommendation) -> QualificationRule:
    """The draft rule of a recommendation."""
    return (await rules.accept("demo", found.recommendation_id, found.etag, DRAFT, None))[1]


async def users(service: SegmentService, saved: SavedSegment) -> tuple[str, ...]:
    """Who refers to the segment now."""
    return (await service.get("demo", saved.segment_id)).referenced_by


async def test_a_segment_stays_until_no_rule_may_count_with_it(
    service: SegmentService, rules: RecommendationStore
) -> None:
    base = await keep(service, '{"score":1}')
    found = await opened(rules, naming(base))
    assert await users(service, base) == (found.recommendation_id,)
    rule = await accepted(rules, found)
    assert await users(service, base) == (found.recommendation_id, rule.rule_id)
    active = await rules.activate("demo", rule.rule_id, rule.etag, None, None)
    with pytest.raises(SegmentInUse, match=f"used by .*rule 'Spring offer' .*{rule.rule_id}") as caught:
        await service.archive("demo", base.segment_id, base.etag)
    assert caught.value.metadata == {"referencedBy": f"{found.recommendation_id},{rule.rule_id}"}
    await rules.archive("demo", rule.rule_id, active.etag, None)
    # What was accepted is history once its rule is out of use: it cannot be accepted again.
    assert await users(service, base) == ()
    assert (await service.archive("demo", base.segment_id, base.etag)).state == "ARCHIVED"


async def test_a_dismissed_recommendation_keeps_no_segment(
    service: SegmentService, rules: RecommendationStore
) -> None:
    base = await keep(service, '{"score":1}')
    found = await opened(rules, naming(base))
    with pytest.raises(SegmentInUse, match="recommendation 'Spring offer'"):
        await service.archive("demo", base.segment_id, base.etag)
    await rules.dismiss("demo", found.recommendation_id, found.etag, "")
    assert (await service.archive("demo", base.segment_id, base.etag)).state == "ARCHIVED"


async def test_a_rule_that_pins_a_version_uses_what_that_version_names(
    service: SegmentService, rules: RecommendationStore
) -> None:
    base = await keep(service, '{"score":1}')
    middle = await keep(service, naming(base))
    found = await opened(rules, f'{{"$segment":{{"id":"{middle.segment_id}","version":1}}}}')
    await rewrite(service, middle, '{"score":2}')
    assert await users(service, base) == await users(service, middle) == (found.recommendation_id,)


@pytest.mark.parametrize("criteria", ['{{"status":"{id}"}}', '{{"status":"$segment {id}"}}'])
async def test_an_id_that_is_only_a_value_is_no_use_of_the_segment(
    service: SegmentService, rules: RecommendationStore, criteria: str
) -> None:
    base = await keep(service, '{"score":1}')
    await opened(rules, criteria.format(id=base.segment_id))
    assert await users(service, base) == ()


async def test_rules_of_another_tenant_and_those_that_name_nothing_say_nothing(
    service: SegmentService, rules: RecommendationStore
) -> None:
    base = await keep(service, '{"score":1}')
    await opened(rules, naming(base), tenant="other")
    await opened(rules, '{"score":1}')
    assert await users(service, base) == ()
    assert (await service.archive("demo", base.segment_id, base.etag)).state == "ARCHIVED"
