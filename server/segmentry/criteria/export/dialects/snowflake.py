"""Snowflake: placeholders by position, lists written out."""

from __future__ import annotations

from segmentry.criteria.export.dialects.dialect import COMMON, LARGEST, Dialect, Form, predicate
from segmentry.criteria.nodes import Operator

_ANY = "ARRAYS_OVERLAP({f}, ARRAY_CONSTRUCT({v}))"

SNOWFLAKE = Dialect(
    name="snowflake",
    quote='"',
    placeholder="?",
    cast="CAST({p} AS {type})",
    types={
        "string": "VARCHAR",
        "integer": "NUMBER(38, 0)",
        "float": "FLOAT",
        "boolean": "BOOLEAN",
        "datetime": "TIMESTAMP_TZ",
        "array": "VARCHAR",
        "total": "NUMBER(38, 0)",
    },
    forms={
        **COMMON,
        (Operator.IN, "array"): Form(_ANY, f"NOT {_ANY}"),
        **predicate(Operator.STARTS_WITH, "STARTSWITH({f}, {v})"),
        **predicate(Operator.ENDS_WITH, "ENDSWITH({f}, {v})"),
        **predicate(Operator.CONTAINS, "CONTAINS({f}, {v})"),
    },
    total="COALESCE(SUM(CAST({f} AS NUMBER(38, 0))), 0)",
    # NaN is above every number here.
    finite=f"CASE WHEN {{f}} BETWEEN -{LARGEST} AND {LARGEST} THEN {{f}} END",
)
