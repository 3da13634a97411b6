"""Columns of which only names and types are known: what is said about them is taken as it was written."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from segmentry.criteria import canonical, parse
from segmentry.criteria.catalog import Catalog, Field
from segmentry.criteria.dates import Clock
from segmentry.reader.draft import Draft
from segmentry.reader.read import read

CLOCK = Clock.at(datetime(2025, 12, 16, 9, tzinfo=UTC))
TABLE = Catalog(
    "riders",
    (
        Field("rider_id", "string"),
        Field("last_nm", "string"),
        Field("sex", "string"),
        Field("bike_cat", "string"),
        Field("cust_seg", "string"),
        Field("snack_pref", "string"),
        Field("promo_cd", "string"),
        Field("pay_via", "enum", values=()),
        Field("coach", "string"),
        Field("freeze_flag", "boolean"),
        Field("has_pers_coach", "boolean"),
        Field("accepts_trades", "boolean"),
        Field("marketing_opt_in", "boolean"),
        Field("num_races", "number", integer=True),
        Field("upg_cnt", "number", integer=True),
        Field("last_ride_ts", "datetime"),
        Field("licence_exp_dt", "datetime"),
    ),
)


def _read(query: str) -> Draft:
    return read(query, TABLE, CLOCK)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("cust seg = pro", '{"cust_seg":"pro"}'),
        ("cust_seg == pro or hobby", '{"cust_seg":{"$in":["hobby","pro"]}}'),
        ("promo code is SPRING24", '{"promo_cd":"SPRING24"}'),
        ("promo code AB-120", '{"promo_cd":"AB-120"}'),
        ("family name Jansen", '{"last_nm":"Jansen"}'),
        ("frozen riders", '{"freeze_flag":true}'),
        ("with a personal coach", '{"has_pers_coach":true}'),
        (
            "accepts trades but no marketing",
            '{"$and":[{"accepts_trades":true},{"marketing_opt_in":{"$neq":true}}]}',
        ),
        ("marketing opt-outs", '{"marketing_opt_in":false}'),
        ("over 3 upgrades", '{"upg_cnt":{"$gt":3}}'),
        ("never entered any races, frozen", '{"$and":[{"num_races":0},{"freeze_flag":true}]}'),
        ("last ride > 45 days ago", '{"last_ride_ts":{"$lt":"{{45_DAYS_AGO}}"}}'),
        ("last ride <= 2 weeks ago", '{"last_ride_ts":{"$gte":"{{2_WEEKS_AGO}}"}}'),
        ("licence expiry < 30 days", '{"licence_exp_dt":{"$gte":"{{NOW}}","$lt":"{{30_DAYS_FROM_NOW}}"}}'),
        ("licence expiry > today", '{"licence_exp_dt":{"$gte":"{{START_OF_NEXT_DAY}}"}}'),
    ],
)
def test_what_names_and_types_settle_is_answered_alone(query: str, expected: str) -> None:
    draft = _read(query)
    assert draft.node is not None, draft
    assert canonical.text(draft.node) == canonical.text(parse.loads(expected))
    assert draft.confidence >= 0.9


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("bike category tandem", '{"bike_cat":"tandem"}'),
        ("tandem bike category, frozen", '{"$and":[{"bike_cat":"tandem"},{"freeze_flag":true}]}'),
        ("segment is not pro", '{"cust_seg":{"$neq":"pro"}}'),
        ("salty snack riders", None),
        ("snack preference salty", '{"snack_pref":"salty"}'),
        ("ladies who are frozen", '{"$and":[{"sex":"female"},{"freeze_flag":true}]}'),
    ],
)
def test_a_value_whose_spelling_nobody_knows_is_never_answered_alone(
    query: str, expected: str | None
) -> None:
    draft = _read(query)
    assert draft.confidence < 0.9
    if expected is not None:
        assert draft.node is not None, draft
        assert canonical.text(draft.node) == canonical.text(parse.loads(expected))


def test_other_ways_to_write_a_gender_are_further_readings() -> None:
    readings = [canonical.text(each.node) for each in _read("women").readings]
    assert '{"sex":{"$eq":"F"}}' in readings


@pytest.mark.parametrize("query", ["no coach assigned", "coach is unknown", "coach not recorded"])
def test_words_about_a_missing_value_are_no_value(query: str) -> None:
    draft = _read(query)
    assert draft.node is not None
    assert canonical.text(draft.node) == '{"coach":{"$exists":false}}'


def test_a_denied_word_that_was_lost_denies_nothing_after_the_comma() -> None:
    draft = _read("not quizzical, has a personal coach")
    assert draft.confidence < 0.9
    assert draft.node is None or "$neq" not in canonical.text(draft.node)
