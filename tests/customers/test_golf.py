"""The demo catalog says what the source's field page says."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime

import pytest
from segmentry.criteria import check, parse
from segmentry.criteria.dates import Clock
from segmentry.criteria.export import targets
from segmentry.criteria.export.exported import Source
from segmentry.criteria.operators import allowed
from segmentry.customers import golf
from segmentry.customers.population import people, words

# Field, type, and operators where the source names them.
SOURCE = {
    "email": ("string", "eq neq contains startsWith endsWith", "Customer email"),
    "phoneNumber": ("string", "eq neq startsWith", "E.164 format phone"),
    "firstName": ("string", "eq neq contains startsWith", "First name"),
    "lastName": ("string", "eq neq contains startsWith", "Last name"),
    "country": ("string", "eq neq in nin", "ISO 3166-1 alpha-2 code"),
    "city": ("string", "eq neq in contains", "City name"),
    "status": ("enum", "", "Customer status"),
    "lifecycleStage": ("enum", "", "Lifecycle stage"),
    "tags": ("array", "", "Customer tags"),
    "membershipTier": ("string", "eq neq in nin", "Membership tier (e.g., PLATINUM, GOLD, SILVER)"),
    "membershipStatus": ("string", "", "Membership status"),
    "memberSince": ("datetime", "", "Membership start date"),
    "membershipExpiry": ("datetime", "", "Membership expiry date"),
    "emailOptIn": ("boolean", "", "Email marketing consent"),
    "smsOptIn": ("boolean", "", "SMS marketing consent"),
    "pushOptIn": ("boolean", "", "Push notification consent"),
    "whatsappOptIn": ("boolean", "", "WhatsApp consent"),
    "engagementScore": ("number", "eq neq lt lte gt gte", "Engagement score (0-100)"),
    "churnRiskScore": ("number", "", "Churn risk score (0-100)"),
    "lifetimeValue": ("number", "", "Lifetime value in cents"),
    "predictedLtv": ("number", "", "Predicted lifetime value"),
    "lastActivityAt": ("datetime", "", "Last activity timestamp"),
    "activityCount30d": ("number", "", "Activities in last 30 days"),
    "activityCount90d": ("number", "", "Activities in last 90 days"),
    "bookingCount30d": ("number", "", "Bookings in last 30 days"),
    "bookingCount90d": ("number", "", "Bookings in last 90 days"),
    "lastBookingAt": ("datetime", "", "Last booking timestamp"),
    "lastEmailOpenAt": ("datetime", "", "Last email open"),
    "lastEmailClickAt": ("datetime", "", "Last email click"),
    "handicap": ("number", "", "Golf handicap (0-54)"),
    "handicapProvider": ("string", "", "Provider (SAGA, USGA)"),
    "homeClubId": ("string", "", "Home club ID"),
    "homeClubName": ("string", "", "Home club name"),
}


def test_all_33_fields_are_there_in_the_sources_order() -> None:
    assert [field.name for field in golf.catalog().fields] == list(SOURCE)
    assert len(SOURCE) == 33


@pytest.mark.parametrize("name", SOURCE)
def test_type_operators_and_description_are_the_sources(name: str) -> None:
    kind, operators, description = SOURCE[name]
    field = golf.catalog().by_name[name]
    assert field.type == kind
    assert field.description == description
    if operators:
        assert [str(operator) for operator in allowed(field)] == [*operators.split(), "exists"]


@pytest.mark.parametrize(
    ("phrase", "field", "operator", "value"),
    [
        ("high-value", "lifetimeValue", "gte", 100_000),
        ("high ltv", "lifetimeValue", "gte", 500_000),
        ("high engagement", "engagementScore", "gte", 70),
        ("low churn risk", "churnRiskScore", "lte", 30),
        ("at risk of churning", "churnRiskScore", "gte", 70),
    ],
)
def test_bands_hold_the_ruled_thresholds(phrase: str, field: str, operator: str, value: int) -> None:
    bands = [band for band in golf.catalog().by_name[field].bands if phrase in band.phrases]
    assert [(str(band.operator), band.value) for band in bands] == [(operator, value)]


def test_personal_fields_leave_by_name_only() -> None:
    personal = [field for field in golf.catalog().fields if field.pii]
    assert [field.name for field in personal] == ["email", "phoneNumber", "firstName", "lastName"]
    assert all(field.llm == "name" and not field.samples and not field.values for field in personal)


def test_the_catalog_is_readable_without_polars() -> None:
    script = (
        "import sys; from segmentry.customers import golf; golf.catalog(); print('polars' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_sampled_words_are_those_of_the_population() -> None:
    fields = golf.catalog().by_name
    assert set(fields["city"].samples) == set(people.CITIES)
    assert set(fields["homeClubName"].samples) == set(words.CLUBS)
    assert set(fields["tags"].samples) == set(words.TAGS)
    assert {value.value for value in fields["membershipStatus"].values} == set(words.MEMBERSHIP_STATUSES)
    assert {value.value for value in fields["status"].values} == set(words.STATUSES)
    assert {value.value for value in fields["lifecycleStage"].values} == set(words.STAGES)
    assert set(fields["country"].samples) == {country for country, _, _, _ in words.COUNTRIES}


@pytest.mark.parametrize("target", ["postgresql", "duckdb", "sqlite", "clickhouse", "spark", "polars"])
def test_what_members_do_can_be_exported(target: str) -> None:
    club = golf.catalog()
    clock = Clock.at(datetime(2025, 12, 16, tzinfo=UTC))
    node = parse.loads('{"$event":{"name":"booking","count":{"$gte":3},"within":"{{30_DAYS_AGO}}"}}')
    written = targets.write(target, check.require(node, club, clock).bound, Source(club, clock))
    assert "customer_id" in written.text
    assert "booking" in written.text
