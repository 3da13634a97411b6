"""What stands around every RPC: errors, request ids, the log line, admission and deadlines."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from typing import Any

import grpc
import pytest
from google.rpc import error_details_pb2
from grpc_health.v1 import health_pb2
from segmentry.errors import DeadlineTooShort, InvalidValue, QueryTooLong, Unavailable
from segmentry.rpc import call as rpc_call
from segmentry.rpc import reflection
from segmentry.rpc.groups import Group
from segmentry.rpc.health import Health
from segmentry.rpc.interceptors.admission import Admission, Limit
from segmentry.rpc.interceptors.auth import Auth
from segmentry.rpc.interceptors.deadline import Allowance, Deadline
from segmentry.rpc.interceptors.errors import Errors
from segmentry.rpc.interceptors.observe import LOGGER, Observe
from segmentry.rpc.relay import Drain, Outbox, Streams

from tests.rpc.echo import Item, Serve, details, error_info, outcome

DSN = "postgresql://app:hunter2@db.internal/customers"
# The echo service is in no table, so its calls count as writes.
WRITE: Group = "write"


def stack(
    limits: dict[Group, Limit] | None = None,
    allowances: dict[Group, Allowance] | None = None,
    drain: Drain | None = None,
) -> list[grpc.aio.ServerInterceptor]:
    return [
        Errors(),
        Observe(),
        Auth(),
        Admission(limits or {WRITE: Limit(100)}, drain),
        Deadline(allowances or {WRITE: Allowance(5, 5)}),
    ]


async def says(request: str, context: Any) -> str:
    return f"said {request}"


async def counts(request: str, context: Any) -> AsyncIterator[Item]:
    for number in range(3):
        yield Item(str(number))


async def test_calls_pass_through_unchanged(echo: Serve) -> None:
    async with echo(unary=says, stream=counts, interceptors=stack()) as client:
        assert await client.unary("hello") == "said hello"
        assert [item.text async for item in client.stream()] == ["0", "1", "2"]


@pytest.mark.parametrize(
    "error",
    [
        RuntimeError(f"cannot connect to {DSN}"),
        KeyError(DSN),
        ExceptionGroup("two", [ValueError(DSN), TypeError(DSN)]),
        BaseExceptionGroup("base", [asyncio.CancelledError(DSN), ValueError(DSN)]),
    ],
    ids=["plain", "key", "group", "base group"],
)
async def test_the_text_of_an_unforeseen_error_never_leaves(
    echo: Serve, error: BaseException, caplog: pytest.LogCaptureFixture
) -> None:
    async def unary(request: str, context: Any) -> str:
        raise error

    async def stream(request: str, context: Any) -> AsyncIterator[Item]:
        yield Item("before")
        raise error

    caplog.set_level(logging.DEBUG)
    async with echo(unary=unary, stream=stream, interceptors=stack()) as client:
        for call in (client.unary(), client.stream()):
            if hasattr(call, "read"):
                assert (await call.read()).text == "before"
            with pytest.raises(grpc.aio.AioRpcError) as caught:
                await (call.read() if hasattr(call, "read") else call)
            assert caught.value.code() is grpc.StatusCode.INTERNAL
            assert caught.value.details() == "internal error"
            metadata = caught.value.trailing_metadata()
            info = error_info(metadata)
            assert (info.reason, set(info.metadata)) == ("INTERNAL", {"requestId"})
            for hidden in ("hunter2", "ValueError", "Group"):
                assert hidden not in str(details(metadata))
    assert "hunter2" not in caplog.text


async def test_a_group_around_one_error_of_ours_is_that_error(echo: Serve) -> None:
    async def unary(request: str, context: Any) -> str:
        async with asyncio.TaskGroup():
            raise QueryTooLong("2,001 characters, limit 2,000", maximum=2000)

    async with echo(unary=unary, interceptors=stack()) as client:
        assert await outcome(client.unary()) == (grpc.StatusCode.INVALID_ARGUMENT, "QUERY_TOO_LONG")


@pytest.mark.parametrize("payload", [b"\xff\xfe", b"\xc3\x28", b"ok \xed\xa0\x80"])
async def test_bad_bytes_never_reach_a_handler(echo: Serve, payload: bytes) -> None:
    entered: list[str] = []

    async def unary(request: str, context: Any) -> str:
        entered.append(request)
        return ""

    async def stream(request: str, context: Any) -> AsyncIterator[Item]:
        entered.append(request)
        yield Item()

    malformed = (grpc.StatusCode.INVALID_ARGUMENT, "MALFORMED_REQUEST")
    async with echo(unary=unary, stream=stream, interceptors=stack()) as client:
        assert await outcome(client.raw(payload)) == malformed
        assert await outcome(client.raw_stream(payload)) == malformed
        assert entered == []


async def test_the_callers_request_id_comes_back_on_success_and_on_error(echo: Serve) -> None:
    async def unary(request: str, context: Any) -> str:
        if request:
            raise QueryTooLong("too long")
        return rpc_call.request_id()

    sent = (("x-request-id", "order-66"),)
    async with echo(unary=unary, stream=counts, interceptors=stack()) as client:
        good = client.unary(metadata=sent)
        assert await good == "order-66"
        assert ("x-request-id", "order-66") in tuple(await good.trailing_metadata())
        stream = client.stream(metadata=sent)
        await stream.read()
        assert ("x-request-id", "order-66") in tuple(await stream.initial_metadata())
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await client.unary("x", metadata=sent)
        assert dict(caught.value.trailing_metadata())["x-request-id"] == "order-66"
        assert error_info(caught.value.trailing_metadata()).metadata["requestId"] == "order-66"


async def test_an_id_that_is_unfit_for_a_log_is_replaced(echo: Serve) -> None:
    async def unary(request: str, context: Any) -> str:
        return rpc_call.request_id()

    async with echo(unary=unary, interceptors=stack()) as client:
        for unfit in ('a"b', "x" * 129, "a b"):
            chosen = await client.unary(metadata=(("x-request-id", unfit),))
            assert chosen != unfit
            assert len(chosen) == 36


async def test_each_call_is_one_json_line_without_its_text(
    echo: Serve, caplog: pytest.LogCaptureFixture
) -> None:
    async def unary(request: str, context: Any) -> str:
        rpc_call.note(tier="DETERMINISTIC", leaves=2)
        if request == "bad":
            raise QueryTooLong("secret words")
        return ""

    caplog.set_level(logging.INFO, LOGGER)
    async with echo(unary=unary, stream=counts, interceptors=stack()) as client:
        await client.unary("jane.doe@example.com")
        await outcome(client.unary("bad"))
        assert [item async for item in client.stream()]
    good, bad, stream = (json.loads(record.getMessage()) for record in caplog.records)
    assert (good["code"], good["tier"], good["leaves"]) == ("OK", "DETERMINISTIC", 2)
    assert (bad["code"], bad["reason"]) == ("INVALID_ARGUMENT", "QUERY_TOO_LONG")
    assert (stream["code"], stream["messages"]) == ("OK", 3)
    assert "jane.doe" not in caplog.text
    assert "secret words" not in caplog.text


async def test_more_than_the_limit_is_refused_with_a_time_to_come_back(echo: Serve) -> None:
    release, entered = asyncio.Event(), asyncio.Event()

    async def unary(request: str, context: Any) -> str:
        entered.set()
        await release.wait()
        return "done"

    async with echo(unary=unary, interceptors=stack({WRITE: Limit(1)})) as client:
        first = client.unary()
        second = asyncio.ensure_future(outcome_of_first(first))
        await entered.wait()
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await client.unary()
        assert caught.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
        assert error_info(caught.value.trailing_metadata()).reason == "OVERLOADED"
        retry = error_details_pb2.RetryInfo()
        assert any(detail.Unpack(retry) for detail in details(caught.value.trailing_metadata()).details)
        assert 0.5 <= retry.retry_delay.ToTimedelta().total_seconds() <= 1.5
        release.set()
        assert await second == "done"
        assert await client.unary() == "done"


async def test_health_and_reflection_answer_while_everything_else_is_refused(echo: Serve) -> None:
    release, entered = asyncio.Event(), asyncio.Event()

    async def unary(request: str, context: Any) -> str:
        entered.set()
        await release.wait()
        return "done"

    def also(server: grpc.aio.Server) -> None:
        Health(server, ())
        reflection.add_to_server(server, ("grpc.health.v1.Health",))

    async with echo(unary=unary, interceptors=stack({WRITE: Limit(1)}), also=also) as client:
        first = asyncio.ensure_future(outcome_of_first(client.unary()))
        await entered.wait()
        assert await outcome(client.unary()) == (grpc.StatusCode.RESOURCE_EXHAUSTED, "OVERLOADED")
        channel: Any = client.channel
        raw = await channel.unary_unary("/grpc.health.v1.Health/Check")(b"")
        assert health_pb2.HealthCheckResponse.FromString(raw).status == 1
        asked = channel.stream_stream("/grpc.reflection.v1.ServerReflection/ServerReflectionInfo")
        assert [answer async for answer in asked(iter([b""]))]
        release.set()
        assert await first == "done"


async def outcome_of_first(call: Any) -> str:
    return await call


async def test_a_waiting_call_gets_the_next_free_place(echo: Serve) -> None:
    release = asyncio.Event()
    running = 0
    most = 0

    async def unary(request: str, context: Any) -> str:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await release.wait()
        running -= 1
        return "done"

    async with echo(unary=unary, interceptors=stack({WRITE: Limit(1, waiting=2)})) as client:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(outcome_of_first(client.unary())) for _ in range(3)]
            release.set()
        assert [task.result() for task in tasks] == ["done"] * 3
        assert most == 1


async def test_waiting_for_a_place_has_an_end(echo: Serve) -> None:
    release, entered = asyncio.Event(), asyncio.Event()

    async def unary(request: str, context: Any) -> str:
        entered.set()
        await release.wait()
        return "done"

    limits: dict[Group, Limit] = {WRITE: Limit(1, waiting=1, wait_s=0.02)}
    async with echo(unary=unary, interceptors=stack(limits)) as client:
        first = asyncio.ensure_future(outcome_of_first(client.unary()))
        await entered.wait()
        assert await outcome(client.unary()) == (grpc.StatusCode.RESOURCE_EXHAUSTED, "OVERLOADED")
        release.set()
        assert await first == "done"


async def test_a_cancelled_stream_gives_its_place_back(echo: Serve) -> None:
    async def stream(request: str, context: Any) -> AsyncIterator[Item]:
        while True:
            yield Item("x" * 65536)

    async with echo(stream=stream, interceptors=stack({WRITE: Limit(1)})) as client:
        for _ in range(20):
            call = client.stream()
            await call.read()
            call.cancel()
            for _ in range(200):
                probe = client.stream()
                try:
                    await probe.read()
                except grpc.aio.AioRpcError:
                    await asyncio.sleep(0.005)
                    continue
                probe.cancel()
                break
            else:
                pytest.fail("the place was never given back")
            await asyncio.sleep(0.02)


async def test_a_draining_server_refuses_new_calls(echo: Serve) -> None:
    drain = Drain()
    async with echo(unary=says, interceptors=stack(drain=drain)) as client:
        assert await client.unary("x") == "said x"
        drain.start(2.0)
        assert await outcome(client.unary("x")) == (grpc.StatusCode.UNAVAILABLE, "SERVER_DRAINING")


async def test_the_default_deadline_stops_the_work(echo: Serve) -> None:
    stopped = asyncio.Event()

    async def unary(request: str, context: Any) -> str:
        try:
            await asyncio.Event().wait()
        finally:
            stopped.set()
        return ""

    async with echo(unary=unary, interceptors=stack(allowances={WRITE: Allowance(0.06, 1)})) as client:
        assert await outcome(client.unary()) == (grpc.StatusCode.DEADLINE_EXCEEDED, "DEADLINE_PASSED")
        assert stopped.is_set()


async def test_a_longer_deadline_is_cut_to_the_maximum(echo: Serve) -> None:
    async def unary(request: str, context: Any) -> str:
        await asyncio.Event().wait()
        return ""

    async with echo(unary=unary, interceptors=stack(allowances={WRITE: Allowance(1, 0.06)})) as client:
        assert await outcome(client.unary(timeout=3600)) == (
            grpc.StatusCode.DEADLINE_EXCEEDED,
            "DEADLINE_PASSED",
        )


async def test_a_deadline_ends_a_stream_and_its_worker(echo: Serve) -> None:
    stopped = asyncio.Event()

    async def work(outbox: Outbox[Item]) -> None:
        try:
            await outbox.put(Item("one"))
            await asyncio.Event().wait()
        finally:
            stopped.set()

    async def stream(request: str, context: Any) -> AsyncIterator[Item]:
        async for item in Streams().relay(context, work, lambda _: Item()):
            yield item

    async with echo(stream=stream, interceptors=stack(allowances={WRITE: Allowance(0.2, 1)})) as client:
        call = client.stream()
        assert (await call.read()).text == "one"
        assert await outcome(call) == (grpc.StatusCode.DEADLINE_EXCEEDED, "DEADLINE_PASSED")
        assert stopped.is_set()


async def test_a_timeout_inside_a_handler_is_not_the_callers_deadline(echo: Serve) -> None:
    async def unary(request: str, context: Any) -> str:
        raise TimeoutError

    async with echo(unary=unary, interceptors=stack()) as client:
        assert await outcome(client.unary()) == (grpc.StatusCode.INTERNAL, "INTERNAL")


class ShortContext:
    """Says that next to no time is left: over a real wire such a call may end before it arrives."""

    def time_remaining(self) -> float:
        return 0.02


async def test_too_little_time_is_refused_before_any_work() -> None:
    context: Any = ShortContext()
    with pytest.raises(DeadlineTooShort, match="at least 50 ms"):
        await Deadline({WRITE: Allowance(1, 1)}).unary("/s/M", says, "x", context)


async def test_a_failing_worker_gives_its_own_status(echo: Serve) -> None:
    async def work(outbox: Outbox[Item]) -> None:
        await outbox.put(Item("one"))
        async with asyncio.TaskGroup():
            raise Unavailable("the store does not answer", retry_after_s=1)

    async def stream(request: str, context: Any) -> AsyncIterator[Item]:
        async for item in Streams().relay(context, work, lambda _: Item()):
            yield item

    async with echo(stream=stream, interceptors=stack()) as client:
        assert await outcome(client.stream()) == (grpc.StatusCode.UNAVAILABLE, "STORE_UNAVAILABLE")


@pytest.mark.parametrize("tenant", ["a b", "../x", "x" * 129, "a\nb", "-a"])
async def test_a_tenant_that_is_unfit_to_be_an_id_is_refused(tenant: str) -> None:
    class Request:
        tenant_id = tenant

    context: Any = None
    with pytest.raises(InvalidValue, match="tenant_id has 1 to 128"):
        await Auth().unary("/s/M", says, Request(), context)


async def test_thousands_of_cancels_leave_no_memory_behind(echo: Serve) -> None:
    import resource  # noqa: PLC0415  # absent on Windows

    async def work(outbox: Outbox[Item]) -> None:
        await outbox.put(Item("one"))
        await asyncio.Event().wait()

    async def stream(request: str, context: Any) -> AsyncIterator[Item]:
        async for item in Streams().relay(context, work, lambda _: Item()):
            yield item

    async def cancel(times: int) -> None:
        for _ in range(times):
            call = client.stream()
            await call.read()
            call.cancel()

    async with echo(stream=stream, interceptors=stack({WRITE: Limit(5000)})) as client:
        await cancel(500)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        await cancel(1500)
        grown_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
        for _ in range(100):
            if len(asyncio.all_tasks()) < 20:
                break
            await asyncio.sleep(0.02)
        assert len(asyncio.all_tasks()) < 20
    # 1,500 leaked handlers of some 10 KiB each would be 15 MiB.
    assert grown_kib < 8 * 1024
