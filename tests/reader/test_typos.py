"""Slips of the hand: what is put right, what is left alone because it is another word."""

from __future__ import annotations

import pytest
from segmentry.criteria import canonical
from segmentry.criteria.catalog import Catalog, Field, FieldValue
from segmentry.reader.draft import Draft
from segmentry.reader.read import read

from tests.reader.scoring import CLOCK

TABLE = Catalog(
    "club",
    (
        Field("tier", "enum", values=tuple(map(FieldValue, ("gold", "silver", "platinum")))),
        Field("age", "number", integer=True),
        Field("is_smoker", "boolean"),
        Field("country", "string", format="iso3166-alpha2"),
        Field("last_visit_at", "datetime"),
        Field("sms_opt_in", "boolean"),
    ),
)


def _read(query: str) -> Draft:
    return read(query, TABLE, CLOCK)


@pytest.mark.parametrize(
    ("query", "right"),
    [
        ("membrs over 40", "members over 40"),
        ("age unde 40", "age under 40"),
        ("age blow 40", "age below 40"),
        ("at last 40 years old", "at least 40 years old"),
        ("silve or platnum members", "silver or platinum members"),
        ("smoers over 40", "smokers over 40"),
        ("gold members in Germny", "gold members in Germany"),
        ("austrain gold members", "austrian gold members"),
        ("visited in Augst 2025", "visited in August 2025"),
        ("gold members withuot sms consent", "gold members without sms consent"),
    ],
)
def test_one_wrong_letter_changes_nothing(query: str, right: str) -> None:
    draft, meant = _read(query), _read(right)
    assert draft.node is not None
    assert meant.node is not None
    assert canonical.text(draft.node) == canonical.text(meant.node)
    assert draft.confidence <= meant.confidence
    assert any("was read as" in note for note in draft.notes)


@pytest.mark.parametrize("query", ["gold buggy owners", "members with a locker", "gold members who fold"])
def test_a_word_of_english_is_no_slip(query: str) -> None:
    draft = _read(query)
    assert draft.unexplained or draft.outcome != "ok"
    assert not any("was read as" in note for note in draft.notes)


def test_a_negating_prefix_is_no_slip() -> None:
    draft = read("unverifid members", Catalog("c", (Field("verified", "boolean"),)), CLOCK)
    assert draft.node is None or "true" not in canonical.text(draft.node)
