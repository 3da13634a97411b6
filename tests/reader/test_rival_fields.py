"""One word for several columns, words of the past, rates, ranks, metres, and nothing done lately."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from segmentry.criteria import canonical
from segmentry.criteria.catalog import Catalog, Field, FieldValue
from segmentry.criteria.dates import Clock
from segmentry.reader.outcomes.evidence import ALONE
from segmentry.reader.read import read

CLOCK = Clock.at(datetime(2025, 12, 16, 9, tzinfo=UTC))


def _kinds(*values: str) -> tuple[FieldValue, ...]:
    return tuple(FieldValue(value) for value in values)


CABINS = Catalog(
    "cabins",
    (
        Field("is_open", "boolean"),
        Field("state_of_cabin", "enum", values=_kinds("open", "closed", "burnt")),
        Field("home_country", "string"),
        Field("invoice_country", "string"),
        Field("badge", "enum", values=_kinds("copper", "pearl")),
        Field("marital", "enum", values=_kinds("married", "single", "widowed")),
        Field("beds", "number", integer=True),
        Field("guests", "number", integer=True),
        Field("totalTrips", "number", integer=True),
        Field("TotalNights", "number", integer=True),
        Field("StaysLast12Mo", "number", integer=True, window_days=365),
        Field("last_check_in", "datetime"),
        Field("height_cm", "number", unit="cm"),
        Field("lane_km", "number", unit="km"),
        Field("elevation", "number"),
        Field("rank", "number", integer=True),
        Field("turnover", "number"),
    ),
)
POST = Catalog("post", (Field("contactEmail", "string"), Field("emailConsent", "boolean")))


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("people in Norway", "invoice_country as well as home_country"),
        ("more than 12 stays", "StaysLast12Mo as well as TotalNights"),
        ("people who were pearl", "speaks of the past"),
        ("used to be copper", "speaks of the past"),
        ("ever been copper", "speaks of the past"),
        ("unmarried", "married once"),
        ("more than 4 beds per guest", "not known to be per guest"),
        ("trip value over 30", "speaks of the value"),
        ("rank higher than 3", "a better or a larger one"),
    ],
)
def test_words_that_fit_something_else_as_well_are_not_answered_alone(query: str, said: str) -> None:
    draft = read(query, CABINS, CLOCK)
    assert draft.confidence < ALONE
    assert any(said in text for text in draft.ambiguities), draft


@pytest.mark.parametrize(
    "query",
    ["pearl people", "invoice country is Norway", "who are copper", "state of cabin is open", "beds over 4"],
)
def test_words_that_name_their_column_stand_alone(query: str) -> None:
    draft = read(query, CABINS, CLOCK)
    assert (draft.outcome, draft.confidence >= ALONE, draft.ambiguities) == ("ok", True, ())


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("taller than 1.7 m", '{"height_cm":{"$gt":170}}'),
        ("taller than 1.75m", '{"height_cm":{"$gt":175}}'),
        ("lane under 900 m", '{"lane_km":{"$lt":0.9}}'),
        ("turnover over 3m", '{"turnover":{"$gt":3000000}}'),
        ("turnover over 3 m", '{"turnover":{"$gt":3000000}}'),
        ("best 5% by rank", '{"$top":{"field":"rank","of":{},"order":"lowest","percent":5}}'),
        ("worst 5% by rank", '{"$top":{"field":"rank","of":{},"order":"highest","percent":5}}'),
        ("top 5% by turnover", '{"$top":{"field":"turnover","of":{},"order":"highest","percent":5}}'),
        ("no stays in the last 4 months", '{"last_check_in":{"$lt":"{{4_MONTHS_AGO}}"}}'),
        ("haven't stayed in the last 90 days", '{"last_check_in":{"$lt":"{{90_DAYS_AGO}}"}}'),
    ],
)
def test_a_length_a_rank_and_an_absence_are_read_by_their_column(query: str, expected: str) -> None:
    draft = read(query, CABINS, CLOCK)
    assert draft.node is not None
    assert canonical.text(draft.node) == expected
    assert draft.confidence >= ALONE


def test_metres_on_a_length_of_no_known_unit_are_a_guess() -> None:
    draft = read("elevation over 800 m", CABINS, CLOCK)
    assert draft.node is not None
    assert canonical.text(draft.node) == '{"elevation":{"$gt":800}}'
    assert draft.confidence < ALONE


def test_the_top_of_a_rank_shows_both_ends() -> None:
    draft = read("top 5% by rank", CABINS, CLOCK)
    assert draft.confidence < ALONE
    assert draft.node is not None
    assert "lowest" in canonical.text(draft.node)
    assert ["highest" in canonical.text(reading.node) for reading in draft.readings] == [True]


def test_nothing_of_one_thing_beside_the_date_of_another_is_not_answered_alone() -> None:
    clinic = Catalog("clinic", (Field("complaints", "number", integer=True), Field("last_login", "datetime")))
    assert read("no complaints in the last 30 days", clinic, CLOCK).confidence < ALONE


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("no email address", '{"contactEmail":{"$exists":false}}'),
        ("without an email address", '{"contactEmail":{"$exists":false}}'),
        ("have an email address", '{"contactEmail":{"$exists":true}}'),
        (
            "with an email address but no email consent",
            '{"$and":[{"contactEmail":{"$exists":true}},{"emailConsent":{"$neq":true}}]}',
        ),
        ("no email consent", '{"emailConsent":{"$neq":true}}'),
    ],
)
def test_an_email_address_is_no_consent_to_write_to_it(query: str, expected: str) -> None:
    draft = read(query, POST, CLOCK)
    assert draft.node is not None
    assert canonical.text(draft.node) == expected
