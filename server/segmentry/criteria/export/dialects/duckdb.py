"""DuckDB: UTC timestamps, lists with their own functions."""

from __future__ import annotations

from segmentry.criteria.export.dialects.dialect import COMMON, Dialect, Form, predicate
from segmentry.criteria.export.dialects.literals import standard
from segmentry.criteria.nodes import Operator

DUCKDB = Dialect(
    name="duckdb",
    quote='"',
    placeholder="${n}",
    cast="{p}::{type}",
    types={
        "string": "VARCHAR",
        "integer": "BIGINT",
        "float": "DOUBLE",
        "boolean": "BOOLEAN",
        "datetime": "TIMESTAMP",
        "array": "VARCHAR",
        "total": "HUGEINT",
    },
    list_types={"array": "VARCHAR[]"},
    forms={
        **COMMON,
        # The same answer for one value, null elements and unset lists included, in less than half the time.
        (Operator.EQ, "array"): Form("list_contains({f}, {v})", "NOT list_contains({f}, {v})"),
        (Operator.IN, "array"): Form(
            "list_has_any({f}, {v})", "NOT list_has_any({f}, {v})", listed="parameter"
        ),
        **predicate(Operator.STARTS_WITH, "starts_with({f}, {v})"),
        **predicate(Operator.ENDS_WITH, "ends_with({f}, {v})"),
        **predicate(Operator.CONTAINS, "contains({f}, {v})"),
    },
    # The sum of BIGINT is HUGEINT.
    total="coalesce(sum({f}::BIGINT), 0)",
    finite="CASE WHEN isfinite({f}) THEN {f} END",
    literal=standard("[{}]"),
)
