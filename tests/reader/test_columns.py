"""What the reader makes of bare columns: units, periods, flags, prefixes, nouns for the rows."""

from __future__ import annotations

import pytest
from segmentry.criteria import canonical
from segmentry.criteria.catalog import Catalog, Field
from segmentry.criteria.dates import Clock
from segmentry.reader.lexicon.columns import described, entity_nouns, shared_prefix
from segmentry.reader.lexicon.lexicon import Lexicon
from segmentry.reader.read import read


def _names(*names: str) -> tuple[Field, ...]:
    return tuple(Field(name, "number") for name in names)


@pytest.mark.parametrize(
    ("description", "phrase", "unit", "days"),
    [
        ("Number of support calls in the last 30 days", "support calls", "", 30),
        ("Whether the customer has a partner", "partner", "", None),
        ("1 if the client smokes", "smokes", "", None),
        ("Total amount spent (EUR)", "total amount spent", "EUR", None),
        ("Outstanding balance in cents", "outstanding balance", "cents", None),
        ("Share of emails opened, 0-1", "share of emails opened", "", None),
        ("A free text that is far too long to be what anybody would say", "", "", None),
        ("", "", "", None),
    ],
)
def test_a_description_gives_the_words_the_unit_and_the_period(
    description: str, phrase: str, unit: str, days: int | None
) -> None:
    found = described(Field("x1", "number", description=description))
    assert (" ".join(found.phrase), found.unit, found.window_days) == (phrase, unit, days)


def test_the_prefix_that_all_names_share_says_nothing() -> None:
    assert shared_prefix(_names("usr_age", "usr_city", "usr_plan", "usr_score", "id")) == "usr"
    assert shared_prefix(_names("usr_age", "usr_city", "plan", "score", "id")) == ""
    assert shared_prefix(_names("is_a", "is_b", "is_c", "is_d")) == ""
    assert shared_prefix(_names("last_a", "last_b", "last_c", "last_d")) == ""


def test_the_id_column_says_what_a_row_is_and_later_ids_do_not() -> None:
    catalog = Catalog("x", (Field("sellerId", "string"), Field("agent_id", "string")))
    assert {"seller", "sellers"} <= entity_nouns(catalog)
    assert not entity_nouns(catalog) & {"agent", "agents"}
    assert "patients" in entity_nouns(Catalog("patients", ()))
    assert not entity_nouns(Catalog("sales", ()))


@pytest.mark.parametrize(
    ("field", "query", "expected"),
    [
        (Field("acct_bal", "number"), "account balance over 10k", '{"acct_bal":{"$gt":10000}}'),
        (
            Field("f7", "number", description="Number of store visits"),
            "over 3 store visits",
            '{"f7":{"$gt":3}}',
        ),
        (Field("nps", "number"), "net promoter score over 8", '{"nps":{"$gt":8}}'),
        (Field("is_smoker", "number"), "smokers", '{"is_smoker":{"$eq":1}}'),
        (Field("tenure_yrs", "number"), "tenure over 18 months", '{"tenure_yrs":{"$gt":1.5}}'),
        (Field("credit_cents", "number"), "credit over €5", '{"credit_cents":{"$gt":500}}'),
    ],
)
def test_a_bare_column_is_understood_by_its_name_and_description(
    field: Field, query: str, expected: str, clock: Clock
) -> None:
    draft = read(query, Catalog("x", (field, Field("other", "string"))), clock)
    assert draft.node is not None
    assert canonical.text(draft.node) == expected


def test_the_full_form_of_one_name_gives_way_to_the_name_of_another() -> None:
    lexicon = Lexicon(Catalog("x", (Field("cust_seg", "string"), Field("customer_segment", "string"))))
    strongest = max(lexicon.lookup("customer segment"), key=lambda entry: entry.strength)
    assert strongest.field == "customer_segment"


@pytest.mark.parametrize(
    ("column", "query", "expected"),
    [
        ("tenure_months", "tenure over 2 years", '{"tenure_months":{"$gt":24}}'),
        ("session_minutes", "sessions longer than an hour", '{"session_minutes":{"$gt":60}}'),
        ("wait_mins", "wait longer than half an hour", '{"wait_mins":{"$gt":30}}'),
        ("avg_delivery_days", "average delivery over two weeks", '{"avg_delivery_days":{"$gt":14}}'),
        ("Height (cm)", "over 1.9 metres tall", '{"Height (cm)":{"$gt":190}}'),
        ("storage_gb", "storage above 2 TB", '{"storage_gb":{"$gt":2000}}'),
        ("weight_kg", "weight over 220 lbs", '{"weight_kg":{"$gt":99.7903214}}'),
        ("attendance_pct", "attendance below 70%", '{"attendance_pct":{"$lt":70}}'),
        ("basket_cents", "basket over €20", '{"basket_cents":{"$gt":2000}}'),
        ("handicap", "handicap better than 10", '{"handicap":{"$lt":10}}'),
        ("dist_km", "closer than 5 km", '{"dist_km":{"$lt":5}}'),
        ("delivery_days", "delivery quicker than 7 days", '{"delivery_days":{"$lt":7}}'),
        ("fee_eur", "fee cheaper than 20", '{"fee_eur":{"$lt":20}}'),
        ("wait_mins", "longer than 20 minutes", '{"wait_mins":{"$gt":20}}'),
        ("orders_ytd", "at least 3 orders this year", '{"orders_ytd":{"$gte":3}}'),
        ("nb_orders_12m", "no orders in the last year", '{"nb_orders_12m":{"$eq":0}}'),
    ],
)
def test_a_number_is_converted_into_the_unit_that_the_name_states(
    column: str, query: str, expected: str, clock: Clock
) -> None:
    draft = read(query, Catalog("x", (Field(column, "number"), Field("other", "string"))), clock)
    assert draft.node is not None, draft
    assert (canonical.text(draft.node), draft.confidence >= 0.9) == (expected, True)


@pytest.mark.parametrize(
    ("column", "query", "expected", "other"),
    [
        ("open_rate", "open rate above 30%", '{"open_rate":{"$gt":0.3}}', '{"open_rate":{"$gt":30}}'),
        ("adherence", "adherence under 80%", '{"adherence":{"$lt":80}}', '{"adherence":{"$lt":0.8}}'),
    ],
)
def test_percent_on_a_column_of_unknown_range_is_flagged_with_the_other_reading(
    column: str, query: str, expected: str, other: str, clock: Clock
) -> None:
    draft = read(query, Catalog("x", (Field(column, "number"), Field("other", "string"))), clock)
    assert draft.node is not None
    assert (canonical.text(draft.node), draft.confidence < 0.9) == (expected, True)
    assert [canonical.text(reading.node) for reading in draft.readings] == [other]


def test_money_of_another_country_is_not_converted_but_flagged(clock: Clock) -> None:
    catalog = Catalog("x", (Field("fee_eur", "number"), Field("other", "string")))
    assert read("fee over €50", catalog, clock).confidence >= 0.9
    draft = read("fee over £50", catalog, clock)
    assert draft.confidence < 0.9
    assert any("EUR" in note for note in draft.notes)


def test_an_adjective_is_never_repaired_into_its_opposite(clock: Clock) -> None:
    catalog = Catalog("x", (Field("delivery_days", "number"), Field("other", "string")))
    draft = read("delivery slower than 7 days", catalog, clock)
    assert draft.outcome == "ambiguous" or draft.confidence < 0.9
    assert not any("lower" in note for note in draft.notes)
