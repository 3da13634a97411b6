"""How soon the vendor sees its connections close when a caller leaves in the middle of a build.

The server runs in a process of its own; the fake vendor and the caller share this one and its clock. Builds
are begun over `StreamBuild` and cancelled at random moments of their first half second: while their calls
are made, before the first byte of an answer, in the middle of answers that would go on for minutes. Counted
is the time from the cancel until the last of the build's calls lost its connection. Bar: 200 ms, 100 of 100.

    python -m benchmarks cancels [cancels]
"""

from __future__ import annotations

import asyncio
import random
import sys
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

import grpc.aio
from segmentry.v1 import segment_builder_pb2 as pb
from segmentry.v1 import segment_builder_pb2_grpc

from benchmarks.pairs import load
from benchmarks.served import served
from benchmarks.sides import at
from tests.vendor.plans import Asked, Pace, Plan
from tests.vendor.server import Call, Vendor

if TYPE_CHECKING:
    from segmentry.v1.segment_builder_pb2_grpc import SegmentBuilderAsyncStub

CANCELS = 100
# Builds under way at the same time, of which each is cancelled by itself.
AT_ONCE = 4
LONGEST_S = 0.5
PATIENCE_S = 30.0
SEED = 3
BAR_MS = 200.0
_NOTHING = '{"conditions":[],"unhandled":["' + "no words of this request " * 8 + '"]}'


def answer(asked: Asked) -> Plan:
    """At once for the first request; else half of the calls wait for a first byte, half drip for minutes."""
    if "warm" in asked.user:
        return Plan(answer='{"conditions":[],"unhandled":[]}')
    pace = Pace(600.0) if asked.number % 2 else Pace(0.02, tokens_per_s=0.5, tokens_per_write=1)
    return Plan(answer=_NOTHING, pace=pace)


async def cancelled(stub: SegmentBuilderAsyncStub, vendor: Vendor, number: int, wait_s: float) -> list[float]:
    """Begin a build, cancel it, and say for each of its calls how long its connection stayed open."""
    words = f"gold members who are crazy about shop {number}"
    call = stub.StreamBuild(pb.StreamBuildRequest(query=words))
    await call.read()
    await asyncio.sleep(wait_s)
    left = time.perf_counter()
    call.cancel()

    def own() -> list[Call]:
        return [each for each in vendor.calls if f"{words}\n" in each.asked.user]

    async with asyncio.timeout(PATIENCE_S):
        await vendor.until(lambda: bool(own()) and all(each.left_at is not None for each in own()))
    return [each.left_at - left for each in own() if each.left_at is not None]


async def measured(cancels: int) -> list[list[float]]:
    """The open times of each cancelled build, `AT_ONCE` at a time."""
    drawn = random.Random(SEED)
    waiting = [(number, drawn.uniform(0.0, LONGEST_S)) for number in range(cancels)]
    found: list[list[float]] = []
    async with (
        Vendor(answer) as vendor,
        served(vendor.base_url) as (_, address),
        grpc.aio.insecure_channel(address) as channel,
    ):
        stub: SegmentBuilderAsyncStub = segment_builder_pb2_grpc.SegmentBuilderStub(channel)
        async for _ in stub.StreamBuild(pb.StreamBuildRequest(query="gold members who are crazy about warm")):
            pass

        async def worker() -> None:
            while waiting:
                found.append(await cancelled(stub, vendor, *waiting.pop()))

        async with asyncio.TaskGroup() as group:
            for _ in range(AT_ONCE):
                group.create_task(worker())
    return found


def main(given: Sequence[str] = ()) -> None:
    """Measure and print; how many builds are cancelled can be given."""
    cancels = int(given[0]) if given else CANCELS
    print(f"{load()} before; {AT_ONCE} builds at a time")
    found = asyncio.run(measured(cancels))
    last = [max(each) * 1000 for each in found]
    within = sum(each <= BAR_MS for each in last)
    spread = "  ".join(f"{name} {at(last, share):.1f} ms" for name, share in (("p50", 0.5), ("p95", 0.95)))
    print(
        f"{len(last)} builds cancelled with {sum(map(len, found))} calls under way; connections closed after"
    )
    print(f"{spread}  worst {max(last):.1f} ms; {within} of {len(last)} within {BAR_MS:.0f} ms")


if __name__ == "__main__":
    main(sys.argv[1:])
