"""PostgreSQL: list parameters, arrays by overlap, order under the C collation."""

from __future__ import annotations

from segmentry.criteria.export.dialects.dialect import (
    COMMON,
    LARGEST,
    Dialect,
    Form,
    Moving,
    among,
    compared,
    like,
    predicate,
)
from segmentry.criteria.export.dialects.literals import standard
from segmentry.criteria.nodes import Operator

_ORDERED = compared("string", '{f} COLLATE "C"')
del _ORDERED[Operator.EQ, "string"]

# A midnight that a clock change skips is read with the offset before it, as criteria do. Of one that occurs
# twice PostgreSQL takes the second: `early` is read with the offset of a day before, and counts if it is a
# midnight too.
_FIRST_INSTANT = (
    "(SELECT CASE WHEN b.early AT TIME ZONE {zone} = b.midnight THEN least(b.early, b.late) ELSE b.late END "
    "FROM (SELECT a.midnight, a.late, (a.midnight - ((a.late - interval '24 hours') AT TIME ZONE {zone} - "
    "(a.late - interval '24 hours') AT TIME ZONE 'UTC')) AT TIME ZONE 'UTC' AS early "
    "FROM (SELECT t.midnight, t.midnight AT TIME ZONE {zone} AS late "
    "FROM (SELECT {d}::timestamp AS midnight) AS t) AS a) AS b)"
)

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
    # An anti join where it stands alone, and hashed where it does not; NOT IN is never joined (0304).
    absent='NOT EXISTS (SELECT 1 FROM ({chosen}) AS t("their key") WHERE t."their key" = {mine})',
    # The sum of bigint is numeric, which has no limit that matters.
    total="coalesce(sum({f}::bigint), 0)",
    # NaN is above every number here.
    finite=f"CASE WHEN {{f}} BETWEEN -{LARGEST} AND {LARGEST} THEN {{f}} END",
    # With a backslash a plain text means what standard_conforming_strings says; E'' means one thing.
    literal=standard("ARRAY[{}]", backslash="E"),
    moving=Moving(
        now="date_trunc('second', now())",
        today="(date_trunc('second', now()) AT TIME ZONE {zone})::date",
        step="({d} + make_interval({unit} => {n}))::date",
        start="date_trunc('{unit}', {d}::timestamp)::date",
        first_instant=_FIRST_INSTANT,
    ),
)
