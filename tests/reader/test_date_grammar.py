"""The date grammar as a table: phrases on fields of the past, on ends, on births, on what may be either."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from segmentry.criteria.dates import Clock

from tests.reader import date_phrases as relative
from tests.reader import written_date_phrases as written
from tests.reader.grammar import Row, verdict

PAST = (
    ("golf", "lastBookingAt", "members who booked {}"),
    ("bare", "last_order_date", "customers who ordered {}"),
    ("british", "last_visit_at", "last visit {}"),
)
ENDS = (
    ("golf", "membershipExpiry", "membership expiry {}"),
    ("bare", "contract_end_date", "contract end date {}"),
    ("british", "renewal_date", "renewal {}"),
)
DENIED = (
    ("golf", "lastBookingAt", "members who haven't booked {}"),
    ("bare", "last_order_date", "customers who have not ordered {}"),
    ("british", "last_visit_at", "haven't visited {}"),
)
LASTING = (
    ("golf", "memberSince", "members {}"),
    ("british", "joined_on", "been a member {}"),
)
THREEFOLD = [
    *relative.ROLLING,
    *relative.AGO,
    *relative.CALENDAR,
    *relative.WEEKDAYS,
    *relative.AHEAD,
    *written.WITHOUT_YEAR,
    *((phrase, meaning, None) for phrase, meaning in [*written.BOTH_ENDS, *written.ONE_END]),
    *((phrase, None, meaning) for phrase, meaning in [*written.BOTH_ENDS[::3], *written.ONE_END[::3]]),
    ("on 5/3/24", "?", None),
]
ROWS = [
    *(
        Row(catalog, field, text.format(phrase), expect)
        for phrase, past, end in THREEFOLD
        for expect, places in ((past, PAST), (end, ENDS))
        if expect is not None
        for catalog, field, text in places
        if not (catalog == "british" and phrase == "on 5/3/24")
    ),
    *(
        Row(catalog, field, text.format(phrase), expect)
        for rows, places in ((relative.NEGATED, DENIED), (relative.TENURE, LASTING))
        for phrase, expect in rows
        for catalog, field, text in places
    ),
    *(Row("bare", "birth_date", phrase, expect) for phrase, expect in written.BIRTHS),
    *(Row("bare", "appointment_date", phrase, expect) for phrase, expect in written.EITHER),
    Row("british", "last_visit_at", "last visit on 5/3/24", "2024-03-05..2024-03-06"),
    Row("british", "last_visit_at", "last visit before 05/03/2024", "..2024-03-05"),
]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.catalog}: {row.query}")
def test_a_date_phrase_means_what_the_table_says(row: Row) -> None:
    assert verdict(row) == "right", row.draft()


def _at(text: str, zone: str = "UTC") -> Clock:
    return Clock.at(datetime.fromisoformat(text).replace(tzinfo=UTC), zone)


EDGES = [
    ("2024-02-29T09:00", "booked in February", "2024-02-01..2024-03-01"),
    ("2024-02-29T09:00", "booked on 29 February", "2024-02-29..2024-03-01"),
    ("2025-02-28T09:00", "booked on 29 February", "2024-02-29..2024-03-01|?"),
    ("2024-02-29T09:00", "booked last month", "SOLM..SOM"),
    ("2024-02-29T09:00", "booked in Q1", "2024-01-01..2024-04-01"),
    ("2025-12-31T09:00", "booked in December", "2025-12-01..2026-01-01"),
    ("2025-12-31T09:00", "booked on 31 December", "2025-12-31..2026-01-01"),
    ("2026-01-01T09:00", "booked in December", "2025-12-01..2026-01-01"),
    ("2026-01-01T09:00", "booked on 31 December", "2025-12-31..2026-01-01"),
    ("2026-01-01T09:00", "booked on 1 January", "2026-01-01..2026-01-02"),
    ("2026-01-01T09:00", "booked in Q4", "2025-10-01..2026-01-01"),
    ("2026-01-01T09:00", "booked on Wednesday", "2025-12-31..2026-01-01"),
    ("2026-01-01T09:00", "booked last weekend", "2025-12-27..2025-12-29"),
    ("2025-03-31T09:00", "booked in March", "2025-03-01..2025-04-01"),
    ("2025-03-31T09:00", "booked in February", "2025-02-01..2025-03-01"),
    ("2025-03-31T09:00", "booked in April", "2024-04-01..2024-05-01"),
    ("2025-03-31T09:00", "booked last April", "2024-04-01..2024-05-01"),
]
AHEAD_AT_EDGES = [
    ("2024-02-29T09:00", "next month", "SONM..2024-04-01"),
    ("2025-12-31T09:00", "next month", "SONM..2026-02-01"),
    ("2025-12-31T09:00", "next week", "SONW..2026-01-12"),
    ("2025-12-31T09:00", "in January", "2026-01-01..2026-02-01"),
    ("2026-01-01T09:00", "next quarter", "SONQ..2026-07-01"),
    ("2026-01-01T09:00", "in December", "2026-12-01..2027-01-01"),
    ("2025-03-31T09:00", "next month", "SONM..2025-05-01"),
    ("2025-03-31T09:00", "on 31 March", "2025-03-31..2025-04-01"),
    ("2025-03-31T09:00", "on 30 March", "2026-03-30..2026-03-31"),
]


@pytest.mark.parametrize(("as_of", "query", "expect"), EDGES)
def test_a_past_date_holds_at_the_ends_of_months_and_years(as_of: str, query: str, expect: str) -> None:
    row = Row("golf", "lastBookingAt", query, expect, _at(as_of))
    assert verdict(row) == "right", row.draft()


@pytest.mark.parametrize(("as_of", "phrase", "expect"), AHEAD_AT_EDGES)
def test_a_date_ahead_holds_at_the_ends_of_months_and_years(as_of: str, phrase: str, expect: str) -> None:
    row = Row("golf", "membershipExpiry", f"membership expires {phrase}", expect, _at(as_of))
    assert verdict(row) == "right", row.draft()


@pytest.mark.parametrize(
    ("zone", "expect"), [("UTC", "2025-12-01..2026-01-01"), ("Africa/Johannesburg", "2025-12-01..2026-01-01")]
)
def test_the_day_begins_in_the_clocks_zone(zone: str, expect: str) -> None:
    late = _at("2025-12-31T23:30", zone)
    assert verdict(Row("golf", "lastBookingAt", "booked in December", expect, late)) == "right"
    january = "2026-01-01..2026-02-01" if zone != "UTC" else "2025-01-01..2025-02-01"
    assert verdict(Row("golf", "lastBookingAt", "booked in January", january, late)) == "right"
