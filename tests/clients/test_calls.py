"""Deadlines, repetition and resumption, seen from the server's side."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import AsyncGenerator
from typing import Any

import grpc
import pytest
from segmentry.v1 import segment_analysis_pb2, segment_builder_pb2
from segmentry_client import AsyncSegmentryClient, Patience, SegmentryCallError
from segmentry_client.settings import SERVICE_CONFIG

from tests.clients.scripted import ANALYSIS, BUILDER, refuse, serving

QUICK = Patience(first_pause_s=0.001, longest_pause_s=0.002)


class Busy:
    """A method that refuses the first `refusals` calls with a delay after which it would work."""

    def __init__(self, reply: Any, refusals: int) -> None:
        self.calls = 0
        self._reply = reply
        self._refusals = refusals

    async def answer(self, request: Any, context: Any) -> Any:
        self.calls += 1
        if self.calls <= self._refusals:
            await refuse(
                context, grpc.StatusCode.RESOURCE_EXHAUSTED, "OVERLOADED", "busy", retry_after_s=0.002
            )
        return self._reply


async def test_a_read_is_repeated_after_the_delay_that_the_server_names() -> None:
    busy = Busy(segment_builder_pb2.PreviewCountResponse(count=7), refusals=2)
    async with (
        serving({(BUILDER, "PreviewCount"): busy.answer}) as address,
        AsyncSegmentryClient(address) as client,
    ):
        reply = await client.preview_count({})
    assert (reply.count, busy.calls) == (7, 3)


async def test_a_read_gives_up_after_its_attempts() -> None:
    busy = Busy(segment_builder_pb2.PreviewCountResponse(), refusals=99)
    async with (
        serving({(BUILDER, "PreviewCount"): busy.answer}) as address,
        AsyncSegmentryClient(address) as client,
    ):
        with pytest.raises(SegmentryCallError, match="OVERLOADED"):
            await client.preview_count({})
    assert busy.calls == 3


async def test_a_build_without_request_id_is_never_repeated() -> None:
    busy = Busy(segment_builder_pb2.BuildResponse(), refusals=1)
    async with serving({(BUILDER, "Build"): busy.answer}) as address, AsyncSegmentryClient(address) as client:
        with pytest.raises(SegmentryCallError, match="OVERLOADED"):
            await client.build("platinum members")
    assert busy.calls == 1


async def test_a_build_with_request_id_is_repeated_under_the_same_id() -> None:
    busy = Busy(segment_builder_pb2.BuildResponse(build_id="b1"), refusals=1)
    async with serving({(BUILDER, "Build"): busy.answer}) as address, AsyncSegmentryClient(address) as client:
        reply = await client.build("platinum members", request_id="5f0e")
    assert (reply.build_id, busy.calls) == ("b1", 2)


async def test_every_group_of_calls_has_its_deadline_and_a_watch_has_none() -> None:
    left: dict[str, float | None] = {}

    def remember(name: str, reply: Any) -> Any:
        async def method(request: Any, context: Any) -> Any:
            left[name] = context.time_remaining()
            return reply

        return method

    async def watch(request: Any, context: Any) -> AsyncGenerator[Any]:
        left["watch"] = context.time_remaining()
        run = segment_analysis_pb2.AnalysisRun(state=segment_analysis_pb2.RUN_STATE_CANCELLED)
        yield segment_analysis_pb2.WatchAnalysisResponse(
            sequence=1, event=segment_analysis_pb2.AnalysisEvent(run=run)
        )

    methods = {
        (BUILDER, "ListSchemas"): remember("read", segment_builder_pb2.ListSchemasResponse()),
        (BUILDER, "Build"): remember("build", segment_builder_pb2.BuildResponse()),
        (ANALYSIS, "CancelAnalysis"): remember("write", segment_analysis_pb2.CancelAnalysisResponse()),
    }
    async with (
        serving(methods, {(ANALYSIS, "WatchAnalysis"): watch}) as address,
        AsyncSegmentryClient(address) as client,
    ):
        await client.list_schemas()
        await client.build("platinum members")
        await client.cancel_analysis("r1")
        assert [item.sequence async for item in client.watch_analysis("r1")] == [1]
    assert left.pop("watch") is None
    assert {name: round(value or 0) for name, value in left.items()} == {"read": 5, "build": 20, "write": 10}


async def test_a_broken_watch_goes_on_where_it_broke() -> None:
    tokens: list[str] = []

    async def watch(request: Any, context: Any) -> AsyncGenerator[Any]:
        tokens.append(request.resume_token)
        first = int(request.resume_token or 0) + 1
        for sequence in range(first, first + 2):
            event = segment_analysis_pb2.AnalysisEvent()
            if sequence == 5:
                event.result.SetInParent()
            else:
                event.score.k = sequence
            yield segment_analysis_pb2.WatchAnalysisResponse(
                sequence=sequence, resume_token=str(sequence), event=event
            )
            if sequence == 5:
                return
        if first == 1:
            return  # the server's hour is over: status OK, no terminal event
        await refuse(context, grpc.StatusCode.UNAVAILABLE, "SERVER_DRAINING", "draining")

    async with (
        serving(streams={(ANALYSIS, "WatchAnalysis"): watch}) as address,
        AsyncSegmentryClient(address, patience=QUICK) as client,
    ):
        seen = [item.sequence async for item in client.watch_analysis("r1")]
    assert seen == [1, 2, 3, 4, 5]
    assert tokens == ["", "2", "4"]


async def test_a_refused_watch_is_not_tried_again() -> None:
    calls = Counter[str]()

    async def watch(request: Any, context: Any) -> AsyncGenerator[Any]:
        calls["watch"] += 1
        await refuse(context, grpc.StatusCode.NOT_FOUND, "RESOURCE_NOT_FOUND", "no such run")
        yield segment_analysis_pb2.WatchAnalysisResponse()

    async with (
        serving(streams={(ANALYSIS, "WatchAnalysis"): watch}) as address,
        AsyncSegmentryClient(address, patience=QUICK) as client,
    ):
        with pytest.raises(SegmentryCallError, match="RESOURCE_NOT_FOUND"):
            async for _ in client.watch_analysis("nobody"):
                pass
    assert calls["watch"] == 1


async def test_every_page_of_a_list_is_read() -> None:
    async def list_schemas(request: Any, context: Any) -> Any:
        number = int(request.page_token or 0)
        reply = segment_builder_pb2.ListSchemasResponse(next_page_token=str(number + 1) if number < 2 else "")
        reply.schemas.add(schema_id=f"table{number}")
        return reply

    async with (
        serving({(BUILDER, "ListSchemas"): list_schemas}) as address,
        AsyncSegmentryClient(address) as client,
    ):
        found = await client.list_schemas()
    assert [schema.schema_id for schema in found] == ["table0", "table1", "table2"]


def test_only_reads_are_retried_by_the_channel_and_no_timeout_is_configured() -> None:
    (entry,) = json.loads(SERVICE_CONFIG)["methodConfig"]
    methods = {name["method"] for name in entry["name"]}
    assert methods.isdisjoint(
        {"Build", "StreamBuild", "Refine", "StreamRefine", "StartAnalysis", "Discover", "ApplySegment"}
    )
    assert "PreviewCount" in methods
    assert "timeout" not in entry
    assert entry["retryPolicy"]["retryableStatusCodes"] == ["UNAVAILABLE"]


def test_every_method_of_the_retry_policy_is_in_the_contract() -> None:
    services = {
        **segment_builder_pb2.DESCRIPTOR.services_by_name,
        **segment_analysis_pb2.DESCRIPTOR.services_by_name,
    }
    known = {(service.full_name, method.name) for service in services.values() for method in service.methods}
    (entry,) = json.loads(SERVICE_CONFIG)["methodConfig"]
    assert {(name["service"], name["method"]) for name in entry["name"]} <= known
