"""A page of text is read once, whatever it asks for, and what is left out of its answer is said."""

from __future__ import annotations

import pytest
from segmentry.criteria.nodes import Leaf, Operator
from segmentry.reader.read import read
from segmentry.reader.refine import refine
from segmentry.reader.refining import current as refining
from segmentry.reader.refining.current import Readings

from evals import tables
from tests.reader.scoring import CLOCK

GOLF = tables.load("golf")
HANDICAP = Leaf("handicap", Operator.LT, 10)


def test_a_text_of_more_marks_than_a_page_has_words_is_refused_with_the_limit() -> None:
    draft = read("gold " + "*,-" * 600, GOLF, CLOCK)
    assert (draft.outcome, draft.reason) == ("refuse", "OUT_OF_SCOPE")
    assert "words and signs, limit 500" in draft.message


def test_a_long_refused_text_offers_no_criteria_and_a_short_one_does() -> None:
    short = read("delete the gold members in South Africa", GOLF, CLOCK)
    long = read("delete the gold members in South Africa" + " and those who are very nice" * 40, GOLF, CLOCK)
    assert short.outcome == long.outcome == "refuse"
    assert short.readings
    assert not long.readings


def test_every_open_word_of_a_long_text_is_asked_about_with_two_readings_at_least() -> None:
    words = (
        "loyal",
        "young",
        "wealthy",
        "frequent",
        "recent",
        "big-spending",
        "old",
        "engaged",
        "new",
        "keen",
    )
    draft = read("gold members who are " + " or ".join(words * 4), GOLF, CLOCK)
    assert draft.outcome == "ambiguous"
    assert len(draft.questions) > 8
    assert all(len(each.readings) >= 2 for each in draft.questions)


def test_words_read_for_one_change_are_read_once() -> None:
    readings = Readings(GOLF, CLOCK)
    assert readings.draft("gold members") is readings.draft("gold members")


def test_what_goes_beyond_the_bound_of_one_change_comes_back_as_a_question() -> None:
    readings = Readings(GOLF, CLOCK)
    assert readings.draft("gold " * 400).outcome == "ok"
    beyond = readings.draft("silver " * 200)
    assert readings.is_spent
    assert (beyond.outcome, beyond.node, beyond.confidence) == ("ambiguous", None, 0.0)
    assert "send its parts one after the other" in beyond.message


def test_a_question_keeps_no_reading_without_an_edit_that_was_asked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    change = "only loyal ones, then drop the handicap"
    assert refine(change, HANDICAP, GOLF, CLOCK).readings
    monkeypatch.setattr(refining, "_MOST_READ", 1)
    assert not refine(change, HANDICAP, GOLF, CLOCK).readings


@pytest.mark.parametrize("number", ["27-82-555-12-34", "1-2-3-4-5-6-7-8-9"])
def test_a_chain_of_digits_is_one_word_that_nobody_knows(number: str) -> None:
    draft = read(f"gold members {number}", GOLF, CLOCK)
    assert [each.text for each in draft.unexplained] == [number]


def test_a_number_too_large_for_any_float_is_no_condition() -> None:
    draft = read(f"golfers with over {'9' * 330}k bookings", GOLF, CLOCK)
    assert draft.outcome != "ok"
