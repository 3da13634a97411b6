"""SQLite: text in code-point order, booleans as 0 and 1, datetimes as ISO text in UTC, arrays as JSON text.

Identifiers stand in backticks, because SQLite reads an unknown name in double quotes as a text.
"""

from __future__ import annotations

from datetime import datetime

from segmentry.criteria.dates import iso
from segmentry.criteria.export.dialects.dialect import (
    COMMON,
    FLOAT_DISTINCT,
    LARGEST,
    Dialect,
    Encoded,
    Form,
    among,
    as_bit,
    compared,
    predicate,
)
from segmentry.criteria.nodes import Operator, Scalar

_HALF = 2**32
# Zeros at the end, and what stands between them, are cut from both sides: then the text of an instant
# has one form and sorts by time, however many fraction digits were written.
_INSTANT = "rtrim(replace({each}, ' ', 'T'), 'T:.0+Z')"
# sum() of SQLite stops at 64 bits: add up both halves, then carry.
_HIGH = "coalesce(sum({f} >> 32), 0) + (coalesce(sum({f} & 4294967295), 0) >> 32)"
_LOW = "coalesce(sum({f} & 4294967295), 0) & 4294967295"
# The array is named in a query of its own, or a column called `value` would mean that of json_each.
_ELEMENTS = "SELECT 1 FROM (SELECT {f} AS list) AS a, json_each(a.list) AS element"


def _halves(value: Scalar) -> Encoded:
    assert isinstance(value, int)
    return divmod(value, _HALF)


def _instant(value: Scalar) -> Encoded:
    assert isinstance(value, datetime)
    return (iso(value),)


_ANY = f"EXISTS ({_ELEMENTS} WHERE element.value IN ({{v}}))"

SQLITE = Dialect(
    name="sqlite",
    quote="`",
    placeholder="?{n}",
    cast="CAST({p} AS {type})",
    casts={"datetime": _INSTANT.replace("{each}", "{p}")},
    # TRUE would mean a column of that name where there is one.
    always="1 = 1",
    never="1 = 0",
    types={
        "string": "TEXT",
        "integer": "INTEGER",
        "float": "REAL",
        "boolean": "INTEGER",
        "datetime": "TEXT",
        "array": "TEXT",
        "total": "INTEGER",
    },
    forms={
        **COMMON,
        **compared("string", "{f}", "{v} COLLATE BINARY"),
        **among("string", holds="{f} COLLATE BINARY IN ({v})", fails="{f} COLLATE BINARY NOT IN ({v})"),
        (Operator.IN, "array"): Form(_ANY, f"{{f}} IS NOT NULL AND NOT {_ANY}", lacks=f"NOT {_ANY}"),
        **predicate(Operator.STARTS_WITH, "instr({f}, {v}) = 1"),
        **predicate(Operator.CONTAINS, "instr({f}, {v}) > 0"),
        **predicate(Operator.ENDS_WITH, "substr({f}, -length({v})) = {v} COLLATE BINARY"),
    },
    columns={"datetime": _INSTANT.replace("{each}", "{f}")},
    distinct={
        **FLOAT_DISTINCT,
        "string": "{f} COLLATE BINARY",
        "datetime": _INSTANT.replace("{each}", "{f}"),
    },
    total=f"({_HIGH}, {_LOW})",
    finite=f"CASE WHEN {{f}} BETWEEN -{LARGEST} AND {LARGEST} THEN {{f}} END",
    encode={"boolean": as_bit, "datetime": _instant, "total": _halves},
)
