"""Numbers, amounts and dates in words, as sentences show them. Different values read differently."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, tzinfo
from decimal import Decimal

_EXACT = 2**53
_SUFFIXED = frozenset(["seconds", "minutes", "hours", "days", "weeks", "months", "years", "km", "kg"])
_MONTHS = ("", *["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"])
_DAYS = {"": "today", "LAST_": "yesterday", "NEXT_": "tomorrow"}
_WHICH = {"": "this", "LAST_": "last", "NEXT_": "next"}


def number(value: float, unit: str = "") -> str:
    """A number with its unit; cents as an amount of money, which has no sign because none is known.

    >>> number(70.0), number(100000, "cents"), number(12, "months"), number(5, "percent")
    ('70', '1,000.00', '12 months', '5%')
    """
    if isinstance(value, float) and value.is_integer() and abs(value) <= _EXACT:
        value = int(value)
    if unit == "cents":
        # Beyond 2^53 a whole double and the integer next to it must not read alike.
        return _money(value) if abs(value) <= _EXACT else f"{value:,} cents"
    if unit in ("percent", "%"):
        return f"{value:,}%"
    if unit in _SUFFIXED:
        return f"{value:,} {unit.removesuffix('s') if value == 1 else unit}"
    return f"{value:,}"


def _money(cents: float) -> str:
    amount = Decimal(repr(cents)) / 100
    exponent = amount.as_tuple().exponent
    digits = max(2, -exponent if isinstance(exponent, int) else 2)
    return f"{amount:,.{digits}f}"


def instant(moment: datetime) -> str:
    """A moment to the minute, or finer when it is, in UTC.

    >>> instant(datetime(2025, 10, 17, tzinfo=UTC))
    '17 Oct 2025 00:00 UTC'
    """
    utc = moment.astimezone(UTC)
    time = f"{utc:%H:%M}"
    if utc.second or utc.microsecond:
        time += f":{utc:%S}"
    if utc.microsecond:
        time += f".{utc.microsecond:06d}".rstrip("0")
    return f"{_day(utc.date())} {time} UTC"


def day(moment: datetime, zone: tzinfo) -> str:
    """The local day that a moment falls on.

    >>> day(datetime(2025, 10, 17, tzinfo=UTC), UTC)
    '17 Oct 2025'
    """
    return _day(moment.astimezone(zone).date())


def written_day(text: str) -> str:
    """A day that was written as an ISO date.

    >>> written_day("2025-10-17")
    '17 Oct 2025'
    """
    return _day(date.fromisoformat(text))


def _day(value: date) -> str:
    return f"{value.day} {_MONTHS[value.month]} {value.year}"


def placeholder(text: str) -> str:
    """A legal placeholder in words.

    >>> placeholder("{{60_DAYS_AGO}}"), placeholder("{{START_OF_LAST_QUARTER}}"), placeholder("{{NOW}}")
    ('60 days ago', 'start of last quarter', 'now')
    """
    inner = text[2:-2]
    counted = re.fullmatch(r"([0-9]+)_([A-Z]+)S_(AGO|FROM_NOW)", inner)
    if counted:
        unit = counted[2].lower() + ("" if counted[1] == "1" else "s")
        return f"{counted[1]} {unit} {counted[3].lower().replace('_', ' ')}"
    start = re.fullmatch(r"START_OF_(LAST_|NEXT_|)([A-Z]+)", inner)
    if start is None:
        return inner.lower()
    if start[2] == "DAY":
        return f"start of {_DAYS[start[1]]}"
    return f"start of {_WHICH[start[1]]} {start[2].lower()}"


def plural(noun: str) -> str:
    """An event's name for more than one; a name in quotes stays as it is.

    >>> plural("booking"), plural("delivery")
    ('bookings', 'deliveries')
    """
    if noun.endswith('"'):
        return noun
    if re.search(r"[^aeiou]y$", noun):
        return noun[:-1] + "ies"
    return noun + ("es" if re.search(r"(s|x|ch|sh)$", noun) else "s")
