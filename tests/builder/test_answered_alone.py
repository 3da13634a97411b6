"""Which replies needed no model, and which had to do without one: only the former are a success."""

from __future__ import annotations

import pytest
from segmentry.builder.build import build
from segmentry.builder.outcome import Outcome, answered_alone
from segmentry.builder.request import Options, Place
from segmentry.customers.snapshots import SnapshotStore

from tests.vendor.menu import MENU
from tests.vendored import Vendored, condition, says, vendored

OPEN = "gold members who are wild about us"
WILD = says(condition("wild about us", "engagementScore", "band", "high engagement"))


async def built(
    asked: Vendored, place: Place, store: SnapshotStore, query: str, options: Options | None = None
) -> Outcome:
    return await build(query, place, options or Options(), store, build_id="b_1", panel=asked.panel)


async def test_a_query_that_the_reader_is_sure_of_is_answered_alone(
    place: Place, store: SnapshotStore
) -> None:
    async with vendored(WILD) as asked:
        assert answered_alone(await built(asked, place, store, "gold members in Durban"))
        assert not answered_alone(await built(asked, place, store, OPEN))


@pytest.mark.parametrize("options", [Options(max_model_calls=0), Options(max_cost_usd=0.0)])
async def test_what_a_bound_kept_from_the_model_is_not(
    place: Place, store: SnapshotStore, options: Options
) -> None:
    async with vendored(WILD) as asked:
        outcome = await built(asked, place, store, OPEN, options)
        assert asked.vendor.n_calls == 0
    assert not answered_alone(outcome)


async def test_what_an_open_breaker_kept_from_the_model_is_not_and_no_expert_counts_as_asked(
    place: Place, store: SnapshotStore
) -> None:
    async with vendored(MENU["quota"]) as asked:
        await built(asked, place, store, OPEN)
        counted = asked.panel.asker.counters.totals()
        outcome = await built(asked, place, store, OPEN)
        assert asked.panel.asker.counters.totals() == counted
    assert outcome.usage.calls == 0
    assert not answered_alone(outcome)
