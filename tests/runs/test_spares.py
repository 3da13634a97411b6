"""Workers that wait for a job: taken once, replaced when they are gone, silent and idle meanwhile."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from segmentry.runs import spares

from tests.runs.conftest import MakeSupervisor
from tests.runs.test_supervisor import Heard, gone, run


async def until(met: Callable[[], bool]) -> None:
    ends_at = time.monotonic() + 20
    while not met():
        assert time.monotonic() < ends_at
        await asyncio.sleep(0.02)


async def test_a_warm_spare_takes_the_job(supervising: MakeSupervisor) -> None:
    async with supervising(spares=1) as supervisor:
        supervisor.warm()
        await supervisor.until_warm()
        (spare,) = supervisor.pids
        heard = Heard()
        task = asyncio.ensure_future(run(supervisor, "hang", None, heard))
        await heard.first.wait()
        assert heard.pids[0] == spare
        assert supervisor.busy_pids == {spare}
        task.cancel()
        await asyncio.wait({task})


async def test_a_spare_has_done_what_it_was_told_to_prepare(supervising: MakeSupervisor) -> None:
    async with supervising(spares=1, preload=["tests.runs.jobs:prepared"]) as supervisor:
        supervisor.warm()
        assert await run(supervisor, "is_prepared") is True


async def test_every_spare_serves_one_job_and_is_replaced(supervising: MakeSupervisor) -> None:
    async with supervising(spares=2, rest_s=0.05) as supervisor:
        supervisor.warm()
        await supervisor.until_warm()
        first = supervisor.pids
        assert len(first) == 2
        assert await run(supervisor, "count", 3) == 3
        assert await run(supervisor, "count", 4) == 4
        assert await gone(list(first))
        await supervisor.until_warm()
        assert len(supervisor.pids) == 2
        assert not supervisor.pids & first


async def test_a_spare_that_dies_while_it_waits_is_replaced(
    supervising: MakeSupervisor, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(spares, "FIRST_PAUSE_S", 0.05)
    async with supervising(spares=1) as supervisor:
        supervisor.warm()
        await supervisor.until_warm()
        (spare,) = supervisor.pids
        os.kill(spare, signal.SIGKILL)
        await until(lambda: bool(supervisor.pids - {spare}))
        await supervisor.until_warm()
        assert await run(supervisor, "count", 3) == 3
    assert "a spare worker was lost (it ended while it waited)" in caplog.text


async def test_spares_that_cannot_start_are_tried_less_and_less_often(
    supervising: MakeSupervisor, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(spares, "FIRST_PAUSE_S", 0.02)
    async with supervising(spares=1, preload=["tests.runs.jobs:break_down"]) as supervisor:
        supervisor.warm()
        await until(lambda: caplog.text.count("a spare worker was lost") >= 3)
    said = [each.getMessage() for each in caplog.records if each.name == spares.__name__]
    assert [text.partition("starts in ")[2] for text in said[:3]] == ["0.02 s", "0.04 s", "0.08 s"]


async def test_a_job_without_a_spare_starts_a_worker_of_its_own(supervising: MakeSupervisor) -> None:
    async with supervising(spares=0) as supervisor:
        supervisor.warm()
        await supervisor.until_warm()
        assert not supervisor.pids
        assert await run(supervisor, "count", 2) == 2


async def test_closing_leaves_no_spare_in_whatever_state(supervising: MakeSupervisor) -> None:
    for pause_s in (0.0, 0.02, 0.3):
        async with supervising(spares=2, preload=["decimal"]) as supervisor:
            supervisor.warm()
            await asyncio.sleep(pause_s)
            pids = list(supervisor.pids)
        assert await gone(pids)


async def test_a_waiting_spare_uses_no_processor(supervising: MakeSupervisor) -> None:
    def used(pid: int) -> int:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return int(fields[11]) + int(fields[12])

    async with supervising(spares=1) as supervisor:
        supervisor.warm()
        await supervisor.until_warm()
        (spare,) = supervisor.pids
        before = used(spare)
        await asyncio.sleep(0.5)
        assert used(spare) - before <= 1
