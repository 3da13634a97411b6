"""Experts over the wire: what a stream shows of them, what an error says, and what a cancel stops."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import grpc
import pytest
from segmentry.v1 import segment_builder_pb2 as pb

from tests.rpc.builder_server import Client, builder, refusal
from tests.vendor.menu import MENU
from tests.vendor.plans import Pace
from tests.vendored import condition, says, vendored

OPEN = "gold members who are crazy about us"
CRAZY = says(condition("crazy about us", "engagementScore", "band", "high engagement"))


async def events(client: Client, request: pb.StreamBuildRequest) -> list[pb.StreamBuildResponse]:
    return [event async for event in client.stub.StreamBuild(request)]


async def test_a_stream_shows_every_expert_with_its_version_and_its_tokens() -> None:
    async with vendored(CRAZY) as asked, builder(panel=asked.panel) as client:
        heard = await events(client, pb.StreamBuildRequest(query=OPEN))
    assert [event.sequence for event in heard] == list(range(1, len(heard) + 1))
    planned = set(heard[0].started.planned_agents) - {"reader", "checker", "counter"}
    steps = [event.subtask for event in heard if event.HasField("subtask") and event.subtask.agent in planned]
    assert {step.agent for step in steps} == planned
    assert all(len(step.prompt_version) == 12 for step in steps)
    done = [step for step in steps if step.HasField("succeeded")]
    assert len(done) == len(planned)
    assert all(step.succeeded.usage.prompt_tokens >= 1_000 for step in done)
    completed = heard[-1].completed
    assert completed.success
    assert completed.tier == pb.BUILD_TIER_COMBINED
    assert completed.usage.model == "gpt-4o-mini"
    assert completed.usage.model_calls == len(planned)
    assert completed.usage.prompt_tokens == sum(step.succeeded.usage.prompt_tokens for step in done)
    tiers = {leaf.agent: leaf.tier for leaf in completed.result.provenance}
    assert tiers.pop("reader") == pb.BUILD_TIER_DETERMINISTIC
    assert set(tiers.values()) == {pb.BUILD_TIER_LLM}


async def test_a_repair_and_a_failure_are_events_and_the_failure_is_a_fallback() -> None:
    async with vendored(MENU["unknown_field"]) as asked, builder(panel=asked.panel) as client:
        heard = await events(client, pb.StreamBuildRequest(query=OPEN))
    retried = [event.subtask for event in heard if event.subtask.HasField("retried")]
    failed = [event.subtask for event in heard if event.subtask.HasField("failed")]
    assert retried
    assert all(step.retried.repair and step.attempt == 2 for step in retried)
    assert failed
    assert all(step.failed.degraded for step in failed)
    completed = heard[-1].completed
    assert {notice.reason for notice in completed.fallbacks} == {"LLM_BAD_OUTPUT"}
    [notice] = completed.fallbacks  # one cause, one notice
    assert set(notice.subtask_ids) == {step.subtask_id for step in failed}
    assert "shoeSize" not in str(heard)


async def test_a_client_that_leaves_closes_every_call_of_the_vendor() -> None:
    async with vendored(replace(CRAZY, pace=Pace(30.0))) as asked, builder(panel=asked.panel) as client:
        call = client.stub.StreamBuild(pb.StreamBuildRequest(query=OPEN))
        first = await call.read()
        assert isinstance(first, pb.StreamBuildResponse)
        n_experts = len(set(first.started.planned_agents) - {"reader", "checker", "counter"})
        await asked.vendor.seen(n_experts)
        call.cancel()
        async with asyncio.timeout(5):
            await asked.vendor.seen(n_experts, left=n_experts)
            await asked.vendor.idle()


async def test_a_caller_with_little_time_gets_the_readers_answer_before_it_is_over() -> None:
    async with vendored(MENU["silent"]) as asked, builder(panel=asked.panel) as client:
        reply = await client.stub.Build(pb.BuildRequest(query=OPEN), timeout=2.0)
    assert reply.tier == pb.BUILD_TIER_DETERMINISTIC
    assert {notice.reason for notice in reply.fallbacks} == {"LLM_TIMEOUT"}


async def test_no_expert_is_asked_where_the_call_ends_too_soon_for_an_answer() -> None:
    required = pb.BuildRequest(query=OPEN, options=pb.BuildOptions(require_llm=True))
    async with vendored(CRAZY) as asked, builder(panel=asked.panel) as client:
        await client.stub.Build(pb.BuildRequest(query="gold members"))  # what is read first is prepared first
        reply = await client.stub.Build(pb.BuildRequest(query=OPEN), timeout=0.45)
        with pytest.raises(grpc.aio.AioRpcError) as raised:
            await client.stub.Build(required, timeout=0.45)
        assert asked.vendor.n_calls == 0
    assert {notice.reason for notice in reply.fallbacks} == {"DEADLINE_TOO_SHORT"}
    refused = refusal(raised.value)
    assert (refused.code, refused.reason) == (grpc.StatusCode.DEADLINE_EXCEEDED, "DEADLINE_TOO_SHORT")
    assert refused.metadata["minimumMs"] == "500"
