"""A segment gets a name beside its count: the expert's where it passes, else one made of the criteria."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from time import monotonic

import pytest
from segmentry.builder.build import build
from segmentry.builder.events import Started, SubtaskFailed, SubtaskStarted, SubtaskSucceeded
from segmentry.builder.outcome import Outcome
from segmentry.builder.panel import Panel
from segmentry.builder.refine import refine
from segmentry.builder.request import ENDS_AT, Options, Place
from segmentry.criteria import parse
from segmentry.customers.snapshots import SnapshotStore

from tests.vendor.menu import MENU
from tests.vendor.plans import Pace, Plan
from tests.vendored import NOTHING, condition, edit, edits, says, vendored

from .conftest import Listener

CLEAR = "gold members with a handicap below 10"
OPEN = "gold members who dote on the club"
DOTING = says(condition("dote on the club", "engagementScore", "band", "high engagement"))
EMPTY = Plan(answer=NOTHING)


def called(name: str) -> Plan:
    """An answer of the name expert."""
    return Plan(answer=json.dumps({"name": name}))


GOOD = called("Gold players under 10")


async def built(
    place: Place,
    store: SnapshotStore,
    panel: Panel | None,
    query: str = CLEAR,
    listener: Listener | None = None,
    **options: object,
) -> Outcome:
    wanted = Options(**({"suggest_name": True} | options))  # pyright: ignore[reportArgumentType]  # any option by name
    emit = listener or Listener()
    return await build(query, place, wanted, store, build_id="b_1", emit=emit, panel=panel)


def name_of(outcome: Outcome) -> tuple[str, bool]:
    assert outcome.result is not None
    return outcome.result.name, outcome.result.name_from_model


async def test_without_the_wish_nobody_names_anything(
    place: Place, store: SnapshotStore, listener: Listener
) -> None:
    async with vendored(EMPTY) as asked:
        asked.script.on("name", GOOD)
        outcome = await built(place, store, asked.panel, listener=listener, suggest_name=False)
        assert asked.vendor.n_calls == 0
    assert name_of(outcome) == ("", False)
    started = listener.heard[0]
    assert isinstance(started, Started)
    assert started.planned_agents == ("reader", "checker", "counter")


@pytest.mark.parametrize("options", [{}, {"offline_only": True}, {"skip_preview": True}])
async def test_without_a_model_the_criteria_give_the_name(
    options: dict[str, object], place: Place, store: SnapshotStore
) -> None:
    name, from_model = name_of(await built(place, store, None, **options))  # pyright: ignore[reportArgumentType]  # any option by name
    assert not from_model
    assert "GOLD" in name
    assert "10" in name


async def test_the_expert_names_what_the_reader_read_alone(
    place: Place, store: SnapshotStore, listener: Listener
) -> None:
    async with vendored(EMPTY) as asked:
        asked.script.on("name", GOOD)
        outcome = await built(place, store, asked.panel, listener=listener)
        assert [call.agent for call in asked.vendor.calls] == ["name"]
        tally = asked.panel.asker.counters.of("name", outcome.experts[0].prompt_version, "demo")
        assert tally.asked == 1
    assert name_of(outcome) == ("Gold players under 10", True)
    assert outcome.tier == "deterministic"
    assert [each.agent for each in outcome.experts] == ["name"]
    assert outcome.usage == outcome.experts[0].usage
    assert outcome.usage.calls == 1
    assert outcome.fallbacks == ()
    started = listener.heard[0]
    assert isinstance(started, Started)
    assert started.planned_agents == ("reader", "checker", "counter", "name")
    kinds = [
        type(each)
        for each in listener.heard
        if isinstance(each, SubtaskStarted | SubtaskSucceeded | SubtaskFailed) and each.agent == "name"
    ]
    assert kinds == [SubtaskStarted, SubtaskSucceeded]


async def test_it_is_paid_with_the_other_experts_and_changes_nothing_that_they_found(
    place: Place, store: SnapshotStore
) -> None:
    async with vendored(DOTING) as asked:
        asked.script.on("name", called("Gold fans"))
        bare = await built(place, store, asked.panel, OPEN, suggest_name=False)
        outcome = await built(place, store, asked.panel, OPEN)
        assert sum(each.usage.calls for each in outcome.experts) == outcome.usage.calls
    assert name_of(outcome) == ("Gold fans", True)
    assert [each.agent for each in outcome.experts][-1] == "name"
    assert outcome.tier == bare.tier == "combined"
    assert outcome.result is not None
    assert bare.result is not None
    assert outcome.result.canonical_json == bare.result.canonical_json
    assert outcome.preview == bare.preview


BAD = {
    "a_number_of_its_own": called("Top 500 gold players"),
    "another_decimal": called("Gold players under 10.5"),
    "a_sign_for_a_number": called("Gold players under 10\u00b2"),
    "too_long": called("Gold players " * 5),
    "quotes": called('"Gold" players'),
    "two_lines": called("Gold\nplayers"),
    "control_characters": called("Gold\x1b[31m players"),
    "invisible": called("Gold\u202eplayers"),
    "markup": called("<b>Gold</b>"),
    "an_address": called("Gold, see evil.example/now"),
    "empty": called(""),
    "not_json": Plan(answer="certainly!"),
    "refusal": MENU["refusal"],
    "server_error": MENU["server_error"],
    "quota": MENU["quota"],
}


@pytest.mark.parametrize("plan", BAD.values(), ids=BAD)
@pytest.mark.parametrize("require_llm", [False, True])
async def test_a_name_that_may_not_be_shown_leaves_the_one_made_of_the_criteria(
    plan: Plan, require_llm: bool, place: Place, store: SnapshotStore, listener: Listener
) -> None:
    ours = name_of(await built(place, store, None))
    async with vendored(EMPTY) as asked:
        asked.script.on("name", plan)
        outcome = await built(place, store, asked.panel, listener=listener, require_llm=require_llm)
        assert 1 <= [call.agent for call in asked.vendor.calls].count("name") <= 2
    assert name_of(outcome) == ours
    assert [each.subtask_id for each in outcome.fallbacks] == ["name"]
    [failed] = [each for each in listener.heard if isinstance(each, SubtaskFailed)]
    assert failed.agent == "name"
    assert failed.degraded
    assert "evil.example" not in repr(outcome)


async def test_a_slow_expert_keeps_nobody_waiting(place: Place, store: SnapshotStore) -> None:
    ours = name_of(await built(place, store, None))
    async with vendored(EMPTY) as asked:
        asked.script.on("name", replace(GOOD, pace=Pace(60.0)))
        async with asyncio.timeout(20):
            outcome = await built(place, store, asked.panel)
    assert name_of(outcome) == ours
    assert [each.reason for each in outcome.fallbacks] == ["LLM_TIMEOUT"]
    assert outcome.preview is not None


async def test_nobody_is_asked_where_the_caller_is_about_to_leave(place: Place, store: SnapshotStore) -> None:
    async with vendored(EMPTY) as asked:
        asked.script.on("name", GOOD)
        ENDS_AT.set(monotonic() + 0.2)
        outcome = await built(place, store, asked.panel)
        assert asked.vendor.n_calls == 0
    assert name_of(outcome)[1] is False
    assert [(each.reason, each.subtask_id) for each in outcome.fallbacks] == [("LLM_TIMEOUT", "name")]


async def test_a_cancelled_build_closes_the_call_for_its_name(place: Place, store: SnapshotStore) -> None:
    async with vendored(EMPTY) as asked:
        asked.script.on("name", replace(GOOD, pace=Pace(60.0)))
        task = asyncio.create_task(built(place, store, asked.panel))
        await asked.vendor.seen(1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        async with asyncio.timeout(5):
            await asked.vendor.seen(1, left=1)
            await asked.vendor.idle()


async def test_a_dry_run_prices_the_name_and_asks_nobody(place: Place, store: SnapshotStore) -> None:
    async with vendored(EMPTY) as asked:
        asked.script.on("name", GOOD)
        bare = await built(place, store, asked.panel, OPEN, suggest_name=False, dry_run=True)
        planned = await built(place, store, asked.panel, OPEN, dry_run=True)
        assert asked.vendor.n_calls == 0
        real = await built(place, store, asked.panel)
    assert planned.usage.calls == bare.usage.calls + 1
    assert planned.usage.cost_usd is not None
    assert bare.usage.cost_usd is not None
    assert real.usage.cost_usd is not None
    assert planned.usage.cost_usd - bare.usage.cost_usd >= real.usage.cost_usd


async def test_a_bound_that_does_not_pay_for_a_name_is_said_and_kept(
    place: Place, store: SnapshotStore, listener: Listener
) -> None:
    async with vendored(EMPTY) as asked:
        asked.script.on("name", GOOD)
        outcome = await built(place, store, asked.panel, listener=listener, max_cost_usd=0.0)
        none = await built(place, store, asked.panel, max_model_calls=0)
        assert asked.vendor.n_calls == 0
    for each in (outcome, none):
        assert [(said.reason, said.subtask_id) for said in each.fallbacks] == [("BUDGET_EXHAUSTED", "name")]
        assert name_of(each)[1] is False
    started = listener.heard[0]
    assert isinstance(started, Started)
    assert "name" not in started.planned_agents


async def test_questions_and_refusals_get_no_name(place: Place, store: SnapshotStore) -> None:
    async with vendored(EMPTY) as asked:
        asked.script.on("name", GOOD)
        asked_back = await built(place, store, asked.panel, "engaged users")
        refused = await built(place, store, asked.panel, "delete all gold members")
        assert "name" not in {call.agent for call in asked.vendor.calls}
    assert asked_back.clarification is not None
    assert refused.clarification is not None


async def test_a_vendor_that_failed_is_left_alone(place: Place, store: SnapshotStore) -> None:
    async with vendored(MENU["refusal"]) as asked:
        asked.script.on("name", GOOD)
        outcome = await built(place, store, asked.panel, OPEN)
        assert "name" not in {call.agent for call in asked.vendor.calls}
        assert asked.vendor.n_calls
    assert "name" not in {each.subtask_id for each in outcome.fallbacks}


async def test_it_is_told_how_conditions_are_joined(place: Place, store: SnapshotStore) -> None:
    async with vendored(EMPTY) as asked:
        asked.script.on("name", GOOD)
        await built(place, store, asked.panel, "not gold members, or with a handicap below 10")
        [call] = [each for each in asked.vendor.calls if each.agent == "name"]
        said = json.dumps(call.body)
    assert " or handicap is below 10" in said


async def test_a_refinement_is_named_too(place: Place, store: SnapshotStore) -> None:
    text = "the second one is way too loose, twelve would do nicely"
    before = parse.from_value({"$and": [{"membershipTier": "GOLD"}, {"handicap": {"$lt": 20}}]})
    wanted = Options(suggest_name=True)
    async with vendored(EMPTY, edit=edits(edit(text, "change", 2, words="twelve"))) as asked:
        asked.script.on("name", called("Gold players under 12"))
        panel = asked.panel
        edited = await refine(text, before, place, wanted, store, build_id="b", panel=panel)
        sure = await refine("also in Durban", before, place, wanted, store, build_id="b", panel=panel)
        planned = await refine(
            text, before, place, replace(wanted, dry_run=True), store, build_id="b", panel=panel
        )
    assert name_of(edited) == ("Gold players under 12", True)
    assert [each.agent for each in edited.experts] == ["edit", "name"]
    assert planned.usage.calls == 2
    # Twelve is no number of these criteria.
    assert name_of(sure)[1] is False
