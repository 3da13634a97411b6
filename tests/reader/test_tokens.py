"""Words that are remembered are the same tokens as those that the pattern reads, whatever stands around."""

from __future__ import annotations

import random

import pytest
from segmentry.reader.language.text import normalise
from segmentry.reader.language.tokens import tokenise

from tests.fuzz.questions import question

# what a neighbour may take to itself
PIECES = (
    *(
        "30",
        "000",
        "1,000",
        "2.5",
        "k",
        "K,",
        "m)",
        "mm",
        "bn",
        "b-b",
        "%",
        "€",
        "$",
        "R",
        "US$",
        "5k",
        "12m",
    ),
    *(
        "gold",
        "Gold,",
        "(gold)",
        "opt-in",
        "don't",
        "members'",
        "'",
        "'gold",
        "gold'",
        "w/",
        "w/o",
        "x_y",
        "é",
    ),
    *("-", "–", "..", "x.", "s", "'90s", "2024-01-01", "5th", "iPhone", "mrrEur", "VIPs", "e.g.", "or?", ""),
)
# text with double quotes is read by the pattern alone, and two of them hold nothing
BY_PATTERN = ' ""'


@pytest.mark.parametrize("part", range(4))
def test_any_row_of_pieces_is_cut_as_the_pattern_cuts_it(part: int) -> None:
    drawn = random.Random(part)
    for _ in range(2_000):
        text = " ".join(drawn.choices(PIECES, k=drawn.randint(1, 8)))
        assert tokenise(text) == tokenise(text + BY_PATTERN), text


def test_damaged_queries_are_cut_as_the_pattern_cuts_them() -> None:
    for seed in range(1_500):
        text = question(seed)[1]
        if '"' not in normalise(text).norm:
            assert tokenise(text) == tokenise(text + BY_PATTERN), text
