"""What a real server answers to requests that are wrong: a status, a reason, a place, and it stays up."""

from __future__ import annotations

import asyncio
import math
import struct as bits
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from google.rpc import error_details_pb2
from segmentry.config import Settings
from segmentry.rpc import server
from segmentry.rpc.convert import struct
from segmentry.v1 import error_reason_pb2
from segmentry.v1 import segment_builder_pb2 as pb
from segmentry.v1 import segment_builder_pb2_grpc as stubs
from segmentry.v1.criteria_pb2 import OPERATOR_LT

from tests.rpc.echo import details, error_info
from tests.rpc.wire import deep_criteria

PREVIEW = "/segmentry.v1.SegmentBuilder/PreviewCount"
BUILD = "/segmentry.v1.SegmentBuilder/Build"
STREAM = "/segmentry.v1.SegmentBuilder/StreamBuild"
# The local date of the first is in the year 0, that of the second in the year 10000.
YEAR_1: Any = {"as_of": Timestamp(seconds=-62135596800), "time_zone": "America/New_York"}
YEAR_9999: Any = {"as_of": Timestamp(seconds=253402300799), "time_zone": "Pacific/Kiritimati"}
SOON: Any = {"lastBookingAt": {"$lt": "{{1_DAYS_FROM_NOW}}"}}


@pytest.fixture
async def channel(tmp_path: Path) -> AsyncGenerator[Any]:
    settings = Settings(address="127.0.0.1:0", data_dir=tmp_path, demo=True, demo_members=300)
    async with server.running(settings) as it, grpc.aio.insecure_channel(it.address) as channel:
        yield channel
        # Whatever was sent, the next caller is served.
        reply = await stubs.SegmentBuilderStub(channel).PreviewCount(
            pb.PreviewCountRequest(criteria=struct.from_json({}))
        )
        assert reply.count == 300


async def fault(call: Any) -> tuple[str, error_details_pb2.ErrorInfo, Any]:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await (read_all(call) if hasattr(call, "read") else call)
    metadata = caught.value.trailing_metadata()
    return caught.value.code().name, error_info(metadata), metadata


async def read_all(call: Any) -> None:
    while await call.read() is not grpc.aio.EOF:
        pass


def nan_request() -> bytes:
    # NaN has no JSON form, so a Struct that holds it is written by hand: field `f`, double NaN.
    value = b"\x11" + bits.pack("<d", math.nan)
    entry = b"\x0a\x01f" + b"\x12" + bytes([len(value)]) + value
    criteria = b"\x0a" + bytes([len(entry)]) + entry
    return b"\x0a" + bytes([len(criteria)]) + criteria


def preview(criteria: dict[str, Any], **fields: Any) -> bytes:
    return pb.PreviewCountRequest(criteria=struct.from_json(criteria), **fields).SerializeToString()


def chain(depth: int) -> dict[str, Any]:
    tree: dict[str, Any] = {"engagementScore": 1}
    for _ in range(depth - 1):
        tree = {"$not": tree}
    return tree


