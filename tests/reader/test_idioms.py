"""Words that mean one thing together, and lists that a comma ends."""

from __future__ import annotations

import pytest
from segmentry.criteria import canonical
from segmentry.criteria.catalog import Catalog, Field, FieldValue
from segmentry.reader.draft import Draft
from segmentry.reader.read import read

from tests.reader.scoring import CLOCK

TABLE = Catalog(
    "garage",
    (
        Field("tier", "enum", values=tuple(map(FieldValue, ("gold", "silver", "bronze")))),
        Field("repairs_90d", "number", integer=True, window_days=90),
        Field("next_appointment_at", "datetime", tense="future"),
        Field("nights_12m", "number", integer=True, window_days=365),
        Field("country", "string", format="iso3166-alpha2"),
        Field("total_spent_usd", "number"),
        Field("age", "number", integer=True),
    ),
)


def _read(query: str) -> Draft:
    return read(query, TABLE, CLOCK)


@pytest.mark.parametrize(
    ("query", "criteria"),
    [
        ("not one repair in the last 90 days", '{"repairs_90d":{"$eq":0}}'),
        ("not a single repair in the past 90 days", '{"repairs_90d":{"$eq":0}}'),
        ("without any repairs in the last 90 days", '{"repairs_90d":{"$eq":0}}'),
        ("no repairs at all in the last 90 days", '{"repairs_90d":{"$eq":0}}'),
        ("aged anywhere from 20 to 30", '{"$and":[{"age":{"$gte":20}},{"age":{"$lte":30}}]}'),
        ("appt after 4 May 2026", '{"next_appointment_at":{"$gte":"2026-05-05"}}'),
        ("splashed over 7 grand", '{"total_spent_usd":{"$gt":7000}}'),
        ("polish customers", '{"country":{"$eq":"PL"}}'),
        ("silver tier, from turkey", '{"$and":[{"country":{"$eq":"TR"}},{"tier":{"$eq":"silver"}}]}'),
        (
            "We're planning a win-back: bronze customers over 40",
            '{"$and":[{"age":{"$gt":40}},{"tier":{"$eq":"bronze"}}]}',
        ),
        (
            "bronze, or silver with over 12 nights_12m",
            '{"$or":[{"$and":[{"nights_12m":{"$gt":12}},{"tier":{"$eq":"silver"}}]},{"tier":{"$eq":"bronze"}}]}',
        ),
    ],
)
def test_an_idiom_means_what_people_mean_by_it(query: str, criteria: str) -> None:
    draft = _read(query)
    assert draft.node is not None
    assert canonical.text(draft.node) == criteria


@pytest.mark.parametrize("query", ["bronze members, thanks a lot", "bronze members. Many thanks!"])
def test_thanks_are_no_amount(query: str) -> None:
    assert _read(query).confidence >= 0.9


@pytest.mark.parametrize("query", ["who missed at least two trains", "has three or more ferrets"])
def test_a_description_without_a_noun_is_no_question_about_something_else(query: str) -> None:
    assert _read(query).outcome != "refuse"
