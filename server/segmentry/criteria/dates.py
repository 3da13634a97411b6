"""The one place that does date arithmetic: the request's clock, placeholders and date text.

Placeholders have the granularity of a day: the local date of `as_of` is moved, then read as the first
instant of that local day. A midnight that a clock change skips is the first instant after it, one that
occurs twice is the first: `zoneinfo` with fold=0 gives both. Only `NOW` keeps the time.
"""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo

from segmentry.errors import InvalidPlaceholder, InvalidValue

MAX_OFFSET = 3650
# Right but for its number.
_ANY_NUMBER = re.compile(r"\{\{[0-9]+_(?:DAYS|WEEKS|MONTHS|YEARS)_(?:AGO|FROM_NOW)\}\}")
_UNITS = ["DAY", "WEEK", "MONTH", "QUARTER", "YEAR"]
_COUNTED = re.compile(r"(0|[1-9][0-9]{0,3})_(DAY|WEEK|MONTH|YEAR)S_(AGO|FROM_NOW)")
_START = re.compile(rf"START_OF_(?:(LAST|NEXT)_)?({'|'.join(_UNITS)})")
_INSTANT = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})"
    r"(?:[Tt ]([0-9]{2}):([0-9]{2})(?::([0-9]{2})(?:\.([0-9]+))?)?(Z|z|[+-][0-9]{2}(?::?[0-9]{2})?)?)?"
)
_MONTHS = {"MONTH": 1, "QUARTER": 3, "YEAR": 12}


@dataclass(frozen=True, slots=True)
class Clock:
    """One instant and one zone for a whole request. `as_of` is aware, cut to the second."""

    as_of: datetime
    zone: ZoneInfo

    @classmethod
    def at(cls, as_of: datetime, zone: str = "UTC") -> Clock:
        """The clock for an aware instant. Raises: ValueError if the instant has no offset or lies outside the
        years 1 to 9999 in UTC, ZoneInfoNotFoundError if the zone is unknown."""
        if as_of.tzinfo is None:
            raise ValueError("as_of needs an offset")
        try:
            utc = as_of.astimezone(UTC)
        except OverflowError as err:
            raise ValueError("as_of lies outside the years 1 to 9999") from err
        return cls(utc.replace(microsecond=0), ZoneInfo(zone))

    @property
    def today(self) -> date:
        """The local date of `as_of`.

        Raises: InvalidValue if the zone moves it out of the years 1 to 9999.

        >>> Clock.at(datetime(2025, 12, 31, 23, tzinfo=UTC), "Africa/Johannesburg").today
        datetime.date(2026, 1, 1)
        """
        try:
            return self.as_of.astimezone(self.zone).date()
        except OverflowError as err:
            message = f"as_of has no date in {self.zone.key}: it lies outside the years 1 to 9999"
            raise InvalidValue(message, field="as_of", problem="range") from err


def looks_like_placeholder(text: str) -> bool:
    """Whether a text is written as a placeholder, legal or not.

    >>> looks_like_placeholder("{{30_DAYS}}")
    True
    """
    return text.startswith("{{") and text.endswith("}}")


def is_placeholder(text: str) -> bool:
    """Whether a text is one of the legal placeholders.

    >>> is_placeholder("{{30_DAYS_AGO}}"), is_placeholder("{{030_DAYS_AGO}}")
    (True, False)
    """
    if not looks_like_placeholder(text):
        return False
    inner = text[2:-2]
    if inner == "NOW" or _START.fullmatch(inner):
        return True
    counted = _COUNTED.fullmatch(inner)
    return counted is not None and int(counted[1]) <= MAX_OFFSET


def resolve(placeholder: str, clock: Clock) -> datetime:
    """The instant a placeholder stands for, aware, in UTC.

    Raises: InvalidPlaceholder if it is not one, or if it falls outside the years 1 to 9999.

    >>> resolve("{{60_DAYS_AGO}}", Clock.at(datetime(2025, 12, 16, 10, tzinfo=UTC))).isoformat()
    '2025-10-17T00:00:00+00:00'
    """
    if not is_placeholder(placeholder):
        counted = _ANY_NUMBER.fullmatch(placeholder)
        why = f": a number runs from 0 to {MAX_OFFSET:,}, without leading zeros" if counted else ""
        raise InvalidPlaceholder(f"{placeholder} is not a date placeholder{why}", placeholder=placeholder)
    inner = placeholder[2:-2]
    if inner == "NOW":
        return clock.as_of
    try:
        return start_of_day(_moved(clock.today, inner), clock.zone)
    except (OverflowError, ValueError, InvalidValue) as err:
        raise InvalidPlaceholder(
            f"{placeholder} lies outside the years 1 to 9999", placeholder=placeholder
        ) from err


def _moved(today: date, inner: str) -> date:
    moved = counted(inner)
    if moved is not None:
        return add(today, *moved)
    step, unit = started(inner)
    return add(start_of(today, unit), step, unit)


