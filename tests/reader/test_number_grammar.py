"""Numbers, ranges, money, percent and units as a table: what every phrase means on three catalogs."""

from __future__ import annotations

import pytest
from segmentry.criteria import canonical
from segmentry.criteria.catalog import Catalog, Field
from segmentry.reader.read import read

from tests.reader import number_phrases as phrases
from tests.reader import unit_phrases
from tests.reader.grammar import CLOCK, Row, verdict

MEASURED = (
    ("golf", "handicap", "handicap {}"),
    ("bare", "total_orders", "customers whose total orders {}"),
    ("british", "usage_pct", "usage pct {}"),
)
BEFORE = (
    ("bare", "total_orders", "customers with {} orders"),
    ("british", "visits", "people with {} visits"),
)
ROWS = [
    *(
        Row(catalog, field, text.format(phrase), expect)
        for phrase, expect in phrases.AFTER_FIELD
        for catalog, field, text in MEASURED
    ),
    *(
        Row(catalog, "balance", text.format(phrase), expect)
        for phrase, expect in phrases.LARGE
        for catalog, text in (("bare", "balance {}"), ("british", "people with a balance {}"))
    ),
    *(
        Row(catalog, field, text.format(phrase), expect)
        for phrase, expect in phrases.BEFORE_NOUN
        for catalog, field, text in BEFORE
    ),
    *(
        Row(catalog, field, text.format(phrase), expect)
        for phrase, expect in phrases.TIMES
        for catalog, field, text in (
            ("bare", "total_orders", "ordered {}"),
            ("british", "visits", "people who visited {}"),
        )
    ),
    *(Row(*row) for row in unit_phrases.UNITS),
]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.catalog}: {row.query}")
def test_a_number_phrase_means_what_the_table_says(row: Row) -> None:
    assert verdict(row) == "right", row.draft()


@pytest.mark.parametrize(
    ("locale", "words", "value"),
    [
        ("de-DE", "1.000,50", "1000.5"),
        ("de-DE", "€1.000,50", "1000.5"),
        ("de-DE", "1.000", "1000"),
        ("de-DE", "2,5", "2.5"),
        ("de-DE", "1.234.567", "1234567"),
        ("en-GB", "1,000.50", "1000.5"),
        ("en-GB", "1,000", "1000"),
        ("en-GB", "1.000", "1"),
        ("en", "1.000,50", "1000.5"),
        ("en", "1,5", None),
    ],
)
def test_the_locale_says_which_sign_parts_the_thousands(locale: str, words: str, value: str | None) -> None:
    catalog = Catalog("local", (Field("balance", "number"),), locale=locale)
    draft = read(f"balance over {words}", catalog, CLOCK)
    if value is None:
        assert draft.outcome != "ok"
    else:
        assert draft.node is not None
        assert canonical.text(draft.node) == f'{{"balance":{{"$gt":{value}}}}}'
