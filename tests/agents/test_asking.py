"""One expert asked over real HTTP: a retry or a repair where it helps, a copy when slow, bounds on all."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from time import monotonic

import pytest
from segmentry.agents.allowance import Allowance
from segmentry.agents.asking import Answered, Asker, Retried
from segmentry.agents.hedging import Hedger
from segmentry.agents.pieces import Fault
from segmentry.llm.model import AnswerSchema, Message, ModelCall
from segmentry.llm.openai import OpenAIModel

from tests.vendor.menu import MENU
from tests.vendor.plans import Pace, Plan
from tests.vendor.script import InTurn
from tests.vendor.server import Vendor

GOOD = Plan(answer='{"good": true}')
BAD = Plan(answer='{"good": false}')
CALL = ModelCall(
    "expert",
    "v1",
    (Message("system", "rules"), Message("user", "request")),
    AnswerSchema(
        "expert", {"type": "object", "properties": {}, "required": [], "additionalProperties": False}
    ),
    100,
)


def read(value: object) -> tuple[bool, tuple[Fault, ...]]:
    good = value == {"good": True}
    return good, () if good else (Fault("UNKNOWN_ENUM", "good", "is not good", ("true",)),)


class Bench:
    """An asker against a vendor that gives these plans in turn, the last one for ever."""

    def __init__(self, vendor: Vendor, model: OpenAIModel, hedger: Hedger | None = None) -> None:
        self.vendor = vendor
        self.asker = Asker(model, hedger=hedger)
        self.said: list[Retried] = []

    async def ask(self, allowance: Allowance | None = None, call: ModelCall = CALL) -> Answered[bool]:
        async def say(event: Retried) -> None:
            self.said.append(event)

        return await self.asker.ask(call, read, allowance or allowed(), say)


def allowed(*, within_s: float = 10.0, extra: int = 3, call_s: float = 4.0) -> Allowance:
    return Allowance(monotonic() + within_s, extra, call_s)


@asynccontextmanager
async def bench(*plans: Plan, hedger: Hedger | None = None) -> AsyncGenerator[Bench]:
    async with Vendor(InTurn(plans)) as vendor:
        model = OpenAIModel(model="gpt-4o-mini", key="key", base_url=vendor.base_url)
        try:
            yield Bench(vendor, model, hedger)
        finally:
            await model.close()


@pytest.mark.parametrize(
    ("plans", "calls", "cause"),
    [
        ([GOOD], 1, None),
        ([MENU["server_error"], GOOD], 2, None),
        ([MENU["server_error"]], 2, "LLM_UNAVAILABLE"),
        ([MENU["rate_limit_ms"], GOOD], 2, None),
        ([MENU["rate_limit_long"]], 1, "LLM_QUOTA_EXHAUSTED"),
        ([MENU["quota"]], 1, "LLM_QUOTA_EXHAUSTED"),
        ([MENU["refusal"]], 1, "LLM_REFUSED"),
        ([MENU["content_filter"]], 1, "LLM_REFUSED"),
        ([MENU["truncated"], GOOD], 2, None),
        ([MENU["truncated"]], 2, "LLM_TRUNCATED"),
        ([MENU["whitespace_loop"]], 1, "LLM_TRUNCATED"),
        ([MENU["html"], GOOD], 2, None),
        ([MENU["html"]], 2, "LLM_BAD_OUTPUT"),
        ([MENU["no_choices"]], 2, "LLM_BAD_OUTPUT"),
        ([BAD, GOOD], 2, None),
        ([BAD], 2, None),
    ],
    ids=lambda each: "",
)
async def test_each_cause_costs_the_calls_it_may(
    plans: Sequence[Plan], calls: int, cause: str | None
) -> None:
    async with bench(*plans) as asked:
        answered = await asked.ask()
        assert asked.vendor.n_calls == calls
        assert (answered.failure.cause if answered.failure else None) == cause
        assert answered.usage.calls == calls
        assert answered.attempts == calls


@pytest.mark.parametrize(("most", "asked_for"), [(150, [100, 150]), (100, [100]), (None, [100, 200])])
async def test_a_retry_of_a_truncated_answer_stays_within_the_configured_bound(
    most: int | None, asked_for: list[int]
) -> None:
    async with bench(MENU["truncated"]) as asked:
        answered = await asked.ask(call=replace(CALL, most_tokens=most))
        bodies = [each.asked.body for each in asked.vendor.calls]
    assert [each.get("max_completion_tokens") or each.get("max_tokens") for each in bodies] == asked_for
    assert answered.failure is not None
    assert answered.failure.cause == "LLM_TRUNCATED"


async def test_a_truncated_answer_gets_twice_the_tokens() -> None:
    async with bench(MENU["truncated"], GOOD) as asked:
        await asked.ask()
        assert [call.body["max_completion_tokens"] for call in asked.vendor.calls] == [100, 200]
        assert asked.said == [
            Retried(
                "LLM_TRUNCATED",
                "the model's answer was cut off: it needs more tokens than allowed",
                0.0,
                repair=False,
            )
        ]


async def test_a_repair_shows_the_expert_its_own_answer_and_what_is_allowed() -> None:
    async with bench(BAD, GOOD) as asked:
        answered = await asked.ask()
        assert answered.value is True
        assert answered.repaired
        assert answered.faults == ()
        messages = asked.vendor.calls[1].body["messages"]
        assert isinstance(messages, list)
        said = [dict(each) for each in messages if isinstance(each, dict)]
        assert [each["role"] for each in said] == ["system", "user", "assistant", "user"]
        assert said[2]["content"] == '{"good": false}'
        assert "good: UNKNOWN_ENUM" in str(said[3]["content"])
        assert "allowed: true" in str(said[3]["content"])


async def test_a_repair_that_helps_nothing_leaves_the_faults_and_is_not_repeated() -> None:
    async with bench(BAD) as asked:
        answered = await asked.ask()
        assert answered.value is False
        assert [fault.code for fault in answered.faults] == ["UNKNOWN_ENUM"]
        tally = asked.asker.counters.of("expert", "v1")
        assert (tally.asked, tally.calls, tally.repaired, tally.rejected["UNKNOWN_ENUM"]) == (1, 2, 1, 1)


async def test_a_request_makes_no_more_extra_calls_than_it_may() -> None:
    async with bench(MENU["server_error"]) as asked:
        allowance = allowed(extra=3)
        async with asyncio.TaskGroup() as group:
            for _ in range(6):
                group.create_task(asked.ask(allowance))
        assert asked.vendor.n_calls == 6 + 3
        assert allowance.calls == 9


async def test_a_request_with_a_bound_on_calls_makes_no_more() -> None:
    async with bench(GOOD) as asked:
        allowance = replace(allowed(), most_calls=2)
        answers = [await asked.ask(allowance) for _ in range(4)]
        assert asked.vendor.n_calls == 2
        assert [each.failure is None for each in answers] == [True, True, False, False]


async def test_a_wait_that_the_deadline_does_not_hold_is_not_begun() -> None:
    async with bench(replace(MENU["rate_limit_ms"], headers={"retry-after": "3"})) as asked:
        answered = await asked.ask(allowed(within_s=2.0))
        assert answered.failure is not None
        assert asked.vendor.n_calls == 1
        assert asked.said == []


# So late, in multiples of what is slow, that only the savings decide.
SURELY = 2.0


def warmed(after_s: float) -> Hedger:
    hedger = Hedger()
    for _ in range(30):
        hedger.sent()
        hedger.answered("expert", after_s)
    return hedger


async def test_a_slow_call_gets_a_copy_and_the_first_good_answer_wins() -> None:
    async with bench(replace(GOOD, pace=Pace(5.0)), GOOD, hedger=warmed(0.05)) as asked:
        answered = await asked.ask()
        assert answered.value is True
        assert answered.hedged
        assert asked.vendor.n_calls == 2
        assert answered.usage.calls == 2
        assert answered.usage.estimated  # of the one that lost
        await asked.vendor.seen(2, left=1)  # and its connection was closed
        assert asked.asker.counters.of("expert", "v1").hedged == 1


async def test_a_slow_call_waits_for_a_copy_where_none_is_saved_up_yet() -> None:
    hedger = warmed(0.05)
    while hedger.take(SURELY):
        pass
    async with bench(replace(GOOD, pace=Pace(600.0)), GOOD, hedger=hedger) as asked:
        asking = asyncio.create_task(asked.ask())
        await asked.vendor.seen(1)
        await asyncio.sleep(0.2)
        assert asked.vendor.n_calls == 1
        for _ in range(20):
            hedger.sent()
        assert (await asking).hedged
        assert asked.vendor.n_calls == 2


async def test_how_long_a_replaced_call_was_waited_for_counts_among_the_times_of_its_expert() -> None:
    hedger = warmed(0.05)
    for _ in range(100):
        hedger.sent()
    in_turn = (replace(GOOD, pace=Pace(600.0)), GOOD) * 3
    async with bench(*in_turn, hedger=hedger) as asked:
        for _ in range(3):
            assert (await asked.ask()).hedged
    # The quick copies alone would leave it at 0.05.
    assert hedger.after_s("expert") > 0.05


async def test_an_answer_that_has_begun_gets_no_copy() -> None:
    slow = replace(GOOD, pace=Pace(0.0, 20.0, 1), answer='{"good": true}' + " " * 60)
    async with bench(slow, hedger=warmed(0.05)) as asked:
        answered = await asked.ask()
        assert answered.value is True
        assert asked.vendor.n_calls == 1


async def test_copies_are_a_small_share_of_calls_and_stop_while_calls_are_too_many() -> None:
    hedger = warmed(0.01)
    hedger.limited()
    assert not hedger.take(SURELY)
    calm = Hedger()
    taken = 0
    for _ in range(1_000):
        calm.sent()
        taken += calm.take(SURELY)
    assert 40 <= taken <= 51


def test_the_fewer_copies_are_saved_up_the_longer_a_call_waits_for_one() -> None:
    def shortest_wait(n_calls: int) -> float:
        hedger = Hedger()
        for _ in range(n_calls):
            hedger.sent()
        return next(late for late in (1.0, 1.1, 1.2, 1.3, 1.4) if hedger.take(late + 0.001))

    assert [shortest_wait(n_calls) for n_calls in (0, 20, 40, 60, 80, 1_000)] == [
        1.4,
        1.3,
        1.2,
        1.1,
        1.0,
        1.0,
    ]


async def test_a_cancelled_request_closes_the_call() -> None:
    async with bench(MENU["silent"]) as asked:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.1):
                await asked.ask()
        await asked.vendor.seen(1, left=1)
        assert asked.vendor.n_calls == 1


async def test_what_a_cancelled_request_sent_is_paid_for_and_counted_with_its_copy() -> None:
    async with bench(MENU["silent"], hedger=warmed(0.05)) as asked:
        allowance = allowed()
        leaving = asyncio.create_task(asked.ask(allowance))
        await asked.vendor.seen(2)
        leaving.cancel()
        with pytest.raises(asyncio.CancelledError):
            await leaving
        assert asked.vendor.n_calls == 2
    [counts] = asked.asker.counters.totals().values()
    assert counts["calls"] == 2
    assert counts["cost_usd"] > 0
    assert (allowance.used["expert"].calls, allowance.used["expert"].estimated) == (2, True)
