"""One step of a build, reported while it runs."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from time import perf_counter
from typing import TypeVar

from segmentry.builder.events import Emit, SubtaskFailed, SubtaskStarted, SubtaskSucceeded
from segmentry.errors import SegmentryError

T = TypeVar("T")


async def run(
    agent: str,
    detail: str,
    work: Callable[[], Awaitable[T]],
    leaves: Callable[[T], int],
    emit: Emit,
    *,
    degrades: bool = False,
) -> T:
    """Do `work`, and say when it starts and how it ends. A build runs each agent once, so its id is its name.

    `degrades` says that the build goes on when it fails.

    Raises: whatever `work` raises, after saying so.
    """
    started = perf_counter()
    await emit(SubtaskStarted(agent, agent, detail))
    try:
        done = await work()
    except SegmentryError as error:
        await emit(SubtaskFailed(agent, agent, perf_counter() - started, error, degraded=degrades))
        raise
    await emit(SubtaskSucceeded(agent, agent, perf_counter() - started, leaves(done)))
    return done
