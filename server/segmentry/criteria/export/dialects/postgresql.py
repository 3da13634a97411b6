"""PostgreSQL: list parameters, arrays by overlap, order under the C collation."""

from __future__ import annotations

from segmentry.criteria.export.dialects.dialect import (
    COMMON,
    LARGEST,
    Dialect,
    Form,
    among,
    compared,
    like,
    predicate,
)
from segmentry.criteria.nodes import Operator

_ORDERED = compared("string", '{f} COLLATE "C"')
del _ORDERED[Operator.EQ, "string"]

POSTGRESQL = Dialect(
    name="postgresql",
    quote='"',
    placeholder="${n}",
    cast="{p}::{type}",
    types={
        "string": "text",
        "integer": "bigint",
        "float": "double precision",
        "boolean": "boolean",
        "datetime": "timestamptz",
        "array": "text",
        "total": "numeric",
    },
    list_types={"string": "text[]", "integer": "bigint[]", "float": "double precision[]", "array": "text[]"},
    forms={
        **COMMON,
        **_ORDERED,
        **among(
            "string", "integer", "float", holds="{f} = ANY({v})", fails="{f} <> ALL({v})", listed="parameter"
        ),
        (Operator.IN, "array"): Form("{f} && {v}", "NOT ({f} && {v})", listed="parameter"),
        **predicate(Operator.STARTS_WITH, "starts_with({f}, {v})"),
        (Operator.CONTAINS, "string"): Form(
            "{f} LIKE {v} ESCAPE '\\'", "{f} NOT LIKE {v} ESCAPE '\\'", encode=like("%{}%")
        ),
        (Operator.ENDS_WITH, "string"): Form(
            "{f} LIKE {v} ESCAPE '\\'", "{f} NOT LIKE {v} ESCAPE '\\'", encode=like("%{}")
        ),
    },
    # The sum of bigint is numeric, which has no limit that matters.
    total="coalesce(sum({f}::bigint), 0)",
    # NaN is above every number here.
    finite=f"CASE WHEN {{f}} BETWEEN -{LARGEST} AND {LARGEST} THEN {{f}} END",
)
