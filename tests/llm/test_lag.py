"""A call that our own event loop kept from its answer is no outage of the vendor."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import pytest
from segmentry.llm.guarded import GuardedModel
from segmentry.llm.lag import LoopLag
from segmentry.llm.model import CallFailed

from tests.llm.asking import CALL, GOOD, model
from tests.vendor.elsewhere import vendor_elsewhere
from tests.vendor.menu import MENU
from tests.vendor.plans import Asked, Pace, Plan
from tests.vendor.server import Vendor

# What a call is given here, and how much of it the vendor must have had before a time-out counts.
_WITHIN_S, _FAIR_S = 0.6, 0.4


@asynccontextmanager
async def guarded(later: Plan) -> AsyncGenerator[tuple[Vendor, GuardedModel]]:
    """A vendor whose loop is its own, with a first call answered so that it is known to answer."""

    def script(asked: Asked) -> Plan:
        return Plan(answer=GOOD) if asked.number == 1 else later

    with vendor_elsewhere(script) as vendor:
        async with model(vendor) as inner:
            made = GuardedModel(inner, fair_wait_s=_FAIR_S)
            await made.complete(CALL, within_s=15.0)
            yield vendor, made


async def failures(vendor: Vendor, made: GuardedModel, *, blocked_s: float) -> list[CallFailed]:
    """Eight calls at once; while they are under way this loop is blocked for so long."""
    failed: list[CallFailed] = []

    async def one() -> None:
        try:
            await made.complete(CALL, within_s=_WITHIN_S)
        except CallFailed as error:
            failed.append(error)

    before = vendor.n_calls
    async with asyncio.TaskGroup() as group:
        for _ in range(8):
            group.create_task(one())
        while vendor.n_calls < before + 8:  # noqa: ASYNC110 - it is counted in another thread
            await asyncio.sleep(0.005)
        if blocked_s:
            time.sleep(blocked_s)  # noqa: ASYNC251 - the fault under test
    return failed


async def test_time_outs_of_a_blocked_loop_do_not_open_the_breaker() -> None:
    async with guarded(Plan(answer=GOOD, pace=Pace(0.25))) as (vendor, made):
        for _ in range(2):
            failed = await failures(vendor, made, blocked_s=1.5)
            assert {each.cause for each in failed} <= {"LLM_TIMEOUT"}
            assert made.breaker.state == "closed"
        assert await failures(vendor, made, blocked_s=0.0) == []


async def test_such_a_time_out_says_whose_fault_it_is(caplog: pytest.LogCaptureFixture) -> None:
    async with guarded(MENU["silent"]) as (vendor, made):
        failed = await failures(vendor, made, blocked_s=1.5)
    assert len(failed) == 8
    assert all("this server itself was held up" in each.message for each in failed)
    assert "event loop was held up" in caplog.text


async def test_time_outs_of_a_vendor_count_on_a_loop_that_runs() -> None:
    async with guarded(MENU["silent"]) as (vendor, made):
        failed = await failures(vendor, made, blocked_s=0.0)
    assert {each.cause for each in failed} == {"LLM_TIMEOUT"}
    assert made.breaker.state == "open"
    assert not any("held up" in each.message for each in failed)


async def test_a_loop_that_was_late_only_after_a_fair_wait_does_not_excuse_the_vendor() -> None:
    async with guarded(MENU["silent"]) as (vendor, made):
        failed: list[CallFailed] = []

        async def one() -> None:
            try:
                await made.complete(CALL, within_s=_WITHIN_S)
            except CallFailed as error:
                failed.append(error)

        async with asyncio.TaskGroup() as group:
            for _ in range(8):
                group.create_task(one())
            await asyncio.sleep(_FAIR_S + 0.1)
            time.sleep(1.0)  # noqa: ASYNC251 - the fault under test
        assert vendor.n_calls == 9
        assert len(failed) == 8
        assert made.breaker.state == "open"


async def test_lag_is_what_the_loop_was_blocked_and_nothing_is_left_running() -> None:
    lag = LoopLag()
    with lag.watched() as outer:
        time.sleep(0.3)  # noqa: ASYNC251 - the fault under test
        with lag.watched() as inner:
            await asyncio.sleep(0.12)
            time.sleep(0.3)  # noqa: ASYNC251 - the fault under test
            assert 0.2 < inner() < outer()
        assert outer() > 0.45
    assert not lag.watching
