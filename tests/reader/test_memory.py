"""What is remembered of words is bounded, and a query says the same the second time."""

from __future__ import annotations

import gc

import pytest
from segmentry.criteria.nodes import Leaf, Operator
from segmentry.reader.lexicon.lexicon import Lexicon
from segmentry.reader.lexicon.memory import Memory
from segmentry.reader.read import read
from segmentry.reader.refine import refine

from evals import tables
from tests.reader.scoring import CLOCK

GOLF = tables.load("golf")
QUERIES = (
    "platnum membrs with a shoesize over 9",
    "gold members who booked in the last 30 days",
    "haven't booked since March or between 1 and 5 April",
    "flurbish quonsets in Johanesburg",
)


def test_a_full_memory_forgets_and_goes_on() -> None:
    memory = Memory[int](3)
    for number in range(10):
        assert memory.keep(f"w{number}", number) == number
        assert len(memory) <= 3
    assert memory["w9"] == 9


def test_a_long_text_is_not_remembered() -> None:
    memory = Memory[int](3)
    assert memory.keep("a" * 1_000, 1) == 1
    assert not memory


@pytest.mark.parametrize("query", QUERIES)
def test_a_query_is_read_the_same_again(query: str) -> None:
    fresh = tables.load.__wrapped__("golf")
    assert (
        repr(read(query, fresh, CLOCK)) == repr(read(query, fresh, CLOCK)) == repr(read(query, GOLF, CLOCK))
    )


def test_any_number_of_words_takes_no_more_memory_than_the_bounds() -> None:
    built = Lexicon(GOLF)
    most = built.suggested.most
    for number in range(most + 10):
        built.suggested.keep(f"word{number}", ())
        built.known_words.keep(f"word{number}", True)
    assert len(built.suggested) <= most
    assert len(built.known_words) <= most


@pytest.mark.parametrize("query", QUERIES)
def test_reading_leaves_no_rings_for_the_collector(query: str) -> None:
    read(query, GOLF, CLOCK)
    gc.collect()
    gc.disable()
    try:
        read(query, GOLF, CLOCK)
        assert gc.collect(0) == 0
    finally:
        gc.enable()


def test_a_long_change_is_not_read_once_for_every_reading_of_a_question() -> None:
    drop = "drop the country and make it somewhat larger and add loyal people from Spain, "
    draft = refine((drop * 40)[:2_000], Leaf("handicap", Operator.LT, 10), GOLF, CLOCK)
    assert draft.outcome != "ok"
