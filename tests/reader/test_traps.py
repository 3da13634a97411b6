"""Words that look like one thing and are another: signs in values, codes, numbers in names."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from segmentry.criteria import canonical, parse
from segmentry.criteria.catalog import Catalog, Field, FieldValue
from segmentry.criteria.dates import Clock
from segmentry.reader.language.morphology import people_of
from segmentry.reader.language.tokens import tokenise
from segmentry.reader.read import read

CLOCK = Clock.at(datetime(2025, 12, 16, 9, tzinfo=UTC))
CLINIC = Catalog(
    "clinic",
    (
        Field("PatientID", "string", role="id"),
        Field("BirthDate", "datetime"),
        Field("BloodType", "enum", samples=("A+", "A-", "O+", "O-", "AB+")),
        Field("InsurancePlan", "enum", samples=("Basic", "Gold Plus", "Silver")),
        Field("LastAppointment", "datetime"),
        Field("NextAppointment", "datetime"),
        Field("VisitsPastYear", "number", integer=True),
        Field("HasPortalAccount", "number", integer=True, boolean_like=True),
        Field("orders_12m", "number", integer=True),
        Field("IsVip", "boolean"),
        Field("activation_dt", "datetime"),
        Field("calls_out_30d", "number", integer=True),
        Field("intl_calls", "number", integer=True),
        Field("state", "enum", samples=("CA", "IN", "ME", "NY")),
        Field("Town", "enum", samples=("The Hague", "Den Bosch", "Breda")),
        Field("PreferredLanguage", "enum", samples=("Dutch", "Turkish")),
    ),
)

MAIL = Catalog(
    "mail",
    (
        Field("email_opt_out", "number", integer=True, boolean_like=True),
        Field("has_no_card", "number", integer=True, boolean_like=True),
        Field("do_not_call", "number", integer=True, boolean_like=True),
        Field("new_customer", "boolean"),
        Field("days_since_last_order", "number", integer=True),
        Field("first_purchase_date", "datetime"),
        Field("score_a", "number", integer=True),
        Field("score_b", "number", integer=True),
        Field("age", "number", integer=True),
        Field("top_category", "enum", samples=("Toys", "Bed & Bath")),
    ),
)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("opted out of email", '{"email_opt_out":1}'),
        ("opted in to email", '{"email_opt_out":0}'),
        ("people without a card", '{"has_no_card":1}'),
        ("people with a card", '{"has_no_card":0}'),
        ("contacts we can call", '{"do_not_call":0}'),
        ("customers who bought toys", '{"top_category":"Toys"}'),
        ("score_b over 10", '{"score_b":{"$gt":10}}'),
        ("new customers in their 30s", '{"$and":[{"new_customer":true},{"age":{"$gte":30,"$lte":39}}]}'),
    ],
)
def test_a_flag_that_denies_is_not_read_as_one_that_allows(query: str, expected: str) -> None:
    draft = read(query, MAIL, CLOCK)
    assert draft.outcome == "ok"
    assert draft.node is not None
    assert canonical.text(draft.node) == canonical.text(parse.loads(expected))


@pytest.mark.parametrize("query", ["score above 50", "ordered in the last 90 days", "won since 2024"])
def test_a_column_that_only_looks_alike_never_answers_alone(query: str) -> None:
    assert read(query, MAIL, CLOCK).confidence < 0.9


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("blood type O-", '{"BloodType":"O-"}'),
        ("blood type A+ or AB+", '{"BloodType":{"$in":["A+","AB+"]}}'),
        ("patients in The Hague", '{"Town":"The Hague"}'),
        ("patients in IN", '{"state":"IN"}'),
        ("orders_12m > 2", '{"orders_12m":{"$gt":2}}'),
        ("Orders 12m at least 3", '{"orders_12m":{"$gte":3}}'),
        ("VIPs", '{"IsVip":true}'),
        ("VIP patients in Breda", '{"$and":[{"IsVip":true},{"Town":"Breda"}]}'),
        ("not VIP", '{"IsVip":{"$neq":true}}'),
        ("no visits in the past year", '{"VisitsPastYear":0}'),
        ("more than 100 calls in the last 30 days", '{"calls_out_30d":{"$gt":100}}'),
        ("activated in 2024", '{"activation_dt":{"$gte":"2024-01-01","$lt":"2025-01-01"}}'),
        ("appointment in the last 60 days", '{"LastAppointment":{"$gte":"{{60_DAYS_AGO}}"}}'),
        (
            "older than 40 but younger than 60",
            '{"BirthDate":{"$lt":"{{40_YEARS_AGO}}","$gt":"{{60_YEARS_AGO}}"}}',
        ),
    ],
)
def test_words_that_look_like_one_thing_are_read_as_the_other(query: str, expected: str) -> None:
    draft = read(query, CLINIC, CLOCK)
    assert draft.outcome == "ok"
    assert draft.confidence >= 0.9
    assert draft.node is not None
    assert canonical.text(draft.node) == canonical.text(parse.loads(expected))


@pytest.mark.parametrize(
    "query",
    [
        "everyone except silver patients in Breda",
        "not on the silver plan or in Breda",
        "blood type A",
        "calls over 20",
    ],
)
def test_what_can_mean_two_things_never_answers_alone(query: str) -> None:
    assert read(query, CLINIC, CLOCK).confidence < 0.9


def test_a_number_glued_to_a_name_is_no_million() -> None:
    assert [token.norm for token in tokenise("orders_12m")] == ["orders", "12", "m"]
    assert [token.value for token in tokenise("over 12m")][1] == 12_000_000


@pytest.mark.parametrize(
    ("value", "noun"), [("management", "manager"), ("engineering", "engineer"), ("retired", "retiree")]
)
def test_people_are_named_after_what_they_do(value: str, noun: str) -> None:
    assert list(people_of(value)) == [noun]


@pytest.mark.parametrize(
    "words", ["2 billion", "two billion", "2 billions", "2000 million", "2,000,000 thousand"]
)
def test_a_billion_is_no_misspelt_million(words: str) -> None:
    draft = read(f"calls out 30d over {words}", CLINIC, CLOCK)
    assert draft.node is not None
    assert canonical.text(draft.node) == '{"calls_out_30d":{"$gt":2000000000}}'


COURSE = Catalog(
    "course",
    (
        Field("playerRank", "number", integer=True),
        Field("rating", "number"),
        Field("totalSpend", "number", unit="USD"),
        Field("orders30d", "number", integer=True, window_days=30),
        Field("accountState", "enum", samples=("Active", "Cancelled", "Suspended")),
        Field("lastOrderAt", "datetime"),
        Field("backup", "enum", values=tuple(FieldValue(each) for each in ("Yes", "No", "No line"))),
        Field("season", "enum", samples=("mar", "may", "jun", "nov")),
    ),
)


@pytest.mark.parametrize(
    "query",
    [
        "rating above average",
        "below average total spend",
        "spent more than 1000 on orders",
        "people who cancelled an order in the last 30 days",
        "above the median",
    ],
)
def test_what_the_table_cannot_tell_is_asked(query: str) -> None:
    draft = read(query, COURSE, CLOCK)
    assert draft.outcome == "ambiguous"
    assert draft.confidence < 0.5
    assert draft.questions
    assert all('"orders30d"' not in canonical.text(reading.node) for reading in draft.readings)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("rating of 4 or better", '{"rating":{"$gte":4}}'),
        ("player rank of 10 or better", '{"playerRank":{"$lte":10}}'),
        ("player rank 10 or worse", '{"playerRank":{"$gte":10}}'),
        ("player rank better than 10", '{"playerRank":{"$lt":10}}'),
        ("may or june customers", '{"season":{"$in":["may","jun"]}}'),
        ("cancelled customers", '{"accountState":"Cancelled"}'),
        ("customers without backup", '{"backup":"No"}'),
    ],
)
def test_what_the_table_can_tell_is_still_answered(query: str, expected: str) -> None:
    draft = read(query, COURSE, CLOCK)
    assert draft.outcome == "ok"
    assert draft.node is not None
    assert canonical.text(draft.node) == canonical.text(parse.loads(expected))


def test_a_no_beside_a_third_kind_shows_the_wider_reading() -> None:
    draft = read("customers without backup", COURSE, CLOCK)
    assert [(each.label, canonical.text(each.node)) for each in draft.readings] == [
        ("backup is not Yes (also No line)", '{"backup":{"$neq":"Yes"}}')
    ]
