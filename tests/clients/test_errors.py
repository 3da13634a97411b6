"""A failed call as the client tells it."""

from __future__ import annotations

from collections.abc import AsyncGenerator
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
