"""The clock of a request: which instants and which zones it may name."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from segmentry.errors import InvalidTimeZone, InvalidValue
from segmentry.rpc import context
from segmentry.v1 import segment_builder_pb2 as pb

ZONES = ["America/New_York", "UTC", "Pacific/Kiritimati"]


def asked(as_of: datetime, zone: str) -> pb.PreviewCountRequest:
    seconds = (as_of - datetime(1970, 1, 1, tzinfo=UTC)) // (datetime.resolution * 1_000_000)
    return pb.PreviewCountRequest(as_of=Timestamp(seconds=seconds), time_zone=zone)


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize(
    "as_of",
    [
        datetime(1, 1, 1, tzinfo=UTC),
        datetime(1, 1, 31, 23, 59, 59, tzinfo=UTC),
        datetime(9999, 12, 1, 0, 0, 1, tzinfo=UTC),
        datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC),
    ],
)
def test_an_instant_within_a_month_of_the_ends_of_the_calendar_is_refused(as_of: datetime, zone: str) -> None:
    with pytest.raises(InvalidValue, match="as_of is not an instant between 0001-02-01 and 9999-12-01") as it:
        context.clock_of(asked(as_of, zone), "UTC")
    assert it.value.metadata["field"] == "as_of"


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("as_of", [datetime(1, 2, 1, tzinfo=UTC), datetime(9999, 12, 1, tzinfo=UTC)])
def test_the_first_and_the_last_instant_that_are_taken_have_a_date_in_every_zone(
    as_of: datetime, zone: str
) -> None:
    clock = context.clock_of(asked(as_of, zone), "UTC")
    assert clock.as_of == as_of
    assert abs(clock.today - date(as_of.year, as_of.month, as_of.day)).days <= 1


@pytest.mark.parametrize("zone", ["localtime", "posixrules", "Factory", "posix/UTC", "right/UTC", "zone.tab"])
def test_a_file_beside_the_time_zones_is_no_time_zone(zone: str) -> None:
    with pytest.raises(InvalidTimeZone, match="use an IANA name such as Africa/Johannesburg"):
        context.clock_of(pb.PreviewCountRequest(time_zone=zone), "UTC")
