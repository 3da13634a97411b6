"""An answer that explains every word is still shown for a second look where something speaks against it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from segmentry.criteria.catalog import Catalog, Field, FieldValue
from segmentry.criteria.dates import Clock
from segmentry.reader.outcomes.evidence import ALONE, CAPS
from segmentry.reader.read import read

CLOCK = Clock.at(datetime(2025, 12, 16, 9, tzinfo=UTC))


def _kinds(*values: str) -> tuple[FieldValue, ...]:
    return tuple(FieldValue(value) for value in values)


SHOP = Catalog(
    "shop",
    (
        Field("shopper_id", "string", role="id"),
        Field("age", "number", integer=True),
        Field("card_type", "enum", values=_kinds("adult", "student", "plus")),
        Field("town", "string"),
        Field("store", "string", samples=("Hill Street", "Old Dock")),
        Field("predicted_margin", "number"),
        Field("orders_90d", "number", integer=True, window_days=90),
        Field("seat_utilization", "number"),
        Field("fines", "number"),
        Field("box_price", "number"),
        Field("has_mortgage", "string"),
        Field("joined_at", "datetime"),
        Field("trial_ends_at", "datetime"),
        Field("point_balance", "number", unit="EUR"),
        Field("pay_cycle", "enum", values=_kinds("yearly", "monthly")),
        Field("premium", "number"),
        Field("home_club_id", "string"),
        Field("newsletter", "boolean"),
        Field("visits_12m", "number", integer=True, window_days=365),
        Field("last_visit_at", "datetime"),
    ),
)

DOUBTED = [
    ("unseen value", "store is Fern Lane", "'Fern Lane' is not among the known values of store"),
    ("country elsewhere", "people in Kenya", "'Kenya' is a country, and town holds none"),
    ("unsaid qualifier", "margin over 20", "does not say predicted"),
    ("part of a name", "seats over 20", "only a part of the name seat_utilization"),
    ("part of a name", "up for renewal next month", "does not say trial"),
    ("unsaid period", "more than 3 orders ever", "orders_90d counts over a period"),
    ("presence", "shoppers with a mortgage", "which of its values mean yes is not known"),
    ("presence", "has mortgage is Leeds", "has_mortgage seems to hold yes or no"),
    ("unset number", "adults lacking a premium", "Having no premium may mean 0"),
    ("number of people", "box for 2 people", "may count the people behind it"),
    ("assumed column", "home club is Old Dock Bay", "home_club_id holds keys"),
    ("word passed over", "employees older than 40", "'employees' was read as everyone"),
    ("word passed over", "live accounts in Hill Street", "'live' was read as a word of the request"),
    ("value before a name", "yearly premium above 300", "may name one column"),
    ("either", "either adult or age over 60, newsletter", "where the choice of 'either' ends"),
    ("far negation", "without, premium above 300", "what is denied"),
    ("impossible", "age under 20 and age over 60", "Nobody can be both"),
    ("bounded twice", "age over 40, age over 50", "two limits on the same side"),
]

SURE = [
    "store is Hill Street",
    "age above 40",
    "predicted margin over 20",
    "seat utilization over 20",
    "orders 90d above 3",
    "joined in 2024",
    "trial ends in March 2026",
    "box price over 2",
    "adults in Old Dock",
    "premium above 300",
    "either adult or student",
    "not student, premium above 300",
    "age over 20 and under 60",
    "last visit within 30 days",
    "no newsletter",
]


@pytest.mark.parametrize(("kind", "query", "said"), DOUBTED)
def test_a_doubt_keeps_an_answer_from_standing_alone_and_says_why(kind: str, query: str, said: str) -> None:
    draft = read(query, SHOP, CLOCK)
    assert draft.confidence < ALONE
    assert any(said in text for text in (*draft.ambiguities, *draft.notes)), (kind, draft)


@pytest.mark.parametrize("query", SURE)
def test_words_that_bear_a_condition_out_leave_no_doubt(query: str) -> None:
    draft = read(query, SHOP, CLOCK)
    assert draft.outcome == "ok"
    assert draft.ambiguities == ()
    assert draft.confidence >= ALONE


def test_no_doubt_lets_an_answer_stand_alone() -> None:
    assert all(0 < each < ALONE for each in CAPS.values())


def test_a_contradiction_is_asked_about_with_both_halves_as_readings() -> None:
    draft = read("age under 20 and age over 60", SHOP, CLOCK)
    assert draft.outcome == "ambiguous"
    assert [reading.label for reading in draft.readings] == ["age < 20", "age > 60"]


def test_what_was_spent_is_not_what_is_left() -> None:
    draft = read("spent over 500 euros", Catalog("points", (Field("point_balance", "number"),)), CLOCK)
    assert draft.confidence < ALONE


@pytest.mark.parametrize(
    ("column", "query", "said"),
    [
        ("nationality", "who are Kenyan", "How nationality writes"),
        ("nationality", "top 5 % of Kenyans by visits", "How nationality writes"),
        ("nationality", "Kenyans over 30", "How nationality writes"),
        ("image_consent", "image consent given", "which of its values mean yes is not known"),
        ("call_permission", "call permission given", "which of its values mean yes is not known"),
    ],
)
def test_a_text_of_which_no_value_is_known_is_doubted(column: str, query: str, said: str) -> None:
    table = Catalog("crew", (Field(column, "string"), Field("visits", "number"), Field("age", "number")))
    draft = read(query, table, CLOCK)
    assert draft.confidence < ALONE
    assert any(said in text for text in (*draft.ambiguities, *draft.notes)), draft