@pytest.mark.parametrize(
    ("method", "payload", "expected", "field"),
    [
        (PREVIEW, b"", "INVALID_ARGUMENT/MISSING_FIELD", "criteria"),
        (PREVIEW, b"\xff\xff", "INVALID_ARGUMENT/MALFORMED_REQUEST", None),
        (PREVIEW, b"\x1a\x02\xc3\x28", "INVALID_ARGUMENT/MALFORMED_REQUEST", None),
        (PREVIEW, deep_criteria(100_000), "INVALID_ARGUMENT/MALFORMED_REQUEST", None),
        (PREVIEW, preview(chain(19)), "INVALID_ARGUMENT/CRITERIA_TOO_COMPLEX", None),
        (PREVIEW, nan_request(), "INVALID_ARGUMENT/INVALID_VALUE", None),
        (PREVIEW, preview({"engagmentScore": 1}), "INVALID_ARGUMENT/INVALID_FIELD", "engagmentScore"),
        (PREVIEW, preview({}, tenant_id="nobody"), "NOT_FOUND/RESOURCE_NOT_FOUND", None),
        (PREVIEW, preview({}, schema_id="no"), "NOT_FOUND/RESOURCE_NOT_FOUND", None),
        (PREVIEW, preview({}, tenant_id="a/../b"), "INVALID_ARGUMENT/INVALID_VALUE", "tenant_id"),
        (PREVIEW, preview({}, time_zone="Mars/X"), "INVALID_ARGUMENT/INVALID_TIME_ZONE", "time_zone"),
        (PREVIEW, preview({}, time_zone="../etc"), "INVALID_ARGUMENT/INVALID_TIME_ZONE", "time_zone"),
        (PREVIEW, preview(SOON, **YEAR_1), "INVALID_ARGUMENT/INVALID_VALUE", "as_of"),
        (PREVIEW, preview(SOON, **YEAR_9999), "INVALID_ARGUMENT/INVALID_VALUE", "as_of"),
        (
            BUILD,
            pb.BuildRequest(query="not booked in the last 60 days", **YEAR_1).SerializeToString(),
            "INVALID_ARGUMENT/INVALID_VALUE",
            "as_of",
        ),
        (BUILD, b"", "INVALID_ARGUMENT/MISSING_FIELD", "query"),
        (
            BUILD,
            pb.BuildRequest(query="x" * 10_000).SerializeToString(),
            "INVALID_ARGUMENT/QUERY_TOO_LONG",
            "query",
        ),
        (STREAM, b"\xff", "INVALID_ARGUMENT/MALFORMED_REQUEST", None),
        (STREAM, b"", "INVALID_ARGUMENT/MISSING_FIELD", "query"),
        ("/segmentry.v1.SegmentBuilder/CreateSegment", b"", "INVALID_ARGUMENT/MISSING_FIELD", "segment.name"),
        (
            "/segmentry.v1.SegmentBuilder/RecordOutcome",
            b"",
            "INVALID_ARGUMENT/MISSING_FIELD",
            "build_id",
        ),
    ],
    ids=lambda value: value[:40] if isinstance(value, str) else None,
)
async def test_a_wrong_request_gets_its_status_and_the_server_stays(
    channel: Any, method: str, payload: bytes, expected: str, field: str | None
) -> None:
    call = channel.unary_stream if method == STREAM else channel.unary_unary
    code, info, _ = await fault(call(method)(payload))
    assert (f"{code}/{info.reason}", info.domain) == (expected, "segmentry.v1")
    assert info.metadata["requestId"]
    if field is not None:
        assert info.metadata["field"] == field


async def test_a_misspelt_field_comes_with_the_right_name_as_a_message_that_decodes(channel: Any) -> None:
    _, _, metadata = await fault(channel.unary_unary(PREVIEW)(preview({"engagmentScore": {"$gte": 70}})))
    violations = error_reason_pb2.CriteriaViolations()
    assert any(detail.Unpack(violations) for detail in details(metadata).details)
    assert violations.violations[0].suggestions[0].string_value == "engagementScore"


async def test_other_calls_are_served_while_bad_ones_rain(channel: Any) -> None:
    builder = stubs.SegmentBuilderStub(channel)
    bad = [b"\xff" * 1000, deep_criteria(10_000), preview(chain(19)), nan_request()]
    async with asyncio.TaskGroup() as group:
        for index in range(100):
            group.create_task(fault(channel.unary_unary(PREVIEW)(bad[index % len(bad)])))
        good = [
            group.create_task(_count(builder, pb.PreviewCountRequest(criteria=struct.from_json({}))))
            for _ in range(20)
        ]
    assert {task.result() for task in good} == {300}


async def _count(builder: Any, request: pb.PreviewCountRequest) -> int:
    reply: pb.PreviewCountResponse = await builder.PreviewCount(request)
    return reply.count


async def test_a_64_bit_integer_is_counted_by_the_typed_tree_and_refused_as_a_double(channel: Any) -> None:
    exact = 9007199254740993
    request = pb.PreviewCountRequest()
    request.expression.predicate.field = "lifetimeValue"
    request.expression.predicate.operator = OPERATOR_LT
    request.expression.predicate.operands.add(integer=exact)
    assert await _count(stubs.SegmentBuilderStub(channel), request) > 0
    _, info, _ = await fault(channel.unary_unary(PREVIEW)(preview({"lifetimeValue": {"$lt": exact}})))
    assert info.reason == "INVALID_VALUE"
