"""Where the next word shows that no date begins, the reader of dates finds none either."""

from datetime import UTC, datetime

import pytest
from segmentry.criteria.dates import Clock
from segmentry.reader.dates.dates import FIRST, DateReader
from segmentry.reader.dates.second_words import SECOND
from segmentry.reader.language.tokens import tokenise
from segmentry.reader.positions import Words, numbers_of

CLOCK = Clock.at(datetime(2025, 12, 16, 9, tzinfo=UTC))
NEXT = sorted(
    FIRST
    | {word for words in SECOND.values() for word in words}
    | {
        "customers",
        "other",
        "same",
        "days",
        "hours",
        "dozen",
        "three",
        "hundred",
        "couple",
        "5",
        "2024",
        "3rd",
    }
    | {"£50", "2024-03-05", "weekday", "weekends", "nineties", "ones", "close", "last", "least", "any"}
)
BEHIND = ("of 2024", "3 months", "months ago", "a year ago", "the year", "march", "now", "friday", "or")


@pytest.mark.parametrize("word", sorted(SECOND))
def test_no_date_is_hidden_by_the_word_after_a_small_one(word: str) -> None:
    hidden: list[str] = []
    for following in NEXT:
        for behind in BEHIND:
            text = f"{word} {following} {behind}"
            tokens = tokenise(text)
            numbers, undated, _ = numbers_of(tokens)
            reader = DateReader(
                tokens, Words([each.norm for each in tokens]).__getitem__, numbers, CLOCK, "en-GB"
            )
            if 0 in undated and reader.at(0) is not None:
                hidden.append(text)
    assert hidden == []


@pytest.mark.parametrize(
    "text", ["the gold members", "in Spain", "not gold", "no orders", "a member", "more gold"]
)
def test_a_small_word_before_no_date_is_not_read_as_one(text: str) -> None:
    _, undated, _ = numbers_of(tokenise(text))
    assert 0 in undated


@pytest.mark.parametrize(
    "text", ["the last week", "in 2024", "not before May", "a week ago", "from three days"]
)
def test_a_small_word_before_a_date_is_read(text: str) -> None:
    _, undated, _ = numbers_of(tokenise(text))
    assert 0 not in undated
