"""What asking a model costs us in CPU: our seam against the vendor's package and a bare HTTP client.

The fake vendor runs in a process of its own and answers at once, one token per event, as vendors stream. The
sides take turns, `ROUNDS` times, with `IN_FLIGHT` calls at once, in this process: the CPU time is the
caller's alone. At the end the seam alone is driven at `PACE` calls a second with replies after 100 ms, and
with simulated latencies at half of that: eight subtasks of thirty builds are 240 calls a second.

    python -m benchmarks seam [calls per round]
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, cast

import httpx2
import openai
from segmentry.errors import JsonValue
from segmentry.llm.model import AnswerSchema, Message, ModelCall
from segmentry.llm.openai import OpenAIModel
from segmentry.llm.profiles import profile
from segmentry.llm.request import Bodies

from benchmarks.pairs import load
from benchmarks.sides import IN_FLIGHT, Side, at, in_turns
from benchmarks.vendors import vendor, vendors_cpu_s

CALLS = 200
ROUNDS = 5
PACE = 240
SECONDS = 5
MODEL = "gpt-4o-mini"

_TEXT: JsonValue = {"type": "string"}
_PROPERTIES: JsonValue = {
    "evidence": _TEXT,
    "field": _TEXT,
    "op": _TEXT,
    "values": {"type": "array", "items": _TEXT},
    "unit": _TEXT,
}
_CONDITION: JsonValue = {
    "type": "object",
    "additionalProperties": False,
    "required": ["evidence", "field", "op", "values", "unit"],
    "properties": _PROPERTIES,
}
_SHAPE: Mapping[str, JsonValue] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["conditions", "unhandled"],
    "properties": {
        "conditions": {"type": "array", "items": _CONDITION},
        "unhandled": {"type": "array", "items": _TEXT},
    },
}
# As long as an expert's prompt has to be to be cached: 1,152 tokens.
CALL = ModelCall(
    "scores",
    "v1",
    (Message("system", "One rule of many. " * 256), Message("user", "customers over 40")),
    AnswerSchema("scores", _SHAPE),
    300,
)


def bodies() -> tuple[bytes, dict[str, Any]]:
    """The request as the seam sends it, and the same without streaming."""
    streamed = Bodies(model=MODEL, temperature=0.2, row=profile(MODEL)).of(CALL)
    whole = cast("dict[str, Any]", json.loads(streamed))
    for name in ("stream", "stream_options"):
        whole.pop(name)
    return streamed, whole


@asynccontextmanager
async def sides(base_url: str) -> AsyncGenerator[list[Side]]:
    """Ours first, the bare client last."""
    streamed, whole = bodies()
    limits = httpx2.Limits(max_connections=64, max_keepalive_connections=64)
    address = f"{base_url}/chat/completions"
    headers = {"content-type": "application/json"}
    seam = OpenAIModel(model=MODEL, key="none", base_url=base_url)
    async with (
        openai.AsyncOpenAI(api_key="none", base_url=base_url, max_retries=0) as package,
        httpx2.AsyncClient(limits=limits, timeout=None) as bare,
    ):
        create: Any = package.chat.completions.create

        async def package_stream() -> None:
            stream = await create(**whole, stream=True, stream_options={"include_usage": True})
            async for _ in cast("openai.AsyncStream[Any]", stream):
                pass

        async def package_whole() -> None:
            await create(**whole)

        async def bare_stream() -> None:
            async with bare.stream("POST", address, content=streamed, headers=headers) as reply:
                async for line in reply.aiter_lines():
                    if line.startswith("data: {"):
                        json.loads(line[6:])

        async def bare_whole() -> None:
            (await bare.post(address, json=whole)).json()

        yield [
            Side("our seam, streamed", lambda: seam.complete(CALL, within_s=10.0)),
            Side("openai, streamed", package_stream),
            Side("openai, in one piece", package_whole),
            Side("httpx2, streamed", bare_stream),
            Side("httpx2, in one piece", bare_whole),
        ]
    await seam.close()


async def compared(calls: int) -> list[Side]:
    """Every side with its rounds, in turn, after a short one that is not counted."""
    async with vendor() as base_url, sides(base_url) as all_sides:
        await in_turns(all_sides, calls, ROUNDS)
        return all_sides


async def driven(per_s: int, *arguments: str) -> Mapping[str, float]:
    """Start `per_s` calls a second for `SECONDS`, whether earlier ones are back or not; what was reached."""
    took: list[float] = []
    async with vendor(*arguments) as base_url:
        seam = OpenAIModel(model=MODEL, key="none", base_url=base_url, at_once=1024)
        await seam.complete(CALL, within_s=30.0)
        before_s = await vendors_cpu_s(base_url)

        async def ask() -> None:
            took.append((await seam.complete(CALL, within_s=30.0)).elapsed_s)

        wall, cpu = time.perf_counter(), time.process_time()
        async with asyncio.TaskGroup() as group:
            for number in range(per_s * SECONDS):
                await asyncio.sleep(max(wall + number / per_s - time.perf_counter(), 0.0))
                group.create_task(ask())
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        vendors = await vendors_cpu_s(base_url) - before_s
        await seam.close()
    return {
        "reached": len(took) / wall,
        "p50": at(took, 0.5) * 1000,
        "p99": at(took, 0.99) * 1000,
        "cpu": cpu / len(took) * 1e6,
        "vendor": vendors / len(took) * 1e6,
    }


def show(all_sides: Sequence[Side], calls: int) -> None:
    """The sides in one table; the ratio is to the bare client that streams."""
    base = next(each for each in all_sides if each.name == "httpx2, streamed").cpu_s
    print(f"{ROUNDS} rounds of {calls} calls, {IN_FLIGHT} in flight; CPU of the caller's process")
    print(f"{'':24}{'calls/s':>9}{'CPU/call':>12}{'(range)':>18}{'ratio':>8}")
    for side in all_sides:
        cpu = sorted(each * 1e6 for each in side.cpu)
        span = f"({cpu[0]:,.0f}-{cpu[-1]:,.0f})"
        ratio = side.cpu_s / base
        print(f"{side.name:24}{side.rates[1]:>9,.0f}{side.cpu_s * 1e6:>9,.0f} us{span:>18}{ratio:>7.2f}x")


def main(given: Sequence[str] = ()) -> None:
    """Measure and print; the number of calls per round can be given."""
    calls = int(given[0]) if given else CALLS
    print(load())
    show(asyncio.run(compared(calls)), calls)
    for name, per_s, arguments in (
        ("replies after 100 ms", PACE, ("--delay", "0.1")),
        ("simulated latencies", PACE // 2, ("--latency", "1")),
    ):
        seen = asyncio.run(driven(per_s, *arguments))
        print(
            f"{name}: {per_s} calls/s asked for, {seen['reached']:,.0f} reached, "
            f"p50 {seen['p50']:,.0f} ms, p99 {seen['p99']:,.0f} ms, "
            f"CPU/call {seen['cpu']:,.0f} us here and {seen['vendor']:,.0f} us in the vendor"
        )


if __name__ == "__main__":
    main(sys.argv[1:])
