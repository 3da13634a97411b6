"""Which requests are read a second time in the background, and how much that may cost."""

from __future__ import annotations

import random
from collections.abc import Callable, Coroutine
from datetime import UTC, date, datetime
from typing import Final

from segmentry.runs.background import Background

SHARE: Final = 0.02
CALLS_A_DAY: Final = 500
AT_ONCE: Final = 2


def _now() -> datetime:
    return datetime.now(UTC)


class Sample:
    """A `share` (0-1) of requests, two at once, with `calls_a_day` (UTC) calls of a model in this process."""

    def __init__(
        self,
        *,
        share: float = SHARE,
        calls_a_day: int = CALLS_A_DAY,
        draw: Callable[[], float] = random.random,
        now: Callable[[], datetime] = _now,
    ) -> None:
        self._share = share
        self._calls_a_day = calls_a_day
        self._draw = draw
        self._now = now
        self._background = Background()
        self.n_running = 0
        self._closed = False
        self._spent = 0
        self._day: date | None = None

    def draws(self) -> bool:
        """Whether the next request is one of the sample; False while two are being read, or after the end."""
        return not self._closed and self.n_running < AT_ONCE and self._draw() < self._share

    def take(self, n_calls: int) -> bool:
        """Take that many of the day's calls, or none of them."""
        today = self._now().date()
        if today != self._day:
            self._day, self._spent = today, 0
        if self._spent + n_calls > self._calls_a_day:
            return False
        self._spent += n_calls
        return True

    def start(self, work: Coroutine[None, None, None]) -> None:
        """Run `work` beside the requests until it ends or `close` cancels it."""
        self.n_running += 1
        self._background.start(work, "compare reader and experts").add_done_callback(self._ended)

    def _ended(self, _: object) -> None:
        self.n_running -= 1

    async def close(self) -> None:
        """Give up what is under way and take nothing more. Idempotent."""
        self._closed = True
        await self._background.close()
