"""A quota that is used up, over whole builds: what it costs, and that nothing is asked afterwards."""

from __future__ import annotations

import pytest
from segmentry.builder.build import build
from segmentry.builder.outcome import Outcome
from segmentry.builder.request import Options, Place
from segmentry.customers.snapshots import SnapshotStore

from tests.vendor.menu import MENU
from tests.vendored import Vendored, condition, says, vendored

# Many specialists are asked about the first; the second has other words.
QUERIES = ("gold members who are crazy about us", "members who frobnicate or grumble about the weather")
CRAZY = says(condition("crazy about us", "engagementScore", "band", "high engagement"))
# Generous, so that a busy machine does not let others go before the one ahead has been turned down.
_HEAD_START_S = 10.0


async def built(asked: Vendored, query: str, place: Place, store: SnapshotStore) -> Outcome:
    return await build(query, place, Options(), store, build_id="b_1", panel=asked.panel)


@pytest.mark.parametrize("fault", ["quota", "rate_limit_long", "unauthorized"])
async def test_a_server_that_was_just_started_makes_one_call_and_then_none(
    fault: str, place: Place, store: SnapshotStore
) -> None:
    async with vendored(MENU[fault], MENU[fault], head_start_s=_HEAD_START_S) as asked:
        outcomes = [await built(asked, query, place, store) for query in QUERIES * 5]
        assert asked.vendor.n_calls == 1
    # Every build was answered by the reader, and says why it had no help.
    reasons = {each.reason for outcome in outcomes for each in outcome.fallbacks}
    assert len(reasons) == 1
    assert all(outcome.fallbacks for outcome in outcomes[:: len(QUERIES)])
    assert {outcome.tier for outcome in outcomes} == {"deterministic"}
    assert sum(outcome.usage.calls for outcome in outcomes) == 1


@pytest.mark.parametrize("fault", ["quota", "rate_limit_long"])
async def test_in_a_healthy_time_at_most_the_calls_under_way_are_made_and_then_none(
    fault: str, place: Place, store: SnapshotStore
) -> None:
    async with vendored(CRAZY) as asked:
        first = await built(asked, QUERIES[0], place, store)
        n_experts = len(first.experts)
        assert n_experts > 2
        asked.vendor.script = lambda _: MENU[fault]
        before = asked.vendor.n_calls
        failed = await built(asked, QUERIES[0], place, store)
        # No retries, no repairs, no copies: each expert's one call at most.
        assert asked.vendor.n_calls - before <= n_experts
        # One that was given up before it was sent is counted all the same.
        assert asked.vendor.n_calls - before <= failed.usage.calls <= n_experts
        spent = asked.vendor.n_calls
        for query in QUERIES * 5:
            await built(asked, query, place, store)
        assert asked.vendor.n_calls == spent
