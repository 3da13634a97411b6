"""BigQuery: named parameters, lists through UNNEST. CONTAINS_SUBSTR folds case, so it is STRPOS."""

from __future__ import annotations

from segmentry.criteria.export.dialects.dialect import COMMON, Dialect, Form, among, predicate
from segmentry.criteria.nodes import Operator

_ANY = "EXISTS (SELECT 1 FROM UNNEST({f}) AS element WHERE element IN UNNEST({v}))"

BIGQUERY = Dialect(
    name="bigquery",
    quote="`",
    escapes={"\\": "\\\\", "`": "\\`"},
    placeholder="@p{n}",
    cast="CAST({p} AS {type})",
    types={
        "string": "STRING",
        "integer": "INT64",
        "float": "FLOAT64",
        "boolean": "BOOL",
        "datetime": "TIMESTAMP",
        "array": "STRING",
        "total": "BIGNUMERIC",
    },
    list_types={
        "string": "ARRAY<STRING>",
        "integer": "ARRAY<INT64>",
        "float": "ARRAY<FLOAT64>",
        "array": "ARRAY<STRING>",
    },
    forms={
        **COMMON,
        **among(
            "string", "integer", "float", holds="{f} IN UNNEST({v})", fails="{f} NOT IN UNNEST({v})",
            listed="parameter",
        ),
        (Operator.IN, "array"): Form(
            _ANY, f"ARRAY_LENGTH({{f}}) > 0 AND NOT {_ANY}", lacks=f"NOT {_ANY}", listed="parameter"
        ),
        # A repeated column is never NULL in a table: what was written as NULL is read as [].
        (Operator.EXISTS, "array"): Form(
            "ARRAY_LENGTH({f}) > 0", "ARRAY_LENGTH({f}) = 0", "ARRAY_LENGTH({f}) = 0"
        ),
        **predicate(Operator.STARTS_WITH, "STARTS_WITH({f}, {v})"),
        **predicate(Operator.ENDS_WITH, "ENDS_WITH({f}, {v})"),
        **predicate(Operator.CONTAINS, "STRPOS({f}, {v}) > 0"),
    },
    total="COALESCE(SUM(CAST({f} AS BIGNUMERIC)), 0)",
    finite="IF(IS_NAN({f}) OR IS_INF({f}), NULL, {f})",
)  # fmt: skip
