"""How much is served at once. Health and reflection always get through."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, cast

from segmentry.errors import Exhausted, ServerDraining
from segmentry.rpc.call import ServerContext
from segmentry.rpc.groups import Group, group_of
from segmentry.rpc.interceptors.around import Around, Stream, Unary
from segmentry.rpc.relay import Drain

_RETRY_S = 1.0


@dataclass(frozen=True, slots=True)
class Limit:
    """So many at once, and so many waiting for at most so long."""

    active: int
    waiting: int = 0
    wait_s: float = 2.0


class Gate:
    """Counts what is active in one group, and lets a few wait their turn."""

    def __init__(self, group: Group, limit: Limit) -> None:
        self._group = group
        self._limit = limit
        self._slots = asyncio.Semaphore(limit.active)
        self._waiting = 0

    async def enter(self) -> Slot:
        """Take a slot. Raises: Exhausted (OVERLOADED), with a time to come back at."""
        if self._slots.locked():
            if self._waiting >= self._limit.waiting:
                raise self._full()
            self._waiting += 1
            try:
                async with asyncio.timeout(self._limit.wait_s):
                    await self._slots.acquire()
            except TimeoutError:
                raise self._full() from None
            finally:
                self._waiting -= 1
        else:
            await self._slots.acquire()
        return Slot(self._slots)

    def _full(self) -> Exhausted:
        return Exhausted(
            f"{self._limit.active} {self._group} calls are running already; try again a little later",
            # Spread, so that callers who were refused together do not come back together.
            retry_after_s=_RETRY_S * random.uniform(0.5, 1.5),
            group=self._group,
            maximum=self._limit.active,
        )


class Slot:
    """A place in a gate, given back once however often it is asked."""

    __slots__ = ("_listener", "_slots")

    def __init__(self, slots: asyncio.Semaphore) -> None:
        self._slots: asyncio.Semaphore | None = slots
        self._listener: Callable[[Slot], None] | None = None

    def on_release(self, listener: Callable[[Slot], None]) -> None:
        self._listener = listener

    def release(self, _: object = None) -> None:
        slots, self._slots = self._slots, None
        if slots is not None:
            slots.release()
            if self._listener is not None:
                self._listener(self)


class Admission(Around):
    """Refuses what is too much, and everything new once the server drains."""

    def __init__(self, limits: dict[Group, Limit], drain: Drain | None = None) -> None:
        self._gates = {group: Gate(group, limit) for group, limit in limits.items()}
        self._drain = drain or Drain()
        self._open: set[Slot] = set()
        self._idle = asyncio.Event()
        self._idle.set()

    async def idle(self) -> None:
        """Wait until nothing is running but what is exempt."""
        await self._idle.wait()

    async def unary(self, method: str, inner: Unary, request: Any, context: ServerContext) -> Any:
        slot = await self._enter(method)
        try:
            return await inner(request, context)
        finally:
            slot.release()

    async def stream(
        self, method: str, inner: Stream, request: Any, context: ServerContext
    ) -> AsyncIterator[Any]:
        slot = await self._enter(method)
        # A caller that goes during a write leaves this generator to the collector; the callback is prompt.
        context.add_done_callback(slot.release)  # pyright: ignore[reportArgumentType]  # the stub forgot Protocol
        try:
            async with aclosing(cast("Any", inner(request, context))) as items:
                async for item in items:
                    yield item
        finally:
            slot.release()

    async def _enter(self, method: str) -> Slot:
        group = group_of(method)
        if group == "exempt":
            return Slot(asyncio.Semaphore())
        if self._drain.started:
            raise ServerDraining(
                "the server is shutting down; try again on another one",
                retry_after_s=self._drain.retry_after_s,
            )
        slot = await self._gates[group].enter()
        slot.on_release(self._left)
        self._open.add(slot)
        self._idle.clear()
        return slot

    def _left(self, slot: Slot) -> None:
        self._open.discard(slot)
        if not self._open:
            self._idle.set()
