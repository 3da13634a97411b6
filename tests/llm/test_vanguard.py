"""What a quota that is used up costs: one call where nobody knows yet, else those that were under way."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from segmentry.llm.breaker import Breaker
from segmentry.llm.guarded import GuardedModel
from segmentry.llm.model import CallFailed, Usage
from segmentry.llm.vanguard import Vanguard

from tests.llm.asking import CALL, GOOD, model
from tests.vendor.menu import MENU
from tests.vendor.plans import Asked, Pace, Plan
from tests.vendor.script import Scripted
from tests.vendor.server import Vendor

ANSWER = Plan(answer=GOOD)
SHUTTING = ["quota", "rate_limit_long", "unauthorized", "no_model"]


async def ended(guarded: GuardedModel, n: int) -> list[CallFailed | None]:
    """Ask `n` times at once; how each ended."""

    async def one() -> CallFailed | None:
        try:
            await guarded.complete(CALL, within_s=15.0)
        except CallFailed as error:
            return error
        return None

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(one()) for _ in range(n)]
    return [each.result() for each in tasks]


def causes(errors: list[CallFailed | None]) -> set[str]:
    return {"" if each is None else each.cause for each in errors}


@pytest.mark.parametrize("fault", SHUTTING)
async def test_where_nobody_knows_yet_eight_calls_at_once_cost_one(fault: str) -> None:
    async with Vendor(Scripted(MENU[fault])) as vendor, model(vendor) as inner:
        guarded = GuardedModel(inner, vanguard=Vanguard(head_start_s=10.0))
        errors = await ended(guarded, 8)
        assert len(causes(errors)) == 1
        assert vendor.n_calls == 1
        # The others were never sent, and cost nothing.
        assert sorted(each.usage.calls for each in errors if each is not None) == [0] * 7 + [1]
        for _ in range(20):
            assert causes(await ended(guarded, 8)) == causes(errors)
        assert vendor.n_calls == 1


@pytest.mark.parametrize("fault", SHUTTING)
async def test_each_cool_down_ends_with_one_call_however_many_come(fault: str) -> None:
    now = [0.0]
    async with Vendor(Scripted(MENU[fault])) as vendor, model(vendor) as inner:
        guarded = GuardedModel(
            inner, breaker=Breaker(now=lambda: now[0]), vanguard=Vanguard(head_start_s=10.0)
        )
        for n_cool_downs in range(1, 4):
            await ended(guarded, 8)
            await ended(guarded, 8)
            assert vendor.n_calls == n_cool_downs
            now[0] += 600
        vendor.script = Scripted(ANSWER)
        assert causes(await ended(guarded, 8)) == {""}
        assert vendor.n_calls == 3 + 8


@pytest.mark.parametrize("fault", SHUTTING)
async def test_in_a_healthy_time_only_calls_under_way_are_spent_and_those_waiting_are_given_up(
    fault: str,
) -> None:
    def script(asked: Asked) -> Plan:
        if asked.number == 1:
            return ANSWER
        return MENU[fault] if asked.number == 9 else replace(ANSWER, pace=Pace(30.0))

    async with Vendor(script) as vendor, model(vendor) as inner:
        guarded = GuardedModel(inner)
        assert await ended(guarded, 1) == [None]
        errors = await ended(guarded, 8)
        assert vendor.n_calls == 9
        assert len(causes(errors)) == 1
        given_up = [each for each in errors if each is not None and "given up" in each.message]
        assert len(given_up) == 7
        # So long a wait that nobody tries again within the request.
        assert all((each.retry_after_s or 0.0) > 30.0 for each in given_up)
        # Their connections are closed, not left to answer nobody.
        async with asyncio.timeout(5):
            await vendor.seen(9, left=7)
        await ended(guarded, 8)
        assert vendor.n_calls == 9


async def test_an_answer_that_has_begun_is_taken_to_its_end() -> None:
    slow = Plan(answer=GOOD, pace=Pace(0.0, tokens_per_s=30.0, tokens_per_write=1))

    def script(asked: Asked) -> Plan:
        return ANSWER if asked.number == 1 else MENU["quota"] if asked.number == 3 else slow

    async with Vendor(script) as vendor, model(vendor) as inner:
        guarded = GuardedModel(inner)
        await ended(guarded, 1)
        async with asyncio.TaskGroup() as group:
            begun = group.create_task(ended(guarded, 1))
            await vendor.seen(2)
            await asyncio.sleep(0.05)
            group.create_task(ended(guarded, 1))
        assert begun.result() == [None]
        assert guarded.breaker.cause == "LLM_QUOTA_EXHAUSTED"


async def test_a_vendor_that_is_known_to_answer_is_asked_side_by_side() -> None:
    async with Vendor(Scripted(replace(ANSWER, pace=Pace(0.1)))) as vendor, model(vendor) as inner:
        guarded = GuardedModel(inner, vanguard=Vanguard(head_start_s=10.0))
        await ended(guarded, 1)
        await ended(guarded, 8)
        assert vendor.most_in_flight == 8


async def test_a_vendor_that_is_slow_to_accept_holds_nobody_back_for_long() -> None:
    async with Vendor(Scripted(replace(ANSWER, pace=Pace(2.0)))) as vendor, model(vendor) as inner:
        guarded = GuardedModel(inner, vanguard=Vanguard(head_start_s=0.05))
        await ended(guarded, 8)
        assert vendor.most_in_flight == 8


async def test_a_cancelled_call_that_went_ahead_lets_the_others_go() -> None:
    def script(asked: Asked) -> Plan:
        return MENU["silent"] if asked.number == 1 else ANSWER

    async with Vendor(script) as vendor, model(vendor) as inner:
        guarded = GuardedModel(inner, vanguard=Vanguard(head_start_s=10.0))
        ahead = asyncio.create_task(guarded.complete(CALL, within_s=15.0))
        await vendor.seen(1)
        others = asyncio.create_task(ended(guarded, 4))
        ahead.cancel()
        await asyncio.gather(ahead, return_exceptions=True)
        assert await others == [None] * 4


async def test_what_a_given_up_call_used_is_counted_and_called_estimated() -> None:
    def script(asked: Asked) -> Plan:
        return {1: ANSWER, 3: MENU["quota"]}.get(asked.number, MENU["silent"])

    async with Vendor(script) as vendor, model(vendor) as inner:
        guarded = GuardedModel(inner)
        await ended(guarded, 1)
        errors = await ended(guarded, 2)
    [given_up] = [each for each in errors if each is not None and "given up" in each.message]
    assert given_up.usage == Usage(calls=1, estimated=True)
