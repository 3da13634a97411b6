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
import platform
import sys
import tempfile
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
import grpc.aio
from google.protobuf.message import Message
from segmentry import config
from segmentry.rpc import server
from segmentry_client import AsyncSegmentryClient

from benchmarks.pairs import load
from benchmarks.sides import IN_FLIGHT, Side, in_turns

MEMBERS = 100_000
CALLS = 300
ROUNDS = 5
QUERY = "Platinum and diamond members who haven't booked in 60 days"
ECHO = "/benchmark.Echo/Unary"


@dataclass(frozen=True)
class Pair:
    """One of our calls, and a bare echo that answers with as many bytes."""

    reply_bytes: int
    echo: Side
    ours: Side


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


async def measure(calls: int) -> list[Pair]:
    """The pairs with their rounds, an echo before each of ours."""
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

            def pair(name: str, reply: Message, call: Callable[[], Awaitable[object]]) -> Pair:
                size = reply.ByteSize()
                return Pair(size, Side("bare echo", lambda: method(str(size).encode())), Side(name, call))

            pairs = [
                pair("Build, offline", built, lambda: client.build(QUERY)),
                pair("PreviewCount", counted, lambda: client.preview_count(built.result.criteria)),
            ]
            await in_turns([side for each in pairs for side in (each.echo, each.ours)], calls, ROUNDS)
    return pairs


def show(pairs: list[Pair], calls: int) -> None:
    """Both sides of each pair in one table."""
    print(f"{MEMBERS:,} customers, {ROUNDS} rounds of {calls} calls, {IN_FLIGHT} in flight, one process")
    print(f"{'':16}{'reply':>9}{'calls/s':>10}{'(range)':>16}{'CPU/call':>12}{'ratio':>9}")
    for each in pairs:
        for side in (each.echo, each.ours):
            lowest, rate, highest = side.rates
            span = f"({lowest:,.0f}-{highest:,.0f})"
            print(
                f"{side.name:16}{each.reply_bytes:>7} B{rate:>10,.0f}{span:>16}"
                f"{side.cpu_s * 1e6:>9,.0f} us{side.cpu_s / each.echo.cpu_s:>8.1f}x"
            )


def main(given: Sequence[str] = ()) -> None:
    """Measure and print; the number of calls per round can be given."""
    calls = int(given[0]) if given else CALLS
    print(f"{platform.machine()}, Python {platform.python_version()}, {load()} before")
    show(asyncio.run(measure(calls)), calls)


if __name__ == "__main__":
    main(sys.argv[1:])
