"""An answer to a question that experts raised asks nobody again, and is the tree that was shown."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from segmentry.builder.build import build
from segmentry.builder.outcome import Clarification, Outcome
from segmentry.builder.panel import Panel
from segmentry.builder.refine import refine
from segmentry.builder.remembered import Remembered
from segmentry.builder.request import Answer, Options, Place
from segmentry.criteria import canonical, parse
from segmentry.criteria.dates import Clock
from segmentry.customers.snapshots import SnapshotStore

from tests.vendored import condition, edit, edits, says, vendored

from .conftest import Listener

QUERY = "gold members who are crazy about us"
# Two experts claim the same words for fields of their own: which is meant only the caller knows.
TORN = says(
    condition("crazy about us", "engagementScore", "band", "high engagement"),
    condition("crazy about us", "emailOptIn", "is", "yes"),
)


async def asked_back(place: Place, store: SnapshotStore, panel: Panel, query: str = QUERY) -> Clarification:
    outcome = await build(query, place, Options(), store, build_id="b_1", panel=panel)
    assert outcome.clarification is not None, outcome.result
    return outcome.clarification


async def answered(
    asked: Clarification, place: Place, store: SnapshotStore, panel: Panel, query: str = QUERY
) -> Outcome:
    chosen = asked.questions[0]
    options = Options(answers=(Answer(chosen.question_id, chosen.reading_ids[0]),))
    listener = Listener()
    return await build(query, place, options, store, build_id="b_2", emit=listener, panel=panel)


async def test_the_answer_takes_the_reading_without_a_call(place: Place, store: SnapshotStore) -> None:
    async with vendored(TORN) as asked:
        question = await asked_back(place, store, asked.panel)
        n_calls = asked.vendor.n_calls
        assert n_calls > 1
        alone = await build(QUERY, place, Options(), store, build_id="b_3")
        assert alone.clarification is not None
        known = {each.reading_id for each in alone.clarification.readings}
        assert question.questions[0].reading_ids[0] not in known  # only the experts offer it
        outcome = await answered(question, place, store, asked.panel)
        assert asked.vendor.n_calls == n_calls
    wanted = next(
        each for each in question.readings if each.reading_id == question.questions[0].reading_ids[0]
    )
    assert outcome.result is not None
    assert canonical.text(outcome.result.node) == canonical.text(wanted.node)
    assert outcome.usage.calls == 0
    assert outcome.experts == ()
    assert outcome.tier == "combined"


async def test_an_answer_minutes_later_is_about_the_same_question(place: Place, store: SnapshotStore) -> None:
    later = replace(place, clock=Clock(place.clock.as_of + timedelta(minutes=5), place.clock.zone))
    async with vendored(TORN) as asked:
        question = await asked_back(place, store, asked.panel)
        n_calls = asked.vendor.n_calls
        outcome = await answered(question, later, store, asked.panel)
        assert asked.vendor.n_calls == n_calls
    assert outcome.result is not None


async def test_other_words_another_tenant_or_a_late_answer_ask_again(
    place: Place, store: SnapshotStore
) -> None:
    elsewhere = replace(place, tenant="other")
    async with vendored(TORN) as asked:
        now = [0.0]
        asked.panel.remembered = Remembered(now=lambda: now[0])
        question = await asked_back(place, store, asked.panel)
        chosen = Answer("", question.questions[0].reading_ids[0])
        options = Options(answers=(chosen,), skip_preview=True)
        for query, where in ((f"{QUERY}!", place), (QUERY, elsewhere)):
            n_calls = asked.vendor.n_calls
            await build(query, where, options, store, build_id="b_2", panel=asked.panel)
            assert asked.vendor.n_calls > n_calls
        now[0] = 601.0
        n_calls = asked.vendor.n_calls
        await build(QUERY, place, options, store, build_id="b_2", panel=asked.panel)
        assert asked.vendor.n_calls > n_calls


async def test_an_answer_about_an_instruction_asks_the_edit_expert_once(
    place: Place, store: SnapshotStore
) -> None:
    current = parse.loads('{"$and":[{"membershipTier":"GOLD"},{"handicap":{"$lt":20}},{"status":"ACTIVE"}]}')
    text = "three strokes easier on the second one, and the third one bores me"
    plan = edits(
        edit("three strokes easier on the second one", "change", 2, words="three strokes easier"),
        edit("the third one bores me", "remove", 3),
    )
    async with vendored(says(), edit=plan) as asked:
        first = await refine(text, current, place, Options(), store, build_id="b_1", panel=asked.panel)
        assert first.clarification is not None
        n_calls = asked.vendor.n_calls
        chosen = first.clarification.questions[0]
        options = Options(answers=(Answer(chosen.question_id, chosen.reading_ids[0]),))
        second = await refine(text, current, place, options, store, build_id="b_2", panel=asked.panel)
        assert asked.vendor.n_calls == n_calls
    assert second.result is not None
    assert second.changes is not None
    assert [each.kind for each in second.changes] == ["removed"]
