"""Criteria and an instruction to changed criteria, with what changed."""

from __future__ import annotations

import pytest
from segmentry.builder.outcome import Outcome
from segmentry.builder.refine import refine
from segmentry.builder.request import Answer, Options, Place
from segmentry.criteria import canonical, parse, render
from segmentry.customers.snapshots import SnapshotStore
from segmentry.errors import InvalidCriteria, MissingField

TIERS = '{"membershipTier":{"$in":["PLATINUM","DIAMOND"]}}'


async def refined(instruction: str, current: str, place: Place, store: SnapshotStore) -> Outcome:
    return await refine(instruction, parse.loads(current), place, Options(), store, build_id="b_1")


async def test_source_refinement_wraps_the_bare_criterion_and_keeps_its_leaf(
    place: Place, store: SnapshotStore
) -> None:
    outcome = await refined("Also require email opt-in", TIERS, place, store)
    result = outcome.result
    assert result is not None
    assert render.to_json(result.node) == {
        "$and": [{"membershipTier": {"$in": ["PLATINUM", "DIAMOND"]}}, {"emailOptIn": True}]
    }
    assert [entry.source for entry in result.provenance] == ["kept", "said"]
    assert outcome.changes is not None
    assert [(change.kind, change.path) for change in outcome.changes] == [("added", "$and[1].emailOptIn")]


async def test_adding_a_condition_never_raises_the_count(place: Place, store: SnapshotStore) -> None:
    outcome = await refined("Also require email opt-in", TIERS, place, store)
    assert outcome.preview is not None
    assert outcome.previous is not None
    tiers = await refined("only active ones", "{}", place, store)
    assert tiers.previous is not None
    assert tiers.previous.matched == tiers.previous.universe
    assert 0 < (outcome.preview.matched or 0) < (outcome.previous.matched or 0)


async def test_condition_that_is_there_already_is_said_and_can_be_left_as_it_is(
    place: Place, store: SnapshotStore
) -> None:
    instruction, current = "also require email opt-in", '{"emailOptIn":true}'
    question = (await refined(instruction, current, place, store)).clarification
    assert question is not None
    assert "already" in question.message
    [reading] = question.readings
    assert reading.label == "the criteria as they are"
    options = Options(answers=(Answer("", reading.reading_id),))
    outcome = await refine(instruction, parse.loads(current), place, options, store, build_id="b_1")
    assert outcome.result is not None
    assert canonical.text(outcome.result.node) == '{"emailOptIn":{"$eq":true}}'
    assert outcome.changes == ()
    assert "nothing changed" in outcome.result.ambiguities[-1]
    assert outcome.preview == outcome.previous


async def test_faulty_current_criteria_are_refused_with_every_path(
    place: Place, store: SnapshotStore
) -> None:
    current = '{"$and":[{"engagmentScore":{"$gte":70}},{"status":"ACTVE"}]}'
    with pytest.raises(InvalidCriteria) as raised:
        await refined("also email opt-in", current, place, store)
    assert [(each.code, each.path) for each in raised.value.diagnostics] == [
        ("INVALID_FIELD", "$and[0].engagmentScore.$gte"),
        ("INVALID_VALUE", "$and[1].status"),
    ]
    assert raised.value.diagnostics[0].suggestions == ("engagementScore",)


async def test_empty_instruction_is_missing(place: Place, store: SnapshotStore) -> None:
    with pytest.raises(MissingField) as raised:
        await refined("  ", TIERS, place, store)
    assert raised.value.metadata["field"] == "instruction"


async def test_instruction_nobody_understands_becomes_a_question_that_keeps_the_count(
    place: Place, store: SnapshotStore
) -> None:
    outcome = await refined("frumious quux zorgling", TIERS, place, store)
    assert outcome.result is None
    assert outcome.clarification is not None
    assert outcome.previous is not None
    assert outcome.previous.matched
