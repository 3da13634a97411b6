"""Budgets of tenants and bounds of callers: what nobody pays for is not asked, what was used is settled."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from segmentry.builder.build import build
from segmentry.builder.events import Started
from segmentry.builder.outcome import Outcome
from segmentry.builder.refine import refine
from segmentry.builder.request import Options, Place
from segmentry.builder.sample import Sample
from segmentry.criteria import parse
from segmentry.customers.snapshots import SnapshotStore
from segmentry.errors import BudgetExhausted, Unavailable
from segmentry.llm.budget import Budget, Limits
from segmentry.llm.guarded import GuardedModel
from segmentry.llm.openai import OpenAIModel
from segmentry.state.database import Database
from segmentry.state.spending import SpendingStore

from tests.vendor.menu import MENU
from tests.vendor.plans import Pace, Plan
from tests.vendored import Vendored, condition, says, vendored

from .conftest import Listener

OPEN = "gold members who are crazy about us"
CLEAR = "gold members in Durban"
CRAZY = says(condition("crazy about us", "engagementScore", "band", "high engagement"))
NOWHERE = "postgresql://127.0.0.1:1/nowhere"


@asynccontextmanager
async def budgeted(
    database: Database, limits: Limits, plan: Plan = CRAZY, **tenants: Limits
) -> AsyncGenerator[Vendored]:
    """Experts whose tenants have those limits; a busy machine is given time."""
    async with vendored(plan) as asked:
        asked.panel.budget = Budget(SpendingStore(database), limits, tenants, reserve_within_s=15.0)
        yield asked


async def built(
    asked: Vendored, place: Place, store: SnapshotStore, query: str = OPEN, **options: object
) -> Outcome:
    wanted = Options(**options)  # pyright: ignore[reportArgumentType]  # any option by name
    return await build(query, place, wanted, store, build_id="b_1", panel=asked.panel)


async def sums(database: Database, tenant: str = "demo") -> tuple[int, int, int]:
    """Requests, tokens and billionths of a dollar; nothing may be reserved any more."""
    assert await database.fetch("SELECT 1 FROM model_reservation") == []
    row = await database.fetch_one("SELECT * FROM model_budget WHERE tenant = $1", tenant)
    if row is None:
        return 0, 0, 0
    return row.integer("requests"), row.integer("tokens"), row.integer("cost_nano")


def reasons(outcome: Outcome) -> list[str]:
    return [each.reason for each in outcome.fallbacks]


async def test_after_a_build_exactly_what_it_used_is_spent(
    database: Database, place: Place, store: SnapshotStore
) -> None:
    async with budgeted(database, Limits(tokens_per_day=1_000_000, cost_per_day_usd=1.0)) as asked:
        outcome = await built(asked, place, store)
    assert outcome.fallbacks == ()
    usage = outcome.usage
    requests, tokens, cost_nano = await sums(database)
    assert (requests, tokens) == (1, usage.prompt_tokens + usage.completion_tokens)
    assert cost_nano == pytest.approx((usage.cost_usd or 0.0) * 1e9, abs=1)


@pytest.mark.parametrize(
    ("limits", "name"),
    [
        (Limits(tokens_per_day=500), "tokens_per_day"),
        (Limits(cost_per_day_usd=0.000001), "cost_per_day_usd"),
    ],
)
async def test_a_budget_that_is_used_up_leaves_the_reader_and_says_so(
    limits: Limits, name: str, database: Database, place: Place, store: SnapshotStore
) -> None:
    async with budgeted(database, limits) as asked:
        outcome = await built(asked, place, store)
        assert reasons(outcome) == ["BUDGET_EXHAUSTED"]
        assert name in outcome.fallbacks[0].message
        assert outcome.tier == "deterministic"
        assert (outcome.usage.calls, outcome.experts) == (0, ())
        with pytest.raises(BudgetExhausted) as raised:
            await built(asked, place, store, require_llm=True)
        assert raised.value.metadata["budget"] == name
        assert raised.value.metadata["resetsAt"].endswith("T00:00:00Z")
        # What the reader answers alone needs no budget.
        assert (await built(asked, place, store, CLEAR)).result is not None
        assert asked.vendor.n_calls == 0


async def test_of_twenty_builds_at_once_five_are_paid_for(
    postgres_folder: Path, database: Database, place: Place, store: SnapshotStore
) -> None:
    async with (
        # With a connection for each, so that none is refused for want of one.
        Database(directory=postgres_folder, name="tests", pool_size=24) as wide,
        budgeted(wide, Limits(requests_per_minute=5)) as asked,
    ):
        outcomes: list[Outcome] = []
        for _ in range(2):
            await database.execute("DELETE FROM model_budget")
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(built(asked, place, store)) for _ in range(20)]
            outcomes = [each.result() for each in tasks]
            if await database.fetch_one("SELECT 1 FROM model_budget WHERE requests = 5"):
                break  # else a minute ended in between, and it is done anew
    assert sum(outcome.usage.calls > 0 for outcome in outcomes) == 5
    refused = [outcome for outcome in outcomes if not outcome.usage.calls]
    assert {reason for outcome in refused for reason in reasons(outcome)} == {"BUDGET_EXHAUSTED"}


async def test_tenants_have_their_own_budgets(database: Database, place: Place, store: SnapshotStore) -> None:
    async with budgeted(database, Limits(tokens_per_day=500), rich=Limits()) as asked:
        assert reasons(await built(asked, place, store)) == ["BUDGET_EXHAUSTED"]
        allowed = await built(asked, replace(place, tenant="rich"), store, skip_preview=True)
    assert allowed.usage.calls > 0


async def test_calls_that_fail_are_settled_with_what_they_used(
    database: Database, place: Place, store: SnapshotStore
) -> None:
    async with budgeted(database, Limits(tokens_per_day=1_000_000), MENU["server_error"]) as asked:
        outcome = await built(asked, place, store)
    assert set(reasons(outcome)) == {"LLM_UNAVAILABLE"}
    assert (await sums(database))[1] == outcome.usage.prompt_tokens + outcome.usage.completion_tokens


async def test_a_build_that_is_cancelled_is_settled_with_what_its_calls_are_thought_to_have_used(
    database: Database, place: Place, store: SnapshotStore
) -> None:
    async with budgeted(database, Limits(tokens_per_day=1_000_000), replace(CRAZY, pace=Pace(30.0))) as asked:
        running = asyncio.create_task(built(asked, place, store))
        await asked.vendor.seen(3)
        running.cancel()
        ended = await asyncio.gather(running, return_exceptions=True)
        assert isinstance(ended[0], asyncio.CancelledError)
        n_calls = asked.vendor.n_calls
    requests, tokens, _ = await sums(database)
    assert requests == 1
    # The prompts, which the vendor may have read; not the answers that were reserved for.
    assert 1_000 * n_calls <= tokens < 3_000 * n_calls


@pytest.mark.parametrize("required", [False, True])
async def test_without_a_store_that_counts_nothing_is_spent_and_it_is_said(
    required: bool, place: Place, store: SnapshotStore
) -> None:
    async with budgeted(Database(NOWHERE), Limits(tokens_per_day=1_000_000)) as asked:
        if required:
            with pytest.raises(Unavailable) as raised:
                await built(asked, place, store, require_llm=True)
            assert raised.value.reason == "STORE_UNAVAILABLE"
        else:
            outcome = await built(asked, place, store)
            assert reasons(outcome) == ["STORE_UNAVAILABLE"]
            assert outcome.tier == "deterministic"
        assert asked.vendor.n_calls == 0


async def test_a_callers_bound_pays_for_the_first_experts_by_routing(
    place: Place, store: SnapshotStore
) -> None:
    async with vendored(CRAZY) as asked:
        whole = await built(asked, place, store, dry_run=True)
        assert whole.usage.cost_usd is not None
        cap = whole.usage.cost_usd / 2
        listener = Listener()
        wanted = Options(dry_run=True, max_cost_usd=cap)
        planned = await build(OPEN, place, wanted, store, build_id="b_1", emit=listener, panel=asked.panel)
        assert asked.vendor.n_calls == 0
        outcome = await built(asked, place, store, max_cost_usd=cap)
        n_calls = asked.vendor.n_calls
    assert planned.usage.cost_usd is not None
    assert planned.usage.cost_usd <= cap
    assert 0 < planned.usage.calls < whole.usage.calls
    [told] = planned.fallbacks  # one notice, however many it keeps out
    dropped = set(told.subtasks)
    assert len(dropped) == whole.usage.calls - planned.usage.calls
    assert set(reasons(planned)) == {"BUDGET_EXHAUSTED"}
    started = listener.heard[0]
    assert isinstance(started, Started)
    assert not dropped & set(started.planned_agents)
    # The real build does what the plan said, and stays below its price.
    assert n_calls == planned.usage.calls
    assert outcome.usage.cost_usd is not None
    assert 0 < outcome.usage.cost_usd <= cap
    assert {name for each in outcome.fallbacks for name in each.subtasks} == dropped


async def test_a_bound_holds_for_repairs_too(place: Place, store: SnapshotStore) -> None:
    async with vendored(MENU["unknown_field"]) as asked:
        whole = await built(asked, place, store, dry_run=True)
        cap = whole.usage.cost_usd
        assert cap is not None
        outcome = await built(asked, place, store, max_cost_usd=cap)
    assert outcome.usage.cost_usd is not None
    assert outcome.usage.cost_usd <= cap


async def test_a_bound_that_pays_for_nobody_leaves_the_reader(place: Place, store: SnapshotStore) -> None:
    async with vendored(CRAZY) as asked:
        outcome = await built(asked, place, store, max_cost_usd=0.0)
        assert set(reasons(outcome)) == {"BUDGET_EXHAUSTED"}
        assert outcome.tier == "deterministic"
        with pytest.raises(BudgetExhausted) as raised:
            await built(asked, place, store, max_cost_usd=0.0, require_llm=True)
        assert raised.value.metadata["budget"] == "max_cost_usd"
        assert (await built(asked, place, store, CLEAR, max_cost_usd=0.0)).fallbacks == ()
        assert asked.vendor.n_calls == 0


async def test_a_bound_cannot_be_kept_for_a_model_whose_price_nobody_knows(
    place: Place, store: SnapshotStore
) -> None:
    async with vendored(CRAZY) as asked:
        inner = OpenAIModel(model="llama3.2", key=None, base_url=asked.vendor.base_url)
        asked.panel.asker.model = GuardedModel(inner)
        try:
            for dry_run in (True, False):
                outcome = await built(asked, place, store, max_cost_usd=5.0, dry_run=dry_run)
                assert reasons(outcome) == ["BUDGET_EXHAUSTED"]
                assert "price of llama3.2 is not known" in outcome.fallbacks[0].message
            assert asked.vendor.n_calls == 0
        finally:
            await inner.close()


async def test_a_refinement_is_bounded_and_settled_as_a_build_is(
    database: Database, place: Place, store: SnapshotStore
) -> None:
    current = parse.loads('{"membershipTier":"GOLD"}')

    async def refined(asked: Vendored, **options: object) -> Outcome:
        wanted = Options(**options)  # pyright: ignore[reportArgumentType]  # any option by name
        return await refine(
            "make it cosier for all", current, place, wanted, store, build_id="b_1", panel=asked.panel
        )

    async with budgeted(database, Limits(tokens_per_day=1_000_000), MENU["refusal"]) as asked:
        outcome = await refined(asked)
        assert outcome.usage.calls == asked.vendor.n_calls > 0
        _, tokens, _ = await sums(database)
        assert tokens == outcome.usage.prompt_tokens + outcome.usage.completion_tokens
        n_calls = asked.vendor.n_calls
        assert reasons(await refined(asked, max_cost_usd=0.0)) == ["BUDGET_EXHAUSTED"]
        assert reasons(await refined(asked, max_cost_usd=0.0, dry_run=True)) == ["BUDGET_EXHAUSTED"]
        asked.panel.budget = Budget(SpendingStore(database), Limits(tokens_per_day=500))
        assert reasons(await refined(asked)) == ["BUDGET_EXHAUSTED"]
        assert asked.vendor.n_calls == n_calls


async def test_the_shadow_of_a_sure_answer_is_paid_out_of_the_budget_too(
    database: Database, place: Place, store: SnapshotStore
) -> None:
    async with budgeted(database, Limits(tokens_per_day=500)) as asked:
        asked.panel.sample = Sample(share=1.0, calls_a_day=100)
        try:
            await built(asked, place, store, CLEAR)
        finally:
            await asked.panel.sample.close()
        assert asked.vendor.n_calls == 0
