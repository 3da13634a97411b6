"""How numbers, shares, fields and values are written for people."""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime

from segmentry.criteria.catalog import Field

LEVEL_LENGTH = 40


def number(value: float) -> str:
    """A number with about three significant digits below 100, and no decimals above.

    >>> number(1250.4), number(4.236), number(0.0312), number(31.0), number(-0.0)
    ('1,250', '4.24', '0.0312', '31', '0')
    """
    if value == 0 or not math.isfinite(value):
        return "0" if value == 0 else "unknown"
    size = abs(value)
    if size >= 1e15 or size < 1e-4:
        return f"{value:.3g}"
    decimals = 0 if size >= 100 else max(0, 2 - math.floor(math.log10(size)))
    text = f"{value:,.{decimals}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def amount(field: Field, value: float) -> str:
    """A value of the field as it is said: cents as currency with two decimals.

    >>> amount(Field("lifetimeValue", "number", unit="cents"), 123456.0), amount(Field("age", "number"), 41.0)
    ('1,234.56', '41')
    """
    return f"{value / 100:,.2f}" if field.unit == "cents" and abs(value) < 1e15 else number(value)


def share(percentage: float) -> str:
    """A share of 0-100 as it is said: whole percent, or one decimal below ten.

    >>> share(18.2), share(3.24), share(0.04), share(100.0)
    ('18 %', '3.2 %', 'under 0.1 %', '100 %')
    """
    if 0 < percentage < 0.1:
        return "under 0.1 %"
    text = f"{percentage:.0f}" if percentage >= 9.95 or percentage == 0 else f"{percentage:.1f}"
    return text.removesuffix(".0") + " %"


def customers(count: int) -> str:
    """A count with its noun.

    >>> customers(2340), customers(1)
    ('2,340 customers', '1 customer')
    """
    return many(count, "customer")


def many(count: int, noun: str) -> str:
    """A count with its noun, in the plural but for 1.

    >>> many(1, "row"), many(0, "dense group")
    ('1 row', '0 dense groups')
    """
    return f"{count:,} {noun if count == 1 else _plural(noun)}"


def day(epoch_s: float) -> str:
    """The date of an instant in UTC; "unknown" beyond the calendar."""
    try:
        return datetime.fromtimestamp(epoch_s, UTC).strftime("%Y-%m-%d")
    except (OverflowError, ValueError, OSError):
        return "unknown"


def cut(text: str, length: int = LEVEL_LENGTH) -> str:
    """Text of a cell as a label: control characters gone, at most `length` characters."""
    clean = "".join(
        " " if ord(char) < 32 or ord(char) == 127 else char for char in text[: 4 * length]
    ).strip()
    return clean if len(clean) <= length else clean[: length - 1] + "…"


def label(field: Field) -> str:
    """What a field is called in a card: counters by what they count, and over which time.

    >>> label(Field("activityCount90d", "number", window_days=90))
    'activities in 90 days'
    >>> label(Field("spend30d", "number", window_days=30))
    'spend in 30 days'
    >>> label(Field("bookingCount30d", "number"))
    'booking count 30d'
    """
    said = field_words(field)
    if not field.window_days:
        return said
    days = field.window_days
    base = re.sub(rf"\s*\b(in |over )?(the )?(last |past )?{days} ?d(ays?)?$", "", said) or said
    counted = re.fullmatch(r"(.+) counts?", base)
    return f"{_plural(counted[1]) if counted else base} in {days} days"


def counts(field: Field) -> bool:
    """Whether the label of the field names things that are many or few, not high or low."""
    return bool(field.window_days) and bool(re.search(r"\bcount", field_words(field)))


def _plural(noun: str) -> str:
    if re.search(r"[^aeiou]y$", noun):
        return noun[:-1] + "ies"
    return noun if noun.endswith("s") else noun + ("es" if re.search(r"(x|ch|sh)$", noun) else "s")


def field_words(field: Field) -> str:
    """A field's name as lower-case words.

    >>> field_words(Field("lifetimeValue", "number")), field_words(Field("avg_order_value_2", "number"))
    ('lifetime value', 'avg order value 2')
    >>> field_words(Field("NPSScore", "number")), field_words(Field("bookingCount30d", "number"))
    ('NPS score', 'booking count 30d')
    """
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|(?<=[a-z])(?=[0-9])", " ", field.name)
    words = re.split(r"[\s_\-.]+", spaced.strip())
    return " ".join(word if len(word) > 1 and word.isupper() else word.lower() for word in words if word)
