"""How long our own event loop kept calls waiting: a call that ran out of time because of us is no outage."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Final

_TICK_S: Final = 0.05


class LoopLag:
    """Sums up by how much a timer of this loop comes too late, for as long as somebody watches.

    A loop that is blocked for a second is late by that second; one that is merely busy is a little late at
    every tick, which adds up as well. Belongs to one event loop.
    """

    def __init__(self) -> None:
        self._n_watching = 0
        self._late_s = 0.0
        self._due = 0.0
        self._timer: asyncio.TimerHandle | None = None

    @property
    def watching(self) -> bool:
        """Whether anybody watches, so that a timer runs."""
        return self._timer is not None

    @contextmanager
    def watched(self) -> Generator[Callable[[], float]]:
        """Watch for as long as the block lasts; what it is given tells the seconds lost since its start."""
        loop = asyncio.get_running_loop()
        self._n_watching += 1
        if self._timer is None:
            self._wind(loop)
        before = self._so_far(loop)
        try:
            yield lambda: self._so_far(loop) - before
        finally:
            self._n_watching -= 1
            if not self._n_watching and self._timer is not None:
                self._timer.cancel()
                self._timer = None

    def _so_far(self, loop: asyncio.AbstractEventLoop) -> float:
        # Also what is late right now: the timer may be behind whoever asks.
        return self._late_s + max(loop.time() - self._due, 0.0)

    def _wind(self, loop: asyncio.AbstractEventLoop) -> None:
        self._due = loop.time() + _TICK_S
        self._timer = loop.call_at(self._due, self._tick, loop)

    def _tick(self, loop: asyncio.AbstractEventLoop) -> None:
        self._late_s += max(loop.time() - self._due, 0.0)
        self._wind(loop)
