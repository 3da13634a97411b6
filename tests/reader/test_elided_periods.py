"""What is said once and meant twice: dates, numbers and nouns of which the second half is left out."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from segmentry.criteria import canonical, parse
from segmentry.criteria.dates import Clock
from segmentry.customers import inline
from segmentry.errors import JsonValue
from segmentry.reader.draft import Draft
from segmentry.reader.outcomes.evidence import ALONE
from segmentry.reader.read import read

CLOCK = Clock.at(datetime(2025, 12, 16, 9, tzinfo=UTC))
_FIELDS: list[JsonValue] = [
    {"name": "grade", "type": "string", "values": ["A", "B", "C"]},
    {"name": "town", "type": "string", "values": ["Kiel", "Bonn"]},
    {"name": "age", "type": "integer"},
    {"name": "credits", "type": "integer"},
    {"name": "fee", "type": "number"},
    {"name": "enrolled_at", "type": "date"},
    {"name": "first_exam", "type": "date"},
    {"name": "last_exam", "type": "date"},
    {"name": "last_login", "type": "date"},
    {"name": "last_click", "type": "date"},
    {"name": "last_purchase", "type": "date"},
]
COLLEGE = inline.catalog(_FIELDS)
BEFORE_OR_AFTER = '{"$or":[{"enrolled_at":{"$lt":"2019-01-01"}},{"enrolled_at":{"$gte":"2023-01-01"}}]}'
NOT_2023 = '{"$not":{"$and":[{"enrolled_at":{"$gte":"2023-01-01"}},{"enrolled_at":{"$lt":"2024-01-01"}}]}}'
OUTSIDE = '{"$not":{"$and":[{"credits":{"$gte":30}},{"credits":{"$lte":60}}]}}'
NEITHER = '{"$and":[{"last_login":{"$lt":"{{30_DAYS_AGO}}"}},{"last_click":{"$lt":"{{30_DAYS_AGO}}"}}]}'


def _told(draft: Draft) -> str:
    assert draft.outcome == "ok", draft
    assert draft.node is not None
    return canonical.text(draft.node)


def _text(criteria: str) -> str:
    return canonical.text(parse.loads(criteria))


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("enrolled before 2019 or after 2022", BEFORE_OR_AFTER),
        (
            "enrolled before 2019 or after 2022 and in Kiel",
            f'{{"$and":[{BEFORE_OR_AFTER},{{"town":"Kiel"}}]}}',
        ),
        ("enrolled not in 2023", NOT_2023),
        ("enrolled outside of 2023", NOT_2023),
        ("credits outside 30-60", OUTSIDE),
        ("credits outside the range 30 to 60", OUTSIDE),
        (
            "credits 30 to 60 but not 45",
            '{"$and":[{"credits":{"$gte":30}},{"credits":{"$lte":60}},{"credits":{"$neq":45}}]}',
        ),
        (
            "credits between 30 and 60 except 40 or 50",
            '{"$and":[{"credits":{"$gte":30}},{"credits":{"$lte":60}},{"credits":{"$nin":[40,50]}}]}',
        ),
        (
            "logged in in the last 14 days but not in the last 2",
            '{"$and":[{"last_login":{"$gte":"{{14_DAYS_AGO}}"}},{"last_login":{"$lt":"{{2_DAYS_AGO}}"}}]}',
        ),
        (
            "clicked, but not within the past 5 weeks",
            '{"$and":[{"last_click":{"$exists":true}},{"last_click":{"$lt":"{{5_WEEKS_AGO}}"}}]}',
        ),
        (
            "logged in but haven't clicked in 30 days",
            '{"$and":[{"last_login":{"$exists":true}},{"last_click":{"$lt":"{{30_DAYS_AGO}}"}}]}',
        ),
        (
            "clicked but never logged in",
            '{"$and":[{"last_click":{"$exists":true}},{"last_login":{"$exists":false}}]}',
        ),
        ("first exam this year", '{"first_exam":{"$gte":"{{START_OF_YEAR}}"}}'),
        ("purchase this month", '{"last_purchase":{"$gte":"{{START_OF_MONTH}}"}}'),
    ],
)
def test_the_half_that_is_left_out_is_taken_from_the_one_that_is_said(query: str, expected: str) -> None:
    draft = read(query, COLLEGE, CLOCK)
    assert _told(draft) == _text(expected)
    assert draft.confidence >= ALONE


@pytest.mark.parametrize("query", ["didn't log in or click in the last 30 days"])
def test_two_denied_deeds_share_one_period(query: str) -> None:
    draft = read(query, COLLEGE, CLOCK)
    assert _told(draft) == _text(NEITHER)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("not over 80 or in Kiel", '{"$or":[{"age":{"$lte":80}},{"town":"Kiel"}]}'),
        ("aren't grade A and aren't over 80", '{"$and":[{"grade":{"$neq":"A"}},{"age":{"$lte":80}}]}'),
    ],
)
def test_a_denied_number_alone_is_an_age_but_never_sure(query: str, expected: str) -> None:
    draft = read(query, COLLEGE, CLOCK)
    assert _told(draft) == _text(expected)
    assert draft.confidence < ALONE


def test_a_period_of_no_date_asks_which_date() -> None:
    draft = read("grade B since 2021", COLLEGE, CLOCK)
    assert draft.outcome == "ambiguous"
    assert [each.text for each in draft.questions] == ["Which date does 'since 2021' mean?"]
    assert [each.label for each in draft.readings] == [
        "enrolled_at >= 2021-01-01",
        "first_exam >= 2021-01-01",
        "last_exam >= 2021-01-01",
        "last_login >= 2021-01-01",
    ]


@pytest.mark.parametrize("query", ["fee higher than credits", "age > credits", "[age] is below [credits]"])
def test_one_field_is_never_compared_with_another_and_the_answer_says_so(query: str) -> None:
    draft = read(query, COLLEGE, CLOCK)
    assert draft.outcome == "ambiguous"
    assert "never with another field" in draft.message


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("grade is superb", "grade has no value 'superb' that is known; known are A, B, C"),
        ("town = 12", "town has no value '12' that is known; known are Kiel, Bonn"),
        ("grade is 5", "grade has no value '5' that is known; known are A, B, C"),
    ],
)
def test_a_value_that_no_list_holds_is_refused_with_those_that_it_holds(query: str, message: str) -> None:
    draft = read(query, COLLEGE, CLOCK)
    assert (draft.outcome, draft.reason, draft.message) == ("invalid_field", "INVALID_VALUE", message)


def test_the_best_of_a_rank_are_the_lowest() -> None:
    fields: list[JsonValue] = [{"name": "ranking", "type": "integer"}, {"name": "town", "type": "string"}]
    draft = read("best ranking", inline.catalog(fields), CLOCK)
    assert {each.label for each in draft.readings} == {
        "the lowest 10 % by ranking",
        "the lowest 25 % by ranking",
    }
