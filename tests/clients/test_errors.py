"""A failed call as the client tells it."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Any

import grpc
import pytest
from segmentry.v1 import segment_builder_pb2
from segmentry_client import AsyncSegmentryClient, Deadlines, SegmentryCallError

from tests.clients.scripted import BUILDER, misspelt, refuse, serving


async def _misspelt_field(request: Any, context: Any) -> segment_builder_pb2.PreviewCountResponse:
    await refuse(
        context,
        grpc.StatusCode.INVALID_ARGUMENT,
        "INVALID_FIELD",
        "unknown field 'engagmentScore'",
        violation=misspelt(),
    )
    return segment_builder_pb2.PreviewCountResponse()


async def test_details_become_reason_path_suggestions_and_metadata() -> None:
    async with (
        serving({(BUILDER, "PreviewCount"): _misspelt_field}) as address,
        AsyncSegmentryClient(address) as client,
    ):
        with pytest.raises(SegmentryCallError) as caught:
            await client.preview_count({"engagmentScore": {"$gte": 70}})
    error = caught.value
    assert error.code is grpc.StatusCode.INVALID_ARGUMENT
    assert (error.reason, error.path) == ("INVALID_FIELD", "$and[0].engagmentScore")
    assert error.suggestions == ("engagementScore", "70")
    assert error.violations[0].field == "engagmentScore"
    assert error.metadata == {"requestId": "r-1"}
    assert error.retry_after_s is None


async def test_a_server_that_is_not_there_is_named_so() -> None:
    async with (
        serving() as address,
        AsyncSegmentryClient(address, deadlines=Deadlines(read_s=2)) as client,
    ):
        pass
    async with AsyncSegmentryClient(address, deadlines=Deadlines(read_s=2)) as client:
        with pytest.raises(SegmentryCallError) as caught:
            await client.list_schemas()
    assert caught.value.reason == "SERVER_UNREACHABLE"
    assert caught.value.violations == ()


async def test_a_method_that_the_server_does_not_know_is_named_so() -> None:
    async with serving() as address, AsyncSegmentryClient(address) as client:
        with pytest.raises(SegmentryCallError) as caught:
            await client.build("platinum members")
    assert caught.value.reason == "UNKNOWN_METHOD"


async def test_a_stream_ends_with_the_same_exception() -> None:
    async def stream(request: Any, context: Any) -> AsyncGenerator[Any]:
        yield segment_builder_pb2.StreamBuildResponse(sequence=1)
        await refuse(context, grpc.StatusCode.RESOURCE_EXHAUSTED, "OVERLOADED", "busy", retry_after_s=0.5)

    seen: list[int] = []

    async def read(client: AsyncSegmentryClient) -> None:
        async for item in client.stream_build("platinum members"):
            seen.append(item.sequence)  # noqa: PERF401  what came before the fault counts

    async with (
        serving(streams={(BUILDER, "StreamBuild"): stream}) as address,
        AsyncSegmentryClient(address) as client,
    ):
        with pytest.raises(SegmentryCallError) as caught:
            await read(client)
    assert seen == [1]
    assert (caught.value.reason, caught.value.retry_after_s) == ("OVERLOADED", 0.5)


Send = Callable[[AsyncSegmentryClient], Awaitable[object]]
SENDS: list[Send] = [
    lambda client: client.build("\udcff"),
    lambda client: client.refine("more", {"city": "\udcff"}),
    lambda client: client.preview_count({"\udcff": 1}),
    lambda client: client.list_fields(schema_id="\udcff"),
    lambda client: client.get_analysis("\udcff"),
    lambda client: anext(client.stream_build("\udcff")),
    lambda client: anext(client.watch_analysis("\udcff")),
    lambda client: anext(client.discover(schema_id="\udcff")),
]


@pytest.mark.parametrize("send", SENDS)
async def test_a_text_that_utf_8_cannot_carry_is_refused_before_anything_is_sent(
    send: Send,
) -> None:
    async with AsyncSegmentryClient("127.0.0.1:1") as client:
        with pytest.raises(SegmentryCallError, match=r"\\udcff at character 1,") as caught:
            await send(client)
    assert (caught.value.code, caught.value.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_TEXT")
    assert caught.value.metadata == {"character": "\\udcff", "position": "1"}
