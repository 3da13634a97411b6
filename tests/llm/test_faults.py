"""Every fault of a vendor ends in its cause, after one call and without a word of the vendor's."""

from __future__ import annotations

import gzip
import json
import logging
import traceback
from dataclasses import replace
from time import perf_counter
from typing import Final

import pytest
from segmentry.llm.model import CallFailed, Cause, ModelCall, Usage
from segmentry.llm.openai import OpenAIModel
from segmentry.llm.profiles import profile

from tests.llm.asking import CALL, KEY, asked
from tests.vendor.menu import MENU
from tests.vendor.plans import Plan
from tests.vendor.server import Vendor

# What a wall clock of this length ends; everything else is over long before it.
WITHIN_S = 0.4
OK: Final = None
CAUSES: Final[dict[str, Cause | None]] = {
    "ok": OK,
    "rate_limit_short": "LLM_RATE_LIMITED",
    "rate_limit_ms": "LLM_RATE_LIMITED",
    "rate_limit_long": "LLM_QUOTA_EXHAUSTED",
    "rate_limit_bare": "LLM_RATE_LIMITED",
    "quota": "LLM_QUOTA_EXHAUSTED",
    "server_error": "LLM_UNAVAILABLE",
    "bad_gateway": "LLM_UNAVAILABLE",
    "overloaded": "LLM_UNAVAILABLE",
    "unauthorized": "LLM_NOT_CONFIGURED",
    "forbidden": "LLM_NOT_CONFIGURED",
    "no_model": "LLM_NOT_CONFIGURED",
    "bad_request": "LLM_NOT_CONFIGURED",
    "prompt_filter": "LLM_REFUSED",
    "redirect": "LLM_NOT_CONFIGURED",
    "reset_before": "LLM_UNAVAILABLE",
    "reset_midway": "LLM_UNAVAILABLE",
    "closed_midway": "LLM_UNAVAILABLE",
    "silent": "LLM_TIMEOUT",
    "slow_first_byte": "LLM_TIMEOUT",
    "stalled_midway": "LLM_TIMEOUT",
    "dripped": "LLM_TIMEOUT",
    "html": "LLM_BAD_OUTPUT",
    "html_as_json": "LLM_BAD_OUTPUT",
    "empty_body": "LLM_BAD_OUTPUT",
    "not_utf8": "LLM_BAD_OUTPUT",
    "foreign_json": "LLM_BAD_OUTPUT",
    "foreign_shapes": "LLM_BAD_OUTPUT",
    "cut_json": "LLM_BAD_OUTPUT",
    "ended_early": "LLM_BAD_OUTPUT",
    "no_choices": "LLM_BAD_OUTPUT",
    "huge": "LLM_BAD_OUTPUT",
    "huge_page": "LLM_BAD_OUTPUT",
    "event_error": "LLM_UNAVAILABLE",
    "event_rate_limit": "LLM_RATE_LIMITED",
    "event_quota": "LLM_QUOTA_EXHAUSTED",
    "empty": "LLM_BAD_OUTPUT",
    "blank": "LLM_BAD_OUTPUT",
    "truncated": "LLM_TRUNCATED",
    "whitespace_loop": "LLM_TRUNCATED",
    "digit_loop": "LLM_TRUNCATED",
    "endless_blanks": "LLM_TRUNCATED",
    "refusal": "LLM_REFUSED",
    "content_filter": "LLM_REFUSED",
    "prose": "LLM_BAD_OUTPUT",
    "broken_json": "LLM_BAD_OUTPUT",
    "duplicate_keys": "LLM_BAD_OUTPUT",
    "nan": "LLM_BAD_OUTPUT",
    "deep": "LLM_BAD_OUTPUT",
    # Good JSON of the wanted form: what is wrong with it is for the expert's checks.
    "wrong_enum": OK,
    "unknown_field": OK,
    "invented_evidence": OK,
    "extra_property": OK,
    "obedient": OK,
}
# In one piece there is no end that could come early, and a loop of blanks is whole JSON's trouble.
WHOLE: Final[dict[str, Cause | None]] = {**CAUSES, "ended_early": OK, "endless_blanks": "LLM_BAD_OUTPUT"}
# A vendor that was never reached or that turned the call down has done nothing that it could bill.
TURNED_DOWN: Final = {
    *(name for name, plan in MENU.items() if plan.status != 200),
}


