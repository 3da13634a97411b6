"""Names over the wire: what a stream shows of the expert, where a name came from, and what a cancel stops."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace

import pytest
from google.protobuf import json_format
from segmentry.v1 import segment_builder_pb2 as pb

from tests.rpc.builder_server import builder
from tests.vendor.plans import Pace, Plan
from tests.vendored import NOTHING, vendored

CLEAR = "gold members with a handicap below 10"
NAMED = pb.BuildOptions(suggest_name=True)
GOOD = Plan(answer=json.dumps({"name": "Gold players under 10"}))
HOSTILE = Plan(answer=json.dumps({"name": 'Call "0800 123456" now\u202e'}))


async def test_a_stream_shows_the_name_expert_like_any_other_and_says_that_a_model_named() -> None:
    async with vendored(Plan(answer=NOTHING)) as asked, builder(panel=asked.panel) as client:
        asked.script.on("name", GOOD)
        request = pb.StreamBuildRequest(query=CLEAR, options=NAMED)
        heard = [event async for event in client.stub.StreamBuild(request)]
        bare = await client.stub.Build(pb.BuildRequest(query=CLEAR))
        assert asked.vendor.n_calls == 1
    assert [event.sequence for event in heard] == list(range(1, len(heard) + 1))
    assert heard[0].started.planned_agents[-1] == "name"
    steps = [event.subtask for event in heard if event.HasField("subtask") and event.subtask.agent == "name"]
    assert [step.WhichOneof("change") for step in steps] == ["started", "succeeded"]
    assert all(len(step.prompt_version) == 12 for step in steps)
    completed = heard[-1].completed
    assert (completed.result.name, completed.result.name_from_model) == ("Gold players under 10", True)
    assert completed.tier == pb.BUILD_TIER_DETERMINISTIC
    assert [each.agent for each in completed.expert_usage] == ["name"]
    assert completed.usage.model_calls == 1
    assert completed.preview_count == bare.preview_count
    assert (bare.result.name, bare.result.name_from_model) == ("", False)
    assert list(bare.expert_usage) == []


@pytest.mark.parametrize("plan", [HOSTILE, replace(GOOD, pace=Pace(60.0))], ids=["hostile", "slow"])
async def test_a_name_that_cannot_be_had_fails_alone_and_the_criteria_name_the_segment(plan: Plan) -> None:
    request = pb.StreamBuildRequest(query=CLEAR, options=NAMED)
    async with vendored(Plan(answer=NOTHING)) as asked, builder(panel=asked.panel) as client:
        asked.script.on("name", plan)
        heard = [event async for event in client.stub.StreamBuild(request, timeout=30)]
    [failed] = [event.subtask for event in heard if event.subtask.HasField("failed")]
    assert failed.agent == "name"
    assert failed.failed.degraded
    completed = heard[-1].completed
    assert completed.success
    assert "GOLD" in completed.result.name
    assert not completed.result.name_from_model
    assert [each.subtask_id for each in completed.fallbacks] == ["name"]
    assert "0800 123456" not in str(heard)  # a shorter text could be a part of some duration


async def test_a_slow_name_never_costs_a_caller_the_answer() -> None:
    request = pb.BuildRequest(query=CLEAR, options=NAMED)
    async with vendored(Plan(answer=NOTHING)) as asked, builder(panel=asked.panel) as client:
        await client.stub.Build(pb.BuildRequest(query=CLEAR))  # the words of the table are read once
        asked.script.on("name", replace(GOOD, pace=Pace(60.0)))
        reply = await client.stub.Build(request, timeout=1.4)
    assert reply.success
    assert reply.result.name
    assert not reply.result.name_from_model


async def test_without_a_model_a_refinement_is_named_by_its_criteria() -> None:
    request = pb.RefineRequest(instruction="also in Durban", options=NAMED)
    json_format.ParseDict({"membershipTier": "GOLD"}, request.current_criteria)
    async with builder() as client:
        reply = await client.stub.Refine(request)
    assert "GOLD" in reply.result.name
    assert not reply.result.name_from_model
    assert list(reply.fallbacks) == []


async def test_a_client_that_leaves_closes_the_call_for_a_name() -> None:
    slow = replace(GOOD, pace=Pace(60.0))
    async with vendored(Plan(answer=NOTHING)) as asked, builder(panel=asked.panel) as client:
        asked.script.on("name", slow)
        call = client.stub.StreamBuild(pb.StreamBuildRequest(query=CLEAR, options=NAMED))
        await call.read()
        await asked.vendor.seen(1)
        call.cancel()
        async with asyncio.timeout(5):
            await asked.vendor.seen(1, left=1)
            await asked.vendor.idle()
