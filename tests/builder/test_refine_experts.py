"""The edit expert is asked where the reader's own grammar leaves an instruction open, over real HTTP."""

from __future__ import annotations

import json

import pytest
from segmentry.builder.events import Event, Partial, Started, SubtaskFailed, SubtaskStarted, SubtaskSucceeded
from segmentry.builder.outcome import Outcome
from segmentry.builder.panel import Panel
from segmentry.builder.refine import refine
from segmentry.builder.request import Options, Place
from segmentry.criteria import canonical, parse
from segmentry.customers.snapshots import SnapshotStore
from segmentry.errors import ModelUnavailable, SegmentryError, UnusableModelOutput

from tests.vendor.menu import MENU
from tests.vendor.plans import Plan
from tests.vendored import NOTHING, condition, edit, edits, says, vendored

from .conftest import Listener

GOLD = '{"membershipTier":{"$in":["GOLD","SILVER"]}}'
SINGLE = '{"handicap":{"$lt":20}}'
LAPSED = '{"lastBookingAt":{"$lt":"{{60_DAYS_AGO}}"}}'
CURRENT = f'{{"$and":[{GOLD},{SINGLE},{LAPSED}]}}'
# No form of the reader's own grammar: what is meant is clear to people alone.
OPEN = "the second one is way too loose, twelve would do nicely"
TO_TWELVE = edits(edit(OPEN, "change", 2, words="twelve"))
EMPTY = Plan(answer=NOTHING)


async def refined(  # noqa: PLR0917 - what a refinement is made of
    instruction: str,
    place: Place,
    store: SnapshotStore,
    panel: Panel | None,
    listener: Listener | None = None,
    current: str = CURRENT,
    **options: object,
) -> Outcome:
    heard = Listener() if listener is None else listener
    wanted = Options(**options)  # pyright: ignore[reportArgumentType]  # any option by name
    node = parse.loads(current)
    return await refine(instruction, node, place, wanted, store, build_id="b_1", emit=heard, panel=panel)


def said(outcome: Outcome) -> object:
    assert outcome.result is not None, outcome.clarification
    return json.loads(outcome.result.canonical_json)


def canon(criteria: str, place: Place) -> object:
    return json.loads(canonical.text(parse.loads(criteria), place.catalog))


def of_agent(heard: list[Event], agent: str) -> list[str]:
    kinds = (SubtaskStarted, SubtaskSucceeded, SubtaskFailed)
    return [type(each).__name__ for each in heard if isinstance(each, kinds) and each.agent == agent]


async def test_what_the_grammar_reads_asks_nobody(place: Place, store: SnapshotStore) -> None:
    async with vendored(EMPTY, edit=TO_TWELVE) as asked:
        outcome = await refined("make the handicap 12", place, store, asked.panel)
        assert asked.vendor.n_calls == 0
    assert outcome.result is not None
    assert outcome.tier == "deterministic"


async def test_an_open_instruction_is_one_call_and_the_rest_stays_as_it_was(
    place: Place, store: SnapshotStore
) -> None:
    listener = Listener()
    async with vendored(EMPTY, edit=TO_TWELVE) as asked:
        outcome = await refined(OPEN, place, store, asked.panel, listener)
        assert [call.agent for call in asked.vendor.calls] == ["edit"]
        question = asked.vendor.calls[0].asked.user
    assert '2 "handicap is below 20"' in question
    assert said(outcome) == canon(f'{{"$and":[{GOLD},{{"handicap":{{"$lt":12}}}},{LAPSED}]}}', place)
    assert outcome.tier == "combined"
    assert outcome.usage.calls == 1
    assert outcome.usage.cost_usd is not None
    assert outcome.changes is not None
    assert [each.kind for each in outcome.changes] == ["changed"]
    assert outcome.preview is not None
    assert outcome.previous is not None
    assert outcome.result is not None
    assert outcome.result.confidence < 0.9
    by_source = [(each.source, each.agent) for each in outcome.result.provenance]
    assert sorted(by_source) == [("kept", "reader"), ("kept", "reader"), ("said", "edit")]
    edited = next(each for each in outcome.result.provenance if each.agent == "edit")
    assert len(edited.prompt_version) == 12
    assert edited.tier == "llm"
    first = listener.heard[0]
    assert isinstance(first, Started)
    assert "edit" in first.planned_agents
    assert of_agent(listener.heard, "edit") == ["SubtaskStarted", "SubtaskSucceeded"]
    assert sum(isinstance(each, Partial) for each in listener.heard) >= 2


