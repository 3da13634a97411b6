"""Build and its stream, through a real server."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import threading
from collections.abc import Sequence
from datetime import datetime

import grpc
import pytest
from google.protobuf import json_format
from segmentry.criteria import canonical, check, match, parse
from segmentry.criteria.nodes import Node
from segmentry.customers.engine import Pinned
from segmentry.customers.snapshot_table import Slots, SnapshotTable
from segmentry.customers.snapshots import SnapshotStore
from segmentry.customers.store import Count
from segmentry.rpc.convert.criteria import from_expression, to_node
from segmentry.v1 import segment_builder_pb2 as pb

from tests.rpc.builder_server import TENANTS, Client, builder, clock, club, refusal

SOURCE_PAIRS = {
    "Platinum and diamond members": '{"membershipTier":{"$in":["PLATINUM","DIAMOND"]}}',
    "Golfers with handicap under 10": '{"handicap":{"$lt":10}}',
    "Active customers who haven't booked in 60 days":
        '{"$and":[{"status":"ACTIVE"},{"lastBookingAt":{"$lt":"{{60_DAYS_AGO}}"}}]}',
    "High engagement, low churn risk":
        '{"$and":[{"engagementScore":{"$gte":70}},{"churnRiskScore":{"$lte":30}}]}',
    "Email subscribers in South Africa": '{"$and":[{"emailOptIn":true},{"country":"ZA"}]}',
    "New members this year": '{"memberSince":{"$gte":"{{START_OF_YEAR}}"}}',
    "Inactive members with high LTV": '{"$and":[{"status":"INACTIVE"},{"lifetimeValue":{"$gte":500000}}]}',
    "High-value members at risk of churning":
        '{"$and":[{"lifetimeValue":{"$gte":100000}},{"churnRiskScore":{"$gte":70}}]}',
    "Find platinum and diamond members who are active":
        '{"$and":[{"membershipTier":{"$in":["PLATINUM","DIAMOND"]}},{"status":"ACTIVE"}]}',
    "Find platinum members who haven't booked in 60 days":
        '{"$and":[{"membershipTier":"PLATINUM"},{"lastBookingAt":{"$lt":"{{60_DAYS_AGO}}"}}]}',
}  # fmt: skip
SOURCE_BODY = '{"query": "Find platinum and diamond members who are active", "tenantId": "tenant_123"}'


def brute_force(node: Node) -> int:
    bound = check.require(node, club().catalog, clock()).bound
    return sum(match.matches(bound, row, clock().as_of) for row in club().rows_as_mappings())


async def events(client: Client, request: pb.StreamBuildRequest) -> list[pb.StreamBuildResponse]:
    return [event async for event in client.stub.StreamBuild(request)]


async def test_source_queries_give_the_source_criteria_in_both_forms_with_a_true_count() -> None:
    async with builder() as client:
        for query, criteria in SOURCE_PAIRS.items():
            reply = await client.stub.Build(pb.BuildRequest(query=query))
            expected = parse.loads(criteria)
            assert reply.success
            assert canonical.text(to_node(reply.result.criteria)) == canonical.text(expected), query
            assert canonical.text(from_expression(reply.result.expression)) == canonical.text(expected)
            assert reply.preview_count == brute_force(expected), query
            assert reply.tier == pb.BUILD_TIER_DETERMINISTIC


async def test_source_body_is_answered_with_the_source_keys_and_types() -> None:
    async with builder() as client:
        reply = await client.stub.Build(json_format.Parse(SOURCE_BODY, pb.BuildRequest()))
    printed = json.loads(json_format.MessageToJson(reply, always_print_fields_with_no_presence=True))
    assert printed["success"] is True
    assert printed["result"]["criteria"] == {
        "$and": [{"membershipTier": {"$in": ["PLATINUM", "DIAMOND"]}}, {"status": "ACTIVE"}]
    }
    assert printed["result"]["fieldsMapped"] == ["membershipTier", "status"]
    assert printed["result"]["ambiguities"] == []
    assert isinstance(printed["result"]["explanation"], str)
    assert 0.85 <= printed["result"]["confidence"] <= 1
    assert type(printed["previewCount"]) is int
    assert (printed["usage"]["promptTokens"], printed["usage"]["completionTokens"]) == (0, 0)
    assert printed["tier"] == "BUILD_TIER_DETERMINISTIC"


async def test_reply_echoes_clock_and_snapshot_and_resolves_dates() -> None:
    async with builder() as client:
        request = pb.BuildRequest(query="haven't booked in 60 days", time_zone="Africa/Johannesburg")
        reply = await client.stub.Build(request)
    assert reply.as_of.ToJsonString() == "2025-12-16T10:00:00Z"
    assert reply.time_zone == "Africa/Johannesburg"
    assert reply.snapshot_id == club().snapshot_id
    resolved = json_format.MessageToDict(reply.result.resolved_criteria)
    assert resolved == {"lastBookingAt": {"$lt": "2025-10-16T22:00:00Z"}}
    operand = reply.result.expression.predicate.operands[0]
    assert operand.relative.placeholder == "60_DAYS_AGO"
    assert operand.relative.resolved.ToJsonString() == "2025-10-16T22:00:00Z"


async def test_stream_starts_at_once_shows_every_subtask_and_ends_with_the_same_reply() -> None:
    async with builder() as client:
        query = "active golfers with handicap under 10"
        heard = await events(client, pb.StreamBuildRequest(query=query, request_id="r-1"))
        reply = await client.stub.Build(pb.BuildRequest(query=query, request_id="r-1"))
    assert [event.sequence for event in heard] == list(range(1, len(heard) + 1))
    kinds = [event.WhichOneof("event") for event in heard]
    assert kinds == [
        "started",
        *("subtask", "subtask", "partial"),
        *("subtask", "subtask", "partial"),
        *("subtask", "subtask", "preview", "preview", "preview"),
        "completed",
    ]
    assert list(heard[0].started.planned_agents) == ["reader", "checker", "counter"]
    steps = [(event.subtask.agent, event.subtask.WhichOneof("change")) for event in heard]
    assert [step for step in steps if step[0]] == [
        (agent, change) for agent in ("reader", "checker", "counter") for change in ("started", "succeeded")
    ]
    assert heard[-1].completed == reply
    assert [event.preview.count for event in heard if event.HasField("preview")] == [
        *(leaf.count for leaf in reply.result.provenance),
        reply.preview_count,
    ]


async def test_stream_of_a_vague_query_says_the_fallback_before_its_question() -> None:
    async with builder() as client:
        heard = await events(client, pb.StreamBuildRequest(query="engaged users"))
    assert [event.WhichOneof("event") for event in heard][-2:] == ["fallback", "completed"]
    completed = heard[-1].completed
    assert completed.HasField("success")
    assert not completed.success
    assert completed.clarification.reason == "AMBIGUOUS_QUERY"
    assert list(completed.fallbacks) == [heard[-2].fallback]
    assert all(reading.HasField("count") for reading in completed.clarification.readings)


async def test_answer_finishes_the_segment() -> None:
    async with builder() as client:
        asked = (await client.stub.Build(pb.BuildRequest(query="engaged users"))).clarification
        question = asked.questions[0]
        answer = pb.Answer(question_id=question.question_id, reading_id=question.reading_ids[0])
        request = pb.BuildRequest(query="engaged users", options=pb.BuildOptions(answers=[answer]))
        reply = await client.stub.Build(request)
    assert reply.success
    assert reply.result.criteria == asked.readings[0].criteria
    assert reply.preview_count == asked.readings[0].count


async def test_repeat_with_the_same_request_id_is_the_same_build() -> None:
    async with builder() as client:
        one = await client.stub.Build(pb.BuildRequest(query="active golfers", request_id="a"))
        again = await client.stub.Build(pb.BuildRequest(query="active golfers", request_id="a"))
        elsewhere = pb.BuildRequest(query="active golfers", tenant_id="tenant_123", request_id="a")
        other = await client.stub.Build(elsewhere)
        changed = await client.stub.Build(pb.BuildRequest(query="inactive golfers", request_id="a"))
    assert one == again
    assert len({one.build_id, other.build_id, changed.build_id}) == 3


async def test_dry_run_only_plans() -> None:
    async with builder() as client:
        request = pb.StreamBuildRequest(query="active", options=pb.BuildOptions(dry_run=True))
        heard = await events(client, request)
    assert [event.WhichOneof("event") for event in heard] == ["started", "completed"]
    completed = heard[-1].completed
    assert completed.WhichOneof("outcome") is None
    assert not completed.success
    assert json_format.MessageToDict(completed.usage)["costUsd"] == 0.0


REFUSED: dict[str, tuple[pb.BuildRequest, grpc.StatusCode, str, dict[str, str]]] = {
    "empty": (pb.BuildRequest(), grpc.StatusCode.INVALID_ARGUMENT, "MISSING_FIELD", {"field": "query"}),
    "blank": (
        pb.BuildRequest(query=" "),
        grpc.StatusCode.INVALID_ARGUMENT,
        "MISSING_FIELD",
        {"field": "query"},
    ),
    "10,000 characters": (
        pb.BuildRequest(query="a" * 10_000),
        grpc.StatusCode.INVALID_ARGUMENT,
        "QUERY_TOO_LONG",
        {"actual": "10000", "maximum": "2000"},
    ),
    "unknown tenant": (
        pb.BuildRequest(query="active", tenant_id="nobody"),
        grpc.StatusCode.NOT_FOUND,
        "RESOURCE_NOT_FOUND",
        {"resourceType": "tenant", "resourceId": "nobody"},
    ),
    "unknown schema": (
        pb.BuildRequest(query="active", schema_id="nothing"),
        grpc.StatusCode.NOT_FOUND,
        "RESOURCE_NOT_FOUND",
        {"resourceType": "schema", "resourceId": "nothing"},
    ),
    "unknown zone": (
        pb.BuildRequest(query="active", time_zone="Mars/Base"),
        grpc.StatusCode.INVALID_ARGUMENT,
        "INVALID_TIME_ZONE",
        {"timeZone": "Mars/Base"},
    ),
    "model required": (
        pb.BuildRequest(query="active", options=pb.BuildOptions(require_llm=True)),
        grpc.StatusCode.FAILED_PRECONDITION,
        "AI_ERROR",
        {"cause": "LLM_NOT_CONFIGURED"},
    ),
    "channel": (
        pb.BuildRequest(query="active", options=pb.BuildOptions(channel="email")),
        grpc.StatusCode.UNIMPLEMENTED,
        "NOT_IMPLEMENTED",
        {"field": "options.channel"},
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
async def test_build_and_its_stream_refuse_alike(case: str) -> None:
    request, code, reason, metadata = REFUSED[case]
    streamed = pb.StreamBuildRequest.FromString(request.SerializeToString())
    async with builder() as client:
        with pytest.raises(grpc.aio.AioRpcError) as unary:
            await client.stub.Build(request)
        with pytest.raises(grpc.aio.AioRpcError) as stream:
            await events(client, streamed)
        assert (await client.stub.Build(pb.BuildRequest(query="active golfers"))).success
    for raised in (unary, stream):
        found = refusal(raised.value)
        assert (found.code, found.reason) == (code, reason)
        assert metadata.items() <= found.metadata.items()
        assert found.metadata["requestId"]


async def test_detached_build_and_foreign_resume_token_are_refused_clearly() -> None:
    async with builder() as client:
        with pytest.raises(grpc.aio.AioRpcError) as detached:
            await events(client, pb.StreamBuildRequest(query="active", detached=True))
        with pytest.raises(grpc.aio.AioRpcError) as resumed:
            await events(client, pb.StreamBuildRequest(resume_token="abc"))
    assert (refusal(detached.value).code, refusal(detached.value).reason) == (
        grpc.StatusCode.UNIMPLEMENTED,
        "NOT_IMPLEMENTED",
    )
    assert refusal(resumed.value).reason == "INVALID_RESUME_TOKEN"


class SlowStore(SnapshotStore):
    """The golf club, whose counting waits until it is let go; it knows when its caller went away."""

    def __init__(self) -> None:
        super().__init__()
        for tenant in TENANTS:
            self.put(tenant, "customers", club(), default=True)
        self.asked = asyncio.Event()
        self.let_go = asyncio.Event()
        self.gone = asyncio.Event()

    async def pinned(self, tenant: str, schema_id: str) -> Pinned:
        return dataclasses.replace(await super().pinned(tenant, schema_id), engine=_SlowTable(self))


class _SlowTable(SnapshotTable):
    def __init__(self, store: SlowStore) -> None:
        super().__init__(club(), Slots(1, 2.0))
        self._store = store

    async def count(self, nodes: Sequence[Node], as_of: datetime) -> list[Count]:
        self._store.asked.set()
        try:
            await self._store.let_go.wait()
        except asyncio.CancelledError:
            self._store.gone.set()
            raise
        return await super().count(nodes, as_of)


async def test_client_that_cancels_stops_the_counting() -> None:
    store = SlowStore()
    async with builder(store) as client:
        call = client.stub.StreamBuild(pb.StreamBuildRequest(query="active golfers"))
        first = await anext(aiter(call))
        assert first.HasField("started")
        await store.asked.wait()
        call.cancel()
        async with asyncio.timeout(5):
            await store.gone.wait()
        store.let_go.set()
        assert (await client.stub.Build(pb.BuildRequest(query="active golfers"))).success


async def test_silent_stream_sends_heartbeats_that_repeat_the_last_number() -> None:
    store = SlowStore()
    async with builder(store, heartbeat_s=0.02) as client:
        call = client.stub.StreamBuild(pb.StreamBuildRequest(query="active golfers"))
        last = 0
        async for event in call:
            if event.notice.HasField("heartbeat"):
                assert event.sequence == last
                store.let_go.set()
            else:
                assert event.sequence == last + 1
                last = event.sequence
        assert store.let_go.is_set()


async def test_draining_server_says_so_and_finishes_the_build() -> None:
    store = SlowStore()
    async with builder(store) as client:
        kinds: list[str | None] = []
        async for event in client.stub.StreamBuild(pb.StreamBuildRequest(query="active golfers")):
            kinds.append(event.WhichOneof("event"))
            if event.HasField("started"):
                client.drain.start()
            if event.notice.HasField("draining"):
                store.let_go.set()
        assert "notice" in kinds
        assert kinds[-1] == "completed"


async def test_a_hundred_builds_at_once_leave_no_thread_behind() -> None:
    async with builder() as client:
        before = threading.active_count()
        requests = [pb.BuildRequest(query=f"golfers with handicap under {n % 50 + 1}") for n in range(100)]
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(_build(client, request)) for request in requests]
        assert all(task.result().success for task in tasks)
        assert threading.active_count() <= before + 32


async def _build(client: Client, request: pb.BuildRequest) -> pb.BuildResponse:
    return await client.stub.Build(request)
