"""Words with two meanings: both are shown, or neither is sure enough to be answered alone."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from segmentry.criteria import canonical, parse
from segmentry.criteria.catalog import Catalog
from segmentry.criteria.dates import Clock
from segmentry.customers import inline
from segmentry.errors import JsonValue
from segmentry.reader.draft import Draft
from segmentry.reader.outcomes.evidence import ALONE
from segmentry.reader.read import read

CLOCK = Clock.at(datetime(2025, 12, 16, 9, tzinfo=UTC))


def _table(*columns: tuple[str, str] | tuple[str, str, list[JsonValue]]) -> Catalog:
    fields: list[JsonValue] = []
    for name, kind, *values in columns:
        fields.append({"name": name, "type": kind, **({"values": values[0]} if values else {})})
    return inline.catalog(fields)


LIBRARY = _table(
    ("card", "string", ["adult", "child", "senior"]),
    ("branch", "string", ["North", "South"]),
    ("fines", "number"),
    ("stamps", "integer"),
    ("nights_total", "integer"),
    ("last_stay", "date"),
    ("languages", "array"),
    ("email_opt_in", "boolean"),
    ("sms_opt_in", "boolean"),
)
TRIPS = _table(
    ("ride_m", "number"),
    ("ride_km", "number"),
    ("lease_days", "integer"),
    ("lease_years", "number"),
    ("run_in", "number"),
    ("run_cm", "number"),
)


def _told(draft: Draft) -> str | None:
    return None if draft.node is None else canonical.text(draft.node)


def _text(criteria: str) -> str:
    return canonical.text(parse.loads(criteria))


NOT_BOTH = '{"$not":{"$and":[{"email_opt_in":true},{"sms_opt_in":true}]}}'
BOTH_SPOKEN = '{"$and":[{"languages":{"$contains":"french"}},{"languages":{"$contains":"dutch"}}]}'
NONE_IN_2024 = '{"$not":{"$and":[{"last_stay":{"$gte":"2024-01-01"}},{"last_stay":{"$lt":"2025-01-01"}}]}}'


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("not opted in to both email and sms", NOT_BOTH),
        ("haven't opted in to both sms and email", NOT_BOTH),
        ("not both a child and in the South", '{"$not":{"$and":[{"card":"child"},{"branch":"South"}]}}'),
        ("languages: french and dutch", BOTH_SPOKEN),
        ("languages: french or dutch", '{"languages":{"$in":["french","dutch"]}}'),
        (
            "nights_total over 3 and no stays in 2024",
            f'{{"$and":[{{"nights_total":{{"$gt":3}}}},{NONE_IN_2024}]}}',
        ),
    ],
)
def test_what_and_joins_holds_together(query: str, expected: str) -> None:
    draft = read(query, LIBRARY, CLOCK)
    assert (draft.outcome, _told(draft)) == ("ok", _text(expected))
    assert draft.confidence >= ALONE


def test_nobody_has_two_values_of_one_column_so_not_both_is_asked() -> None:
    draft = read("not both child and senior", LIBRARY, CLOCK)
    assert (draft.outcome, draft.node) == ("ambiguous", None)
    assert [canonical.text(each.node) for each in draft.readings] == [
        _text('{"card":{"$nin":["child","senior"]}}'),
        _text('{"card":{"$neq":"child"}}'),
        _text('{"card":{"$neq":"senior"}}'),
    ]


@pytest.mark.parametrize(
    ("query", "best", "other"),
    [
        (
            "fines not between 5 and 9 or above 30",
            '{"$or":[{"$not":{"$and":[{"fines":{"$gte":5}},{"fines":{"$lte":9}}]}},{"fines":{"$gt":30}}]}',
            '{"$not":{"$or":[{"$and":[{"fines":{"$gte":5}},{"fines":{"$lte":9}}]},{"fines":{"$gt":30}}]}}',
        ),
        ("more than 2.500 stamps", '{"stamps":{"$gt":2500}}', '{"stamps":{"$gt":2.5}}'),
        ("fines over 2.500", '{"fines":{"$gt":2.5}}', '{"fines":{"$gt":2500}}'),
        (
            "stamps between 1.000 and 3.000",
            '{"$and":[{"stamps":{"$gte":1000}},{"stamps":{"$lte":3000}}]}',
            '{"$and":[{"stamps":{"$gte":1}},{"stamps":{"$lte":3}}]}',
        ),
        (
            "languages: french, dutch",
            '{"languages":{"$in":["french","dutch"]}}',
            '{"$and":[{"languages":{"$contains":"french"}},{"languages":{"$contains":"dutch"}}]}',
        ),
    ],
)
def test_the_other_meaning_is_shown_beside_a_flagged_answer(query: str, best: str, other: str) -> None:
    draft = read(query, LIBRARY, CLOCK)
    assert (draft.outcome, _told(draft)) == ("ok", _text(best))
    assert draft.confidence < ALONE
    assert _text(other) in [canonical.text(each.node) for each in draft.readings]


def test_what_was_not_done_in_a_closed_period_shows_those_who_did_at_some_time() -> None:
    draft = read("didn't stay last month", LIBRARY, CLOCK)
    assert [each.label for each in draft.readings] == ["only those with a known last_stay"]
    assert '"$exists":true' in canonical.text(draft.readings[0].node)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("ride over 400 m", '{"ride_m":{"$gt":400}}'),
        ("ride over 4 km", '{"ride_km":{"$gt":4}}'),
        ("lease over 3 years", '{"lease_years":{"$gt":3}}'),
        ("lease over 90 days", '{"lease_days":{"$gt":90}}'),
        ("run over 12 inches", '{"run_in":{"$gt":12}}'),
    ],
)
def test_the_unit_tells_two_columns_of_one_thing_apart(query: str, expected: str) -> None:
    assert _told(read(query, TRIPS, CLOCK)) == expected


def test_two_columns_of_one_thing_are_asked_about_without_a_unit() -> None:
    draft = read("ride over 400", TRIPS, CLOCK)
    assert (draft.outcome, draft.node) == ("ambiguous", None)
    assert len(draft.readings) == 2


def test_the_readings_of_one_length_are_each_in_the_unit_of_their_column() -> None:
    draft = read("lease over 6 months", TRIPS, CLOCK)
    assert [canonical.text(each.node) for each in draft.readings] == [
        '{"lease_days":{"$gt":180}}',
        '{"lease_years":{"$gt":0.5}}',
    ]


@pytest.mark.parametrize(
    ("columns", "query", "said"),
    [
        ([("is_open", "boolean"), ("hut_status", "string", ["open", "shut"])], "open huts", "is_open"),
        (
            [("country", "string"), ("mother_tongue", "string", ["it", "pl"])],
            "Italian people",
            "mother_tongue",
        ),
        ([("spend", "number"), ("visits", "integer")], "spend over 40 per visit", ""),
        ([("spend", "number"), ("visits", "integer")], "spend over 40 a month", ""),
    ],
)
def test_a_word_that_two_columns_answer_to_is_not_answered_alone(
    columns: list[tuple[str, str]], query: str, said: str
) -> None:
    draft = read(query, _table(*columns), CLOCK)
    assert draft.confidence < ALONE
    assert any(said in text for text in (*draft.ambiguities, *draft.notes, ""))


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("can be emailed", '{"AllowsEmail":{"$eq":"Y"}}'),
        ("opted in to texts", '{"TextOk":{"$eq":"Y"}}'),
        ("not opted in to texts", '{"TextOk":{"$eq":"N"}}'),
    ],
)
def test_a_consent_in_letters_goes_before_a_flag_of_a_newsletter(query: str, expected: str) -> None:
    fields: list[JsonValue] = [
        {"name": "AllowsEmail", "type": "string"},
        {"name": "TextOk", "type": "string"},
        {"name": "Newsletter", "type": "boolean"},
    ]
    table = inline.catalog(fields, [{"AllowsEmail": "Y", "TextOk": "Y", "Newsletter": True}])
    assert _told(read(query, table, CLOCK)) == expected
