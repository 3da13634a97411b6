"""Builds of eight subtasks a second on this machine, over gRPC, with a model that answers after 100 ms.

Server, fake vendor and the caller are three processes on the same cores. Builds are started at a fixed pace
over `StreamBuild`, whether earlier ones are back or not, after `WARM` that are not counted. Bars: 30 builds a
second reached, 95 % within 400 ms, the first event within 50 ms, the whole within twice its slowest subtask.

    python -m benchmarks builds [builds per second ...]
"""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import TYPE_CHECKING

import grpc.aio
from segmentry.v1 import segment_builder_pb2 as pb
from segmentry.v1 import segment_builder_pb2_grpc

from benchmarks.pairs import load
from benchmarks.served import cpu_s, served
from benchmarks.sides import at
from benchmarks.vendors import SLANG, vendor, vendors_cpu_s

if TYPE_CHECKING:
    from segmentry.v1.segment_builder_pb2_grpc import SegmentBuilderAsyncStub

PACES = (15, 30, 40)
SECONDS = 12
WARM = 30
SUBTASKS = 8
# Each is read anew, has two closed phrases and one that only experts know.
QUERIES = tuple(
    f"{tier} members in {town} who are crazy about us and have not booked in {days} days"
    for days, tier, town in product(
        range(10, 120, 7),
        ("gold", "platinum", "silver", "diamond"),
        ("Cape Town", "Durban", "Pretoria"),
    )
)


@dataclass
class Seen:
    """What the caller of one build saw, in seconds since it asked."""

    first_s: float = 0.0
    whole_s: float = 0.0
    slowest_s: float = 0.0
    subtasks: int = 0
    events: int = 0
    degraded: bool = False
    done_at: float = 0.0


@dataclass
class Paced:
    """What came of builds that were started at one pace; CPU is in seconds of each process."""

    server_s: float
    vendor_s: float
    caller_s: float
    seen: list[Seen] = field(default_factory=list[Seen])

    @property
    def reached(self) -> float:
        """Builds a second, from the first that was done to the last."""
        done = [each.done_at for each in self.seen]
        return (len(done) - 1) / (max(done) - min(done))


async def build(stub: SegmentBuilderAsyncStub, query: str) -> Seen:
    """One build, watched. Raises: grpc.RpcError."""
    seen, asked = Seen(), time.perf_counter()
    async for event in stub.StreamBuild(pb.StreamBuildRequest(query=query)):
        seen.events += 1
        if seen.events == 1:
            seen.first_s = time.perf_counter() - asked
        if event.subtask.prompt_version and event.subtask.WhichOneof("change") in {"succeeded", "failed"}:
            seen.subtasks += 1
            seen.slowest_s = max(seen.slowest_s, event.subtask.elapsed.ToTimedelta().total_seconds())
        if event.HasField("completed"):
            seen.degraded = bool(event.completed.fallbacks) or not event.completed.success
    seen.done_at = time.perf_counter()
    seen.whole_s = seen.done_at - asked
    return seen


async def paced(stub: SegmentBuilderAsyncStub, per_s: int, pid: int, base_url: str) -> Paced:
    """Start `per_s` builds a second for `SECONDS`."""
    before = cpu_s(pid), await vendors_cpu_s(base_url), time.process_time()
    began = time.perf_counter()
    tasks: list[asyncio.Task[Seen]] = []
    async with asyncio.TaskGroup() as group:
        for number in range(per_s * SECONDS):
            await asyncio.sleep(max(began + number / per_s - time.perf_counter(), 0.0))
            tasks.append(group.create_task(build(stub, QUERIES[number % len(QUERIES)])))
    after = cpu_s(pid), await vendors_cpu_s(base_url), time.process_time()
    server, vendor_, caller = (late - early for early, late in zip(before, after, strict=True))
    return Paced(server, vendor_, caller, [task.result() for task in tasks])


def show(per_s: int, found: Paced) -> None:
    """One pace in five lines."""
    seen, n = found.seen, len(found.seen)
    calls, events = sum(each.subtasks for each in seen), sum(each.events for each in seen)
    degraded = sum(each.degraded for each in seen)
    print(
        f"{per_s} builds/s asked for, {found.reached:.1f} reached: {n} builds of {calls / n:.2f} subtasks "
        f"and {events / n:.0f} events, {degraded} degraded"
    )
    print(f"  whole build      {_spread([each.whole_s for each in seen])}  (bar: p95 400)")
    print(f"  first event      {_spread([each.first_s for each in seen])}  (bar: 50)")
    times = [each.whole_s / each.slowest_s for each in seen if each.slowest_s]
    middle, most, worst = at(times, 0.5), at(times, 0.95), max(times)
    print(f"  slowest subtask  {_spread([each.slowest_s for each in seen])}")
    print(f"  whole / slowest  p50 {middle:.2f}  p95 {most:.2f}  worst {worst:.2f}  (bar: 2)")
    split = {"server": found.server_s, "vendor": found.vendor_s, "caller": found.caller_s}
    per_build = "  ".join(f"{name} {each / n * 1e3:.1f} ms" for name, each in split.items())
    per_call = ", ".join(f"{name} {split[name] / calls * 1e6:,.0f} us" for name in ("server", "vendor"))
    print(f"  CPU per build    {per_build};  per call of a model {per_call}")


def _spread(seconds: Sequence[float]) -> str:
    p50, p95, p99 = (at(seconds, share) * 1000 for share in (0.5, 0.95, 0.99))
    return f"p50 {p50:5.0f} ms  p95 {p95:5.0f} ms  p99 {p99:5.0f} ms"


async def measured(paces: Sequence[int]) -> None:
    """Every pace against one server, in the order given."""
    arguments = ("--mode", "rules", "--delay", "0.1", "--slang", SLANG)
    async with (
        vendor(*arguments) as base_url,
        served(base_url) as (pid, address),
        grpc.aio.insecure_channel(address) as channel,
    ):
        stub: SegmentBuilderAsyncStub = segment_builder_pb2_grpc.SegmentBuilderStub(channel)
        warm = await asyncio.gather(*(build(stub, query) for query in QUERIES[-WARM:]))
        odd = {each.subtasks for each in warm} - {SUBTASKS}
        assert not odd, f"builds of {odd} subtasks: these queries are not what this benchmark says"
        for per_s in paces:
            found = await paced(stub, per_s, pid, base_url)
            show(per_s, found)
            print(f"  {load()} after")


def main(given: Sequence[str] = ()) -> None:
    """Measure and print; other paces can be given."""
    print(f"{load()} before; {os.cpu_count()} cores for server, vendor and caller together")
    asyncio.run(measured(tuple(int(each) for each in given) or PACES))


if __name__ == "__main__":
    main(sys.argv[1:])
