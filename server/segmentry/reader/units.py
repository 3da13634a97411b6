"""From the number a person says to the number the column stores: cents, percent, months against years."""

from __future__ import annotations

from dataclasses import dataclass

from segmentry.criteria.catalog import Field
from segmentry.reader.inflect import stem
from segmentry.reader.names import Named
from segmentry.reader.numbers import Quantity

_TIME_IN_MONTHS = {"day": 1 / 30, "week": 12 / 52, "month": 1.0, "year": 12.0, "yr": 12.0}
_TIME_NAMES = frozenset(["tenure", "duration", "age", "length", "period", "stay", "seniority"])


@dataclass(frozen=True, slots=True)
class Stored:
    """The number in the column's unit; `other` is the second way to read it, when the words leave it open."""

    value: int | float
    assumed: bool = False
    other: int | float | None = None
    note: str = ""


def stored(field: Field, quantity: Quantity, *, symbolic: bool) -> Stored:
    """Convert one number. `symbolic`: the query had the exact field name and a sign, so the stored unit."""
    value = quantity.value
    if field.unit.casefold() in ("cents", "cent", "minor"):
        return _cents(field, quantity, symbolic=symbolic)
    if quantity.percent and field.maximum is not None and field.maximum <= 1:
        return Stored(_clean(value / 100))
    if field.maximum is not None and field.maximum <= 1 and not symbolic and value > 1 and value <= 100:
        return Stored(_clean(value / 100), assumed=True, note=f"{value} was read as {value} %")
    return Stored(value)


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


def time_factor(named: Named, word: str) -> tuple[float, bool] | None:
    """What a time unit said after the number does to it: (factor, assumed), or None when it does not fit."""
    said = stem(word)
    own = stem(named.field.unit.casefold()) if named.field.unit else ""
    if not own:
        own = next((stem(part) for part in named.words if stem(part) in _TIME_IN_MONTHS), "")
    if not own:
        described = {stem(part.strip("().,").casefold()) for part in named.field.description.split()}
        own = next((part for part in ("month", "day", "year", "week") if part in described), "")
    if own == said:
        return 1.0, False
    if own in _TIME_IN_MONTHS and said in _TIME_IN_MONTHS:
        return _TIME_IN_MONTHS[said] / _TIME_IN_MONTHS[own], own == "day" or said == "day"
    if set(named.words) & _TIME_NAMES and said in _TIME_IN_MONTHS:
        if "age" in named.words:
            return (1.0, False) if said in ("year", "yr") else None
        # A length of a relationship without a unit is in months, by far the most common habit.
        return (_TIME_IN_MONTHS[said], True) if said in ("month", "year", "yr") else None
    return None


def scaled(value: float, factor: float) -> int | float:
    return value if factor == 1.0 else _clean(value * factor)


def _clean(value: float) -> int | float:
    if isinstance(value, int):
        return value
    value = round(value, 10)
    return int(value) if value.is_integer() and abs(value) < 2**53 else value
