"""Regions that stand for a list of countries, and the brackets of "or"."""

from __future__ import annotations

import pytest
from segmentry.criteria import canonical
from segmentry.criteria.catalog import Catalog, Field, FieldValue
from segmentry.reader.read import read

from tests.reader.scoring import CLOCK

CODES = Field("country", "string", format="iso3166-alpha2")
NAMES = Field("country", "enum", values=(FieldValue("Germany"), FieldValue("Austria"), FieldValue("Norway")))
TIER = Field("tier", "enum", values=(FieldValue("gold"), FieldValue("silver")))
SCORE = Field("health_score", "number")


@pytest.mark.parametrize(
    ("query", "criteria"),
    [
        (
            "gold customers in the DACH region",
            '{"$and":[{"country":{"$in":["AT","CH","DE"]}},{"tier":{"$eq":"gold"}}]}',
        ),
        ("Scandinavian customers", '{"country":{"$in":["DK","NO","SE"]}}'),
        ("outside the Baltics and Poland", '{"country":{"$nin":["EE","LT","LV","PL"]}}'),
        ("from anywhere but the US", '{"country":{"$neq":"US"}}'),
    ],
)
def test_a_region_is_the_list_of_its_countries(query: str, criteria: str) -> None:
    draft = read(query, Catalog("shop", (CODES, TIER)), CLOCK)
    assert draft.node is not None
    assert canonical.text(draft.node) == criteria


def test_of_a_region_only_countries_of_a_closed_list_are_taken() -> None:
    draft = read("customers in DACH", Catalog("shop", (NAMES,)), CLOCK)
    assert draft.node is not None
    assert canonical.text(draft.node) == '{"country":{"$in":["Austria","Germany"]}}'


def test_a_region_without_one_list_is_asked_about() -> None:
    assert read("European customers", Catalog("shop", (CODES,)), CLOCK).outcome == "ambiguous"


@pytest.mark.parametrize(
    "query",
    [
        "gold customers in Kenya or with a health score under 10",
        "silver customers or health score under 10 in Kenya",
    ],
)
def test_two_brackets_of_an_or_are_both_shown(query: str) -> None:
    draft = read(query, Catalog("shop", (CODES, TIER, SCORE)), CLOCK)
    assert draft.confidence <= 0.6
    assert draft.readings


def test_parallel_sides_of_an_or_leave_nothing_open() -> None:
    draft = read(
        "gold customers in Germany or silver customers in France", Catalog("shop", (CODES, TIER)), CLOCK
    )
    assert draft.confidence >= 0.9
    assert not draft.readings


def test_what_follows_a_colon_is_one_condition_more() -> None:
    draft = read("gold: health score < 40 or health score > 90", Catalog("shop", (CODES, TIER, SCORE)), CLOCK)
    assert draft.node is not None
    assert canonical.text(draft.node) == (
        '{"$and":[{"$or":[{"health_score":{"$gt":90}},{"health_score":{"$lt":40}}]},{"tier":{"$eq":"gold"}}]}'
    )
