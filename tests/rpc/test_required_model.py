"""The rows of the fault matrix over the wire: what a caller gets of a vendor that fails, required or not."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import grpc
import pytest
from google.rpc import error_details_pb2
from segmentry.builder.panel import Panel
from segmentry.config import Secret, Settings
from segmentry.rpc import panels
from segmentry.v1 import segment_builder_pb2 as pb

from tests.rpc.builder_server import builder, refusal
from tests.rpc.echo import details
from tests.vendor.menu import MENU
from tests.vendored import Vendored, vendored

OPEN = "gold members who are crazy about us"
# What the replies of the menu, its pages and our key hold: none of it may reach a caller.
RAW = (
    "hotel network",
    "over 40",
    "conditions",
    "I cannot help",
    "Sure!",
    "shoeSize",
    "sk-canary",
    "nobody said",
)
UNAVAILABLE, ABORTED = grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.ABORTED
EXHAUSTED, PRECONDITION = grpc.StatusCode.RESOURCE_EXHAUSTED, grpc.StatusCode.FAILED_PRECONDITION


@dataclass(frozen=True)
class Row:
    """`calls` are the most of one subtask; `retry` says whether a client is told when to ask again."""

    cause: str
    calls: int
    code: grpc.StatusCode
    reason: str = "AI_ERROR"
    retry: bool = False


OUTAGE = Row("LLM_UNAVAILABLE", 2, UNAVAILABLE, retry=True)
HANGS = Row("LLM_TIMEOUT", 2, UNAVAILABLE, retry=True)  # a copy of a slow call is the second
LIMITED = Row("LLM_RATE_LIMITED", 2, EXHAUSTED, retry=True)
USED_UP = Row("LLM_QUOTA_EXHAUSTED", 1, PRECONDITION)
REFUSED = Row("LLM_REFUSED", 1, PRECONDITION)
CUT = Row("LLM_TRUNCATED", 2, ABORTED, "PARSE_ERROR")
USELESS = Row("LLM_BAD_OUTPUT", 2, ABORTED, "PARSE_ERROR")
MATRIX = {
    "rate_limit_short": LIMITED,
    "rate_limit_bare": LIMITED,
    "rate_limit_long": USED_UP,
    "quota": USED_UP,
    "server_error": OUTAGE,
    "bad_gateway": OUTAGE,
    "overloaded": OUTAGE,
    "reset_before": OUTAGE,
    "closed_midway": OUTAGE,
    "silent": HANGS,
    "stalled_midway": HANGS,
    "dripped": HANGS,
    "html": USELESS,
    "broken_json": USELESS,
    "no_choices": USELESS,
    "huge": USELESS,
    "empty": USELESS,
    "prose": USELESS,
    "duplicate_keys": USELESS,
    "truncated": CUT,
    "refusal": REFUSED,
    "content_filter": REFUSED,
    "prompt_filter": REFUSED,
    "unknown_field": USELESS,
    "wrong_enum": USELESS,
    "invented_evidence": USELESS,
    "extra_property": USELESS,
}
REQUEST = pb.BuildRequest(query=OPEN)
REQUIRED = pb.BuildRequest(query=OPEN, options=pb.BuildOptions(require_llm=True))


def must_cost_no_more(asked: Vendored, row: Row) -> None:
    experts = {call.agent for call in asked.vendor.calls}
    assert 1 <= asked.vendor.n_calls <= min(row.calls * len(experts), len(experts) + 3)


async def degraded(fault: str) -> pb.BuildResponse:
    async with vendored(MENU[fault], MENU[fault]) as asked, builder(panel=asked.panel) as client:
        reply = await client.stub.Build(REQUEST)
        must_cost_no_more(asked, MATRIX[fault])
    return reply


async def refused(fault: str) -> grpc.aio.AioRpcError:
    async with vendored(MENU[fault], MENU[fault]) as asked, builder(panel=asked.panel) as client:
        with pytest.raises(grpc.aio.AioRpcError) as raised:
            await client.stub.Build(REQUIRED)
        must_cost_no_more(asked, MATRIX[fault])
    return raised.value


def retry_s(error: grpc.aio.AioRpcError) -> float | None:
    found = error_details_pb2.RetryInfo()
    told = any(each.Unpack(found) for each in details(error.trailing_metadata()).details)
    return found.retry_delay.ToTimedelta().total_seconds() if told else None


@pytest.mark.parametrize("fault", MATRIX)
async def test_a_vendor_that_fails_degrades_a_build_and_fails_one_that_requires_it(fault: str) -> None:
    row = MATRIX[fault]
    # Only a guard: a request is over after 15 seconds by itself.
    async with asyncio.timeout(60):
        if row is HANGS:
            # Nothing but waiting, so both at once.
            reply, error = await asyncio.gather(degraded(fault), refused(fault))
        else:
            reply, error = await degraded(fault), await refused(fault)
    assert reply.tier == pb.BUILD_TIER_DETERMINISTIC
    assert {notice.reason for notice in reply.fallbacks} == {row.cause}
    told = refusal(error)
    assert (told.code, told.reason) == (row.code, row.reason)
    assert told.metadata["cause"] == row.cause
    assert told.metadata["subtask"]
    assert (retry_s(error) is not None) is row.retry
    shown = f"{reply} {error.details()} {error.trailing_metadata()}"
    assert [each for each in RAW if each in shown] == []
    if row is HANGS:
        # Though bytes flow: the whole call has four seconds.
        assert "no whole answer within 4 s" in told.message
        assert all("no whole answer within 4 s" in notice.message for notice in reply.fallbacks)


async def test_the_wait_that_a_vendor_asks_for_is_told_to_the_caller() -> None:
    async with (
        vendored(MENU["overloaded"], MENU["overloaded"]) as asked,
        builder(panel=asked.panel) as client,
    ):
        with pytest.raises(grpc.aio.AioRpcError) as raised:
            await client.stub.Build(REQUIRED)
    assert retry_s(raised.value) == 2.0
    assert "it may be asked again in 2 s" in refusal(raised.value).message


@asynccontextmanager
async def nowhere(address: str) -> AsyncGenerator[Panel]:
    panel = panels.panel(Settings(ai_openai_key=Secret("sk-canary-key"), ai_base_url=address))
    assert panel is not None
    try:
        yield panel
    finally:
        await panel.asker.model.close()


async def _plain(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Speak no TLS to one who begins with it."""
    writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
    writer.close()


