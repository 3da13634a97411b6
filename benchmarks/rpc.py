"""What our part of a call costs: Build (offline) and PreviewCount against a bare echo of the same size.

A bare grpc.aio server, ours, and the client share one process and one loop, so the CPU time of the process
is that of client and server together, for every side alike. The sides alternate, `ROUNDS` times, with
`IN_FLIGHT` calls at once; the median of the rounds and the range are printed, and the ratio to the echo
that answers with as many bytes. A load above the number of cores makes the figures unusable, and the line
says so.

    python -m benchmarks.rpc [calls per round]
"""

from __future__ import annotations

import asyncio
import os
import platform
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import grpc
import grpc.aio
from segmentry import config
from segmentry.rpc import server
from segmentry_client import AsyncSegmentryClient

MEMBERS = 100_000
CALLS = 300
ROUNDS = 5
IN_FLIGHT = 16
QUERY = "Platinum and diamond members who haven't booked in 60 days"
ECHO = "/benchmark.Echo/Unary"

Call = Callable[[], Awaitable[object]]


@dataclass
class Side:
    """One kind of call, and what each round of it took, in seconds per call."""

    name: str
    call: Call
    reply_bytes: int
    wall: list[float] = field(default_factory=list[float])
    cpu: list[float] = field(default_factory=list[float])


def as_it_is(raw: bytes) -> bytes:
    """Bytes are the message."""
    return raw


@asynccontextmanager
async def echo_server() -> AsyncGenerator[grpc.aio.Channel]:
    """A channel to a server that answers `n` with `n` bytes and does nothing else."""

    async def echo(request: bytes, context: object) -> bytes:
        del context
        return bytes(int(request))

    bare = grpc.aio.server()
    handler: Any = grpc.unary_unary_rpc_method_handler(
        echo, request_deserializer=as_it_is, response_serializer=as_it_is
    )
    bare.add_generic_rpc_handlers(
        (grpc.method_handlers_generic_handler("benchmark.Echo", {"Unary": handler}),)
    )
    port = bare.add_insecure_port("127.0.0.1:0")
    await bare.start()
    try:
        async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
            yield channel
    finally:
        await bare.stop(None)


async def one_round(side: Side, calls: int) -> None:
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


async def measure(calls: int) -> list[Side]:
    """The sides with their rounds: an echo before each of ours."""
    with tempfile.TemporaryDirectory(prefix="segmentry-bench-") as folder:
        settings = config.load(
            {},
            address="127.0.0.1:0",
            demo=True,
            demo_members=MEMBERS,
            data_dir=Path(folder),
            log_level="error",
        )
        async with (
            server.running(settings) as running,
            AsyncSegmentryClient(running.address, tenant_id="demo") as client,
            echo_server() as channel,
        ):
            method: Any = channel.unary_unary(
                ECHO, request_serializer=as_it_is, response_deserializer=as_it_is
            )
            built = await client.build(QUERY)
            counted = await client.preview_count(built.result.criteria)

            def echo(size: int) -> Side:
                return Side("bare echo", lambda: method(str(size).encode()), size)

            ours = [
                Side("Build, offline", lambda: client.build(QUERY), built.ByteSize()),
                Side(
                    "PreviewCount",
                    lambda: client.preview_count(built.result.criteria),
                    counted.ByteSize(),
                ),
            ]
            sides = [side for mine in ours for side in (echo(mine.reply_bytes), mine)]
            for side in sides:
                await one_round(side, max(1, calls // 10))
                side.wall.clear()
                side.cpu.clear()
            for _ in range(ROUNDS):
                for side in sides:
                    await one_round(side, calls)
    return sides


def show(sides: list[Side], calls: int, load: float) -> None:
    """Both sides of each pair in one table."""
    cores = os.cpu_count() or 1
    spoilt = "" if load <= cores else f"  LOAD {load:.1f} ON {cores} CORES: THESE FIGURES ARE NOT USABLE"
    machine = f"{platform.machine()}, {cores} cores, Python {platform.python_version()}"
    print(f"{machine}, load {load:.1f} before{spoilt}")
    print(f"{MEMBERS:,} customers, {ROUNDS} rounds of {calls} calls, {IN_FLIGHT} in flight, one process")
    print(f"{'':16}{'reply':>9}{'calls/s':>10}{'(range)':>16}{'CPU/call':>12}{'ratio':>9}")
    for echo, mine in zip(sides[::2], sides[1::2], strict=True):
        base = statistics.median(echo.cpu)
        for side in (echo, mine):
            rates = sorted(1 / wall for wall in side.wall)
            cpu = statistics.median(side.cpu)
            span = f"({rates[0]:,.0f}-{rates[-1]:,.0f})"
            print(
                f"{side.name:16}{side.reply_bytes:>7} B{statistics.median(rates):>10,.0f}{span:>16}"
                f"{cpu * 1e6:>9,.0f} us{cpu / base:>8.1f}x"
            )


def main() -> None:
    """Measure and print; the number of calls per round can be given."""
    given = [part for part in sys.argv[1:] if part.isdigit()]
    calls = int(given[0]) if given else CALLS
    load = os.getloadavg()[0]
    show(asyncio.run(measure(calls)), calls, load)


if __name__ == "__main__":
    main()
