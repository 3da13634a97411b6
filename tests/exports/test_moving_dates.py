"""Dates that move with the database's clock: the same instants as those that criteria work out."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from segmentry.criteria import check, dates, parse
from segmentry.criteria.catalog import Catalog, EventType, Field
from segmentry.criteria.dates import Clock
from segmentry.criteria.export import placeholders, targets
from segmentry.criteria.export.dialects import POSTGRESQL
from segmentry.criteria.export.exported import Source
from segmentry.criteria.export.sql import condition
from segmentry.criteria.nodes import Leaf, Operator

from tests.exports.sql_runners import Postgres, Server

UNITS = ["DAY", "WEEK", "MONTH", "QUARTER", "YEAR"]
PLACEHOLDERS = [
    "{{NOW}}",
    *(f"{{{{START_OF_{which}{unit}}}}}" for which in ("", "LAST_", "NEXT_") for unit in UNITS),
    *(
        f"{{{{{number}_{unit}S_{way}}}}}"
        for unit in ("DAY", "WEEK", "MONTH", "YEAR")
        for number in (0, 1, 11, 30)
        for way in ("AGO", "FROM_NOW")
    ),
]
# No clock change, midnights that are skipped or occur twice, a day that was skipped, odd offsets.
ZONES = [
    "UTC", "Africa/Johannesburg", "America/Sao_Paulo", "America/Havana", "Asia/Beirut", "Pacific/Apia",
    "Asia/Kathmandu", "Australia/Lord_Howe", "America/New_York", "Atlantic/Azores",
]  # fmt: skip
CHANGES = [
    datetime(2018, 11, 4, tzinfo=UTC), datetime(2018, 2, 18, tzinfo=UTC), datetime(2024, 11, 3, tzinfo=UTC),
    datetime(2025, 11, 2, tzinfo=UTC), datetime(2025, 3, 9, tzinfo=UTC), datetime(2011, 12, 30, tzinfo=UTC),
    datetime(2024, 3, 31, tzinfo=UTC), datetime(2024, 2, 29, tzinfo=UTC), datetime(2024, 10, 27, tzinfo=UTC),
    datetime(2024, 4, 7, tzinfo=UTC), datetime(2024, 12, 31, tzinfo=UTC), datetime(2023, 1, 31, tzinfo=UTC),
]  # fmt: skip
INSTANTS = [
    each + timedelta(days=days, hours=hours, seconds=1)
    for each in CHANGES
    for days in (-1, 0, 1, 2)
    for hours in range(0, 24, 3)
]
CATALOG = Catalog("t", (Field("at", "datetime"),), (EventType("order"),), key="id")


@pytest.fixture(scope="module")
def server(postgres_server: None) -> Postgres:
    return Server.connected()


@pytest.mark.timeout(60)
@pytest.mark.parametrize("zone", ZONES)
def test_a_moving_date_is_the_instant_that_criteria_mean(server: Postgres, zone: str) -> None:
    for placeholder in PLACEHOLDERS:
        leaf = Leaf("at", Operator.GTE, placeholder)
        written = condition(leaf, CATALOG, POSTGRESQL, INSTANTS[0], zone=zone)
        assert written.text.startswith('"at" >= ')
        moving = written.text.removeprefix('"at" >= ').replace("now()", "moment.at")
        given = len(written.parameters) + 1
        moments = f"unnest(${given}::timestamptz[]) WITH ORDINALITY AS moment(at, n)"
        query = f"SELECT {moving} FROM {moments} ORDER BY n"
        found = server.values(query, [*written.parameters, INSTANTS])
        for as_of, instant in zip(INSTANTS, found, strict=True):
            assert instant == dates.resolve(placeholder, Clock.at(as_of, zone)), (placeholder, as_of)


def exported(criteria: str, target: str) -> Any:
    clock = Clock.at(datetime(2025, 12, 16, 10, tzinfo=UTC), "Africa/Johannesburg")
    written = parse.loads(criteria)
    bound = check.require(written, CATALOG, clock).bound
    return targets.write(target, placeholders.keep(written, bound), Source(CATALOG, clock))


def test_an_export_that_keeps_placeholders_follows_the_clock_of_postgresql() -> None:
    found = exported('{"at":{"$lt":"{{60_DAYS_AGO}}"}}', "postgresql")
    assert "now()" in found.text
    assert found.parameters == ("Africa/Johannesburg", -60)
    assert any("{{60_DAYS_AGO}}" in note and "Africa/Johannesburg" in note for note in found.notes)


def test_the_present_end_of_a_window_moves_too() -> None:
    found = exported('{"$event":{"name":"order","within":"{{30_DAYS_AGO}}"}}', "postgresql")
    assert found.text.endswith("< date_trunc('second', now()))")


@pytest.mark.parametrize("target", ["duckdb", "sqlite", "clickhouse", "spark", "bigquery", "snowflake"])
def test_other_dialects_fix_the_date_and_say_so(target: str) -> None:
    found = exported('{"at":{"$lt":"{{60_DAYS_AGO}}"}}', target)
    assert "now" not in found.text.lower()
    assert any("became fixed times" in note for note in found.notes)


def test_without_placeholders_nothing_moves() -> None:
    assert "now()" not in exported('{"at":{"$lt":"2025-01-01"}}', "postgresql").text
