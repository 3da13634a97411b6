"""Instructions that change criteria: what they name changes, everything else stays."""

from __future__ import annotations

import pytest
from segmentry.criteria import check, parse, render, walk
from segmentry.criteria.catalog import Catalog
from segmentry.criteria.dates import Clock
from segmentry.reader.read import read
from segmentry.reader.refine import refine

TIER = '{"membershipTier":{"$in":["PLATINUM","DIAMOND"]}}'
BOOKED = '{"lastBookingAt":{"$lt":"{{60_DAYS_AGO}}"}}'
BOTH = f'{{"$and":[{TIER},{BOOKED}]}}'

EDITS = {
    "also require email opt-in": f'{{"$and":[{TIER},{BOOKED},{{"emailOptIn":true}}]}}',
    "but must be in Cape Town": f'{{"$and":[{TIER},{BOOKED},{{"city":"Cape Town"}}]}}',
    "only those who are active": f'{{"$and":[{TIER},{BOOKED},{{"status":"ACTIVE"}}]}}',
    "or gold": '{"$and":[{"membershipTier":{"$in":["PLATINUM","DIAMOND","GOLD"]}},' + BOOKED + "]}",
    "or handicap under 10": f'{{"$or":[{BOTH},{{"handicap":{{"$lt":10}}}}]}}',
    "remove the booking condition": TIER,
    "forget about tier": BOOKED,
    "any tier": BOOKED,
    "remove diamond": '{"$and":[{"membershipTier":"PLATINUM"},' + BOOKED + "]}",
    "exclude diamond": '{"$and":[{"membershipTier":"PLATINUM"},' + BOOKED + "]}",
    "exclude gold": f'{{"$and":[{TIER},{BOOKED},{{"membershipTier":{{"$neq":"GOLD"}}}}]}}',
    "change 60 to 90 days": f'{{"$and":[{TIER},{{"lastBookingAt":{{"$lt":"{{{{90_DAYS_AGO}}}}"}}}}]}}',
    "make it 90 days": f'{{"$and":[{TIER},{{"lastBookingAt":{{"$lt":"{{{{90_DAYS_AGO}}}}"}}}}]}}',
    "90 instead": f'{{"$and":[{TIER},{{"lastBookingAt":{{"$lt":"{{{{90_DAYS_AGO}}}}"}}}}]}}',
    "gold instead of platinum": '{"$and":[{"membershipTier":{"$in":["GOLD","DIAMOND"]}},' + BOOKED + "]}",
    "swap tier for status active": f'{{"$and":[{{"status":"ACTIVE"}},{BOOKED}]}}',
    "start over with gold members": '{"membershipTier":"GOLD"}',
}


@pytest.mark.parametrize("instruction", EDITS)
def test_an_instruction_changes_what_it_names_and_nothing_else(
    instruction: str, golf: Catalog, clock: Clock
) -> None:
    draft = refine(instruction, parse.loads(BOTH), golf, clock)
    assert draft.outcome == "ok"
    assert draft.node is not None
    assert render.to_json(draft.node) == parse.decode(EDITS[instruction])
    assert check.check(draft.node, golf, clock).errors == ()
    assert tuple(origin.leaf for origin in draft.origins) == walk.leaves(draft.node)
    for origin in draft.origins:
        for span in origin.spans:
            assert instruction[span.start : span.end] == span.text


@pytest.mark.parametrize(
    ("instruction", "said"),
    [
        ("remove the handicap condition", "no condition about"),
        ("undo", "Undo"),
        ("also require platinum or diamond", "nothing would change"),
        ("change 60 to 60 days", "nothing would change"),
    ],
)
def test_a_change_of_nothing_is_a_question_that_says_so(
    instruction: str, said: str, golf: Catalog, clock: Clock
) -> None:
    current = parse.loads(BOTH)
    draft = refine(instruction, current, golf, clock)
    assert draft.outcome == "ambiguous"
    assert said in draft.message
    assert draft.node == current


def test_removing_the_last_condition_leaves_everyone_and_says_so(golf: Catalog, clock: Clock) -> None:
    draft = refine("remove the tier", parse.loads(TIER), golf, clock)
    assert draft.node is not None
    assert render.to_json(draft.node) == {}
    assert any("EVERYONE" in note for note in draft.notes)


def test_a_number_that_fits_two_conditions_is_asked_about(golf: Catalog, clock: Clock) -> None:
    current = parse.loads('{"$and":[{"handicap":{"$lt":10}},{"engagementScore":{"$gte":70}}]}')
    draft = refine("make it 20", current, golf, clock)
    assert draft.outcome == "ambiguous"
    assert "handicap" in draft.message
    assert "engagementScore" in draft.message


def test_removing_what_was_added_restores_the_same_tree(golf: Catalog, clock: Clock) -> None:
    current = parse.loads(BOTH)
    added = refine("also require handicap under 12", current, golf, clock)
    assert added.node is not None
    back = refine("remove the handicap condition", added.node, golf, clock)
    assert back.node is not None
    assert render.to_json(back.node) == render.to_json(current)


