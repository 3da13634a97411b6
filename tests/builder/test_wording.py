"""The ambiguity expert words our question and our options; it adds none, and its failure changes nothing."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from segmentry.builder.build import build
from segmentry.builder.outcome import Outcome
from segmentry.builder.panel import Panel
from segmentry.builder.request import Options, Place
from segmentry.customers.snapshots import SnapshotStore

from tests.vendor.menu import MENU
from tests.vendor.plans import Asked, Plan
from tests.vendored import NOTHING, vendored, words

from .conftest import Listener

VAGUE = "engaged users"
EMPTY = Plan(answer=NOTHING)


async def built(
    place: Place, store: SnapshotStore, panel: Panel | None, query: str = VAGUE, **options: object
) -> Outcome:
    wanted = Options(**options)  # pyright: ignore[reportArgumentType]  # any option by name
    return await build(query, place, wanted, store, build_id="b_1", emit=Listener(), panel=panel)


def told(outcome: Outcome) -> tuple[str, list[str], list[str]]:
    """The first question, the labels of its readings, and their ids."""
    asked = outcome.clarification
    assert asked is not None
    question = asked.questions[0]
    labels = {each.reading_id: each.label for each in asked.readings}
    return question.text, [labels[each] for each in question.reading_ids], list(question.reading_ids)


async def test_a_question_is_worded_and_its_options_stay_the_same_trees(
    place: Place, store: SnapshotStore
) -> None:
    ours = told(await built(place, store, None))
    async with vendored(EMPTY) as asked:
        asked.script.on("ambiguity", words("Who is one of the 'engaged' to you?"))
        outcome = await built(place, store, asked.panel)
        assert [call.agent for call in asked.vendor.calls].count("ambiguity") == 1
    question, labels, ids = told(outcome)
    assert question == "Who is one of the 'engaged' to you?"
    assert labels != ours[1]
    assert ids == ours[2]
    assert outcome.fallbacks == ()
    assert "ambiguity" in {each.agent for each in outcome.experts}


BAD = {
    "an_option_more": words("What is 'engaged'?", "a", "b", "c", "d", "e", "f", "g"),
    "no_quote": words("What do you mean?"),
    "no_question": words("Tell about 'engaged'."),
    "too_long": words(f"What is 'engaged'{' really' * 40}?"),
    "an_address": words("What is 'engaged', see https://evil.example/?"),
    "markup": words("What is 'engaged' <b>?"),
    "not_json": Plan(answer="certainly!"),
    "refusal": MENU["refusal"],
    "server_error": MENU["server_error"],
}


@pytest.mark.parametrize("plan", BAD.values(), ids=BAD)
async def test_our_own_wording_stands_where_the_experts_is_not_the_same(
    plan: Plan, place: Place, store: SnapshotStore
) -> None:
    ours = told(await built(place, store, None))
    async with vendored(EMPTY) as asked:
        asked.script.on("ambiguity", plan)
        outcome = await built(place, store, asked.panel)
        n_calls = [call.agent for call in asked.vendor.calls].count("ambiguity")
    assert told(outcome) == ours
    assert n_calls <= 2
    assert [each.subtask_id for each in outcome.fallbacks] == ["ambiguity"]
    assert "evil.example" not in repr(outcome)


def turned(lines: list[str]) -> list[str]:
    return lines[::-1]


def numbered(lines: list[str]) -> list[str]:
    return [f"{each} or 12" for each in lines]


@pytest.mark.parametrize("change", [turned, numbered])
async def test_options_in_another_order_or_with_other_numbers_are_not_taken(
    change: Callable[[list[str]], list[str]], place: Place, store: SnapshotStore
) -> None:
    ours = told(await built(place, store, None))
    honest = words()

    def answer(asked: Asked) -> str:
        said = json.loads(honest.text(asked))
        return json.dumps(said | {"options": change(said["options"])})

    async with vendored(EMPTY) as asked:
        asked.script.on("ambiguity", Plan(answer=answer))
        outcome = await built(place, store, asked.panel)
    assert told(outcome) == ours


async def test_nobody_words_what_is_no_question_or_may_not_be_asked(
    place: Place, store: SnapshotStore
) -> None:
    async with vendored(EMPTY) as asked:
        await built(place, store, asked.panel, "gold members in Durban")
        await built(place, store, asked.panel, "delete all gold members")
        await built(place, store, asked.panel, offline_only=True)
        assert asked.vendor.n_calls == 0
    async with vendored(MENU["refusal"]) as asked:
        await built(place, store, asked.panel)  # where others failed, the vendor is left alone
        assert "ambiguity" not in {call.agent for call in asked.vendor.calls}
