"""A guarded model: bounded, behind its breaker, and fair to vendors whose callers had no time."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import pytest
from segmentry.llm.breaker import Breaker
from segmentry.llm.guarded import GuardedModel
from segmentry.llm.model import CallFailed

from tests.llm.asking import CALL, GOOD, asked
from tests.vendor.menu import MENU
from tests.vendor.plans import Pace, Plan
from tests.vendor.script import InTurn, Script
from tests.vendor.server import Vendor

ANSWER = Plan(answer=GOOD)


@asynccontextmanager
async def guarded(
    plan: Plan | Script, *, at_once: int = 8, now: list[float] | None = None
) -> AsyncGenerator[tuple[Vendor, GuardedModel]]:
    clock = now if now is not None else [0.0]
    async with asked(plan) as (vendor, inner):
        yield vendor, GuardedModel(inner, at_once=at_once, breaker=Breaker(now=lambda: clock[0]))


async def cause_of(model: GuardedModel, within_s: float = 15.0) -> str:
    try:
        await model.complete(CALL, within_s=within_s)
    except CallFailed as error:
        return error.cause
    return ""


async def test_no_more_calls_are_under_way_than_the_bound_and_all_are_answered() -> None:
    async with guarded(Plan(answer=GOOD, pace=Pace(0.01)), at_once=3) as (vendor, model):
        replies = await asyncio.gather(*(model.complete(CALL, within_s=15.0) for _ in range(30)))
        assert len(replies) == 30
        assert vendor.most_in_flight == 3


async def test_waiting_for_a_place_is_not_part_of_a_calls_time() -> None:
    async with guarded(Plan(answer=GOOD, pace=Pace(0.15)), at_once=1) as (_, model):
        causes = await asyncio.gather(*(cause_of(model, within_s=5.0) for _ in range(4)))
    assert causes == ["", "", "", ""]


@pytest.mark.parametrize("name", ["quota", "rate_limit_long", "unauthorized", "no_model"])
async def test_one_call_and_then_none_until_the_cool_down_is_over(name: str) -> None:
    now = [0.0]
    async with guarded(InTurn((MENU[name], ANSWER)), now=now) as (vendor, model):
        first = await cause_of(model)
        assert [await cause_of(model) for _ in range(20)] == [first] * 20
        assert vendor.n_calls == 1
        now[0] += 120
        assert await cause_of(model) == ""
        assert await cause_of(model) == ""
        assert vendor.n_calls == 3


async def test_an_outage_costs_five_calls_and_one_for_each_cool_down() -> None:
    now = [0.0]
    async with guarded(MENU["server_error"], now=now) as (vendor, model):
        for _ in range(20):
            assert await cause_of(model) == "LLM_UNAVAILABLE"
        assert vendor.n_calls == 5
        now[0] += 60
        await asyncio.gather(*(cause_of(model) for _ in range(8)))
        assert vendor.n_calls == 6


async def test_who_waits_for_a_place_is_refused_when_the_vendor_fails_meanwhile() -> None:
    async with guarded(MENU["quota"], at_once=1) as (vendor, model):
        causes = await asyncio.gather(*(cause_of(model) for _ in range(8)))
        assert causes == ["LLM_QUOTA_EXHAUSTED"] * 8
        assert vendor.n_calls == 1


async def test_callers_with_too_little_time_do_not_close_the_vendor_for_others() -> None:
    async with guarded(Plan(answer=GOOD, pace=Pace(0.3))) as (_, model):
        causes = await asyncio.gather(*(cause_of(model, within_s=0.05) for _ in range(8)))
        assert set(causes) == {"LLM_TIMEOUT"}
        assert model.breaker.state == "closed"
        assert await cause_of(model) == ""


@pytest.mark.parametrize(("answered_after", "state"), [(True, "closed"), (False, "open")])
async def test_slow_calls_close_no_vendor_that_answered_others_meanwhile(
    *, answered_after: bool, state: str
) -> None:
    silent = (MENU["silent"],) * 6
    async with asked(InTurn((ANSWER, *silent, ANSWER))) as (vendor, inner):
        model = GuardedModel(inner, at_once=8, fair_wait_s=0.1)
        await model.complete(CALL, within_s=15.0)
        async with asyncio.TaskGroup() as group:
            slow = [group.create_task(cause_of(model, within_s=0.6)) for _ in silent]
            await vendor.seen(7)
            if answered_after:
                await model.complete(CALL, within_s=15.0)
        assert {each.result() for each in slow} <= {"LLM_TIMEOUT"}
        assert model.breaker.state == state


async def test_a_cancelled_probe_leaves_its_turn_and_its_place_to_the_next() -> None:
    now = [0.0]
    plans = InTurn((MENU["quota"], MENU["silent"], ANSWER))
    async with guarded(plans, at_once=1, now=now) as (vendor, model):
        await cause_of(model)
        now[0] += 60
        probe = asyncio.create_task(cause_of(model))
        await vendor.seen(2)
        probe.cancel()
        await asyncio.gather(probe, return_exceptions=True)
        assert await cause_of(model) == ""
        assert model.breaker.state == "closed"


@pytest.mark.parametrize(
    ("name", "cause"), [("quota", "LLM_QUOTA_EXHAUSTED"), ("unauthorized", "LLM_NOT_CONFIGURED")]
)
async def test_each_change_of_the_breaker_is_one_warning(
    name: str, cause: str, caplog: pytest.LogCaptureFixture
) -> None:
    now = [0.0]
    async with guarded(InTurn((MENU[name], MENU[name], ANSWER)), now=now) as (_, model):
        for wait_s in (61.0, 121.0, 0.0):
            for _ in range(10):
                await cause_of(model)
            now[0] += wait_s
        host = model.provider
    warned = [each.getMessage() for each in caplog.records if each.levelno == logging.WARNING]
    assert warned == [
        f"gpt-4o-mini of {host} is left alone for 60 s: {cause}",
        f"gpt-4o-mini of {host} is left alone for 120 s: {cause}",
        f"gpt-4o-mini of {host} answers again: asked as before",
    ]


async def test_it_is_named_as_the_model_it_guards() -> None:
    async with guarded(ANSWER) as (vendor, model):
        assert (model.provider, model.model) == ("127.0.0.1", "gpt-4o-mini")
        await model.complete(CALL, within_s=15.0)
        await model.close()
        await vendor.disconnected()
