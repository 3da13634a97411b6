"""Values as a database's driver gives them, as the reference matcher reads them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import cast

from segmentry.criteria.catalog import EventProperty, Field
from segmentry.criteria.match import Cell


def cell(value: object, field: Field | EventProperty) -> Cell:
    """One value: unset = None, instants aware UTC, lists as tuples without nulls.

    >>> cell(Decimal("3"), Field("n", "number", integer=True))
    3
    """
    match value:
        case None:
            return None
        case bool() | str():
            return value
        case int() | float() | Decimal():
            return _number(value, field)
        case datetime():
            return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
        case date():
            return datetime(value.year, value.month, value.day, tzinfo=UTC)
        case list() | tuple():
            elements = cast("Sequence[object]", value)  # drivers tell nothing of the elements
            return tuple(str(each) for each in elements if each is not None)
        case _:
            raise TypeError(f"a driver gave {type(value).__name__} for {field.name}")


def _number(value: float | Decimal, field: Field | EventProperty) -> int | float | None:
    if not math.isfinite(value):
        return None
    if field.type == "number" and not field.integer:
        return float(value)
    return int(value) if isinstance(value, Decimal) else value
