"""What each expert cost stands in the reply, and the whole is the sum of its parts."""

from __future__ import annotations

from dataclasses import replace

import pytest
from segmentry.agents.hedging import Hedger
from segmentry.v1 import events_pb2
from segmentry.v1 import segment_builder_pb2 as pb
from segmentry_client import to_dict

from tests.rpc.builder_server import builder
from tests.vendor.menu import MENU
from tests.vendor.plans import Pace
from tests.vendored import Vendored, condition, says, vendored

OPEN = "gold members who are crazy about us"
CRAZY = says(condition("crazy about us", "engagementScore", "band", "high engagement"))


async def replied(asked: Vendored, query: str = OPEN) -> pb.BuildResponse:
    async with builder(panel=asked.panel) as client:
        return await client.stub.Build(pb.BuildRequest(query=query))


async def test_every_expert_has_its_own_usage_and_their_sum_is_the_replys() -> None:
    async with vendored(CRAZY) as asked:
        reply = await replied(asked)
        called = {call.agent for call in asked.vendor.calls}
    assert {each.agent for each in reply.expert_usage} == called
    assert all(len(each.prompt_version) == 12 for each in reply.expert_usage)
    for name in ("prompt_tokens", "completion_tokens", "cached_tokens", "model_calls", "cost_usd"):
        parts = [getattr(each.usage, name) for each in reply.expert_usage]
        assert getattr(reply.usage, name) == pytest.approx(sum(parts), rel=1e-12)
    assert {each.usage.model for each in reply.expert_usage} == {"gpt-4o-mini"}
    assert reply.usage.model_calls == len(called)
    assert reply.usage.HasField("latency")
    longest = max(each.usage.latency.ToTimedelta() for each in reply.expert_usage)
    assert reply.usage.latency.ToTimedelta() >= longest
    assert (reply.usage.hedged_calls, reply.usage.repair_calls, reply.usage.estimated) == (0, 0, False)


async def test_a_repair_is_counted_with_the_expert_that_needed_it() -> None:
    async with vendored(CRAZY) as asked:
        (name, *_) = [call.agent for call in await _experts(asked)]
        asked.script.on(name, MENU["unknown_field"], CRAZY)
        reply = await replied(asked)
    repairs = {each.agent: each.usage.repair_calls for each in reply.expert_usage}
    assert repairs.pop(name) == 1
    assert set(repairs.values()) <= {0}
    assert reply.usage.repair_calls == 1
    assert reply.usage.model_calls == len(reply.expert_usage) + 1


async def test_a_copy_of_a_slow_call_is_counted_and_its_tokens_are_called_estimated() -> None:
    async with vendored(CRAZY) as asked:
        (name, *_) = [call.agent for call in await _experts(asked)]
        hedger = asked.panel.asker.hedger = Hedger(share=1.0)
        for _ in range(20):
            hedger.answered(name, 0.02)
        asked.script.on(name, MENU["silent"], CRAZY)
        before = asked.vendor.n_calls
        reply = await replied(asked)
        n_calls = asked.vendor.n_calls - before
    assert reply.usage.hedged_calls == 1
    assert reply.usage.estimated
    assert reply.usage.model_calls == n_calls == len(reply.expert_usage) + 1


async def test_an_expert_that_failed_is_listed_with_what_it_cost() -> None:
    async with vendored(CRAZY) as asked:
        (name, *_) = [call.agent for call in await _experts(asked)]
        asked.script.on(name, MENU["refusal"])
        reply = await replied(asked)
    [failed] = [each for each in reply.expert_usage if each.agent == name]
    assert failed.usage.model_calls == 1
    assert failed.usage.prompt_tokens > 1_000


async def test_without_a_call_nothing_is_listed_and_the_sum_is_zero() -> None:
    async with vendored(CRAZY) as asked:
        reply = await replied(asked, "gold members in Durban")
    assert list(reply.expert_usage) == []
    assert (reply.usage.model_calls, reply.usage.cost_usd) == (0, 0.0)
    assert not reply.usage.HasField("latency")
    assert to_dict(reply)["expertUsage"] == []


async def test_the_typed_client_prints_it_as_json() -> None:
    async with vendored(replace(CRAZY, pace=Pace(0.01))) as asked:
        printed = to_dict(await replied(asked))
    experts = printed["expertUsage"]
    assert isinstance(experts, list)
    first = experts[0]
    assert isinstance(first, dict)
    usage = first["usage"]
    assert isinstance(usage, dict)
    assert set(usage) >= {"promptTokens", "cachedTokens", "modelCalls", "costUsd", "latency", "hedgedCalls"}


async def _experts(asked: Vendored) -> list[events_pb2.ExpertUsage]:
    """Who is asked about the words, from a build of its own."""
    reply = await replied(asked)
    # Anew: the n-th plan of an agent is for its n-th call.
    asked.vendor.forget()
    return list(reply.expert_usage)
