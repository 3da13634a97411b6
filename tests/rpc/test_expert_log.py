"""The log line of an RPC says what was asked of the model, however it ended, and nothing of what was said."""

from __future__ import annotations

import asyncio
import json
import logging
from dataclasses import replace

import grpc
import pytest
from segmentry.agents.counters import Counters
from segmentry.rpc.interceptors.observe import LOGGER
from segmentry.v1 import segment_builder_pb2 as pb

from tests.rpc.builder_server import builder
from tests.vendor.menu import MENU
from tests.vendor.plans import Pace
from tests.vendored import condition, says, vendored

OPEN = "gold members who are wild about us"
CRAZY = says(condition("wild about us", "engagementScore", "band", "high engagement"))
SILENT = replace(CRAZY, pace=Pace(600.0))


@pytest.fixture
def lines(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level(logging.INFO, LOGGER)
    return caplog


def last(lines: pytest.LogCaptureFixture) -> dict[str, object]:
    return [json.loads(each.getMessage()) for each in lines.records if each.name == LOGGER][-1]


def totals(counters: Counters, name: str) -> float:
    return sum(each.get(name, 0) for each in counters.totals().values())


async def test_an_answer_of_experts_is_logged_with_tokens_cost_and_versions_and_no_words(
    lines: pytest.LogCaptureFixture,
) -> None:
    async with vendored(CRAZY) as asked, builder(panel=asked.panel) as client:
        reply = await client.stub.Build(pb.BuildRequest(query=OPEN))
    line = last(lines)
    assert line["model_calls"] == reply.usage.model_calls > 0
    assert line["prompt_tokens"] == reply.usage.prompt_tokens > 0
    assert line["completion_tokens"] == reply.usage.completion_tokens > 0
    assert line["cost_usd"] == pytest.approx(reply.usage.cost_usd)
    versions = ",".join(f"{each.agent}={each.prompt_version}" for each in reply.expert_usage)
    assert line["prompts"] == versions
    assert "estimated" not in line
    assert "wild" not in lines.text
    assert "engagementScore" not in lines.text


async def test_without_a_call_the_line_says_no_more_than_that(lines: pytest.LogCaptureFixture) -> None:
    async with vendored(CRAZY) as asked, builder(panel=asked.panel) as client:
        await client.stub.Build(pb.BuildRequest(query="gold members in Durban"))
        assert last(lines)["model_calls"] == 0
        # What a dry run would cost was not spent.
        await client.stub.Build(pb.BuildRequest(query=OPEN, options=pb.BuildOptions(dry_run=True)))
    line = last(lines)
    assert line["model_calls"] == 0
    assert "cost_usd" not in line


async def test_calls_of_cancelled_builds_are_counted_and_logged(lines: pytest.LogCaptureFixture) -> None:
    async with vendored(CRAZY) as asked, builder(panel=asked.panel) as client:
        await client.stub.Build(pb.BuildRequest(query=OPEN))
        counters = asked.panel.asker.counters
        calls, cost, n_before = totals(counters, "calls"), totals(counters, "cost_usd"), asked.vendor.n_calls
        asked.script.default = SILENT
        build = client.stub.Build(pb.BuildRequest(query=OPEN))
        await asked.vendor.seen(2 * n_before)
        build.cancel()
        with pytest.raises(asyncio.CancelledError):
            await build
        await asked.vendor.idle()
        n_calls = asked.vendor.n_calls - n_before
        for _ in range(100):
            if "model_calls" in last(lines) and last(lines)["code"] == "CANCELLED":
                break
            await asyncio.sleep(0.02)
        assert totals(counters, "calls") - calls == n_calls
        assert totals(counters, "cost_usd") > cost
    line = last(lines)
    assert (line["code"], line["model_calls"], line["estimated"]) == ("CANCELLED", n_calls, True)
    assert line["prompt_tokens"] > 1_000  # pyright: ignore[reportOperatorIssue]  # JSON


async def test_calls_of_a_build_that_fails_are_logged(lines: pytest.LogCaptureFixture) -> None:
    async with vendored(MENU["refusal"]) as asked, builder(panel=asked.panel) as client:
        with pytest.raises(grpc.aio.AioRpcError):
            await client.stub.Build(pb.BuildRequest(query=OPEN, options=pb.BuildOptions(require_llm=True)))
        n_calls = asked.vendor.n_calls
    line = last(lines)
    assert line["reason"] == "AI_ERROR"
    assert line["model_calls"] == n_calls > 0
    assert "=" in str(line["prompts"])
