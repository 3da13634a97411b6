"""Instructions as people type them: what need not hold, what alone is kept, what takes another's place."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from segmentry.criteria import canonical, parse
from segmentry.criteria.dates import Clock
from segmentry.customers import inline
from segmentry.errors import JsonValue
from segmentry.reader.draft import Draft
from segmentry.reader.refine import refine

CLOCK = Clock.at(datetime(2025, 12, 16, 9, tzinfo=UTC))
_FIELDS: list[JsonValue] = [
    {"name": "country", "type": "string"},
    {"name": "card", "type": "string", "values": ["bronze", "silver", "gold", "platinum"]},
    {"name": "age", "type": "integer"},
    {"name": "fines", "type": "number"},
    {"name": "stamps", "type": "number"},
    {"name": "last_loan", "type": "date"},
    {"name": "last_visit", "type": "date"},
    {"name": "email_opt_in", "type": "boolean"},
    {"name": "sms_opt_in", "type": "boolean"},
]
LIBRARY = inline.catalog(_FIELDS)
LOAN = '{"last_loan":{"$lt":"{{90_DAYS_AGO}}"}}'
THREE = f'{{"$and":[{{"card":"silver"}},{LOAN},{{"country":"PT"}}]}}'


def _done(instruction: str, current: str) -> Draft:
    return refine(instruction, parse.loads(current), LIBRARY, CLOCK)


def _text(criteria: str) -> str:
    return canonical.text(parse.loads(criteria))


@pytest.mark.parametrize(
    ("current", "instruction", "expected"),
    [
        ('{"country":"PT"}', "Portugal or Morocco", '{"country":{"$in":["PT","MA"]}}'),
        ('{"card":"silver"}', "silver or better", '{"card":{"$in":["silver","gold","platinum"]}}'),
        ('{"card":"silver"}', "gold or silver", '{"card":{"$in":["gold","silver"]}}'),
        (
            '{"$and":[{"email_opt_in":true},{"age":{"$gte":18}}]}',
            "email or sms",
            '{"$and":[{"$or":[{"email_opt_in":true},{"sms_opt_in":true}]},{"age":{"$gte":18}}]}',
        ),
        (THREE, "make it a year", THREE.replace("90_DAYS", "1_YEARS")),
        (THREE, "make that half a year", THREE.replace("90_DAYS", "6_MONTHS")),
        (THREE, "make it a fortnight", THREE.replace("90_DAYS", "2_WEEKS")),
        (THREE, "use last visit instead of last loan", THREE.replace("last_loan", "last_visit")),
        (THREE, "use last_visit instead", THREE.replace("last_loan", "last_visit")),
        ('{"fines":{"$gt":5}}', "stamps instead of fines", '{"stamps":{"$gt":5}}'),
        (THREE, "keep only the country", '{"country":"PT"}'),
        (THREE, "keep just the loan condition", LOAN),
        (THREE, "remove everything except the card", '{"card":"silver"}'),
        (THREE, "drop all but country and card", '{"$and":[{"card":"silver"},{"country":"PT"}]}'),
        (
            '{"$and":[{"card":{"$in":["silver","gold"]}},{"country":"PT"}]}',
            "keep only gold",
            '{"$and":[{"card":"gold"},{"country":"PT"}]}',
        ),
        (THREE, "doesn't matter where they live", f'{{"$and":[{{"card":"silver"}},{LOAN}]}}'),
        (THREE, "it doesn't matter which card they have", f'{{"$and":[{LOAN},{{"country":"PT"}}]}}'),
        (THREE, "don't care when they borrowed", '{"$and":[{"card":"silver"},{"country":"PT"}]}'),
        (THREE, "they need not be silver", f'{{"$and":[{LOAN},{{"country":"PT"}}]}}'),
        (THREE, "they don't have to live in Portugal", f'{{"$and":[{{"card":"silver"}},{LOAN}]}}'),
        (
            '{"$and":[{"email_opt_in":true},{"age":{"$gte":18}}]}',
            "they needn't be opted in",
            '{"age":{"$gte":18}}',
        ),
    ],
)
def test_an_everyday_instruction_is_done_as_it_is_meant(
    current: str, instruction: str, expected: str
) -> None:
    draft = _done(instruction, current)
    assert draft.outcome == "ok", draft
    assert draft.node is not None
    assert canonical.text(draft.node) == _text(expected)


@pytest.mark.parametrize(
    ("current", "instruction", "readings"),
    [
        (
            '{"$and":[{"card":{"$in":["silver","gold"]}},{"country":"PT"}]}',
            "remove everything except gold",
            ['{"card":{"$in":["silver","gold"]}}', '{"card":"gold"}'],
        ),
        (THREE, "keep only the stamps", []),
        ('{"country":"PT"}', "keep only the country", []),
    ],
)
def test_what_is_kept_is_asked_about_where_the_words_fit_twice_or_nothing(
    current: str, instruction: str, readings: list[str]
) -> None:
    draft = _done(instruction, current)
    assert draft.outcome == "ambiguous"
    assert [canonical.text(each.node) for each in draft.readings] == [_text(each) for each in readings]


@pytest.mark.parametrize(
    "instruction",
    [
        "make the second condition tighter",
        "loosen the loan condition",
        "make it stricter",
        "make them older or younger and tighter",
    ],
)
def test_a_direction_without_an_amount_is_asked_about_and_is_no_order(instruction: str) -> None:
    draft = _done(instruction, THREE)
    assert draft.outcome == "ambiguous"
    assert "names no amount" in draft.message
    assert "PT" in draft.message


def test_an_order_stays_one_whatever_it_is_called() -> None:
    assert _done("make an export of them", THREE).reason == "OUT_OF_SCOPE"
