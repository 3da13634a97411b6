"""Placeholders as Elasticsearch date math, which moves with the clock of the cluster.

A range with `gt` or `lte` rounds up to the end of the unit, and there is no unit below a second to step back
by: only `gte` and `lt` mean what criteria mean. There are no quarters either.
"""

from __future__ import annotations

import re

from segmentry.criteria.nodes import Operator
from segmentry.errors import JsonValue

_UNITS = {"DAY": "d", "WEEK": "w", "MONTH": "M", "YEAR": "y"}
_COUNTED = re.compile(r"\{\{([0-9]+)_(DAY|WEEK|MONTH|YEAR)S_(AGO|FROM_NOW)\}\}")
_START = re.compile(r"\{\{START_OF_(?:(LAST|NEXT)_)?(DAY|WEEK|MONTH|YEAR)\}\}")


def expression(placeholder: str) -> str | None:
    """The date math for a placeholder; None where there is none.

    >>> expression("{{60_DAYS_AGO}}"), expression("{{START_OF_LAST_WEEK}}")
    ('now-60d/d', 'now-1w/w')
    >>> expression("{{START_OF_QUARTER}}") is None
    True
    """
    if placeholder == "{{NOW}}":
        return "now"
    counted = _COUNTED.fullmatch(placeholder)
    if counted:
        sign = "-" if counted[3] == "AGO" else "+"
        return f"now{sign}{counted[1]}{_UNITS[counted[2]]}/d"
    start = _START.fullmatch(placeholder)
    if start:
        unit = _UNITS[start[2]]
        moved = {"LAST": f"-1{unit}", "NEXT": f"+1{unit}"}.get(start[1] or "", "")
        return f"now{moved}/{unit}"
    return None


def bounds(operator: Operator, placeholder: str) -> dict[str, JsonValue] | None:
    """The bound of a range query for a comparison with a placeholder; None where there is no date math.

    >>> bounds(Operator.GTE, "{{START_OF_YEAR}}"), bounds(Operator.GT, "{{START_OF_YEAR}}")
    ({'gte': 'now/y'}, None)
    """
    start = expression(placeholder)
    if start is None or operator not in (Operator.GTE, Operator.LT):
        return None
    return {operator.value: start}
