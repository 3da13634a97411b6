"""Spark SQL: numbered by position, lists written out."""

from __future__ import annotations

from segmentry.criteria.export.dialects.dialect import COMMON, LARGEST, Dialect, Form, predicate
from segmentry.criteria.nodes import Operator

# arrays_overlap is NULL when nothing is shared and an element is null.
_ANY = "coalesce(arrays_overlap({f}, array({v})), false)"

SPARK = Dialect(
    name="spark",
    quote="`",
    placeholder="?",
    cast="CAST({p} AS {type})",
    types={
        "string": "STRING",
        "integer": "BIGINT",
        "float": "DOUBLE",
        "boolean": "BOOLEAN",
        "datetime": "TIMESTAMP",
        "array": "STRING",
        "total": "DECIMAL(38, 0)",
    },
    forms={
        **COMMON,
        (Operator.IN, "array"): Form(_ANY, f"{{f}} IS NOT NULL AND NOT {_ANY}", lacks=f"NOT {_ANY}"),
        **predicate(Operator.STARTS_WITH, "startswith({f}, {v})"),
        **predicate(Operator.ENDS_WITH, "endswith({f}, {v})"),
        **predicate(Operator.CONTAINS, "contains({f}, {v})"),
    },
    total="coalesce(sum(CAST({f} AS DECIMAL(19, 0))), 0)",
    # NaN is above every number here.
    finite=f"CASE WHEN {{f}} BETWEEN -{LARGEST} AND {LARGEST} THEN {{f}} END",
)
