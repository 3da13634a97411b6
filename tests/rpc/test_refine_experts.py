"""The edit expert over the wire: what a stream of a refinement shows, its errors, and what a cancel stops."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import grpc
import pytest
from google.protobuf import json_format
from segmentry.v1 import criteria_pb2
from segmentry.v1 import segment_builder_pb2 as pb

from tests.rpc.builder_server import builder, refusal
from tests.vendor.menu import MENU
from tests.vendor.plans import Pace
from tests.vendored import condition, edit, edits, says, vendored

CRAZY = says(condition("crazy about us", "engagementScore", "band", "high engagement"))


async def test_a_refinement_over_the_wire_shows_the_edit_expert_and_what_it_cost() -> None:
    text = "the second one is way too loose, twelve would do nicely"
    current = pb.StreamRefineRequest(instruction=text)
    json_format.ParseDict(
        {"$and": [{"membershipTier": "GOLD"}, {"handicap": {"$lt": 20}}]}, current.current_criteria
    )
    plan = edits(edit(text, "change", 2, words="twelve"))
    async with vendored(CRAZY, edit=plan) as asked, builder(panel=asked.panel) as client:
        asked.script.on("edit", MENU["server_error"], plan)
        heard = [event async for event in client.stub.StreamRefine(current)]
    assert [event.sequence for event in heard] == list(range(1, len(heard) + 1))
    assert "edit" in heard[0].started.planned_agents
    steps = [event.subtask for event in heard if event.HasField("subtask") and event.subtask.agent == "edit"]
    assert [step.WhichOneof("change") for step in steps] == ["started", "retried", "succeeded"]
    assert [step.attempt for step in steps] == [1, 2, 2]
    assert all(len(step.prompt_version) == 12 for step in steps)
    assert steps[-1].elapsed.ToMilliseconds() >= steps[1].elapsed.ToMilliseconds() > 0
    assert steps[-1].succeeded.usage.prompt_tokens >= 1_000
    assert any(event.HasField("partial") for event in heard)
    assert any(event.HasField("preview") for event in heard)
    completed = heard[-1].completed
    assert completed.success
    assert completed.tier == pb.BUILD_TIER_COMBINED
    assert completed.usage.model_calls == 2
    assert completed.usage.completion_tokens > 0
    assert [change.kind for change in completed.diff.changes] == [criteria_pb2.CHANGE_KIND_CHANGED]
    assert completed.previous_count > completed.preview_count
    assert {leaf.agent for leaf in completed.result.provenance} == {"reader", "edit"}


async def test_a_refinement_that_requires_the_model_fails_with_its_class() -> None:
    required = pb.RefineRequest(
        instruction="twelve would do nicely", options=pb.BuildOptions(require_llm=True)
    )
    json_format.ParseDict({"handicap": {"$lt": 20}}, required.current_criteria)
    async with vendored(CRAZY, edit=MENU["quota"]) as asked, builder(panel=asked.panel) as client:
        with pytest.raises(grpc.aio.AioRpcError) as raised:
            await client.stub.Refine(required)
        assert asked.vendor.n_calls == 1
    refused = refusal(raised.value)
    assert (refused.code, refused.reason) == (grpc.StatusCode.FAILED_PRECONDITION, "AI_ERROR")
    assert (refused.metadata["cause"], refused.metadata["subtask"]) == ("LLM_QUOTA_EXHAUSTED", "edit")


async def test_a_client_that_leaves_a_refinement_closes_the_call_of_the_vendor() -> None:
    request = pb.StreamRefineRequest(instruction="twelve would do nicely")
    json_format.ParseDict({"handicap": {"$lt": 20}}, request.current_criteria)
    slow = replace(edits(), pace=Pace(30.0))
    async with vendored(CRAZY, edit=slow) as asked, builder(panel=asked.panel) as client:
        call = client.stub.StreamRefine(request)
        await call.read()
        await asked.vendor.seen(1)
        call.cancel()
        async with asyncio.timeout(5):
            await asked.vendor.seen(1, left=1)
            await asked.vendor.idle()
