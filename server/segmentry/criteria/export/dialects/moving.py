"""A date placeholder as SQL that moves with the engine's own clock."""

from __future__ import annotations

from collections.abc import Callable

from segmentry.criteria import dates
from segmentry.criteria.export.dialects.dialect import Moving

_UNITS = {"DAY": "days", "WEEK": "weeks", "MONTH": "months", "YEAR": "years"}


def expression(placeholder: str, moving: Moving, zone: str, count: Callable[[int], str]) -> str:
    """The instant of a legal placeholder, as `criteria.dates.resolve` works it out.

    `zone` is the place of the zone's name, `count` makes a place for a whole number.

    >>> plain = Moving("now()", "today({zone})", "add({d}, {n}, {unit})", "first({d})", "at({d}, {zone})")
    >>> expression("{{60_DAYS_AGO}}", plain, "$1", str)
    'at(add(today($1), -60, days), $1)'
    """
    inner = placeholder[2:-2]
    if inner == "NOW":
        return moving.now
    day = moving.today.format(zone=zone)
    counted = dates.counted(inner)
    if counted is not None:
        amount, unit = counted
        day = moving.step.format(d=day, n=count(amount), unit=_UNITS[unit])
    else:
        step, unit = dates.started(inner)
        if unit != "DAY":
            day = moving.start.format(d=day, unit=unit.lower())
        if step:
            amount = 3 * step if unit == "QUARTER" else step
            day = moving.step.format(d=day, n=count(amount), unit=_UNITS.get(unit, "months"))
    return moving.first_instant.format(d=day, zone=zone)
