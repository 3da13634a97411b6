"""Connections: closed on cancel and at close, used again, bounded, and as many files as before."""

from __future__ import annotations

import asyncio
import contextlib
import gc
from pathlib import Path
from time import perf_counter

import pytest
from segmentry.llm.model import CallFailed
from segmentry.llm.openai import OpenAIModel

from tests.llm.asking import CALL, GOOD, asked
from tests.vendor.menu import MENU
from tests.vendor.plans import Asked, Plan

ANSWER = Plan(answer=GOOD)
# For machines that are busy with other things.
LONGEST_S = 6.0


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


needs_proc = pytest.mark.skipif(
    not Path("/proc/self/fd").exists(), reason="open files are counted in /proc, which only Linux has"
)


async def given_up(made: OpenAIModel) -> None:
    with contextlib.suppress(CallFailed):
        await made.complete(CALL, within_s=15.0)


@pytest.mark.parametrize("wire", ["silent", "stalled_midway", "dripped"])
async def test_a_cancelled_call_closes_its_connection_100_of_100(wire: str) -> None:
    plan = Plan(answer=GOOD, wire=wire)  # pyright: ignore[reportArgumentType] - named as in Wire
    async with asked(plan, at_once=128) as (vendor, made):
        tasks = [asyncio.create_task(made.complete(CALL, within_s=15.0)) for _ in range(100)]
        await vendor.seen(100)
        cancelled_at = perf_counter()
        for each in tasks:
            each.cancel()
        ended = await asyncio.gather(*tasks, return_exceptions=True)
        assert all(isinstance(each, asyncio.CancelledError) for each in ended)
        await vendor.seen(100, left=100)
        left_at = [call.left_at for call in vendor.calls]
        assert vendor.open_connections == 0
    # Far beyond the 200 ms of the design, for a busy machine: that it happens at all is what is shown.
    assert all(each is not None and each - cancelled_at < 5.0 for each in left_at)


async def test_a_timed_out_call_closes_its_connection() -> None:
    async with asked(Plan(wire="silent")) as (vendor, made):
        with pytest.raises(CallFailed):
            await made.complete(CALL, within_s=0.1)
        await vendor.seen(1, left=1)
        await vendor.disconnected()


async def test_connections_are_used_again_and_closed_at_close() -> None:
    async with asked(ANSWER) as (vendor, made):
        for _ in range(20):
            await made.complete(CALL, within_s=15.0)
        assert vendor.n_connections == 1
        await made.close()
        await vendor.disconnected()
        await made.close()


async def test_calls_beyond_the_bound_wait_for_a_connection() -> None:
    async with asked(ANSWER, at_once=4) as (vendor, made):
        await asyncio.gather(*(made.complete(CALL, within_s=15.0) for _ in range(40)))
        assert vendor.n_connections <= 4
        assert vendor.most_in_flight <= 4


async def test_calls_succeed_again_after_some_of_a_burst_hung_and_were_given_up() -> None:
    def script(asked: Asked) -> Plan:
        return Plan(wire="silent") if asked.number <= 200 and asked.number % 10 == 0 else ANSWER

    async with asked(script, at_once=32) as (vendor, made):
        tasks = [asyncio.create_task(given_up(made)) for _ in range(200)]
        await vendor.until(lambda: vendor.n_calls == 200 and vendor.in_flight == 20)
        for each in tasks:
            each.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        replies = await asyncio.gather(*(made.complete(CALL, within_s=15.0) for _ in range(64)))
        assert len(replies) == 64
        assert vendor.open_connections <= 32


@needs_proc
async def test_open_files_are_the_same_after_2000_calls() -> None:
    def script(asked: Asked) -> Plan:
        faults = {7: Plan(status=500), 11: Plan(wire="reset_midway"), 13: Plan(body=b"<p>")}
        return faults.get(asked.number % 40, ANSWER)

    async with asked(script, at_once=8) as (vendor, made):
        await given_up(made)
        before = open_files()
        until = perf_counter() + LONGEST_S
        while vendor.n_calls < 2000 and perf_counter() < until:
            await asyncio.gather(*(given_up(made) for _ in range(40)))
        assert vendor.n_calls > 80
        # Two files per connection here, one of each side.
        assert open_files() <= before + 2 * 8
        assert vendor.open_connections <= 8
        await made.close()
        await vendor.disconnected()
        assert open_files() < before


@pytest.mark.parametrize("name", ["endless_blanks", "event_error", "huge", "overloaded", "html"])
async def test_a_reply_that_is_left_early_gives_its_connection_back(name: str) -> None:
    def script(asked: Asked) -> Plan:
        return MENU[name] if asked.number <= 6 else ANSWER

    async with asked(script, at_once=1) as (vendor, made):
        gc.disable()  # nothing but the code under test may close a connection
        try:
            for _ in range(6):
                await given_up(made)
            assert (await made.complete(CALL, within_s=15.0)).content == GOOD
        finally:
            gc.enable()
        assert vendor.n_calls == 7
