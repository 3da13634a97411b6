"""Experts are asked about what the reader leaves open, over real HTTP, and their failures stay local."""

from __future__ import annotations

from dataclasses import replace

import pytest
from segmentry.builder.build import build
from segmentry.builder.events import (
    Event,
    Partial,
    Started,
    SubtaskFailed,
    SubtaskRetried,
    SubtaskStarted,
    SubtaskSucceeded,
)
from segmentry.builder.outcome import Outcome
from segmentry.builder.panel import Panel, Split
from segmentry.builder.request import Answer, Options, Place
from segmentry.criteria import parse, witness
from segmentry.customers.snapshots import SnapshotStore
from segmentry.errors import (
    ModelNotUsable,
    ModelRateLimited,
    ModelUnavailable,
    SegmentryError,
    UnusableModelOutput,
)

from tests.vendor.menu import MENU
from tests.vendor.plans import Pace, Plan
from tests.vendored import NOTHING, condition, groups, says, vendored

from .conftest import Listener

CLEAR = "gold members in Durban"
OPEN = "gold members who are crazy about us"
CRAZY = says(condition("crazy about us", "engagementScore", "band", "high engagement"))


async def built(
    query: str,
    place: Place,
    store: SnapshotStore,
    panel: Panel,
    listener: Listener | None = None,
    **options: object,
) -> Outcome:
    heard = Listener() if listener is None else listener
    wanted = Options(**options)  # pyright: ignore[reportArgumentType]  # any option by name
    return await build(query, place, wanted, store, build_id="b_1", emit=heard, panel=panel)


def of_kind(heard: list[Event], agent: str) -> list[str]:
    kinds = (SubtaskStarted, SubtaskRetried, SubtaskSucceeded, SubtaskFailed)
    return [type(each).__name__ for each in heard if isinstance(each, kinds) and each.agent == agent]


async def test_a_sure_answer_asks_nobody(place: Place, store: SnapshotStore) -> None:
    async with vendored(CRAZY) as asked:
        outcome = await built(CLEAR, place, store, asked.panel)
        assert asked.vendor.n_calls == 0
    assert outcome.tier == "deterministic"
    assert outcome.usage.calls == 0
    assert outcome.fallbacks == ()


async def test_an_open_phrase_is_answered_by_the_expert_of_its_field(
    place: Place, store: SnapshotStore
) -> None:
    listener = Listener()
    async with vendored(CRAZY) as asked:
        outcome = await built(OPEN, place, store, asked.panel, listener)
        calls = asked.vendor.n_calls
    assert outcome.result is not None
    wanted = parse.loads('{"membershipTier":"GOLD","engagementScore":{"$gte":70}}')
    assert witness.equal(outcome.result.node, wanted, place.catalog, place.clock)
    assert outcome.tier == "combined"
    assert outcome.preview is not None
    assert outcome.usage.calls == calls > 0
    assert outcome.usage.prompt_tokens > 1_152
    assert outcome.usage.cost_usd is not None
    assert outcome.usage.cost_usd > 0
    by_agent = {each.agent: each for each in outcome.result.provenance}
    expert = next(each for name, each in by_agent.items() if name != "reader")
    assert expert.prompt_version
    assert expert.tier == "llm"
    assert "crazy about us" in {span.text for span in expert.spans}
    first = listener.heard[0]
    assert isinstance(first, Started)
    assert set(first.planned_agents) > {"reader", "checker", "counter"}
    for agent in first.planned_agents:
        assert of_kind(listener.heard, agent) == ["SubtaskStarted", "SubtaskSucceeded"]
    assert sum(isinstance(each, Partial) for each in listener.heard) >= 2


async def test_experts_are_asked_side_by_side(place: Place, store: SnapshotStore) -> None:
    async with vendored(CRAZY) as asked:
        # The very first call goes ahead, to see whether the vendor answers at all.
        await built(OPEN, place, store, asked.panel)
        n_calls = asked.vendor.n_calls
        asked.script.default = replace(CRAZY, pace=Pace(0.2))
        await built(OPEN, place, store, asked.panel)
        assert asked.vendor.most_in_flight == asked.vendor.n_calls - n_calls > 1


