"""Workers that have done their imports and wait for a job, one per place.

A spare that is taken is replaced after a short rest, one that dies after a longer one: each death in a row
doubles it, so that a worker which cannot start costs no processor.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from segmentry.runs.child import Child, Died

# The job that took a spare has the processor for its first scores; then the next spare imports.
REST_S = 2.0
FIRST_PAUSE_S = 0.5
LONGEST_PAUSE_S = 60.0

log = logging.getLogger(__name__)

Start = Callable[[], Awaitable[Child]]
End = Callable[[Child], Awaitable[None]]


@dataclass(eq=False)
class _Place:
    """Where one spare waits. `taken` is set when a job took it."""

    spare: Child | None = None
    taken: asyncio.Event = field(default_factory=asyncio.Event)
    # In a row, since a spare was last ready or taken.
    deaths: int = 0

    @property
    def is_free(self) -> bool:
        return self.spare is not None and self.spare.is_running and not self.taken.is_set()

    @property
    def is_warm(self) -> bool:
        return self.spare is not None and self.spare.is_ready


class Spares:
    """`start` starts a worker and may raise Died, `end` sees to it that one is gone."""

    def __init__(
        self, count: int, start: Start, end: End, *, silence_s: float, rest_s: float = REST_S
    ) -> None:
        self._places = [_Place() for _ in range(count)]
        self._start, self._end = start, end
        self._silence_s, self._rest_s = silence_s, rest_s
        self._keepers: list[asyncio.Task[None]] = []
        self._changed = asyncio.Event()
        # One after the other: the first is there sooner, and a server that starts keeps a core.
        self._starting = asyncio.Lock()

    @property
    def warm(self) -> int:
        """How many workers wait with their imports done."""
        return sum(place.is_free and place.is_warm for place in self._places)

    @property
    def failing(self) -> bool:
        """Whether there are places, and the worker of each died and is not back."""
        return bool(self._places) and all(place.deaths and not place.is_warm for place in self._places)

    def open(self) -> None:
        """Keep a spare in every place from now on. Idempotent."""
        if not self._keepers:
            loop = asyncio.get_running_loop()
            self._keepers = [loop.create_task(self._keep(place), name="spare") for place in self._places]

    async def until_warm(self) -> None:
        """Wait until every place has a spare whose imports are done."""
        while self.warm < len(self._places):
            self._changed.clear()
            await self._changed.wait()

    def take(self) -> Child | None:
        """The worker that is nearest to being ready, for one job; the caller ends it. None: there is none."""
        free = [place for place in self._places if place.is_free]
        if not free:
            return None
        place = max(free, key=lambda each: each.is_warm)
        place.taken.set()
        return place.spare

    async def close(self) -> None:
        """End the spares that wait. Those that a job took are the job's."""
        keepers, self._keepers = self._keepers, []
        for keeper in keepers:
            keeper.cancel()
        if keepers:
            await asyncio.wait(keepers)

    async def _keep(self, place: _Place) -> None:
        while True:
            try:
                await self._fill(place)
                await self._watch(place)
            except Died as err:
                place.deaths += 1
                pause_s = min(FIRST_PAUSE_S * 2.0 ** (place.deaths - 1), LONGEST_PAUSE_S)
                log.warning("a spare worker was lost (%s); the next one starts in %g s", err, pause_s)
            else:
                place.deaths, pause_s = 0, self._rest_s
            place.spare = None
            place.taken.clear()
            await asyncio.sleep(pause_s)

    async def _fill(self, place: _Place) -> None:
        """Until a spare is ready, or taken before it is. Raises: Died."""
        async with self._starting:
            place.spare = await self._start()
            await self._until(place, place.spare, place.spare.ready(self._silence_s))
        self._changed.set()

    async def _watch(self, place: _Place) -> None:
        """Until the spare is taken. Raises: Died, when it is gone."""
        assert place.spare is not None
        await self._until(place, place.spare, place.spare.ended())
        if not place.taken.is_set():
            await self._drop(place, place.spare)
            raise Died("it ended while it waited")

    async def _until(self, place: _Place, spare: Child, event: Awaitable[None]) -> None:
        """Until that happens, or the spare is taken. One that fails or is given up meanwhile is ended."""
        try:
            await _first(place.taken.wait(), event)
        except BaseException:
            if not place.taken.is_set():
                await self._drop(place, spare)
            raise

    async def _drop(self, place: _Place, spare: Child) -> None:
        place.spare = None
        await asyncio.shield(self._end(spare))


async def _first(*each: Awaitable[object]) -> None:
    """Wait for the first of them, and raise what it raised; the others are given up."""
    tasks = [asyncio.ensure_future(one) for one in each]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
