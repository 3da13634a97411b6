"""Date text and placeholders; the table of instants is in tests/conformance/instants.yaml."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import pytest
from segmentry.criteria import dates
from segmentry.criteria.dates import Clock
from segmentry.errors import InvalidPlaceholder, InvalidValue

UTC_ZONE = ZoneInfo("UTC")


@pytest.mark.parametrize(
    ("text", "zone", "instant"),
    [
        ("2025-10-17", "UTC", "2025-10-17T00:00:00Z"),
        ("2025-10-17", "Africa/Johannesburg", "2025-10-16T22:00:00Z"),
        ("2018-11-04", "America/Sao_Paulo", "2018-11-04T03:00:00Z"),
        ("2025-11-02", "America/Havana", "2025-11-02T04:00:00Z"),
        ("2025-10-17T08:30", "Africa/Johannesburg", "2025-10-17T08:30:00Z"),
        ("2025-10-17T08:30:15.1+02:00", "UTC", "2025-10-17T06:30:15.1Z"),
        ("2025-10-17T08:30:15.123456-0530", "UTC", "2025-10-17T14:00:15.123456Z"),
        ("2025-10-17 08:30:15z", "UTC", "2025-10-17T08:30:15Z"),
        ("0001-01-01", "UTC", "0001-01-01T00:00:00Z"),
        ("9999-12-31T23:59:59.999999Z", "UTC", "9999-12-31T23:59:59.999999Z"),
    ],
)
def test_date_text_is_an_instant_in_utc(text: str, zone: str, instant: str) -> None:
    assert dates.iso(dates.parse_instant(text, ZoneInfo(zone))) == instant


@pytest.mark.parametrize(
    "text",
    [
        "",
        "today",
        "2025",
        "2025-10",
        "2025-1-1",
        "20251017",
        "17/10/2025",
        "2025-02-29",
        "2025-13-01",
        "2025-10-17T",
        "2025-10-17T24:00:00Z",
        "2025-10-17T08:60",
        "2025-10-17T08:30:60Z",
        "2025-10-17T08:30:15.1234567Z",
        "2025-10-17T08:30:15.Z",
        "2025-10-17T08:30+25:00",
        "2025-10-17T08:30+02:99",
        "2025-10-17Z",
        "0000-01-01",
        "10000-01-01",
        "-0001-01-01",
        "0001-01-01T00:00:00+02:00",
        "9999-12-31T23:59:59-02:00",
        " 2025-10-17",
        "2025-10-17\n",
        "٢٠٢٥-10-17",
    ],
)
def test_text_that_is_no_instant_is_refused(text: str) -> None:
    with pytest.raises(InvalidValue):
        dates.parse_instant(text, UTC_ZONE)


def test_a_day_that_begins_before_the_calendar_is_refused() -> None:
    with pytest.raises(InvalidValue):
        dates.parse_instant("0001-01-01", ZoneInfo("Africa/Johannesburg"))


def test_the_clock_is_cut_to_the_second() -> None:
    clock = Clock.at(datetime(2025, 12, 16, 10, 0, 0, 999_999, tzinfo=UTC))
    assert clock.as_of == datetime(2025, 12, 16, 10, tzinfo=UTC)


def test_a_clock_needs_an_offset_and_a_known_zone() -> None:
    with pytest.raises(ValueError, match="offset"):
        Clock.at(datetime(2025, 12, 16))  # noqa: DTZ001 - a time without zone is what is refused
    with pytest.raises(ZoneInfoNotFoundError):
        Clock.at(datetime(2025, 12, 16, tzinfo=UTC), "Mars/Olympus")


def test_months_of_thirty_days_would_be_another_day() -> None:
    clock = Clock.at(datetime(2026, 3, 31, 10, tzinfo=UTC))
    assert dates.resolve("{{1_MONTHS_AGO}}", clock) != dates.resolve("{{30_DAYS_AGO}}", clock)


@pytest.mark.parametrize(
    ("as_of", "zone"),
    [
        (datetime(1, 1, 1, tzinfo=UTC), "America/New_York"),
        (datetime(9999, 12, 31, 23, tzinfo=UTC), "Pacific/Kiritimati"),
    ],
)
def test_a_clock_without_a_local_date_resolves_no_placeholder_but_now(as_of: datetime, zone: str) -> None:
    clock = Clock.at(as_of, zone)
    assert dates.resolve("{{NOW}}", clock) == as_of
    for placeholder in ("{{START_OF_DAY}}", "{{1_DAYS_FROM_NOW}}", "{{1_DAYS_AGO}}"):
        with pytest.raises(InvalidPlaceholder, match="lies outside the years 1 to 9999"):
            dates.resolve(placeholder, clock)
    with pytest.raises(InvalidValue, match=f"as_of has no date in {zone}"):
        _ = clock.today


def test_an_instant_that_no_utc_date_can_hold_makes_no_clock() -> None:
    with pytest.raises(ValueError, match="outside the years 1 to 9999"):
        Clock.at(datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=2))))


@pytest.mark.parametrize("number", ["3651", "007", "99999999"])
def test_a_number_out_of_range_is_said_to_be_one(number: str) -> None:
    with pytest.raises(InvalidPlaceholder, match="from 0 to 3,650, without leading zeros"):
        dates.resolve(f"{{{{{number}_DAYS_AGO}}}}", Clock.at(datetime(2025, 12, 16, tzinfo=UTC)))
