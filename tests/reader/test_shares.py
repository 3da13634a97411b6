"""Shares by rank ("top 5 % of gold members by spend") and values from one upwards ("silver or above")."""

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
        Field("tier", "enum", values=tuple(map(FieldValue, ("GOLD", "BRONZE", "SILVER", "PLATINUM")))),
        Field("status", "enum", values=tuple(map(FieldValue, ("active", "paused", "ended")))),
        Field("total_spend", "number"),
        Field("points_balance", "number", integer=True),
        Field("visits_total", "number", integer=True),
        Field("visits_90d", "number", integer=True, window_days=90),
        Field("grade", "string", samples=("low", "medium", "high")),
    ),
)
TOP = '{"$top":{"field":"%s","of":%s,"order":"%s","percent":%s}}'


def _read(query: str) -> Draft:
    return read(query, TABLE, CLOCK)


@pytest.mark.parametrize(
    ("query", "criteria"),
    [
        ("top 5% of gold members by spend", TOP % ("total_spend", '{"tier":{"$eq":"GOLD"}}', "highest", 5)),
        (
            "top 10 % by spend among active gold members",
            TOP
            % (
                "total_spend",
                '{"$and":[{"status":{"$eq":"active"}},{"tier":{"$eq":"GOLD"}}]}',
                "highest",
                10,
            ),
        ),
        ("the top 10 percent spenders", TOP % ("total_spend", "{}", "highest", 10)),
        (
            "the 10 % of members with the highest points balance",
            TOP % ("points_balance", "{}", "highest", 10),
        ),
        ("worst 20% by points", TOP % ("points_balance", "{}", "lowest", 20)),
        ("bottom quarter by points balance", TOP % ("points_balance", "{}", "lowest", 25)),
    ],
)
def test_a_share_is_of_the_group_that_is_named(query: str, criteria: str) -> None:
    draft = _read(query)
    assert draft.node is not None
    assert canonical.text(draft.node) == criteria
    assert not draft.unexplained


def test_a_share_without_a_field_is_asked_for() -> None:
    draft = _read("top 10 % of members")
    assert draft.outcome == "ambiguous"
    assert "top 10 %" in draft.questions[0].text
    assert len(draft.readings) >= 2


@pytest.mark.parametrize(
    ("query", "values"),
    [
        ("silver or above", '["GOLD","PLATINUM","SILVER"]'),
        ("gold and up", '["GOLD","PLATINUM"]'),
        ("gold+ members", '["GOLD","PLATINUM"]'),
        ("at least silver tier", '["GOLD","PLATINUM","SILVER"]'),
        ("below gold", '["BRONZE","SILVER"]'),
        ("up to silver", '["BRONZE","SILVER"]'),
    ],
)
def test_a_known_scale_gives_the_values_from_one_on(query: str, values: str) -> None:
    draft = _read(query)
    assert draft.node is not None
    assert canonical.text(draft.node) == f'{{"tier":{{"$in":{values}}}}}'
    assert draft.origins[0].source == "assumed"


def test_values_without_an_order_are_asked_for() -> None:
    draft = _read("paused or above")
    assert draft.outcome == "ambiguous"
    assert "paused or above" in draft.questions[0].text
    assert len(draft.readings) == 2


def test_a_scale_of_a_sampled_column_is_never_sure() -> None:
    assert _read("medium grade or higher").confidence < 0.9


def test_or_above_before_a_number_is_a_bound() -> None:
    draft = _read("gold or above 10000 points")
    assert draft.node is not None
    assert canonical.text(draft.node) == '{"$or":[{"points_balance":{"$gt":10000}},{"tier":{"$eq":"GOLD"}}]}'
