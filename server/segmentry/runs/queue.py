"""Who may run: so many jobs at once, fewer of them for one tenant, the others wait in order.

A tenant that has as many jobs under way as it may is passed over, so that it holds up nobody else.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from segmentry.errors import Exhausted

PER_TENANT = 2
MOST_WAITING = 100
# A place in the queue is told this often at most: each time is an event that is stored.
TOLD_EVERY_S = 1.0
# A run takes seconds to minutes, so places become free at about this pace.
FULL_RETRY_S = 5.0

OnPlace = Callable[[int], Awaitable[None]]


@dataclass(eq=False)
class _Waiting:
    tenant: str
    called: asyncio.Event = field(default_factory=asyncio.Event)


class RunQueue:
    """`slots` jobs at once, `per_tenant` of them of one tenant; the others wait, so many at most."""

    def __init__(self, slots: int, per_tenant: int = PER_TENANT, most_waiting: int = MOST_WAITING) -> None:
        self.slots, self.per_tenant, self.most_waiting = slots, per_tenant, most_waiting
        self._running: Counter[str] = Counter()
        self._waiting: list[_Waiting] = []

    @property
    def running(self) -> int:
        return self._running.total()

    @property
    def waiting(self) -> int:
        return len(self._waiting)

    def require_place(self, accepted: int) -> None:
        """Refuse one more beside so many jobs that were `accepted` and have not ended.

        Raises: Exhausted, with the time after which to try again.
        """
        if accepted >= self.slots + self.most_waiting:
            raise Exhausted(
                f"{accepted - self.slots} analyses wait for their turn already; try again later",
                retry_after_s=FULL_RETRY_S,
                maximum=self.most_waiting,
            )

    @asynccontextmanager
    async def turn(self, tenant: str, on_place: OnPlace) -> AsyncGenerator[None]:
        """Wait for one's turn and hold it inside the block.

        Who has to wait is told its place, from 1, at once and when it changed, once a second at most.
        """
        waiting = _Waiting(tenant)
        self._waiting.append(waiting)
        self._call()
        try:
            told = 0
            while not waiting.called.is_set():
                place = self._waiting.index(waiting) + 1
                if place != told:
                    await on_place(place)
                    told = place
                try:
                    async with asyncio.timeout(TOLD_EVERY_S):
                        await waiting.called.wait()
                except TimeoutError:
                    pass
            yield
        finally:
            if waiting.called.is_set():
                self._running[tenant] -= 1
                self._running += Counter()  # drops tenants that run nothing
            else:
                self._waiting.remove(waiting)
            self._call()

    def _call(self) -> None:
        """Give free slots to those who wait, in order."""
        for waiting in tuple(self._waiting):
            if self.running >= self.slots:
                return
            if self._running[waiting.tenant] < self.per_tenant:
                self._running[waiting.tenant] += 1
                self._waiting.remove(waiting)
                waiting.called.set()