@pytest.mark.parametrize(
    ("instruction", "operations", "wanted"),
    [
        (
            "ditch whatever concerns handicaps",
            [edit("ditch whatever concerns handicaps", "remove", 2)],
            f'{{"$and":[{GOLD},{LAPSED}]}}',
        ),
        (
            "silver can join the party no more",
            [edit("silver can join the party no more", "exclude", words="silver")],
            f'{{"$and":[{{"membershipTier":"GOLD"}},{SINGLE},{LAPSED}]}}',
        ),
        (
            "platinum might join the party too",
            [edit("platinum might join the party too", "widen", 1, words="platinum")],
            f'{{"$and":[{{"membershipTier":{{"$in":["GOLD","SILVER","PLATINUM"]}}}},{SINGLE},{LAPSED}]}}',
        ),
        (
            "the first one ought to be turned around",
            [edit("the first one ought to be turned around", "negate", 1)],
            f'{{"$and":[{{"membershipTier":{{"$nin":["GOLD","SILVER"]}}}},{SINGLE},{LAPSED}]}}',
        ),
        (
            "the last one was silly, what counts is consent to email",
            [
                edit(
                    "the last one was silly, what counts is consent to email",
                    "replace", 3, words="consent to email",
                )
            ],
            f'{{"$and":[{GOLD},{SINGLE},{{"emailOptIn":true}}]}}',
        ),
        (
            "three strokes easier on the second one, and the third one bores me",
            [
                edit("three strokes easier on the second one", "change", 2, words="three strokes easier"),
                edit("the third one bores me", "remove", 3),
            ],
            None,
        ),
    ],
    ids=["remove", "exclude", "widen", "negate", "replace", "half_of_it"],
)  # fmt: skip
async def test_operations_touch_what_they_name_alone(
    instruction: str,
    operations: list[dict[str, object]],
    wanted: str | None,
    place: Place,
    store: SnapshotStore,
) -> None:
    async with vendored(EMPTY, edit=edits(*operations)) as asked:
        outcome = await refined(instruction, place, store, asked.panel)
    if wanted is not None:
        assert said(outcome) == canon(wanted, place)
        return
    # What can be done is a reading, and the rest is asked about: nothing is left out in silence.
    assert outcome.clarification is not None
    offered = [
        json.loads(canonical.text(each.node, place.catalog)) for each in outcome.clarification.readings
    ]
    assert canon(f'{{"$and":[{GOLD},{SINGLE}]}}', place) in offered


async def test_words_that_nobody_can_read_go_to_the_experts_of_the_fields(
    place: Place, store: SnapshotStore
) -> None:
    instruction = "narrow it a notch: mad keen on the club"
    operation = edit(instruction, "add", words="mad keen on the club")
    keen = says(condition("mad keen on the club", "engagementScore", "band", "high engagement"))
    async with vendored(keen, edit=edits(operation)) as asked:
        outcome = await refined(instruction, place, store, asked.panel)
        agents = [call.agent for call in asked.vendor.calls]
        others = [call.asked.user for call in asked.vendor.calls if call.agent != "edit"]
    assert agents[0] == "edit"
    assert others
    assert all("narrow" not in each for each in others)  # words of the operation alone are asked about
    wanted = f'{{"$and":[{GOLD},{SINGLE},{LAPSED},{{"engagementScore":{{"$gte":70}}}}]}}'
    assert said(outcome) == canon(wanted, place)
    assert outcome.result is not None
    new = next(each for each in outcome.result.provenance if each.source != "kept")
    assert new.agent.startswith("specialist_")
    assert {span.text for span in new.spans} == {"mad keen on the club"}


