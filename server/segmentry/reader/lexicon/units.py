# ruff: noqa: E501 - word tables and patterns read better in long lines
"""From the number a person says to the number the column stores: cents, percent, months against years, metres."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from segmentry.criteria.catalog import Field
from segmentry.criteria.column_words import CURRENCIES
from segmentry.reader.language.inflect import stem
from segmentry.reader.lexicon.names import LONG_UNITS, Named
from segmentry.reader.quantities.numbers import Quantity

# unit -> (what it measures, size); days and months are two families, because a month has no fixed length
_SIZES: Final[dict[str, tuple[str, float]]] = {
    "millisecond": ("clock", 0.001),
    "second": ("clock", 1),
    "minute": ("clock", 60),
    "hour": ("clock", 3_600),
    "day": ("clock", 86_400),
    "week": ("clock", 604_800),
    "month": ("calendar", 1),
    "quarter": ("calendar", 3),
    "year": ("calendar", 12),
    "mm": ("distance", 1),
    "cm": ("distance", 10),
    "m": ("distance", 1_000),
    "km": ("distance", 1_000_000),
    "inch": ("distance", 25.4),
    "foot": ("distance", 304.8),
    "mile": ("distance", 1_609_344),
    "g": ("mass", 1),
    "kg": ("mass", 1_000),
    "ton": ("mass", 1_000_000),
    "lb": ("mass", 453.59237),
    "stone": ("mass", 6_350.29318),
    "kb": ("size", 0.001),
    "mb": ("size", 1),
    "gb": ("size", 1_000),
    "tb": ("size", 1_000_000),
    "wh": ("energy", 0.001),
    "kwh": ("energy", 1),
    "mwh": ("energy", 1_000),
    "kbps": ("speed", 0.001),
    "mbps": ("speed", 1),
    "gbps": ("speed", 1_000),
}
_OTHER_NAMES: Final[dict[str, str]] = {
    "sec": "second", "secs": "second", "min": "minute", "mins": "minute", "hr": "hour", "hrs": "hour", "wk": "week",
    "wks": "week", "mo": "month", "mos": "month", "mth": "month", "mths": "month", "yr": "year", "yrs": "year",
    "ms": "millisecond", "millisecond": "millisecond", "inch": "inch", "millimetr": "mm", "millimeter": "mm", "centimetr": "cm", "centimeter": "cm", "metr": "m", "meter": "m",
    "kilometr": "km", "kilometer": "km", "kms": "km", "mil": "mile", "mi": "mile", "inches": "inch", "feet": "foot",
    "ft": "foot", "gram": "g", "kilo": "kg", "kgs": "kg", "kilogram": "kg", "pound": "lb", "lbs": "lb", "tonn": "ton",
    "gigabyt": "gb", "gig": "gb", "gigs": "gb", "megabyt": "mb", "meg": "mb", "megs": "mb", "terabyt": "tb", "kilobyt": "kb",
    "megabit": "mbps", "gigabit": "gbps", "minut": "minute", "ston": "stone",
}  # fmt: skip
_DAYS_IN: Final = 30  # of a month; a year has 365
_SECONDS: Final = 86_400
_LENGTH_NAMES: Final = frozenset(
    ["tenure", "duration", "age", "length", "period", "stay", "seniority", "relationship"]
)
_SIGNS: Final[dict[str, frozenset[str]]] = {
    "$": frozenset({"USD", "CAD", "AUD", "NZD", "SGD", "HKD", "MXN"}),
    "¥": frozenset({"JPY", "CNY"}),
    "KR": frozenset({"SEK", "NOK", "DKK"}),
}


_HUNDREDTHS: Final = frozenset(
    {"cents", "cent", "minor", "pence", "penny", "centavos", "paise", "kopecks", "øre", "öre"}
)


@dataclass(frozen=True, slots=True)
class Stored:
    """The number in the column's unit; `other` is the second way to read it, when the words leave it open.

    `doubtful`: which of the two is meant cannot be told, so a person should look.
    """

    value: int | float
    assumed: bool = False
    other: int | float | None = None
    note: str = ""
    doubtful: bool = False


def stored(field: Field, quantity: Quantity, *, symbolic: bool) -> Stored:
    """Convert one number. `symbolic`: the query had the exact field name and a sign, so the stored unit."""
    value = quantity.value
    unit = field.unit.casefold()
    if unit in _HUNDREDTHS:
        return _cents(field, quantity, symbolic=symbolic)
    if quantity.percent and field.maximum is not None and field.maximum <= 1:
        return Stored(_clean(value / 100))
    if field.maximum is not None and field.maximum <= 1 and not symbolic and value > 1 and value <= 100:
        return Stored(_clean(value / 100), assumed=True, note=f"{value} was read as {value} %")
    if unit == "ratio" and not symbolic and (quantity.percent or 1 < value <= 100):
        return _share(field, quantity)
    if quantity.percent and field.maximum is None and unit != "percent":
        note = f"{value} % was read as {value}: no unit of {field.name} is known"
        return Stored(value, assumed=True, other=_clean(value / 100), note=note, doubtful=True)
    if quantity.currency and field.unit in CURRENCIES and not _same_money(quantity.currency, field.unit):
        note = f"{field.name} is kept in {field.unit}: {value} was not converted"
        return Stored(value, assumed=True, note=note, doubtful=True)
    return Stored(value)


def _share(field: Field, quantity: Quantity) -> Stored:
    """ "Above 80 %" on a rate of which nobody says whether it runs to 1 or to 100."""
    share = _clean(quantity.value / 100)
    note = f"{quantity.value} was read as {share:g}: {field.name} was taken to run from 0 to 1"
    return Stored(share, assumed=True, other=quantity.value, note=note, doubtful=True)


def _same_money(said: str, kept: str) -> bool:
    return said == kept or kept in _SIGNS.get(said, ())


def _cents(field: Field, quantity: Quantity, *, symbolic: bool) -> Stored:
    value = quantity.value
    major = _clean(value * 100)
    if quantity.minor:
        return Stored(value)
    if quantity.money:
        return Stored(major)
    if symbolic:
        return Stored(value)
    low, high = field.minimum, field.maximum
    if high is not None:
        floor = low if low is not None else 0.0
        major_fits, stored_fits = floor <= major <= high, floor <= value <= high
        if major_fits != stored_fits:
            return Stored(major if major_fits else value)
    return Stored(
        major,
        assumed=True,
        other=value,
        note=f"{value} was read in whole units of money, stored as {major} cents",
    )


def measured(named: Named) -> str:
    """The unit of length, time, mass or size that a column is kept in, singular; "" where none is stated."""
    own = _unit(named.field.unit)
    if own in _SIZES:
        return own
    if not own:
        # `visits_this_year` is a number of visits, over a year
        parts = named.plain if named.to_date or named.window_days else named.words
        own = next((unit for part in parts if _size(unit := _unit(part), "clock", "calendar")), "")
        if not own and parts[-1] in LONG_UNITS:
            own = _unit(parts[-1])
    if not own and not named.window_days:
        said = (_unit(part.strip("().,").casefold()) for part in named.field.description.split())
        own = next((unit for unit in said if unit in ("month", "day", "year", "week")), "")
    return own if own in _SIZES else ""


_LENGTHS: Final = frozenset(["height", "distance", "width", "depth", "altitude", "elevation", "length"])


def is_length(named: Named) -> tuple[bool, bool]:
    """Whether a column holds a length in space, and whether its unit is known."""
    own = measured(named)
    return (True, True) if _size(own, "distance") else (not own and bool(_LENGTHS & set(named.words)), False)


def in_metres(value: float) -> int | float:
    """The metres of a number that was read as millions: "1.8 m"."""
    return _clean(float(value) / 1_000_000)


def _size(unit: str, *families: str) -> bool:
    return unit in _SIZES and _SIZES[unit][0] in families


def _unit(word: str) -> str:
    word = word.casefold()
    return _OTHER_NAMES.get(word) or _OTHER_NAMES.get(stem(word)) or stem(word)


def unit_factor(named: Named, word: str) -> tuple[float, bool] | None:
    """What a unit said after the number does to it: (factor, assumed), or None when it does not fit.

    >>> from segmentry.reader.lexicon.names import take_apart
    >>> unit_factor(take_apart(Field("tenure_months", "number")), "years")
    (12.0, False)
    """
    said = _unit(word)
    if said not in _SIZES:
        return None
    own = measured(named)
    if own == said:
        return 1.0, False
    if own:
        return _converted(said, own)
    if set(named.words) & _LENGTH_NAMES and _size(said, "calendar", "clock"):
        if "age" in named.words:
            return (1.0, False) if said == "year" else None
        # A length of a relationship without a unit is in months, by far the most common habit.
        return (_SIZES[said][1], True) if said in ("month", "year") else None
    return None


def keeps_in(named: Named, word: str) -> bool:
    """Whether the column is kept in the unit that was said."""
    return bool(own := measured(named)) and own == _unit(word)


def _converted(said: str, own: str) -> tuple[float, bool] | None:
    (family, size), (kept, unit) = _SIZES[said], _SIZES[own]
    if family == kept:
        return size / unit, False
    if (family, kept) == ("calendar", "clock"):
        days = 365 * size / 12 if size % 12 == 0 else _DAYS_IN * size
        return days * _SECONDS / unit, True
    if (family, kept) == ("clock", "calendar"):
        return (12 / 52 if said == "week" else size / _SECONDS / _DAYS_IN) / unit, True
    return None


def scaled(value: float, factor: float) -> int | float:
    return value if factor == 1.0 else _clean(value * factor)


def _clean(value: float) -> int | float:
    if isinstance(value, int):
        return value
    value = round(value, 10)
    return int(value) if value.is_integer() and abs(value) < 2**53 else value
