"""What the client sends to explain, compare and export, and how it repeats such reads."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import grpc
import pytest
from google.protobuf import struct_pb2
from segmentry.v1 import segment_builder_pb2 as pb
from segmentry_client import AsyncSegmentryClient, CriteriaLike, SegmentryCallError, struct_of, to_dict

from tests.clients.scripted import BUILDER, refuse, serving

AS_OF = datetime(2025, 12, 16, 10, tzinfo=UTC)
Ask = Callable[[AsyncSegmentryClient, CriteriaLike], Awaitable[Any]]

READS: dict[str, tuple[Ask, Any]] = {
    "ExplainCount": (lambda client, node: client.explain_count(node), pb.ExplainCountResponse(count=7)),
    "ExplainMember": (
        lambda client, node: client.explain_member(node, "42"),
        pb.ExplainMemberResponse(member=True),
    ),
    "CompareCriteria": (
        lambda client, node: client.compare(node, {}),
        pb.CompareCriteriaResponse(left_count=3),
    ),
    "ExportCriteria": (
        lambda client, node: client.export(node, "duckdb", keep_placeholders=True),
        pb.ExportCriteriaResponse(text="status = ?"),
    ),
}


class Asked:
    """Answers the second call; the first is told to come back."""

    def __init__(self, reply: Any) -> None:
        self.requests: list[Any] = []
        self.deadlines: list[float] = []
        self._reply = reply

    async def answer(self, request: Any, context: Any) -> Any:
        self.requests.append(request)
        self.deadlines.append(context.time_remaining())
        if len(self.requests) == 1:
            await refuse(
                context, grpc.StatusCode.RESOURCE_EXHAUSTED, "STORE_BUSY", "busy", retry_after_s=0.001
            )
        return self._reply


@pytest.mark.parametrize("rpc", READS)
@pytest.mark.parametrize(
    "node", [{"status": "ACTIVE"}, '{"status": "ACTIVE"}', struct_of({"status": "ACTIVE"})]
)
async def test_a_read_says_whose_table_it_means_and_is_repeated(rpc: str, node: CriteriaLike) -> None:
    ask, reply = READS[rpc]
    asked = Asked(reply)
    async with (
        serving({(BUILDER, rpc): asked.answer}) as address,
        AsyncSegmentryClient(address, tenant_id="t", schema_id="s", as_of=AS_OF, time_zone="UTC") as client,
    ):
        assert await ask(client, node) == reply
    first, second = asked.requests
    assert first == second
    assert (first.tenant_id, first.schema_id, first.time_zone) == ("t", "s", "UTC")
    assert first.as_of.seconds == AS_OF.timestamp()
    sent = first.left if rpc == "CompareCriteria" else first
    assert to_dict(sent.criteria) == {"status": "ACTIVE"}
    # 5 s, not the 20 s of a build. gRPC sends 1 to 10 s in steps of 10 ms and rounds up, so the server can
    # be told 5.01 s: no bound of exactly 5 holds.
    assert all(0 < round(deadline, 1) <= 5 for deadline in asked.deadlines)


async def test_an_export_names_its_target_and_a_member_its_customer() -> None:
    export, member = Asked(pb.ExportCriteriaResponse()), Asked(pb.ExplainMemberResponse())
    methods = {(BUILDER, "ExportCriteria"): export.answer, (BUILDER, "ExplainMember"): member.answer}
    async with serving(methods) as address, AsyncSegmentryClient(address) as client:
        await client.export({}, "duckdb", keep_placeholders=True, schema_id="shop")
        await client.explain_member({}, "42")
    assert (export.requests[0].target, export.requests[0].keep_placeholders) == ("duckdb", True)
    assert export.requests[0].schema_id == "shop"
    assert member.requests[0].customer_id == "42"
    assert export.requests[0].HasField("criteria")


@pytest.mark.parametrize(
    "text",
    ["", "[]", "7", "{", '{"a": NaN}', '{"a": 1, "a": 2}', '{"a": 1' + "0" * 400 + "}", "[" * 100_000],
)
async def test_text_that_is_no_tree_is_refused_as_the_server_would(text: str) -> None:
    async with AsyncSegmentryClient("127.0.0.1:1") as client:
        with pytest.raises(SegmentryCallError) as caught:
            await client.preview_count(text)
    assert (caught.value.code, caught.value.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "PARSE_ERROR")


async def test_a_surrogate_in_the_text_is_told_like_every_other_one() -> None:
    async with AsyncSegmentryClient("127.0.0.1:1") as client:
        with pytest.raises(SegmentryCallError, match="INVALID_TEXT"):
            await client.preview_count('{"a": "\\ud800"}')
    assert struct_pb2.Struct() == struct_of({})