@pytest.mark.parametrize(
    ("operation", "code"),
    [
        (edit("nobody said this", "remove", 2), "EVIDENCE_NOT_FOUND"),
        (edit(OPEN, "change", 2, words="eleven"), "EVIDENCE_NOT_FOUND"),
        (edit(OPEN, "remove", 9), "BAD_LOGIC"),
        (edit(OPEN, "remove"), "BAD_LOGIC"),
        (edit(OPEN, "change", 2), "BAD_SHAPE"),
        (edit(OPEN, "drop table", 2), "BAD_SHAPE"),
    ],
    ids=lambda each: each if isinstance(each, str) else "",
)
async def test_an_operation_that_cannot_be_is_repaired_once_and_then_dropped(
    operation: dict[str, object], code: str, place: Place, store: SnapshotStore
) -> None:
    offline = await refined(OPEN, place, store, None)
    async with vendored(EMPTY, edit=edits(operation)) as asked:
        outcome = await refined(OPEN, place, store, asked.panel)
        assert [call.agent for call in asked.vendor.calls] == ["edit", "edit"]
        assert code in asked.vendor.calls[1].asked.user
    assert [each.reason for each in outcome.fallbacks] == ["LLM_BAD_OUTPUT"]
    assert outcome.clarification is not None
    assert offline.clarification is not None
    assert outcome.clarification.message == offline.clarification.message
    async with vendored(EMPTY) as asked:
        asked.script.on("edit", edits(operation), TO_TWELVE)
        outcome = await refined(OPEN, place, store, asked.panel)
    assert outcome.result is not None
    assert outcome.fallbacks == ()


async def test_a_dropped_operation_leaves_the_others(place: Place, store: SnapshotStore) -> None:
    operations = (edit(OPEN, "change", 2, words="twelve"), edit("nobody said this", "remove", 1))
    async with vendored(EMPTY, edit=edits(*operations)) as asked:
        outcome = await refined(OPEN, place, store, asked.panel)
    assert said(outcome) == canon(f'{{"$and":[{GOLD},{{"handicap":{{"$lt":12}}}},{LAPSED}]}}', place)


async def test_words_outside_every_operation_are_told(place: Place, store: SnapshotStore) -> None:
    async with vendored(
        EMPTY, edit=edits(edit("twelve would do nicely", "change", 2, words="twelve"))
    ) as asked:
        outcome = await refined(f"{OPEN}, and their birthday is in March", place, store, asked.panel)
    left = outcome.result.unexplained if outcome.result is not None else ()
    assert outcome.clarification is not None or "birthday" in {span.text for span in left}


async def test_expert_and_reader_that_agree_are_sure(place: Place, store: SnapshotStore) -> None:
    instruction = "drop the handicap thingummy"
    alone = await refined(instruction, place, store, None)
    async with vendored(EMPTY, edit=edits(edit(instruction, "remove", 2))) as asked:
        outcome = await refined(instruction, place, store, asked.panel, require_llm=True)
    assert said(outcome) == canon(f'{{"$and":[{GOLD},{LAPSED}]}}', place)
    assert outcome.result is not None
    assert outcome.result.confidence >= 0.7
    assert alone.result is None or outcome.result.confidence >= 0.9


