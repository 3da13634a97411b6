"""Recorded answers are given again without a network, and a question that was not recorded is a failure."""

from __future__ import annotations

import pytest
from segmentry.builder.request import Options
from segmentry.errors import SegmentryError
from segmentry.llm.replay import ReplayModel

from tests.evals.replayed import QUERIES, TRANSCRIPT, built

AGAIN = "these questions were not recorded; run python -m tests.evals.replayed and look at the change"


@pytest.mark.parametrize("query", QUERIES)
async def test_a_build_asks_what_was_recorded_and_comes_to_the_same(query: str) -> None:
    outcome = await built(query, ReplayModel(TRANSCRIPT))
    assert [each.message for each in outcome.fallbacks] == [], AGAIN
    assert outcome.usage.calls > 1
    assert outcome.tier in {"combined", "llm"}
    assert outcome.result is not None
    assert outcome.result.canonical_json == QUERIES[query]


async def test_a_question_that_was_not_recorded_is_a_failure_and_asks_nobody() -> None:
    query = "silver members who are crazy about us"
    outcome = await built(query, ReplayModel(TRANSCRIPT))
    assert {each.reason for each in outcome.fallbacks} == {"LLM_UNAVAILABLE"}
    with pytest.raises(SegmentryError) as refused:
        await built(query, ReplayModel(TRANSCRIPT), Options(require_llm=True, skip_preview=True))
    assert refused.value.reason == "AI_ERROR"
