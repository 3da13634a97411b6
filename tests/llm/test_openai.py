"""What is asked of a vendor and what its answers cost, over real HTTP with the vendor's own package."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace

import pytest
from segmentry.llm.model import NO_USAGE, CallFailed, Message, Progress, Usage
from segmentry.llm.openai import OpenAIModel
from segmentry.llm.profiles import ModelProfile, Price, profile

from tests.llm.asking import CALL, GOOD, KEY, asked, saying
from tests.vendor.plans import Pace, Plan
from tests.vendor.server import Vendor

ANSWER = Plan(answer=GOOD)


async def test_an_answer_is_its_json_its_text_and_its_times() -> None:
    async with asked(replace(ANSWER, pace=Pace(first_token_s=0.05))) as (_, made):
        reply = await made.complete(CALL, within_s=15.0)
    assert reply.value == {"conditions": [], "unhandled": ["canary in the answer"]}
    assert reply.content == GOOD
    assert reply.model == "gpt-4o-mini"
    assert 0.05 <= reply.first_byte_s <= reply.elapsed_s


async def test_a_known_model_is_asked_with_its_schema_held_by_the_vendor() -> None:
    async with asked(ANSWER) as (vendor, made):
        await made.complete(CALL, within_s=15.0)
        [call] = vendor.calls
    assert call.body["model"] == "gpt-4o-mini"
    assert call.body["temperature"] == 0.2
    assert call.body["max_completion_tokens"] == 300
    assert call.body["stream_options"] == {"include_usage": True}
    assert call.body["response_format"] == {
        "type": "json_schema",
        "json_schema": {"name": "scores", "strict": True, "schema": dict(CALL.schema.body)},
    }
    assert [each.content for each in CALL.messages] == [call.asked.system, call.asked.user]
    assert call.body.keys() & {"max_tokens", "reasoning_effort"} == set()


async def test_a_model_that_reasons_is_asked_without_temperature_and_with_its_effort_pinned() -> None:
    async with asked(ANSWER, model="o4-mini") as (vendor, made):
        await made.complete(CALL, within_s=15.0)
        [call] = vendor.calls
    assert call.body["reasoning_effort"] == "low"
    assert call.body["max_completion_tokens"] == 300 + 1024
    assert "temperature" not in call.body


async def test_a_model_that_nobody_knows_is_asked_with_what_every_server_takes() -> None:
    async with asked(ANSWER, model="llama3.2:3b", key=None, temperature=0.0) as (vendor, made):
        reply = await made.complete(CALL, within_s=15.0)
        [call] = vendor.calls
    assert call.body["response_format"] == {"type": "json_object"}
    assert call.body["max_tokens"] == 300
    assert call.body["temperature"] == 0.0
    # Behind the static text, so that servers that keep prefixes find it again.
    assert call.asked.system.startswith(CALL.messages[0].content)
    assert json.dumps(dict(CALL.schema.body), separators=(",", ":")) in call.asked.system
    assert reply.usage.cost_usd is None


async def test_a_model_without_any_json_mode_is_asked_in_words_alone() -> None:
    row = ModelProfile("", "prompt", "max_tokens", temperature=True, stream=False)
    async with asked(ANSWER, model="own", asked_as=row) as (vendor, made):
        reply = await made.complete(CALL, within_s=15.0)
        [call] = vendor.calls
    assert reply.content == GOOD
    assert call.body.keys() == {"model", "max_tokens", "temperature", "messages"}
    assert "JSON Schema" in call.asked.system


@pytest.mark.parametrize("fence", ["```json\n{}\n```", "```\n{}\n```", "\n ```json\n{}\n```\n"])
async def test_a_fence_is_taken_off_where_no_schema_is_held(fence: str) -> None:
    async with asked(Plan(answer=fence), model="llama3.2") as (_, made):
        reply = await made.complete(CALL, within_s=15.0)
    assert (reply.value, reply.content) == ({}, "{}")
    async with asked(Plan(answer=fence)) as (_, made):
        with pytest.raises(CallFailed, match="not strict JSON"):
            await made.complete(CALL, within_s=15.0)


@pytest.mark.parametrize(
    ("name", "prefix"),
    [
        ("gpt-4o-mini", "gpt-4o-mini"),
        ("gpt-4o-mini-2024-07-18", "gpt-4o-mini"),
        ("openai/GPT-4o-mini", "gpt-4o-mini"),
        ("gpt-4o-2024-08-06", "gpt-4o"),
        ("gpt-4.1-nano", "gpt-4.1-nano"),
        ("o3", "o3"),
        ("o3-mini-2025-01-31", "o3-mini"),
        ("gpt-5-mini", "gpt-5-mini"),
        ("gpt-5-chat-latest", "gpt-5-chat"),
        ("gpt-5.1-2025-11-13", "gpt-5.1"),
        ("gpt-5.9-mini", "gpt-5."),
        ("ft:gpt-4o-mini-2024-07-18:club::b3x", "gpt-4o-mini"),
        ("gpt-4ox", ""),
        ("llama3.2:3b", ""),
        ("", ""),
    ],
)
def test_a_model_is_known_by_the_beginning_of_its_name(name: str, prefix: str) -> None:
    assert profile(name).prefix == prefix


def test_what_a_fine_tuned_model_costs_is_not_guessed() -> None:
    assert profile("ft:gpt-4o-mini-2024-07-18:club::b3x").price is None
    assert profile("gpt-4o-mini").price is not None


async def test_usage_and_cost_are_what_the_vendor_says_with_cached_tokens_cheaper() -> None:
    async with asked(ANSWER) as (_, made):
        first = (await made.complete(saying("a"), within_s=15.0)).usage
        second = (await made.complete(saying("b"), within_s=15.0)).usage
    assert (first.calls, first.cached_tokens, first.estimated) == (1, 0, False)
    assert second.cached_tokens >= 1024
    assert second.prompt_tokens == first.prompt_tokens
    fresh = second.prompt_tokens - second.cached_tokens
    dollars = fresh * 0.15 + second.cached_tokens * 0.075 + second.completion_tokens * 0.60
    assert second.cost_usd == pytest.approx(dollars / 1e6)
    assert dollars / 1e6 < (first.cost_usd or 0.0)


async def test_a_vendor_that_does_not_say_its_usage_is_estimated() -> None:
    async with asked(replace(ANSWER, usage=False)) as (_, made):
        usage = (await made.complete(CALL, within_s=15.0)).usage
    assert usage.estimated
    assert usage.prompt_tokens > 1000
    assert usage.completion_tokens == len(GOOD) // 4
    assert usage.cost_usd is not None


async def test_a_call_that_is_cut_off_is_billed_by_what_had_come() -> None:
    async with asked(replace(ANSWER, wire="stalled_midway")) as (_, made):
        with pytest.raises(CallFailed) as caught:
            await made.complete(CALL, within_s=0.3)
    usage = caught.value.usage
    assert usage.estimated
    assert usage.cost_usd is not None
    assert 0 < usage.completion_tokens < len(GOOD) // 4


def test_an_unknown_price_makes_a_sum_unknown_and_never_cheaper() -> None:
    known = Usage(10, 1, calls=1, cost_usd=0.5)
    unknown = Usage(20, 2, calls=1, cost_usd=None, estimated=True)
    assert known + known == Usage(20, 2, calls=2, cost_usd=1.0)
    assert known + unknown == Usage(30, 3, calls=2, cost_usd=None, estimated=True)
    assert NO_USAGE + known == known


def test_a_price_counts_cached_tokens_once() -> None:
    price = Price(prompt=2.0, cached=1.0, completion=4.0, as_of="2025-10")
    assert price.of(Usage(1000, 100, cached_tokens=400)) == pytest.approx((1200 + 400 + 400) / 1e6)
    assert price.of(Usage(10, 0, cached_tokens=400)) == pytest.approx(400 / 1e6)


async def test_progress_says_when_the_first_part_came() -> None:
    plan = replace(ANSWER, pace=Pace(first_token_s=0.05, tokens_per_s=40.0, tokens_per_write=1))
    async with asked(plan) as (vendor, made):
        progress = Progress()
        task = asyncio.create_task(made.complete(CALL, within_s=15.0, progress=progress))
        await vendor.seen(1)
        assert not progress.first_byte
        while not progress.first_byte:  # noqa: ASYNC110 - what a hedge looks at when its time comes
            await asyncio.sleep(0.005)
        assert not task.done()
        await task


async def test_a_server_that_does_not_stream_when_asked_to_is_understood() -> None:
    reply = {
        "choices": [{"message": {"content": "{}"}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 7},
    }
    plan = Plan(body=json.dumps(reply).encode(), content_type="application/json")
    async with asked(plan) as (_, made):
        answer = await made.complete(CALL, within_s=15.0)
    assert (answer.value, answer.usage.prompt_tokens) == ({}, 7)


async def test_comments_and_a_missing_end_of_the_stream_are_understood() -> None:
    event = {"choices": [{"delta": {"content": "{}"}, "finish_reason": "stop"}]}
    body = f": PROCESSING\n\n: PROCESSING\n\ndata: {json.dumps(event)}\n\n".encode()
    async with asked(Plan(body=body, content_type="text/event-stream")) as (_, made):
        assert (await made.complete(CALL, within_s=15.0)).value == {}


async def test_a_server_that_wants_no_key_is_asked_without_one_of_ours(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("OPENAI_API_KEY", "OPENAI_ORG_ID", "OPENAI_PROJECT_ID"):
        monkeypatch.setenv(name, "canary-of-the-environment")
    async with Vendor(key="none") as vendor:
        made = OpenAIModel(model="llama3.2", key=None, base_url=vendor.base_url)
        assert (await made.complete(CALL, within_s=15.0)).value == {}
        await made.close()
        assert "canary" not in repr(vendor.calls[0].headers)
        assert not [each for each in vendor.calls[0].headers if each.startswith("openai-")]


async def test_the_key_goes_to_the_vendor_and_shows_nowhere_else() -> None:
    async with Vendor(key=KEY) as vendor:
        made = OpenAIModel(model="gpt-4o-mini", key=KEY, base_url=vendor.base_url)
        assert (await made.complete(CALL, within_s=15.0)).value == {}
        await made.close()
    assert KEY not in repr(made)
    assert KEY not in repr(vendor.calls)


@pytest.mark.parametrize("key", ["ключ", "sk-a\nb", "sk-\x00"])
def test_a_key_that_no_header_can_carry_is_refused_without_being_shown(key: str) -> None:
    with pytest.raises(ValueError, match="AI_OPENAI_KEY") as caught:
        OpenAIModel(model="gpt-4o-mini", key=key)
    assert key not in str(caught.value)


@pytest.mark.parametrize(
    ("base_url", "provider"),
    [("", "openai"), ("http://user.example:8080/v1", "user.example"), ("http://127.0.0.1:1/v1", "127.0.0.1")],
)
def test_the_provider_is_named_by_its_host(base_url: str, provider: str) -> None:
    assert OpenAIModel(model="gpt-4o-mini", key=None, base_url=base_url).provider == provider


async def test_a_proxy_of_the_environment_is_used_and_its_exceptions_are_kept(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with Vendor() as vendor:
        for name in ("NO_PROXY", "no_proxy", "ALL_PROXY", "all_proxy", "HTTPS_PROXY", "https_proxy"):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv("HTTP_PROXY", vendor.base_url.removesuffix("/v1"))
        made = OpenAIModel(model="gpt-4o-mini", key=KEY, base_url="http://vendor.invalid/v1")
        assert (await made.complete(CALL, within_s=15.0)).value == {}
        await made.close()
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        made = OpenAIModel(model="gpt-4o-mini", key=KEY, base_url=vendor.base_url)
        await made.complete(CALL, within_s=15.0)
        await made.close()
        assert [call.through_proxy for call in vendor.calls] == [True, False]


async def test_a_repair_message_can_follow_the_answer_it_is_about() -> None:
    messages = (*CALL.messages, Message("assistant", "{}"), Message("user", "UNKNOWN_FIELD: shoe"))
    async with asked(ANSWER) as (vendor, made):
        await made.complete(replace(CALL, messages=messages), within_s=15.0)
        [call] = vendor.calls
    sent = call.body["messages"]
    assert isinstance(sent, list)
    assert sent == [{"role": each.role, "content": each.content} for each in messages]