@pytest.mark.parametrize(
    ("fault", "cause", "most_calls", "error"),
    [
        ("server_error", "LLM_UNAVAILABLE", 2, ModelUnavailable),
        ("rate_limit_long", "LLM_QUOTA_EXHAUSTED", 1, SegmentryError),
        ("quota", "LLM_QUOTA_EXHAUSTED", 1, SegmentryError),
        ("refusal", "LLM_REFUSED", 1, SegmentryError),
        ("content_filter", "LLM_REFUSED", 1, SegmentryError),
        ("truncated", "LLM_TRUNCATED", 2, UnusableModelOutput),
        ("html", "LLM_BAD_OUTPUT", 2, UnusableModelOutput),
        ("no_choices", "LLM_BAD_OUTPUT", 2, UnusableModelOutput),
        ("duplicate_keys", "LLM_BAD_OUTPUT", 2, UnusableModelOutput),
        ("unknown_field", "LLM_BAD_OUTPUT", 2, UnusableModelOutput),
        ("silent", "LLM_TIMEOUT", 1, ModelUnavailable),
        ("dripped", "LLM_TIMEOUT", 1, ModelUnavailable),
    ],
)
async def test_every_fault_of_the_model_leaves_the_readers_own_answer(  # noqa: PLR0917 - a row of the fault matrix
    fault: str, cause: str, most_calls: int, error: type[SegmentryError], place: Place, store: SnapshotStore
) -> None:
    listener = Listener()
    offline = await refined(OPEN, place, store, None)
    async with vendored(MENU[fault], edit=MENU[fault]) as asked:
        asked.panel.request_s = 0.6 if cause == "LLM_TIMEOUT" else 15.0
        outcome = await refined(OPEN, place, store, asked.panel, listener)
        assert asked.vendor.n_calls <= most_calls
    assert outcome.clarification is not None
    assert offline.clarification is not None
    assert outcome.clarification.message == offline.clarification.message
    assert outcome.tier == "deterministic"
    assert [each.reason for each in outcome.fallbacks] == [cause]
    assert of_agent(listener.heard, "edit")[-1] == "SubtaskFailed"
    async with vendored(MENU[fault], edit=MENU[fault]) as asked:
        asked.panel.request_s = 0.6 if cause == "LLM_TIMEOUT" else 15.0
        with pytest.raises(error) as raised:
            await refined(OPEN, place, store, asked.panel, require_llm=True)
    assert raised.value.metadata["cause"] == cause


async def test_limits_of_the_caller_hold(place: Place, store: SnapshotStore) -> None:
    listener = Listener()
    async with vendored(EMPTY, edit=TO_TWELVE) as asked:
        await refined(OPEN, place, store, asked.panel, offline_only=True)
        await refined(OPEN, place, store, asked.panel, max_model_calls=0)
        planned = await refined(OPEN, place, store, asked.panel, listener, dry_run=True)
        assert asked.vendor.n_calls == 0
    assert planned.usage.calls == 1
    assert planned.usage.cost_usd is not None
    assert planned.result is None
    first = listener.heard[0]
    assert isinstance(first, Started)
    assert "edit" in first.planned_agents


async def test_an_order_to_the_service_is_refused_without_asking(place: Place, store: SnapshotStore) -> None:
    async with vendored(EMPTY, edit=TO_TWELVE) as asked:
        outcome = await refined("delete all these customers", place, store, asked.panel)
        assert asked.vendor.n_calls == 0
    assert outcome.clarification is not None
    assert outcome.clarification.reason == "OUT_OF_SCOPE"


async def test_values_that_a_model_may_not_see_are_not_among_the_conditions(
    place: Place, store: SnapshotStore
) -> None:
    current = '{"$and":[{"email":"someone@example.org"},{"city":"Umhlanga-canary"},{"handicap":{"$lt":20}}]}'
    async with vendored(EMPTY, edit=edits()) as asked:
        await refined(OPEN, place, store, asked.panel, current=current)
        sent = json.dumps([dict(call.asked.body) for call in asked.vendor.calls])
    assert "handicap is below 20" in sent
    assert "example.org" not in sent
    assert "Umhlanga-canary" not in sent
