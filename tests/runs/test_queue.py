"""Who may run: slots, the share of a tenant, the place of those who wait."""

from __future__ import annotations

import asyncio
from contextlib import nullcontext

import pytest
from segmentry.errors import Exhausted
from segmentry.runs import queue
from segmentry.runs.queue import RunQueue


class Job:
    """A job in a queue that runs until it is told to end."""

    def __init__(self, line: RunQueue, tenant: str) -> None:
        self.places: list[int] = []
        self.runs = False
        self._end = asyncio.Event()
        self.task = asyncio.ensure_future(self._work(line, tenant))

    async def _work(self, line: RunQueue, tenant: str) -> None:
        async with line.turn(tenant, self._told):
            self.runs = True
            try:
                await self._end.wait()
            finally:
                self.runs = False

    async def _told(self, place: int) -> None:
        self.places.append(place)

    async def end(self) -> None:
        self._end.set()
        await self.task
        await settle()


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def begun(line: RunQueue, tenants: str) -> list[Job]:
    """One job per letter, a tenant's."""
    jobs = [Job(line, tenant) for tenant in tenants]
    await settle()
    return jobs


async def running(jobs: list[Job]) -> list[int]:
    await settle()
    return [number for number, job in enumerate(jobs) if job.runs]


async def close(jobs: list[Job]) -> None:
    for job in jobs:
        job.task.cancel()
    await asyncio.gather(*(job.task for job in jobs), return_exceptions=True)


async def test_no_more_jobs_than_slots_run_and_the_others_follow_in_order() -> None:
    line = RunQueue(2, per_tenant=2)
    jobs = await begun(line, "abcd")
    assert await running(jobs) == [0, 1]
    assert (line.running, line.waiting) == (2, 2)
    await jobs[1].end()
    assert await running(jobs) == [0, 2]
    await jobs[0].end()
    assert await running(jobs) == [2, 3]
    await close(jobs)
    assert (line.running, line.waiting) == (0, 0)


async def test_a_tenant_at_its_bound_is_passed_over() -> None:
    line = RunQueue(4, per_tenant=2)
    jobs = await begun(line, "aaaab")
    assert await running(jobs) == [0, 1, 4]
    await jobs[0].end()
    assert await running(jobs) == [1, 2, 4]
    await close(jobs)


async def test_who_waits_is_told_its_place_and_when_it_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queue, "TOLD_EVERY_S", 0.01)
    line = RunQueue(1)
    jobs = await begun(line, "abcd")
    assert [job.places for job in jobs] == [[], [1], [2], [3]]
    await jobs[0].end()
    await asyncio.sleep(0.1)
    assert [job.places for job in jobs[1:]] == [[1], [2, 1], [3, 2]]
    await close(jobs)


async def test_a_place_that_changes_often_is_told_once_a_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queue, "TOLD_EVERY_S", 0.1)
    line = RunQueue(1)
    jobs = await begun(line, "abcdefgh")
    for job in jobs[:6]:
        await job.end()
    await asyncio.sleep(0.3)
    assert jobs[7].places == [7, 1]
    await close(jobs)


async def test_who_leaves_the_queue_or_fails_holds_nothing() -> None:
    line = RunQueue(1)
    jobs = await begun(line, "abc")
    jobs[1].task.cancel()
    await settle()
    jobs[0].task.cancel()
    assert await running(jobs) == [2]
    await close(jobs)
    assert (line.running, line.waiting) == (0, 0)


async def test_a_failure_while_it_is_told_its_place_gives_the_place_back() -> None:
    line = RunQueue(1)
    jobs = await begun(line, "a")

    async def fail(_place: int) -> None:
        raise RuntimeError("the store is away")

    with pytest.raises(RuntimeError):
        async with line.turn("b", fail):
            pass
    assert line.waiting == 0
    await close(jobs)


@pytest.mark.parametrize(("accepted", "refused"), [(0, False), (4, False), (5, True), (6, True)])
def test_one_more_is_refused_when_slots_and_places_are_taken(accepted: int, refused: bool) -> None:
    line = RunQueue(2, most_waiting=3)
    with pytest.raises(Exhausted) if refused else nullcontext():
        line.require_place(accepted)
