"""ClickHouse: typed placeholders, instants by their microseconds, sums in 256 bits."""

from __future__ import annotations

from segmentry.criteria.export.dialects.dialect import COMMON, Dialect, Form, among, micros, predicate
from segmentry.criteria.nodes import Operator

CLICKHOUSE = Dialect(
    name="clickhouse",
    quote='"',
    escapes={"\\": "\\\\", '"': '\\"'},
    placeholder="{{p{n}:{type}}}",
    cast="{p}",
    # The text of a DateTime64 stops at the years 1900 and 2299, its number does not.
    casts={"datetime": "fromUnixTimestamp64Micro({p}, 'UTC')"},
    types={
        "string": "String",
        "integer": "Int64",
        "float": "Float64",
        "boolean": "Bool",
        "datetime": "Int64",
        "array": "String",
        "total": "Int256",
    },
    list_types={
        "string": "Array(String)",
        "integer": "Array(Int64)",
        "float": "Array(Float64)",
        "array": "Array(String)",
    },
    forms={
        **COMMON,
        **among("string", "integer", "float", holds="{f} IN {v}", fails="{f} NOT IN {v}", listed="parameter"),
        (Operator.IN, "array"): Form("hasAny({f}, {v})", "NOT hasAny({f}, {v})", listed="parameter"),
        **predicate(Operator.STARTS_WITH, "startsWith({f}, {v})"),
        **predicate(Operator.ENDS_WITH, "endsWith({f}, {v})"),
        **predicate(Operator.CONTAINS, "position({f}, {v}) > 0"),
    },
    total="coalesce(sum(toInt256({f})), 0)",
    finite="if(isFinite({f}), {f}, NULL)",
    encode={"datetime": micros},
)
