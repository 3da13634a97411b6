"""Several ways to make a call, measured in turns: wall time and CPU of this process, per call and round."""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

IN_FLIGHT = 16


@dataclass
class Side:
    """One way to make a call, and what each round of it took, in seconds per call."""

    name: str
    call: Callable[[], Awaitable[object]]
    wall: list[float] = field(default_factory=list[float])
    cpu: list[float] = field(default_factory=list[float])

    @property
    def cpu_s(self) -> float:
        """The median of the rounds."""
        return statistics.median(self.cpu)

    @property
    def rates(self) -> tuple[float, float, float]:
        """Calls a second: the lowest, the median and the highest of the rounds."""
        rates = sorted(1 / each for each in self.wall)
        return rates[0], statistics.median(rates), rates[-1]


async def in_turns(sides: Sequence[Side], calls: int, rounds: int) -> None:
    """Every side in turn, `rounds` times `calls` calls, after a short round that is not counted."""
    for side in sides:
        await _round(side, max(calls // 10, 1))
        side.wall.clear()
        side.cpu.clear()
    for _ in range(rounds):
        for side in sides:
            await _round(side, calls)


async def _round(side: Side, calls: int) -> None:
    """`calls` calls, `IN_FLIGHT` at a time."""
    left = calls

    async def caller() -> None:
        nonlocal left
        while left > 0:
            left -= 1
            await side.call()

    wall, cpu = time.perf_counter(), time.process_time()
    async with asyncio.TaskGroup() as group:
        for _ in range(IN_FLIGHT):
            group.create_task(caller())
    side.wall.append((time.perf_counter() - wall) / calls)
    side.cpu.append((time.process_time() - cpu) / calls)


def at(values: Sequence[float], share: float) -> float:
    """The value below which that share (0-1) of the values lies; 0.5 is the median."""
    ordered = sorted(values)
    return ordered[min(int(len(ordered) * share), len(ordered) - 1)]
