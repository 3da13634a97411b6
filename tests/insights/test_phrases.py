"""Phrases in figures: words that a catalog or the grammar knows, and nothing of anybody."""

from __future__ import annotations

import dataclasses

import pytest
from segmentry.criteria.catalog import FieldValue
from segmentry.insights.phrases import LONGEST, phrase, phrase_id, vocabulary

from tests.rpc.builder_server import club

KNOWN = vocabulary(club().catalog)


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("Gold members", "gold members"),
        ("older than 45", "older than #"),
        ("haven't booked in the last 60 days", "haven't booked in the last # days"),
        ("called Siobhan O'Neill-Vasquez", "... "),
        ("siobhan.oneill@example.com", "..."),
        ("phone +27 82 555 0199", "# "),
        ("the crazy ones from Ouagadougou", "the ... ones from ..."),
    ],
)
def test_words_of_people_and_numbers_are_left_out(said: str, shown: str) -> None:
    found = phrase(said, KNOWN)
    if shown.endswith(" "):
        assert shown.strip() in found
        assert not any(word in found for word in ("siobhan", "neill", "vasquez", "82", "555"))
    else:
        assert found == shown


def test_values_that_only_rows_have_are_no_words_of_a_catalog() -> None:
    catalog = club().catalog
    city = next(each for each in catalog.fields if each.name == "city")
    seen = dataclasses.replace(
        city, values=(FieldValue("Sibylline", sampled=True), FieldValue("Listedville"))
    )
    words = vocabulary(catalog.replace_fields((seen,)))
    assert "listedville" in words
    assert "sibylline" not in words


def test_nothing_of_a_personal_field_is_known_but_its_name() -> None:
    catalog = club().catalog
    named = dataclasses.replace(catalog.fields[0], name="nickName", pii=True, values=(FieldValue("Ziggy"),))
    words = vocabulary(catalog.replace_fields((named,)))
    assert {"nick", "name"} <= words
    assert "ziggy" not in words


def test_a_long_phrase_is_cut_at_a_word_and_its_id_is_of_what_is_shown() -> None:
    long = phrase("gold members who " * 40, KNOWN)
    assert 100 < len(long) <= LONGEST
    assert phrase_id(phrase("over 45", KNOWN)) == phrase_id(phrase("Over 99", KNOWN))
