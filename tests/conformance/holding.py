"""The engines once more, asked customer by customer."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from segmentry.criteria.catalog import Catalog
from segmentry.criteria.match import EventRow, Row
from segmentry.criteria.nodes import Node
from segmentry.customers import few, rows
from segmentry.customers.scan import Cancel
from segmentry.customers.sql_rows import SqlRows
from segmentry.customers.store import Truths


def in_memory(
    catalog: Catalog,
    given: Sequence[Row],
    events: Sequence[Sequence[EventRow]],
    bound: Node,
    as_of: datetime,
) -> list[bool]:
    """For each row whether a snapshot says that the tree holds for it."""
    snapshot = rows.snapshot(catalog, given, events)
    # The last one first: a place in the answer is that of the key, not of the row.
    keys = [str(number + 1) for number in reversed(range(len(given)))]
    found = few.holds(snapshot, [bound], [*keys, "nobody"], as_of, cancel=Cancel()).each()
    assert found.pop() is None
    return _truths(found)[::-1]


class InDatabase:
    """The same of a SQL store."""

    def __init__(self, store: SqlRows) -> None:
        self._store = store

    def __call__(
        self,
        catalog: Catalog,
        given: Sequence[Row],
        events: Sequence[Sequence[EventRow]],
        bound: Node,
        as_of: datetime,
    ) -> list[bool]:
        keys = [str(number) for number in range(len(given))]
        found = self._store.asked(
            catalog, given, events, lambda table: table.holds([bound], [*keys, "nobody", "-5"], as_of)
        ).each()
        assert [found.pop(), found.pop()] == [None, None]
        return _truths(found)


def _truths(found: list[Truths | None]) -> list[bool]:
    assert all(each is not None for each in found)
    return [each[0] for each in found if each is not None]