def counted(inner: str) -> tuple[int, str] | None:
    """How far a placeholder such as N_DAYS_AGO goes, below 0 for the past, and in which unit; else None.

    >>> counted("60_DAYS_AGO"), counted("NOW")
    ((-60, 'DAY'), None)
    """
    found = _COUNTED.fullmatch(inner)
    if found is None:
        return None
    return int(found[1]) * (-1 if found[3] == "AGO" else 1), found[2]


def started(inner: str) -> tuple[int, str]:
    """How many units from the present one a placeholder such as START_OF_LAST_WEEK starts, and the unit.

    >>> started("START_OF_LAST_WEEK")
    (-1, 'WEEK')
    """
    found = _START.fullmatch(inner)
    assert found is not None
    return {"LAST": -1, "NEXT": 1}.get(found[1], 0), found[2]


def add(day: date, amount: int, unit: str) -> date:
    """A date moved by whole DAYs, WEEKs, MONTHs, QUARTERs or YEARs; the day clamps to the month's end.

    Raises: OverflowError or ValueError outside the years 1 to 9999.

    >>> add(date(2024, 3, 31), -1, "MONTH")
    datetime.date(2024, 2, 29)
    """
    if unit in _MONTHS:
        months = day.year * 12 + day.month - 1 + amount * _MONTHS[unit]
        year, month = divmod(months, 12)
        if not 1 <= year <= 9999:
            raise OverflowError(f"year {year}")
        return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))
    return day + timedelta(days=amount * (7 if unit == "WEEK" else 1))


def start_of(day: date, unit: str) -> date:
    """The first date of the DAY, WEEK (Monday), MONTH, QUARTER or YEAR that holds a date.

    >>> start_of(date(2025, 12, 16), "WEEK")
    datetime.date(2025, 12, 15)
    """
    match unit:
        case "WEEK":
            return day - timedelta(days=day.weekday())
        case "MONTH":
            return day.replace(day=1)
        case "QUARTER":
            return date(day.year, (day.month - 1) // 3 * 3 + 1, 1)
        case "YEAR":
            return date(day.year, 1, 1)
        case _:
            return day


def start_of_day(day: date, zone: tzinfo) -> datetime:
    """The first instant of a local day, as UTC. Raises: OverflowError at the ends of the calendar.

    >>> start_of_day(date(2018, 11, 4), ZoneInfo("America/Sao_Paulo")).isoformat()
    '2018-11-04T03:00:00+00:00'
    """
    return datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)


def is_date_only(text: str) -> bool:
    """Whether a text is an ISO date without a time.

    >>> is_date_only("2025-10-17")
    True
    """
    return len(text) == 10 and _INSTANT.fullmatch(text) is not None


def parse_instant(text: str, zone: tzinfo) -> datetime:
    """The instant of an ISO-8601 text, in UTC: no offset means UTC, no time means midnight in `zone`.

    Raises: InvalidValue if it is no such text, has more than 6 fraction digits, or lies outside the
    years 1 to 9999.

    >>> parse_instant("2025-10-17", ZoneInfo("Africa/Johannesburg")).isoformat()
    '2025-10-16T22:00:00+00:00'
    """
    found = _INSTANT.fullmatch(text)
    if found is None:
        raise InvalidValue(f"{text!r} is not an ISO-8601 date or time", expected="2025-10-17T00:00:00Z")
    year, month, day, hour, minute, second, fraction, offset = found.groups()
    if fraction is not None and len(fraction) > 6:
        raise InvalidValue(f"{text!r} has more than 6 digits of a second", expected="2025-10-17T00:00:00Z")
    try:
        if hour is None:
            return start_of_day(date(int(year), int(month), int(day)), zone)
        micros = int((fraction or "0").ljust(6, "0"))
        return datetime(
            int(year),
            int(month),
            int(day),
            int(hour),
            int(minute),
            int(second or 0),
            micros,
            tzinfo=_offset(offset),
        ).astimezone(UTC)
    except (OverflowError, ValueError) as err:
        raise InvalidValue(
            f"{text!r} is not a date of the calendar", expected="2025-10-17T00:00:00Z"
        ) from err


def _offset(text: str | None) -> tzinfo:
    if text is None or text in "Zz":
        return UTC
    digits = text[1:].replace(":", "").ljust(4, "0")
    hours, minutes = int(digits[:2]), int(digits[2:])
    if hours > 23 or minutes > 59:
        raise ValueError(text)
    delta = timedelta(hours=hours, minutes=minutes)
    return timezone(-delta if text[0] == "-" else delta)


def iso(instant: datetime) -> str:
    """An aware instant as it is printed everywhere: UTC, `Z`, fraction only when there is one.

    >>> iso(datetime(2025, 10, 17, tzinfo=UTC))
    '2025-10-17T00:00:00Z'
    """
    text = instant.astimezone(UTC).replace(tzinfo=None)
    fraction = f"{text.microsecond:06d}".rstrip("0")
    # %Y does not pad years before 1000 on every platform.
    return f"{text.year:04d}-{text:%m-%dT%H:%M:%S}{'.' if fraction else ''}{fraction}Z"
