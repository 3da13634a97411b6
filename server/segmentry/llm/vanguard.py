"""One call ahead of the others while nobody knows whether the vendor answers at all."""

from __future__ import annotations

import asyncio
from typing import Final

# A vendor turns a call down before the model begins, within a few round trips.
HEAD_START_S: Final = 0.3


class Vanguard:
    """Who may go now. While the vendor is known to answer, everybody does, side by side.

    At the start and while the breaker is open nobody knows, and of calls that come together one goes ahead:
    the others follow as soon as the vendor has accepted it or it has ended, `head_start_s` later at the
    latest. So a used up quota costs one call and not one per expert, and a first build waits no longer.
    """

    def __init__(self, *, head_start_s: float = HEAD_START_S) -> None:
        self._head_start_s = head_start_s
        self._known = False
        self._ahead: asyncio.Event | None = None

    async def turn(self) -> bool:
        """Wait for a call's turn. True for the one that goes ahead, which must tell `back` when it ends."""
        if self._known:
            return False
        if self._ahead is None:
            self._ahead = asyncio.Event()
            return True
        try:
            async with asyncio.timeout(self._head_start_s):
                await self._ahead.wait()
        except TimeoutError:
            pass
        return False

    def accepted(self) -> None:
        """The vendor has begun to answer a call."""
        self._known = True
        self._release()

    def shut(self) -> None:
        """The breaker has opened: nobody knows when the vendor will be back."""
        self._known = False

    def back(self) -> None:
        """The call that went ahead has ended."""
        self._release()

    def _release(self) -> None:
        ahead, self._ahead = self._ahead, None
        if ahead is not None:
            ahead.set()