def test_every_fault_of_the_vendor_has_its_cause() -> None:
    assert CAUSES.keys() == MENU.keys()


async def failure(made: OpenAIModel, call: ModelCall = CALL, within_s: float = WITHIN_S) -> CallFailed | None:
    try:
        await made.complete(call, within_s=within_s)
    except CallFailed as error:
        return error
    return None


@pytest.mark.parametrize("streamed", [True, False], ids=["streamed", "whole"])
@pytest.mark.parametrize("name", MENU)
async def test_a_fault_ends_in_its_cause_with_one_call_and_none_of_the_vendors_words(
    name: str, streamed: bool, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    wanted = (CAUSES if streamed else WHOLE)[name]
    timed_out = wanted == "LLM_TIMEOUT"
    row = replace(profile("gpt-4o-mini"), stream=streamed)
    async with asked(MENU[name], asked_as=row) as (vendor, made):
        started = perf_counter()
        error = await failure(made, within_s=WITHIN_S if timed_out else 15.0)
        took_s = perf_counter() - started
        assert (error.cause if error else OK) == wanted
        assert vendor.n_calls == 1
        await vendor.idle()
    assert took_s >= WITHIN_S if timed_out else took_s < 15.0
    if error is None:
        return
    assert error.usage.calls == 1
    assert (error.usage == Usage(calls=1)) is (name in TURNED_DOWN)
    # The vendor's errors quote the key, its pages and answers what they like: nothing of it is handed on.
    assert error.__cause__ is None
    assert error.__context__ is None
    told = "\n".join([*traceback.format_exception(error), repr(error), repr(vars(error)), caplog.text])
    for secret in (KEY, "canary", "hotel network", "over 40", "conditions", "I cannot help"):
        assert secret not in told


@pytest.mark.parametrize(
    ("name", "wait_s"),
    [
        ("rate_limit_short", 1.0),
        ("rate_limit_ms", 0.25),
        ("rate_limit_long", 120.0),
        ("rate_limit_bare", None),
        ("overloaded", 2.0),
        ("quota", None),
    ],
)
async def test_the_wait_that_a_vendor_asks_for_is_handed_on_and_not_slept(
    name: str, wait_s: float | None
) -> None:
    async with asked(MENU[name]) as (_, made):
        error = await failure(made, within_s=15.0)
    assert error is not None
    assert error.retry_after_s == wait_s


async def test_a_wait_until_a_date_counts_from_the_date_of_the_reply() -> None:
    headers = {
        "date": "Tue, 16 Dec 2025 09:00:00 GMT",
        "retry-after": "Tue, 16 Dec 2025 09:00:20 GMT",
    }
    async with asked(replace(MENU["rate_limit_bare"], headers=headers)) as (_, made):
        error = await failure(made, within_s=15.0)
    assert error is not None
    assert error.retry_after_s == 20.0


@pytest.mark.parametrize(
    ("name", "loop"),
    [("truncated", False), ("whitespace_loop", True), ("digit_loop", True), ("endless_blanks", True)],
)
async def test_a_loop_is_told_from_an_answer_that_needs_more_tokens(name: str, loop: bool) -> None:
    async with asked(MENU[name]) as (_, made):
        error = await failure(made, within_s=15.0)
    assert error is not None
    assert error.loop is loop


@pytest.mark.parametrize(
    ("status", "code", "cause", "request_only"),
    [
        (400, "context_length_exceeded", "LLM_NOT_CONFIGURED", True),
        (400, "unsupported_parameter", "LLM_NOT_CONFIGURED", True),
        (400, "content_policy_violation", "LLM_REFUSED", False),
        (402, "payment_required", "LLM_QUOTA_EXHAUSTED", False),
        (403, "insufficient_quota", "LLM_QUOTA_EXHAUSTED", False),
        (408, "timeout", "LLM_UNAVAILABLE", False),
        (413, "too_large", "LLM_NOT_CONFIGURED", True),
        (422, "invalid", "LLM_NOT_CONFIGURED", True),
        (504, "", "LLM_UNAVAILABLE", False),
    ],
)
async def test_other_statuses_have_their_cause_too(
    status: int, code: str, cause: Cause, request_only: bool
) -> None:
    async with asked(replace(MENU["server_error"], status=status, code=code)) as (_, made):
        error = await failure(made, within_s=15.0)
    assert error is not None
    assert (error.cause, error.request_only) == (cause, request_only)


async def test_a_vendor_that_refuses_connections_is_unavailable_and_costs_nothing() -> None:
    async with asked(MENU["ok"]) as (vendor, made):
        async with vendor.down():
            error = await failure(made, within_s=15.0)
        assert await failure(made, within_s=15.0) is None
    assert error is not None
    assert (error.cause, error.usage) == ("LLM_UNAVAILABLE", Usage(calls=1))


async def test_a_name_that_nobody_knows_is_unavailable() -> None:
    async with asked(MENU["ok"], base_url="http://vendor.invalid/v1") as (_, made):
        error = await failure(made, within_s=15.0)
    assert error is not None
    assert error.cause == "LLM_UNAVAILABLE"


async def test_a_slow_drip_is_ended_by_the_wall_clock_while_bytes_flow() -> None:
    async with asked(MENU["dripped"]) as (vendor, made):
        started = perf_counter()
        error = await failure(made, within_s=1.0)
        took_s = perf_counter() - started
        await vendor.seen(1, left=1)
        [call] = vendor.calls
    assert error is not None
    assert error.cause == "LLM_TIMEOUT"
    assert 1.0 <= took_s < 5.0
    assert call.ended_at is None


async def test_a_call_after_close_fails_and_asks_nobody() -> None:
    async with asked(MENU["ok"]) as (vendor, made):
        await made.close()
        error = await failure(made)
        assert vendor.n_calls == 0
    assert error is not None
    assert error.cause == "LLM_UNAVAILABLE"


async def test_a_certificate_that_is_none_makes_the_vendor_unavailable() -> None:
    async with Vendor() as vendor:
        made = OpenAIModel(model="gpt-4o-mini", key=KEY, base_url=vendor.base_url.replace("http:", "https:"))
        error = await failure(made, within_s=15.0)
        await made.close()
        assert vendor.n_calls == 0
    assert error is not None
    assert error.cause == "LLM_UNAVAILABLE"


def packed(content: bytes) -> Plan:
    return Plan(
        body=gzip.compress(content),
        content_type="application/json",
        headers={"content-encoding": "gzip"},
    )


async def test_nobody_is_asked_to_compress_and_who_does_all_the_same_is_understood() -> None:
    whole = {"choices": [{"message": {"content": "{}"}, "finish_reason": "stop"}]}
    async with asked(packed(json.dumps(whole).encode())) as (vendor, made):
        assert (await made.complete(CALL, within_s=15.0)).value == {}
        assert vendor.calls[0].headers["accept-encoding"] == "identity"


async def test_a_small_reply_that_unpacks_to_a_huge_one_is_too_large() -> None:
    async with asked(packed(bytes(64 * 1024 * 1024))) as (_, made):
        error = await failure(made, within_s=15.0)
    assert error is not None
    assert (error.cause, error.message) == ("LLM_BAD_OUTPUT", "the reply is larger than any answer")


@pytest.mark.parametrize("plan", [Plan(body=b"<p>" * 200_000), packed(bytes(64 * 1024 * 1024))])
async def test_an_error_is_known_by_its_status_however_large_its_page(plan: Plan) -> None:
    async with asked(replace(plan, status=503)) as (_, made):
        error = await failure(made, within_s=15.0)
    assert error is not None
    assert error.cause == "LLM_UNAVAILABLE"


@pytest.mark.parametrize(
    ("code", "cause"),
    [
        (429, "LLM_RATE_LIMITED"),
        ("402", "LLM_QUOTA_EXHAUSTED"),
        (502, "LLM_UNAVAILABLE"),
        (None, "LLM_UNAVAILABLE"),
        ([1], "LLM_UNAVAILABLE"),
        (10**400, "LLM_UNAVAILABLE"),
    ],
)
@pytest.mark.parametrize("as_event", [True, False], ids=["event", "whole"])
async def test_an_error_within_a_good_reply_is_known_by_its_code(
    code: object, cause: Cause, as_event: bool
) -> None:
    said = json.dumps({"error": {"code": code, "message": f"canary {KEY}"}}).encode()
    body = b"data: " + said + b"\n\n" if as_event else said
    kind = "text/event-stream" if as_event else "application/json"
    async with asked(Plan(body=body, content_type=kind)) as (_, made):
        error = await failure(made, within_s=15.0)
    assert error is not None
    assert error.cause == cause
    assert "canary" not in repr(error)
