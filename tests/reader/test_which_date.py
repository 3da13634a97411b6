"""Which date a phrase is about, and which way it runs, where names and words leave it open."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from segmentry.criteria import canonical, parse
from segmentry.criteria.dates import Clock
from segmentry.customers import inline
from segmentry.reader.draft import Draft
from segmentry.reader.read import read

CLOCK = Clock.at(datetime(2026, 3, 11, 8, tzinfo=UTC))
DATES = (
    *("visa_expires", "licence_end", "warranty_until", "last_visit", "first_visit", "inspection_date"),
    *("zeta_date", "order_date", "course_completed_at", "rehearsal_start"),
)
CATALOG = inline.catalog(
    [
        *({"name": name, "type": "date"} for name in DATES),
        {"name": "visits_12m", "type": "integer"},
        {"name": "signups_30d", "type": "integer"},
        {"name": "debt_eur", "type": "number"},
        {"name": "last_login_at", "type": "datetime"},
        {"name": "purse", "type": "integer", "unit": "pence"},
        {"name": "seminar_start", "type": "date"},
        {"name": "post_ok", "type": "boolean"},
        {"name": "whatsapp_ok", "type": "boolean"},
        {"name": "plan", "type": "string", "values": ["plus", "basic"]},
    ],
    [],
)


def reading(query: str) -> Draft:
    return read(query, CATALOG, CLOCK)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("visas that run out next month", "visa_expires"),
        ("whose licence has already ended", "licence_end"),
        ("expired warranties", "warranty_until"),
    ],
)
def test_the_noun_beside_a_verb_chooses_among_several_ends(query: str, expected: str) -> None:
    draft = reading(query)
    assert draft.outcome == "ok"
    assert draft.node is not None
    assert expected in canonical.text(draft.node)
    assert not draft.unexplained


@pytest.mark.parametrize("query", ["expired", "all the lapsed ones", "zeta date within 3 weeks"])
def test_what_no_word_decides_is_asked(query: str) -> None:
    draft = reading(query)
    assert draft.outcome == "ambiguous"
    assert draft.readings or draft.questions


@pytest.mark.parametrize(
    ("query", "criteria"),
    [
        ("inspection within 3 weeks", '{"inspection_date":{"$gte":"{{NOW}}","$lt":"{{3_WEEKS_FROM_NOW}}"}}'),
        ("order date within 3 weeks", '{"order_date":{"$gte":"{{3_WEEKS_AGO}}"}}'),
        (
            "zeta date this month",
            '{"zeta_date":{"$gte":"{{START_OF_MONTH}}","$lt":"{{START_OF_NEXT_MONTH}}"}}',
        ),
        ("haven't come by in over a year", '{"last_visit":{"$lt":"{{1_YEARS_AGO}}"}}'),
        ("visited us at some point this year", '{"last_visit":{"$gte":"{{START_OF_YEAR}}"}}'),
        ("last visit older than 4 months", '{"last_visit":{"$lt":"{{4_MONTHS_AGO}}"}}'),
        ("ordered before New Year's Eve 2024", '{"order_date":{"$lt":"2024-12-31"}}'),
        ("ordered since the second of May 2025", '{"order_date":{"$gte":"2025-05-02"}}'),
        ("visa valid beyond 2030", '{"visa_expires":{"$gte":"2031-01-01"}}'),
        (
            "rehearsal began last week",
            '{"rehearsal_start":{"$gte":"{{START_OF_LAST_WEEK}}","$lt":"{{START_OF_WEEK}}"}}',
        ),
        ("never finished the course", '{"course_completed_at":{"$exists":false}}'),
        ("no sign-ups in the last 30 days", '{"signups_30d":0}'),
        ("paid us at least 6 visits in the past year", '{"visits_12m":{"$gte":6}}'),
        ("owes a tenner or more", '{"debt_eur":{"$gte":10}}'),
        ("last_login_at last 45 days", '{"last_login_at":{"$gte":"{{45_DAYS_AGO}}"}}'),
        ("purse below £7", '{"purse":{"$lt":700}}'),
        (
            "seminar planned in the next 8 days",
            '{"seminar_start":{"$gte":"{{NOW}}","$lt":"{{8_DAYS_FROM_NOW}}"}}',
        ),
        ("post is allowed but whatsapp is not", '{"$and":[{"post_ok":true},{"whatsapp_ok":{"$neq":true}}]}'),
        ("plus customers", '{"plan":"plus"}'),
    ],
)
def test_dates_and_counts_are_read_by_the_words_of_the_column(query: str, criteria: str) -> None:
    draft = reading(query)
    assert draft.outcome == "ok"
    assert draft.node is not None
    assert canonical.text(draft.node) == canonical.text(parse.loads(criteria))


def test_a_planned_date_within_some_days_is_answered_and_flagged() -> None:
    assert reading("inspection within 3 weeks").confidence < 0.9


def test_who_was_not_seen_is_asked_where_only_the_first_time_is_known() -> None:
    catalog = inline.catalog(
        [{"name": "first_visit", "type": "date"}, {"name": "city", "type": "string"}], []
    )
    draft = read("haven't visited in 8 months", catalog, CLOCK)
    assert draft.outcome == "ambiguous"


def test_a_deed_denied_after_a_date_that_is_asked_about_has_no_period_of_its_own() -> None:
    catalog = inline.catalog(
        [{"name": name, "type": "date"} for name in ("permit_end", "lease_end", "last_login")], []
    )
    draft = read("one that ends in the next week but never logged in", catalog, CLOCK)
    assert draft.outcome == "ambiguous"
    assert any("permit_end" in each.text for each in draft.questions)
