"""Small tables that the tests of this folder share."""

from __future__ import annotations

from datetime import UTC, datetime

import polars as pl
import pytest
from segmentry.criteria.catalog import Catalog, EventProperty, EventType, Field
from segmentry.customers.snapshot import Snapshot


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


FIVE = Catalog(
    "five",
    (
        Field("_id", "number", integer=True, role="id"),
        Field("status", "enum"),
        Field("membershipTier", "string"),
        Field("handicap", "number"),
        Field("engagementScore", "number"),
        Field("tags", "array"),
        Field("lastBookingAt", "datetime"),
        Field("firstName", "string"),
        Field("points", "number", integer=True),
        Field("optIn", "boolean"),
    ),
    (EventType("order", (EventProperty("amount", "number", integer=True), EventProperty("shop", "string"))),),
)


@pytest.fixture
def five() -> Snapshot:
    """The five golfers of the design's worked examples, with a few columns and orders more."""
    frame = pl.DataFrame(
        {
            "_id": [1, 2, 3, 4, 5],
            "status": ["ACTIVE", "ACTIVE", "INACTIVE", None, "DELETED"],
            "membershipTier": ["PLATINUM", "DIAMOND", None, "GOLD", "platinum"],
            "handicap": [8.0, None, 10.0, 54.0, 0.0],
            "engagementScore": [82.0, 70.0, None, 10.0, 99.0],
            "tags": [["vip", "golf"], [], ["golf"], None, ["vip2"]],
            "lastBookingAt": [
                utc("2025-10-16T23:00"), None, utc("2025-10-17T00:00"),
                utc("2025-12-15T09:30"), utc("2024-02-29T12:00"),
            ],
            "firstName": ["Jo_Ann", "joanna", "JoXAnn", None, "Jo\n"],
            "points": [2**53, 2**53 + 1, None, -1, 0],
            "optIn": [True, False, None, True, None],
        }
    )  # fmt: skip
    orders = pl.DataFrame(
        {
            "owner": [0, 0, 0, 2, 4],
            "at": [
                utc("2025-12-01"),
                utc("2025-11-16"),
                utc("2025-12-16T10:00"),
                utc("2025-12-02"),
                utc("2025-01-01"),
            ],
            "amount": [100, 250, 7, None, 2**53 + 1],
            "shop": ["north", "south", "north", "north", None],
        }
    )
    return Snapshot.from_frame(frame, FIVE, {"order": orders})
