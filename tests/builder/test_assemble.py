"""What experts found stands where its words do; the reader's closed phrases stand whatever an expert says."""

from __future__ import annotations

import pytest
from segmentry.agents.expression import parse as logic_of
from segmentry.agents.judging import Judged, judge
from segmentry.agents.pieces import Condition, FieldAnswer, LogicAnswer
from segmentry.builder.assemble import Assembled, assemble
from segmentry.builder.request import Place
from segmentry.criteria import parse, witness
from segmentry.reader import read
from segmentry.reader.outline import outline


def judged(place: Place, query: str, *conditions: Condition, agent: str = "members") -> Judged:
    own = {each.name: each.name for each in (*place.catalog.fields, *place.catalog.events)}
    return judge(FieldAnswer(agent, "v1", conditions), own, query, place.catalog, place.clock)


def assembled(
    place: Place, query: str, *answers: Judged, expr: str = "", unsure: bool = False, foreign: bool = False
) -> Assembled:
    draft = read.read(query, place.catalog, place.clock)
    phrases = outline(query, place.catalog, place.clock)
    logic = LogicAnswer(logic_of(expr, len(phrases.phrases)), unsure, "v1") if expr else None
    return assemble(query, place, draft, phrases, answers, logic, foreign=foreign)


def means(found: Assembled, place: Place, criteria: str) -> bool:
    node = found.draft.node
    return node is not None and witness.equal(node, parse.loads(criteria), place.catalog, place.clock)


def test_an_open_phrase_is_filled_and_says_who_filled_it(place: Place) -> None:
    query = "gold members who are crazy about us"
    said = Condition("crazy about us", "engagementScore", "band", ("high engagement",))
    found = assembled(place, query, judged(place, query, said))
    assert means(found, place, '{"membershipTier":"GOLD","engagementScore":{"$gte":70}}')
    assert found.draft.outcome == "ok"
    assert found.draft.confidence == pytest.approx(0.7)  # only one side read it
    assert [(each.agent, each.prompt_version) for each in found.draft.origins] == [
        ("reader", ""),
        ("members", "v1"),
    ]


def test_a_closed_phrase_stands_whatever_an_expert_says(place: Place) -> None:
    query = "gold members"
    found = assembled(
        place, query, judged(place, query, Condition("gold", "membershipTier", "is", ("SILVER",)))
    )
    assert means(found, place, '{"membershipTier":"GOLD"}')
    assert not found.vouched


def test_a_denial_in_the_evidence_is_not_denied_twice(place: Place) -> None:
    query = "gold members who did not set foot here in 60 days"
    said = Condition(
        "did not set foot here in 60 days", "lastBookingAt", "within", ("60",), "day", "past", True
    )
    found = assembled(place, query, judged(place, query, said))
    wanted = '{"membershipTier":"GOLD","lastBookingAt":{"$lt":"{{60_DAYS_AGO}}"}}'
    assert means(found, place, wanted), found.draft.node


def test_connectives_around_an_experts_words_are_the_readers(place: Place) -> None:
    query = "blorped in Durban, or gold"
    said = Condition("blorped in Durban", "city", "is", ("Durban",))
    found = assembled(place, query, judged(place, query, said))
    assert means(found, place, '{"$or":[{"city":"Durban"},{"membershipTier":"GOLD"}]}')


def test_two_experts_on_the_same_words_are_a_question_with_both_readings(place: Place) -> None:
    query = "members whose numbers are over 30"
    one = judged(place, query, Condition("numbers are over 30", "handicap", "above", ("30",)), agent="golf")
    two = judged(
        place, query, Condition("numbers are over 30", "engagementScore", "above", ("30",)), agent="scores"
    )
    draft = assembled(place, query, one, two).draft
    assert draft.outcome == "ambiguous"
    assert draft.confidence < 0.5
    assert any("numbers are over 30" in question.text for question in draft.questions)
    assert len(draft.readings) >= 2


def test_another_language_counts_by_the_experts_alone_and_is_never_sure(place: Place) -> None:
    query = "Goldmitglieder die seit 60 Tagen nicht gebucht haben"
    answer = judged(
        place,
        query,
        Condition("Goldmitglieder", "membershipTier", "is", ("gold",)),
        Condition("seit 60 Tagen nicht gebucht", "lastBookingAt", "within", ("60",), "day", "past", True),
    )
    found = assembled(place, query, answer, foreign=True)
    wanted = '{"membershipTier":"GOLD","lastBookingAt":{"$lt":"{{60_DAYS_AGO}}"}}'
    assert means(found, place, wanted)
    assert found.draft.outcome == "ok"
    assert found.draft.confidence < 0.9


def test_nothing_that_stands_leaves_the_readers_draft_as_it_is(place: Place) -> None:
    query = "gold members who blorp"
    bad = judged(place, query, Condition("who blorp", "shoeSize", "above", ("9",)))
    assert assembled(place, query, bad).draft == read.read(query, place.catalog, place.clock)


def test_another_grouping_by_the_logic_expert_is_asked_about(place: Place) -> None:
    query = "gold members in Durban, or silver members who are frobbed"
    said = judged(place, query, Condition("who are frobbed", "status", "is", ("ACTIVE",)))
    same = assembled(place, query, said)
    other = assembled(place, query, said, expr="1 & 2")
    assert same.draft.outcome == "ok"
    assert other.draft.outcome == "ambiguous"
    assert len(other.draft.readings) == len(same.draft.readings) + 1