@pytest.mark.parametrize(
    ("plan", "cause", "most_per_expert", "error"),
    [
        (MENU["server_error"], "LLM_UNAVAILABLE", 2, ModelUnavailable),
        (MENU["reset_before"], "LLM_UNAVAILABLE", 2, ModelUnavailable),
        (MENU["rate_limit_long"], "LLM_QUOTA_EXHAUSTED", 1, ModelNotUsable),
        (MENU["rate_limit_short"], "LLM_RATE_LIMITED", 2, ModelRateLimited),
        (MENU["quota"], "LLM_QUOTA_EXHAUSTED", 1, ModelNotUsable),
        (MENU["refusal"], "LLM_REFUSED", 1, ModelNotUsable),
        (MENU["content_filter"], "LLM_REFUSED", 1, ModelNotUsable),
        (MENU["truncated"], "LLM_TRUNCATED", 2, UnusableModelOutput),
        (MENU["html"], "LLM_BAD_OUTPUT", 2, UnusableModelOutput),
        (MENU["no_choices"], "LLM_BAD_OUTPUT", 2, UnusableModelOutput),
        (MENU["duplicate_keys"], "LLM_BAD_OUTPUT", 2, UnusableModelOutput),
        (MENU["unknown_field"], "LLM_BAD_OUTPUT", 2, UnusableModelOutput),
        (MENU["wrong_enum"], "LLM_BAD_OUTPUT", 2, UnusableModelOutput),
        (MENU["invented_evidence"], "LLM_BAD_OUTPUT", 2, UnusableModelOutput),
        (MENU["silent"], "LLM_TIMEOUT", 1, ModelUnavailable),
        (MENU["dripped"], "LLM_TIMEOUT", 1, ModelUnavailable),
    ],
    ids=lambda each: each if isinstance(each, str) else "",
)
async def test_every_fault_of_the_model_degrades_and_says_so(  # noqa: PLR0917 - a row of the fault matrix
    plan: Plan,
    cause: str,
    most_per_expert: int,
    error: type[SegmentryError],
    place: Place,
    store: SnapshotStore,
) -> None:
    listener = Listener()
    async with vendored(plan, plan) as asked:
        asked.panel.request_s = 0.6 if cause == "LLM_TIMEOUT" else 15.0
        outcome = await built(OPEN, place, store, asked.panel, listener)
        n_experts = len({call.agent for call in asked.vendor.calls})
        assert asked.vendor.n_calls <= min(most_per_expert * n_experts, n_experts + 3)
    assert outcome.clarification is not None  # as without a model
    assert outcome.tier == "deterministic"
    assert {each.reason for each in outcome.fallbacks} == {cause}
    started = listener.heard[0]
    assert isinstance(started, Started)
    # Also those of whom no call was made any more, because another one showed that none can succeed.
    [told] = outcome.fallbacks
    assert set(told.subtasks) <= set(started.planned_agents)
    assert all(each in told.message for each in told.subtasks)
    failed = [each for each in listener.heard if isinstance(each, SubtaskFailed)]
    assert all(isinstance(each.error, error) and each.degraded for each in failed)
    async with vendored(plan, plan) as asked:
        asked.panel.request_s = 0.6 if cause == "LLM_TIMEOUT" else 15.0
        with pytest.raises(error) as raised:
            await built(OPEN, place, store, asked.panel, require_llm=True)
    assert raised.value.metadata["cause"] == cause
    assert "sk-canary-key" not in str(raised.value)


async def test_one_expert_that_fails_leaves_the_others(place: Place, store: SnapshotStore) -> None:
    async with vendored(CRAZY) as asked:
        first = asked.panel.experts(place.catalog, place.tenant, OPEN).specialists[0].name
        asked.script.on(first, MENU["refusal"])
        outcome = await built(OPEN, place, store, asked.panel)
    assert outcome.result is not None
    assert outcome.tier == "combined"
    assert [(each.subtask_id, each.reason) for each in outcome.fallbacks] == [(first, "LLM_REFUSED")]


async def test_an_answer_without_a_piece_is_normal(place: Place, store: SnapshotStore) -> None:
    async with vendored(Plan(answer=NOTHING)) as asked:
        outcome = await built(OPEN, place, store, asked.panel)
    assert outcome.fallbacks == ()
    assert outcome.clarification is not None
    assert outcome.tier == "deterministic"


