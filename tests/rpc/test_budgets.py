"""A used up budget over the wire: a reply that says so, or the error of the contract."""

from __future__ import annotations

import grpc
import pytest
from segmentry.builder.panel import Split
from segmentry.llm.budget import Budget, Limits
from segmentry.state.database import Database
from segmentry.state.spending import SpendingStore
from segmentry.v1 import segment_builder_pb2 as pb

from tests.rpc.builder_server import builder, refusal
from tests.vendored import condition, says, vendored

OPEN = "gold members who are crazy about us"
CRAZY = says(condition("crazy about us", "engagementScore", "band", "high engagement"))


async def test_a_used_up_budget_is_a_notice_or_with_require_llm_an_error(database: Database) -> None:
    async with vendored(CRAZY) as asked:
        asked.panel.budget = Budget(
            SpendingStore(database), Limits(tokens_per_day=100), reserve_within_s=15.0
        )
        async with builder(panel=asked.panel) as client:
            reply = await client.stub.Build(pb.BuildRequest(query=OPEN))
            with pytest.raises(grpc.aio.AioRpcError) as raised:
                await client.stub.Build(
                    pb.BuildRequest(query=OPEN, options=pb.BuildOptions(require_llm=True))
                )
        assert asked.vendor.n_calls == 0
    [notice] = reply.fallbacks
    assert (notice.to_tier, notice.reason, notice.subtask_id) == ("DETERMINISTIC", "BUDGET_EXHAUSTED", "")
    assert reply.tier == pb.BUILD_TIER_DETERMINISTIC
    refused = refusal(raised.value)
    assert (refused.code, refused.reason) == (grpc.StatusCode.RESOURCE_EXHAUSTED, "BUDGET_EXHAUSTED")
    assert refused.metadata["budget"] == "tokens_per_day"
    assert refused.metadata["resetsAt"]


async def test_a_trial_is_named_in_the_reply() -> None:
    async with vendored(CRAZY) as asked:
        asked.panel.split = Split("one-question", "one_shot", 1.0)
        async with builder(panel=asked.panel) as client:
            reply = await client.stub.Build(pb.BuildRequest(query=OPEN))
    assert reply.prompt_variant == "one-question=one_shot"
    assert [each.agent for each in reply.expert_usage] == ["one_shot"]
