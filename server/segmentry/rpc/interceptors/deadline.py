"""Every call ends: the caller's deadline, cut to the group's maximum, or the group's default."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass
from time import monotonic
from typing import Any, cast

from segmentry.builder.request import ENDS_AT
from segmentry.errors import DeadlineExceeded, DeadlineTooShort
from segmentry.rpc.call import ServerContext
from segmentry.rpc.groups import Group, group_of
from segmentry.rpc.interceptors.around import Around, Stream, Unary

_SHORTEST_S = 0.05


@dataclass(frozen=True, slots=True)
class Allowance:
    """Seconds a group gets: when the caller names none, and at most."""

    default_s: float
    maximum_s: float


class Deadline(Around):
    """Stops the work when the time is over. Groups without an allowance have no deadline of ours."""

    def __init__(self, allowances: dict[Group, Allowance]) -> None:
        self._allowances = allowances

    async def unary(self, method: str, inner: Unary, request: Any, context: ServerContext) -> Any:
        left_s = self._left(method, context)
        if left_s is None:
            return await inner(request, context)
        ENDS_AT.set(monotonic() + left_s)
        clock = asyncio.timeout(left_s)
        try:
            async with clock:
                return await inner(request, context)
        except TimeoutError:
            # A TimeoutError of the handler's own is a fault of ours, not the caller's deadline.
            if not clock.expired():
                raise
            raise _passed(left_s) from None

    async def stream(
        self, method: str, inner: Stream, request: Any, context: ServerContext
    ) -> AsyncIterator[Any]:
        left_s = self._left(method, context)
        ends_at = None if left_s is None else asyncio.get_running_loop().time() + left_s
        ENDS_AT.set(None if left_s is None else monotonic() + left_s)
        async with aclosing(cast("Any", inner(request, context))) as items:
            while True:
                # One timeout per step: none is open while this generator is suspended at its yield.
                clock = asyncio.timeout_at(ends_at)
                try:
                    async with clock:
                        item = await anext(items)
                except StopAsyncIteration:
                    return
                except TimeoutError:
                    if not clock.expired():
                        raise
                    raise _passed(left_s or 0.0) from None
                yield item

    def _left(self, method: str, context: ServerContext) -> float | None:
        remaining = cast("float | None", context.time_remaining())
        group = group_of(method)
        if group != "exempt" and remaining is not None and remaining < _SHORTEST_S:
            raise DeadlineTooShort(
                f"{max(0.0, remaining) * 1000:.0f} ms are left, and a call needs at least 50 ms",
                remainingMs=round(max(0.0, remaining) * 1000),
                minimumMs=50,
            )
        allowance = self._allowances.get(group)
        if allowance is None:
            return None
        return allowance.default_s if remaining is None else min(remaining, allowance.maximum_s)


def _passed(allowed_s: float) -> DeadlineExceeded:
    return DeadlineExceeded(
        f"the call's {allowed_s:.3g} s are over; allow more time or ask for less", allowedS=f"{allowed_s:.3g}"
    )