async def test_offline_asks_nobody_whoever_wants_it(place: Place, store: SnapshotStore) -> None:
    async with vendored(CRAZY) as asked:
        await built(OPEN, place, store, asked.panel, offline_only=True)
        asked.panel.tenants = {place.tenant: "offline"}
        await built(OPEN, place, store, asked.panel)
        asked.panel.tenants = {}
        asked.panel.split = Split("trial", "offline", 1.0)
        await built(OPEN, place, store, asked.panel)
        assert asked.vendor.n_calls == 0


async def test_one_shot_asks_one_question_about_all_fields(place: Place, store: SnapshotStore) -> None:
    async with vendored(CRAZY) as asked:
        asked.panel.strategy = "one_shot"
        outcome = await built(OPEN, place, store, asked.panel)
        assert [call.agent for call in asked.vendor.calls] == ["one_shot"]
    assert outcome.result is not None


def test_a_trial_is_sticky_and_takes_its_share() -> None:
    split = Split("t1", "one_shot", 0.3)
    queries = [f"query {number}" for number in range(2_000)]
    taken = [split.takes("demo", query) for query in queries]
    assert taken == [split.takes("demo", query.upper()) for query in queries]
    assert 0.25 < sum(taken) / len(taken) < 0.35
    assert taken != [Split("t2", "one_shot", 0.3).takes("demo", query) for query in queries]


async def test_a_dry_run_names_who_would_work_and_the_price_and_asks_nobody(
    place: Place, store: SnapshotStore
) -> None:
    listener = Listener()
    async with vendored(CRAZY) as asked:
        outcome = await built(OPEN, place, store, asked.panel, listener, dry_run=True)
        assert asked.vendor.n_calls == 0
    started = listener.heard[0]
    assert isinstance(started, Started)
    n_experts = len(set(started.planned_agents) - {"reader", "checker", "counter"})
    assert n_experts > 0
    assert outcome.usage.calls == n_experts
    assert outcome.usage.cost_usd is not None
    assert outcome.usage.cost_usd > 0
    assert outcome.result is None


async def test_a_bound_on_calls_holds(place: Place, store: SnapshotStore) -> None:
    async with vendored(CRAZY) as asked:
        await built(OPEN, place, store, asked.panel, max_model_calls=1)
        assert asked.vendor.n_calls == 1


async def test_an_answer_to_the_readers_own_question_asks_nobody(place: Place, store: SnapshotStore) -> None:
    async with vendored(Plan(answer=NOTHING)) as asked:
        first = await built("engaged users", place, store, asked.panel)
        assert first.clarification is not None
        n_calls = asked.vendor.n_calls
        question = first.clarification.questions[0]
        answer = Answer(question.question_id, question.reading_ids[0])
        second = await built("engaged users", place, store, asked.panel, answers=(answer,))
        assert asked.vendor.n_calls == n_calls
    assert second.result is not None


async def test_another_language_is_read_by_the_experts_and_flagged(
    place: Place, store: SnapshotStore
) -> None:
    query = "Goldmitglieder die seit 60 Tagen nicht gebucht haben"
    answer = says(
        condition("Goldmitglieder", "membershipTier", "is", "gold"),
        condition(
            "seit 60 Tagen nicht gebucht", "lastBookingAt", "within", "60",
            unit="day", direction="past", negated=True,
        ),
    )  # fmt: skip
    async with vendored(answer, groups("1")) as asked:
        outcome = await built(query, place, store, asked.panel)
    assert outcome.result is not None
    wanted = parse.loads('{"membershipTier":"GOLD","lastBookingAt":{"$lt":"{{60_DAYS_AGO}}"}}')
    assert witness.equal(outcome.result.node, wanted, place.catalog, place.clock)
    assert outcome.tier == "llm"
    assert outcome.result.confidence < 0.9


async def test_a_command_is_refused_without_asking_anybody(place: Place, store: SnapshotStore) -> None:
    async with vendored(CRAZY) as asked:
        outcome = await built("delete all gold members", place, store, asked.panel)
        assert asked.vendor.n_calls == 0
    assert outcome.clarification is not None
    assert outcome.clarification.reason == "OUT_OF_SCOPE"