def test_a_vague_instruction_asks_with_readings_on_top_of_the_current_criteria(
    golf: Catalog, clock: Clock
) -> None:
    draft = refine("only engaged ones", parse.loads(TIER), golf, clock)
    assert draft.outcome == "ambiguous"
    assert draft.readings
    for reading in draft.readings:
        assert parse.decode(TIER) in [render.to_json(leaf) for leaf in walk.leaves(reading.node)]


def test_building_and_refining_meet(golf: Catalog, clock: Clock) -> None:
    whole = read("platinum members with handicap under 10", golf, clock)
    part = read("platinum members", golf, clock)
    assert part.node is not None
    assert whole.node is not None
    refined = refine("with handicap under 10", part.node, golf, clock)
    assert refined.node is not None
    assert render.to_json(refined.node) == render.to_json(whole.node)


@pytest.mark.parametrize(
    ("instruction", "expected"),
    [
        ("instead of platinum use gold", '{"membershipTier":{"$in":["GOLD","DIAMOND"]}}'),
        ("rather than diamond, take silver", '{"membershipTier":{"$in":["PLATINUM","SILVER"]}}'),
    ],
)
def test_instead_of_may_stand_before_the_new_value(
    instruction: str, expected: str, golf: Catalog, clock: Clock
) -> None:
    draft = refine(instruction, parse.loads(TIER), golf, clock)
    assert draft.outcome == "ok"
    assert draft.node is not None
    assert render.to_json(draft.node) == parse.decode(expected)


@pytest.mark.parametrize(
    ("instruction", "current", "expected"),
    [
        (
            "must be inactive",
            '{"status":"ACTIVE"}',
            ['{"status":{"$in":["ACTIVE","INACTIVE"]}}', '{"status":"INACTIVE"}'],
        ),
        (
            "require gold",
            BOTH,
            [
                '{"$and":[{"membershipTier":{"$in":["PLATINUM","DIAMOND","GOLD"]}},' + BOOKED + "]}",
                '{"$and":[{"membershipTier":"GOLD"},' + BOOKED + "]}",
            ],
        ),
        (
            "with handicap over 20",
            '{"handicap":{"$lt":10}}',
            ['{"$or":[{"handicap":{"$lt":10}},{"handicap":{"$gt":20}}]}', '{"handicap":{"$gt":20}}'],
        ),
    ],
)
def test_a_change_that_leaves_nobody_asks_whether_either_or_instead_is_meant(
    instruction: str, current: str, expected: list[str], golf: Catalog, clock: Clock
) -> None:
    draft = refine(instruction, parse.loads(current), golf, clock)
    assert (draft.outcome, draft.reason) == ("ambiguous", "AMBIGUOUS_QUERY")
    assert draft.confidence < 0.5
    readings = [render.to_json(reading.node) for reading in draft.readings]
    assert readings == [parse.decode(each) for each in expected]
    assert draft.questions[0].readings == (0, 1)


def test_a_contradiction_that_was_there_before_does_not_stop_another_change(
    golf: Catalog, clock: Clock
) -> None:
    current = parse.loads('{"$and":[{"handicap":{"$lt":5}},{"handicap":{"$gt":20}}]}')
    assert refine("also require email opt-in", current, golf, clock).outcome == "ok"


@pytest.mark.parametrize("beside", ['{"$segment":"seg_7"}', '{"$not":{"$segment":"seg_7"}}'])
def test_a_saved_segment_beside_a_condition_does_not_hide_that_a_change_leaves_nobody(
    beside: str, golf: Catalog, clock: Clock
) -> None:
    current = parse.loads(f'{{"$and":[{beside},{{"handicap":{{"$lt":10}}}}]}}')
    assert refine("with handicap over 20", current, golf, clock).reason == "AMBIGUOUS_QUERY"
    assert refine("also require email opt-in", current, golf, clock).outcome == "ok"


def test_a_truth_value_that_is_asked_both_ways_is_offered_without_a_list(golf: Catalog, clock: Clock) -> None:
    draft = refine("opted in to email", parse.loads('{"emailOptIn":false}'), golf, clock)
    assert draft.outcome == "ambiguous"
    assert draft.readings
    for reading in draft.readings:
        assert check.check(reading.node, golf, clock).errors == ()


def test_a_question_before_many_other_changes_stands_without_readings(golf: Catalog, clock: Clock) -> None:
    current = parse.loads('{"$and":[{"engagementScore":{"$gt":50}},{"churnRiskScore":{"$lt":30}}]}')
    few = refine("remove the score condition. handicap over 5", current, golf, clock)
    assert (few.outcome, len(few.readings)) == ("ambiguous", 3)
    more = ". ".join(f"handicap over {at}" for at in range(5, 9))
    many = refine(f"remove the score condition. {more}", current, golf, clock)
    assert (many.outcome, many.readings) == ("ambiguous", ())
    assert many.questions
    assert all(each.readings == () for each in many.questions)
