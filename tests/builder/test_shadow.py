"""A sample of sure answers is read by experts in the background: it changes nothing and is bounded."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from segmentry.builder.build import build
from segmentry.builder.outcome import Outcome
from segmentry.builder.request import Options, Place
from segmentry.builder.sample import AT_ONCE, Sample
from segmentry.customers.snapshots import SnapshotStore
from segmentry.insights.agent_health import AgentHealth

from tests.vendor.menu import MENU
from tests.vendor.plans import Pace, Plan
from tests.vendor.rules import Ruled
from tests.vendored import Vendored, condition, says, vendored

SURE = "gold members with a handicap under 10"
OPEN = "gold members who are crazy about us"
DAY = datetime(2025, 12, 16, 9, tzinfo=UTC)


def sample(*, share: float = 1.0, calls_a_day: int = 500) -> Sample:
    """A sample that draws 0.5 each time."""
    return Sample(share=share, calls_a_day=calls_a_day, draw=lambda: 0.5, now=lambda: DAY)


async def built(
    asked: Vendored, place: Place, store: SnapshotStore, query: str = SURE, options: Options | None = None
) -> Outcome:
    return await build(
        query, place, options or Options(skip_preview=True), store, build_id="b_1", panel=asked.panel
    )


async def counted(asked: Vendored) -> tuple[int, int]:
    """How many requests were compared and how many agreed, once nothing is under way."""
    for _ in range(500):
        if not asked.panel.sample or not asked.panel.sample.n_running:
            break
        await asyncio.sleep(0.01)
    answers = asked.panel.asker.counters.answers("demo")
    return answers.compared, answers.agreed


async def test_experts_who_read_the_same_agree_and_the_answer_shows_nothing_of_them(
    place: Place, store: SnapshotStore
) -> None:
    plan = Plan(answer=Ruled(place.catalog))
    async with vendored(plan, plan) as asked:
        without = await built(asked, place, store)
        assert asked.vendor.n_calls == 0
        asked.panel.sample = sample()
        with_it = await built(asked, place, store)
        assert await counted(asked) == (1, 1)
        assert with_it == without
        assert with_it.usage.calls == 0
        assert asked.vendor.n_calls > 0
        totals = asked.panel.asker.counters.totals()
        health = [AgentHealth(agent, version, counts) for (agent, version), counts in totals.items()]
        assert sum(each.count("compared") for each in health) == 2
        assert {each.agreement for each in health if each.count("compared")} == {1.0}
        # The experts were not told that the reader has closed the phrases.
        messages = asked.vendor.calls[0].body["messages"]
        assert isinstance(messages, list)
        assert "closed" not in str(messages[1])


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ((), "missed both"),
        ((condition("gold members", "membershipTier", "is", "gold"),), "missed one"),
        (
            (
                condition("gold members", "membershipTier", "is", "gold"),
                condition("handicap under 10", "handicap", "at_most", "10"),
            ),
            "read one otherwise",
        ),
    ],
    ids=lambda each: str(each) if isinstance(each, str) else "",
)
async def test_experts_who_read_otherwise_or_miss_something_do_not_agree(
    said: tuple[dict[str, object], ...], why: str, place: Place, store: SnapshotStore
) -> None:
    async with vendored(says(*said)) as asked:
        asked.panel.sample = sample()
        await built(asked, place, store)
        assert await counted(asked) == (1, 0), why
        totals = asked.panel.asker.counters.totals().values()
        compared = sum(each.get("compared", 0) for each in totals)
        agreed = sum(each.get("agreed", 0) for each in totals)
        assert (compared, agreed) == (2, len(said[:1]))


@pytest.mark.parametrize(
    "options",
    [Options(offline_only=True), Options(max_model_calls=0), Options(max_cost_usd=0), Options(dry_run=True)],
    ids=["offline_only", "no_calls", "no_money", "dry_run"],
)
async def test_what_a_caller_keeps_from_models_is_never_in_the_sample(
    options: Options, place: Place, store: SnapshotStore
) -> None:
    async with vendored(says()) as asked:
        asked.panel.sample = sample()
        await built(asked, place, store, options=replace(options, skip_preview=True))
        await counted(asked)
        assert asked.vendor.n_calls == 0


async def test_a_tenant_without_models_and_requests_that_experts_answer_are_not_sampled(
    place: Place, store: SnapshotStore
) -> None:
    async with vendored(says()) as asked:
        asked.panel.sample = sample()
        await built(asked, place, store, query=OPEN)
        n_calls = asked.vendor.n_calls
        asked.panel.tenants = {"demo": "offline"}
        await built(asked, place, store)
        assert await counted(asked) == (0, 0)
        assert asked.vendor.n_calls == n_calls


async def test_a_share_of_nothing_and_a_spent_day_ask_nobody(place: Place, store: SnapshotStore) -> None:
    async with vendored(says()) as asked:
        for each in (sample(share=0.0), sample(calls_a_day=0)):
            asked.panel.sample = each
            await built(asked, place, store)
            assert await counted(asked) == (0, 0)
        assert asked.vendor.n_calls == 0


async def test_a_day_begins_with_all_its_calls() -> None:
    days = iter([DAY, DAY, DAY.replace(day=17)])
    purse = Sample(calls_a_day=3, now=lambda: next(days))
    assert [purse.take(2), purse.take(2), purse.take(3)] == [True, False, True]


async def test_one_call_at_a_time_and_two_requests_at_once_at_most(
    place: Place, store: SnapshotStore
) -> None:
    async with vendored(replace(says(), pace=Pace(30.0))) as asked:
        asked.panel.sample = sample()
        for _ in range(5):
            await built(asked, place, store)
        await asked.vendor.seen(AT_ONCE)
        await asyncio.sleep(0.05)
        assert asked.vendor.n_calls == AT_ONCE
        await asked.panel.sample.close()
        await asked.vendor.seen(AT_ONCE, left=AT_ONCE)
        await built(asked, place, store)
        assert asked.panel.sample.n_running == 0


@pytest.mark.parametrize("fault", ["server_error", "html", "refusal", "unknown_field"])
async def test_a_failing_model_costs_one_call_each_and_compares_nothing_it_did_not_say(
    fault: str, place: Place, store: SnapshotStore
) -> None:
    async with vendored(MENU[fault]) as asked:
        asked.panel.sample = sample()
        outcome = await built(asked, place, store)
        compared, agreed = await counted(asked)
        assert outcome.result is not None
        assert outcome.fallbacks == ()
        assert agreed == 0
        totals = asked.panel.asker.counters.totals().values()
        assert all(each["calls"] == each["asked"] == 1 for each in totals)
        assert compared == (fault == "unknown_field")
