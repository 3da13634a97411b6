"""Nouns for people and denials beside values: what they say of somebody, and what they do not."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from segmentry.criteria import parse, witness
from segmentry.criteria.catalog import Catalog, EventType, Field, FieldValue
from segmentry.criteria.dates import Clock
from segmentry.reader.draft import Draft
from segmentry.reader.read import read

CLOCK = Clock.at(datetime(2026, 3, 2, 9, tzinfo=UTC))
YES_NO = (FieldValue("Yes"), FieldValue("No"))
TENANTS = Catalog(
    "tenants",
    (
        Field("stage", "enum", values=(FieldValue("Contacted"), FieldValue("Signed"))),
        Field("phone", "string"),
        Field("garage", "enum", values=YES_NO, boolean_like=True),
        Field("garden", "enum", values=YES_NO, boolean_like=True),
        Field("joined_at", "datetime", synonyms=("member since",)),
        Field("last_inspection", "datetime"),
    ),
    events=(EventType("return", synonyms=("returned", "sent back")),),
)


def drafted(query: str) -> Draft:
    return read(query, TENANTS, CLOCK)


def test_people_who_are_called_like_a_stage_are_people() -> None:
    node = drafted("contacts without a phone").node
    assert node is not None
    assert witness.equal(node, parse.loads('{"phone":{"$exists":false}}'), TENANTS, CLOCK)


def test_other_may_be_the_last_word() -> None:
    assert drafted("garage, other").outcome in {"ambiguous", "invalid_field", "ok"}


def test_a_stage_is_still_read_by_its_own_word() -> None:
    node = drafted("contacted, no phone").node
    assert node is not None
    wanted = parse.loads('{"stage":"Contacted","phone":{"$exists":false}}')
    assert witness.equal(node, wanted, TENANTS, CLOCK)


def test_a_denial_behind_a_comma_is_no_second_value() -> None:
    node = drafted("garage yes, no garden").node
    assert node is not None
    assert "IN" not in repr(node)


@pytest.mark.parametrize(
    "query",
    [
        "tenants in the past fortnight",
        "members over the last month",
        "inspection within the next two weeks",
        "sent some zorbs back twice",
    ],
)
def test_what_the_words_do_not_bear_out_never_stands_alone(query: str) -> None:
    assert drafted(query).confidence < 0.9


@pytest.mark.parametrize("query", ["members since last year", "new members during the last fortnight"])
def test_since_and_new_still_say_when_they_joined(query: str) -> None:
    draft = drafted(query)
    assert draft.confidence >= 0.9
    assert "joined_at" in repr(draft.node)


def test_half_a_character_is_no_reason_to_fail() -> None:
    assert drafted("phone is n\ud800o").confidence < 0.9
