"""A card that is applied once more, with the rules of the first time or with others."""

from __future__ import annotations

from dataclasses import replace

import pytest
from segmentry.errors import InvalidState
from segmentry.insights.recommendation import AppliedCard
from segmentry.insights.recommendation_store import Draft, RecommendationStore
from segmentry.state.database import Database

CARD = AppliedCard("run_1", "card", "club", "Spring offer", "{}", '{"score":1}', "[1]")
BETTER = replace(CARD, criteria='{"$or":[{"score":1},{"score":2}]}', filter_rules="[2]")
DRAFT = Draft("fit", "metric_condition", None)


async def test_the_same_card_is_the_same_recommendation_as_it_was(database: Database) -> None:
    store = RecommendationStore(database)
    first = await store.apply("demo", CARD, 10, None)
    assert await store.apply("demo", CARD, 99, None) == first


@pytest.mark.parametrize("dismissed", [False, True])
async def test_one_that_nobody_accepted_takes_the_rules_that_are_chosen_now(
    database: Database, *, dismissed: bool
) -> None:
    store = RecommendationStore(database)
    first = await store.apply("demo", CARD, 10, None)
    if dismissed:
        await store.dismiss("demo", first.recommendation_id, first.etag, "too small")
    again = await store.apply("demo", BETTER, 25, None)
    assert (again.recommendation_id, again.state) == (first.recommendation_id, "OPEN")
    assert (again.applied.criteria, again.applied.filter_rules, again.rule_size) == (
        BETTER.criteria,
        BETTER.filter_rules,
        25,
    )
    assert again.etag != first.etag


async def test_one_that_was_accepted_with_other_rules_is_refused_and_stays(database: Database) -> None:
    store = RecommendationStore(database)
    first = await store.apply("demo", CARD, 10, None)
    kept, rule = await store.accept("demo", first.recommendation_id, first.etag, DRAFT, None)
    with pytest.raises(InvalidState, match=rule.rule_id) as raised:
        await store.apply("demo", BETTER, 25, None)
    assert raised.value.metadata["state"] == "ACCEPTED"
    assert await store.apply("demo", CARD, 10, None) == kept
