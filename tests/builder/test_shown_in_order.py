"""Long queries are put together in threads, and who watches never sees less after more."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from threading import Event as Flag
from typing import ParamSpec, TypeVar

from segmentry.builder.build import build
from segmentry.builder.events import Event, Partial, SubtaskSucceeded
from segmentry.builder.request import Options, Place
from segmentry.criteria import walk
from segmentry.customers.snapshots import SnapshotStore

from tests.vendor.plans import Pace
from tests.vendored import condition, says, vendored

P = ParamSpec("P")
R = TypeVar("R")

CRAZY = says(condition("crazy about us", "engagementScore", "band", "high engagement"))
LOYAL = says(condition("stick by us", "membershipTier", "is", "GOLD"))
QUERY = "those who are crazy about us and those " + "really " * 40 + "stick by us"


class Threads(ThreadPoolExecutor):
    """Threads of which one chosen job ends after the job that was begun next, or after 5 s."""

    def __init__(self) -> None:
        super().__init__(4)
        self.n_jobs = 0
        self.held: int | None = None
        self.free = Flag()

    def submit(self, fn: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> Future[R]:
        at = self.n_jobs
        self.n_jobs += 1

        def job() -> R:
            given = fn(*args, **kwargs)
            if at == self.held:
                assert self.free.wait(5.0), "no other job came"
            return given

        return super().submit(job)


async def test_what_was_begun_before_is_not_shown_after_what_is_newer(
    place: Place, store: SnapshotStore
) -> None:
    threads = Threads()
    asyncio.get_running_loop().set_default_executor(threads)
    shown: list[int] = []

    async def heard(event: Event) -> None:
        if isinstance(event, SubtaskSucceeded) and event.agent == first and event.leaves:
            threads.held = threads.n_jobs
        if isinstance(event, Partial):
            shown.append(len(walk.leaves(event.node)))
            if threads.held is not None:
                threads.free.set()

    first = "specialist_engagement_scores"
    async with vendored(CRAZY) as asked:
        names = [each.name for each in asked.panel.experts(place.catalog, place.tenant, QUERY).specialists]
        assert {first, "specialist_membership"} <= set(names)
        asked.script.on("specialist_membership", replace(LOYAL, pace=Pace(0.2)))
        await build(QUERY, place, Options(), store, build_id="b_1", emit=heard, panel=asked.panel)
    assert threads.free.is_set()
    assert shown == sorted(shown)
    assert shown[-1] == 2
