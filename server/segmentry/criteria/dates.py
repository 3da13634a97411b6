"""The one place that does date arithmetic: the request's clock, placeholders and date text."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo


@dataclass(frozen=True, slots=True)
class Clock:
    """One instant and one zone for a whole request. `as_of` is aware, cut to the second."""

    as_of: datetime
    zone: ZoneInfo

    @classmethod
    def at(cls, as_of: datetime, zone: str = "UTC") -> Clock:
        """The clock for an aware instant. Raises: ValueError if the instant has no offset,
        ZoneInfoNotFoundError if the zone is unknown."""
        if as_of.tzinfo is None:
            raise ValueError("as_of needs an offset")
        return cls(as_of.astimezone(UTC).replace(microsecond=0), ZoneInfo(zone))
