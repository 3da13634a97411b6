"""How columns of DuckDB and Parquet files are read as fields: by type, with casts that keep the meaning."""

from __future__ import annotations

from segmentry.criteria.catalog import EventProperty, Field
from segmentry.customers.connections import KeyKind, NativeColumn, Reading

_WHOLE = frozenset({"tinyint", "smallint", "integer", "bigint", "utinyint", "usmallint", "uinteger"})
_WIDE = frozenset({"ubigint", "hugeint", "uhugeint"})
_FLOATS = frozenset({"float", "double"})
_ZONED = "timestamp with time zone"
_TIMES = frozenset({"timestamp", "date", "timestamp_s", "timestamp_ms", "timestamp_ns"})
_NOT_WHOLE = "NOT coalesce({} BETWEEN -9.2e18 AND 9.2e18 AND {} = trunc({}), true)"


def reading(column: NativeColumn, field: Field | EventProperty) -> Reading | None:
    """How a column is read as that field; None if it cannot hold it."""
    match field.type:
        case "string" | "enum":
            return _text(column)
        case "number":
            return _whole(column) if field.integer else _float(column)
        case "boolean":
            if column.type == "boolean":
                return Reading()
            return Reading("({} <> 0)") if column.type in _WHOLE else None
        case "datetime":
            return _instant(column)
        case "array":
            return _array(column)


def key_kind(column: NativeColumn) -> KeyKind:
    """How the keys in that column compare."""
    if column.type in _WHOLE:
        return "integer"
    return "text" if column.type == "varchar" else "cast"


def _text(column: NativeColumn) -> Reading | None:
    if column.type == "varchar" or column.is_enum:
        return Reading()
    return Reading("{}::VARCHAR") if column.type in _WHOLE | _WIDE | {"uuid"} else None


def _float(column: NativeColumn) -> Reading | None:
    if column.type in _FLOATS:
        return Reading(odd="NOT isfinite({})")
    # A decimal compared with a double is not what the double of it is.
    wide = column.scale is not None or column.type in _WHOLE | _WIDE
    return Reading("{}::DOUBLE") if wide else None


def _whole(column: NativeColumn) -> Reading | None:
    if column.type in _WHOLE | _WIDE or column.scale == 0:
        return Reading()
    if column.scale is not None:
        return Reading(odd="{} <> trunc({})")
    return Reading("{}::BIGINT", odd=_NOT_WHOLE) if column.type in _FLOATS else None


def _instant(column: NativeColumn) -> Reading | None:
    if column.type == _ZONED:
        return Reading("make_timestamp(epoch_us({}))", odd="NOT isfinite({})")
    if column.type in _TIMES:
        plain = column.type == "timestamp"
        return Reading("{}" if plain else "{}::TIMESTAMP", odd="NOT isfinite({})")
    return None


def _array(column: NativeColumn) -> Reading | None:
    if column.element == "varchar":
        return Reading()
    convertible = column.element in _WHOLE | _WIDE | {"uuid"} or (column.is_enum and column.element)
    return Reading("{}::VARCHAR[]") if convertible else None
