"""Rows of a table as the documents that a judge reads: by column, with a folded twin where there is one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

from segmentry.criteria.catalog import Catalog, Field
from segmentry.criteria.match import Cell, Row, cell
from segmentry.criteria.nodes import Scalar
from segmentry.errors import JsonValue

Document = dict[str, JsonValue]

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EXACT = 2**53 - 1


def documents(catalog: Catalog, rows: Sequence[Row], write: Callable[[Scalar], JsonValue]) -> list[Document]:
    """One document per row. Unset is null in every second one, and missing in the others."""
    return [_document(catalog, row, write, nulls=index % 2 == 0) for index, row in enumerate(rows)]


def longs(catalog: Catalog) -> list[str]:
    """The columns of 64-bit whole numbers."""
    return [each.column_name for each in catalog.fields if each.type == "number" and each.integer]


def _document(catalog: Catalog, row: Row, write: Callable[[Scalar], JsonValue], *, nulls: bool) -> Document:
    document: Document = {}
    for field in catalog.fields:
        for column, folded in _columns(field):
            value = cell(row, field.name, {field.name} if folded else ())
            if value is not None:
                document[column] = _written(value, write)
            elif nulls:
                document[column] = None
    return document


def _columns(field: Field) -> list[tuple[str, bool]]:
    twin = [(field.compared_column, True)] if field.case_insensitive else []
    return [(field.column_name, False), *twin]


def _written(value: Cell, write: Callable[[Scalar], JsonValue]) -> JsonValue:
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [write(each) for each in value if each is not None]
    return write(value)


def mongodb(value: Scalar) -> JsonValue:
    """A value as extended JSON; a date loses what is finer than a millisecond, as in MongoDB."""
    match value:
        case datetime():
            return {"$date": {"$numberLong": str((value - EPOCH) // timedelta(milliseconds=1))}}
        case int() if not isinstance(value, bool) and abs(value) > _EXACT:
            return {"$numberLong": str(value)}
        case _:
            return value


def jsonlogic(value: Scalar) -> JsonValue:
    """A value as plain JSON; a date is a number of milliseconds, the microseconds behind the point."""
    if isinstance(value, datetime):
        return ((value - EPOCH) // timedelta(microseconds=1)) / 1000
    return value


def elasticsearch(value: Scalar) -> JsonValue:
    """A value as plain JSON; a date is a text cut to the millisecond, as a field of type date keeps it."""
    if isinstance(value, datetime):
        kept = value.replace(microsecond=value.microsecond // 1000 * 1000)
        return kept.astimezone(UTC).isoformat()
    return value
