"""What a writer finds out about its export while it writes, and how it refuses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from segmentry.criteria import dates
from segmentry.criteria.catalog import Catalog, Field
from segmentry.criteria.nodes import Event, Leaf, Scalar, Segment, Top
from segmentry.errors import ExportUnsupported

# The targets that have a place for what customers do.
EVENT_TARGETS = "postgresql, duckdb, sqlite, clickhouse, spark, bigquery, snowflake, polars, klaviyo"


@dataclass(slots=True)
class Remarks:
    """The notes of one export, each said once, in the order found; `exact` is False after `inexact`.

    >>> remarks = Remarks("mongodb")
    >>> remarks.inexact("times are whole milliseconds")
    >>> remarks.exact, remarks.notes
    (False, ['times are whole milliseconds'])
    """

    target: str
    exact: bool = True
    notes: list[str] = field(default_factory=list)

    def note(self, text: str) -> None:
        """Say something that does not change who is selected."""
        if text not in self.notes:
            self.notes.append(text)

    def inexact(self, text: str) -> None:
        """Say what the target cannot tell apart."""
        self.exact = False
        self.note(text)

    def refusal(self, path: str, message: str, allowed: str = "") -> ExportUnsupported:
        """The error for one leaf that the target cannot say."""
        return unsupported(self.target, path, message, allowed)


def unsupported(target: str, path: str, message: str, allowed: str = "") -> ExportUnsupported:
    """The error for a target that is unknown, or for a leaf that it cannot say.

    >>> unsupported("klaviyo", "city", "no order of texts").metadata["path"]
    'city'
    """
    error = ExportUnsupported(message, target=target, path=path)
    if allowed:
        error.metadata["allowed"] = allowed
    return error


def unresolved(remarks: Remarks, node: Event | Segment | Top) -> ExportUnsupported:
    """The error for what an export of single customers cannot hold.

    >>> unresolved(Remarks("mongodb"), Top("score", 10, path="$top")).metadata["path"]
    '$top'
    """
    path = node.path
    match node:
        case Event():
            message = (
                f"{remarks.target} filters one customer at a time and has no place for the events of "
                f"{node.name}; use a field that counts them, or export to one of {EVENT_TARGETS}"
            )
            return remarks.refusal(path, message, EVENT_TARGETS)
        case Top():
            message = f"$top of {node.field} depends on the customers: export it where the table is known"
            return remarks.refusal(path, message)
        case Segment():
            return remarks.refusal(path, f"segment {node.segment_id} was not expanded")


def field_of(leaf: Leaf, catalog: Catalog) -> Field:
    """The field that a leaf of a checked tree is about, as its column holds it.

    >>> from segmentry.criteria.nodes import Operator
    >>> field_of(Leaf("age", Operator.EQ, 1), Catalog("t", (Field("age", "number"),))).type
    'number'
    """
    return catalog.by_name[leaf.field].stored


def note_folded(remarks: Remarks, field: Field) -> None:
    """Say which column holds the folded text that a field without case is compared by.

    >>> remarks = Remarks("mongodb")
    >>> note_folded(remarks, Field("city", "string", case_insensitive=True))
    >>> remarks.notes
    ['city compares without case: it needs city_folded with the casefolded text of city']
    """
    if field.case_insensitive:
        remarks.note(
            f"{field.name} compares without case: it needs {field.compared_column} with the casefolded text "
            f"of {field.column_name}"
        )


def moments(values: Sequence[datetime]) -> str:
    """Instants as a note names them.

    >>> from datetime import UTC
    >>> moments([datetime(2025, 1, 1, tzinfo=UTC)])
    '2025-01-01T00:00:00Z'
    """
    return ", ".join(dates.iso(each) for each in values)


def plain(value: Scalar) -> str | int | float | bool | None:
    """A value for JSON: a whole float as the integer that it is.

    >>> plain(70.0), plain(0.5), plain(True)
    (70, 0.5, True)
    """
    assert not isinstance(value, datetime)
    whole = isinstance(value, float) and value.is_integer() and abs(value) < 2**53
    return int(value) if whole and isinstance(value, float) else value
