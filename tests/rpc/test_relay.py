"""The streaming helper, through a real server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import grpc
import pytest
from segmentry.rpc.relay import Drain, Draining, Heartbeat, Notice, Outbox, StreamLimits, Streams

from tests.rpc.echo import Item, Serve, error_info, outcome

Work = Callable[[Outbox[Item]], Awaitable[None]]


def tell(notice: Notice) -> Item:
    match notice:
        case Heartbeat():
            return Item("heartbeat")
        case Draining():
            return Item("draining")


def handler(streams: Streams, work: Work, *, logged: bool = False) -> Any:
    async def stream(request: str, context: Any) -> AsyncIterator[Item]:
        async for item in streams.relay(context, work, tell, logged=logged):
            yield item

    return stream


async def read(call: Any) -> list[tuple[int, str]]:
    return [(item.sequence, item.text) async for item in call]


async def test_messages_are_numbered_from_one_without_a_gap(echo: Serve) -> None:
    async def work(outbox: Outbox[Item]) -> None:
        for number in range(200):
            await outbox.put(Item(str(number)))

    async with echo(stream=handler(Streams(), work)) as client:
        assert await read(client.stream()) == [(number + 1, str(number)) for number in range(200)]


async def test_a_logged_stream_keeps_the_numbers_of_its_log(echo: Serve) -> None:
    async def work(outbox: Outbox[Item]) -> None:
        for number in (7, 8, 9):
            await outbox.put(Item("x", sequence=number))

    async with echo(stream=handler(Streams(), work, logged=True)) as client:
        assert await read(client.stream()) == [(7, "x"), (8, "x"), (9, "x")]


async def test_a_full_queue_keeps_the_newest_of_a_key_and_every_message_without_one() -> None:
    outbox: Outbox[Item] = Outbox(3)
    await outbox.put(Item("a1"), "a")
    await outbox.put(Item("fallback"))
    await outbox.put(Item("b1"), "b")
    await outbox.put(Item("a2"), "a")
    await outbox.put(Item("b2"), "b")
    taken = [item.text for item in iter(outbox.take, None)]
    assert taken == ["fallback", "a2", "b2"]


async def test_a_message_without_a_key_waits_for_room() -> None:
    outbox: Outbox[Item] = Outbox(1)
    await outbox.put(Item("first"))
    waiting = asyncio.ensure_future(outbox.put(Item("completed")))
    await asyncio.sleep(0)
    assert not waiting.done()
    assert (taken := outbox.take()) is not None
    assert taken.text == "first"
    await waiting
    assert (taken := outbox.take()) is not None
    assert taken.text == "completed"


async def test_silence_is_filled_with_heartbeats_that_repeat_the_last_number(echo: Serve) -> None:
    release = asyncio.Event()

    async def work(outbox: Outbox[Item]) -> None:
        await outbox.put(Item("one"))
        await release.wait()
        await outbox.put(Item("two"))

    async with echo(stream=handler(Streams(StreamLimits(heartbeat_s=0.02)), work)) as client:
        call = client.stream()
        seen: list[tuple[int, str]] = []
        async for item in call:
            seen.append((item.sequence, item.text))
            if seen[-1][1] == "heartbeat":
                release.set()
        assert seen[0] == (1, "one")
        assert (1, "heartbeat") in seen
        assert seen[-1] == (2, "two")


async def test_a_cancelled_call_ends_its_worker(echo: Serve) -> None:
    ended = asyncio.Event()

    async def work(outbox: Outbox[Item]) -> None:
        try:
            await outbox.put(Item("started"))
            await asyncio.Event().wait()
        finally:
            ended.set()

    async with echo(stream=handler(Streams(), work)) as client:
        call = client.stream()
        await call.read()
        call.cancel()
        await asyncio.wait_for(ended.wait(), 5)


async def test_a_cancel_while_the_reader_is_blocked_ends_the_worker(echo: Serve) -> None:
    ended = asyncio.Event()
    blocked = asyncio.Event()

    async def work(outbox: Outbox[Item]) -> None:
        try:
            while True:
                try:
                    async with asyncio.timeout(0.2):
                        await outbox.put(Item("x" * 65536))
                except TimeoutError:
                    blocked.set()
        finally:
            ended.set()

    async with echo(stream=handler(Streams(), work)) as client:
        call = client.stream()
        await call.read()
        await asyncio.wait_for(blocked.wait(), 10)
        call.cancel()
        await asyncio.wait_for(ended.wait(), 5)


async def test_a_reader_that_takes_nothing_gets_slow_consumer_and_its_token(echo: Serve) -> None:
    ended = asyncio.Event()

    async def work(outbox: Outbox[Item]) -> None:
        try:
            while True:
                await outbox.put(Item("x" * 65536, resume_token="resume-here"))
        finally:
            ended.set()

    streams = Streams(StreamLimits(stall_s=0.3, patience_s=0.3))
    async with echo(stream=handler(streams, work)) as client:
        call = client.stream()
        await call.read()
        await asyncio.wait_for(ended.wait(), 10)
        assert await outcome(call) == (grpc.StatusCode.RESOURCE_EXHAUSTED, "SLOW_CONSUMER")
        info = error_info(await call.trailing_metadata())
        assert info.metadata["resumeToken"] == "resume-here"


async def test_a_failing_worker_gives_its_own_error_after_what_it_said(echo: Serve) -> None:
    async def work(outbox: Outbox[Item]) -> None:
        await outbox.put(Item("before"))
        raise ValueError("boom")

    async with echo(stream=handler(Streams(), work)) as client:
        call = client.stream()
        assert (await call.read()).text == "before"
        with pytest.raises(grpc.aio.AioRpcError):
            await call.read()


async def test_a_drain_ends_a_logged_stream_after_a_notice(echo: Serve) -> None:
    drain = Drain()

    async def work(outbox: Outbox[Item]) -> None:
        await outbox.put(Item("one", sequence=1, resume_token="t1"))
        await asyncio.Event().wait()

    async with echo(stream=handler(Streams(drain=drain), work, logged=True)) as client:
        call = client.stream()
        assert (await call.read()).text == "one"
        drain.start()
        notice = await call.read()
        assert (notice.text, notice.sequence) == ("draining", 1)
        with pytest.raises(grpc.aio.AioRpcError):
            await call.read()


async def test_a_drain_lets_an_unlogged_stream_finish(echo: Serve) -> None:
    drain, release = Drain(), asyncio.Event()

    async def work(outbox: Outbox[Item]) -> None:
        await outbox.put(Item("one"))
        await release.wait()
        await outbox.put(Item("completed"))

    async with echo(stream=handler(Streams(drain=drain), work)) as client:
        call = client.stream()
        assert (await call.read()).text == "one"
        drain.start()
        assert (await call.read()).text == "draining"
        release.set()
        assert (await call.read()).text == "completed"
        assert await call.read() is grpc.aio.EOF


async def test_a_logged_stream_ends_well_at_its_length_with_a_notice(echo: Serve) -> None:
    async def work(outbox: Outbox[Item]) -> None:
        await outbox.put(Item("one", sequence=1))
        await asyncio.Event().wait()

    streams = Streams(StreamLimits(length_s=0.05))
    async with echo(stream=handler(streams, work, logged=True)) as client:
        call = client.stream()
        assert [text for _, text in await read(call)] == ["one", "draining"]
        assert await call.code() is grpc.StatusCode.OK
