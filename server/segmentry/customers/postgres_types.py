"""How columns of PostgreSQL are read as fields: by type, with the casts that keep the meaning."""

from __future__ import annotations

from segmentry.criteria.catalog import EventProperty, Field
from segmentry.customers.connections import KeyKind, NativeColumn, Reading

_TEXTS = frozenset({"text", "varchar"})
_LIKE_TEXT = frozenset({"bpchar", "name", "citext", "uuid"})
# Types whose text is all that criteria can ask about.
_AS_TEXT = frozenset(
    {"time", "timetz", "inet", "cidr", "macaddr", "macaddr8", "bytea", "bit", "varbit", "xml", "ltree"}
)
_WHOLE = frozenset({"int2", "int4", "int8"})
_FLOATS = frozenset({"float4", "float8"})
_TIMES = frozenset({"timestamptz", "timestamp", "date"})
_NO_TIME = "{} IN ('infinity', '-infinity')"
_NO_NUMBER = "{} IN ('NaN', 'Infinity', '-Infinity')"
# Below 2^63 in doubles, above it in numeric: both are whole numbers that fit into 64 bits.
_NOT_WHOLE = "NOT coalesce({} BETWEEN -9.2e18 AND 9.2e18 AND {} = trunc({}), true)"
_JSON_ELEMENTS = (
    "CASE WHEN jsonb_typeof({}::jsonb) = 'array' THEN ARRAY(SELECT element FROM "
    "jsonb_array_elements_text({}::jsonb) AS element WHERE element IS NOT NULL) END"
)


def reading(column: NativeColumn, field: Field | EventProperty) -> Reading | None:
    """How a column is read as that field; None if it cannot hold it.

    `date` and `timestamp` without time zone compare as UTC, because every session of ours has that zone.
    """
    match field.type:
        case "string" | "enum":
            return _text(column)
        case "number":
            return _whole(column) if field.integer else _float(column)
        case "boolean":
            if column.type == "bool":
                return Reading()
            return Reading("({} <> 0)") if column.type in _WHOLE else None
        case "datetime":
            return _plain(column, _NO_TIME) if column.type in _TIMES else None
        case "array":
            return _array(column)


def key_kind(column: NativeColumn) -> KeyKind:
    """How the keys in that column compare."""
    if column.type in _WHOLE:
        return "integer"
    return "text" if column.type in _TEXTS and column.exact_text else "cast"


def _text(column: NativeColumn) -> Reading | None:
    if column.type in _TEXTS:
        # A collation that folds would make 'a' equal 'A'.
        return Reading() if column.exact_text else Reading('{} COLLATE "C"')
    if column.type in _LIKE_TEXT | _AS_TEXT | _WHOLE or column.is_enum:
        return Reading('{}::text COLLATE "C"')
    return None


def _plain(column: NativeColumn, odd: str) -> Reading:
    """A column that needs no cast: its index stays in use, and finds odd values by itself."""
    return Reading(odd=odd, guard="sought" if column.indexed else "always")


def _float(column: NativeColumn) -> Reading | None:
    if column.type in _FLOATS:
        return _plain(column, _NO_NUMBER)
    if column.type == "numeric":
        return Reading("{}::double precision", odd=_NO_NUMBER, guard="always")
    if column.type == "money":
        return Reading("{}::numeric::double precision")
    if column.type == "interval":
        return Reading("extract(epoch FROM {})::double precision")
    return Reading() if column.type in _WHOLE else None


def _whole(column: NativeColumn) -> Reading | None:
    if column.type in _WHOLE:
        return Reading()
    if column.type == "numeric" and column.scale is not None and column.scale <= 0:
        return Reading()
    if column.type == "numeric":
        return Reading(odd="{} <> trunc({}) OR " + _NO_NUMBER, guard="always")
    return Reading("{}::bigint", odd=_NOT_WHOLE, guard="always") if column.type in _FLOATS else None


def _array(column: NativeColumn) -> Reading | None:
    if column.type in ("json", "jsonb"):
        return Reading(_JSON_ELEMENTS)
    if not column.element:
        return None
    if column.element == "text":
        return Reading()
    convertible = column.element in _TEXTS | _LIKE_TEXT | _WHOLE or column.is_enum
    return Reading("{}::text[]") if convertible else None