@pytest.mark.parametrize("how", ["refused", "no such host", "no TLS"])
async def test_a_vendor_that_cannot_be_reached_is_an_outage(how: str) -> None:
    plain = await asyncio.start_server(_plain, "127.0.0.1", 0)
    port = plain.sockets[0].getsockname()[1]
    address = {
        "refused": "http://127.0.0.1:9/v1",
        "no such host": "http://vendor.invalid/v1",
        "no TLS": f"https://127.0.0.1:{port}/v1",
    }[how]
    async with plain:
        async with nowhere(address) as panel, builder(panel=panel) as client:
            reply = await client.stub.Build(REQUEST)
        async with nowhere(address) as panel, builder(panel=panel) as client:
            with pytest.raises(grpc.aio.AioRpcError) as raised:
                await client.stub.Build(REQUIRED)
    assert {notice.reason for notice in reply.fallbacks} == {"LLM_UNAVAILABLE"}
    told = refusal(raised.value)
    assert (told.code, told.reason) == (UNAVAILABLE, "AI_ERROR")
    assert retry_s(raised.value) is not None
    assert "sk-canary" not in f"{reply} {raised.value.trailing_metadata()}"


async def test_without_a_key_nothing_is_begun_for_one_who_requires_a_model() -> None:
    async with builder() as client:
        reply = await client.stub.Build(REQUEST)
        with pytest.raises(grpc.aio.AioRpcError) as raised:
            await client.stub.Build(REQUIRED)
    assert {notice.reason for notice in reply.fallbacks} == {"LLM_NOT_CONFIGURED"}
    told = refusal(raised.value)
    assert (told.code, told.reason) == (PRECONDITION, "AI_ERROR")
    assert told.metadata["cause"] == "LLM_NOT_CONFIGURED"
    assert retry_s(raised.value) is None
