"""Evidence is found where it stands, and nowhere else."""

from __future__ import annotations

import pytest
from segmentry.agents.evidence import locate
from segmentry.reader.draft import Span


@pytest.mark.parametrize(
    ("evidence", "query", "found"),
    [
        ("gold", "gold members", "gold"),
        ("GOLD", "some gold members", "gold"),
        ("cape  town", "in Cape Town", "Cape Town"),
        ("'gold'", "gold members", "gold"),
        ("straße", "an der Straße 5", "Straße"),
        ("東京", "東京の会員", "東京"),
        ("man", "a woman", None),
        ("silver", "gold members", None),
        ("", "gold", None),
        (" . ", "gold.", None),
    ],
)
def test_words_are_found_with_case_and_blanks_folded(evidence: str, query: str, found: str | None) -> None:
    span = locate(evidence, query)
    assert (None if span is None else span.text) == found
    if span is not None:
        assert query[span.start : span.end] == found


def test_the_same_words_twice_are_two_places() -> None:
    first = locate("gold", "gold or not gold")
    assert first == Span(0, 4, "gold")
    assert first is not None
    assert locate("gold", "gold or not gold", [first]) == Span(12, 16, "gold")
