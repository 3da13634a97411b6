"""Random tables behind a real store, and the reference matcher's word on them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import polars as pl
from hypothesis import strategies as st
from segmentry.builder.request import Place
from segmentry.criteria import match
from segmentry.criteria.match import Cell, EventRow
from segmentry.criteria.nodes import Node
from segmentry.customers import columns
from segmentry.customers.snapshot import Snapshot
from segmentry.customers.snapshots import SnapshotStore

from tests.criteria.strategies import CATALOG, CLOCK, INTEGERS, MOMENTS, ROWS, TEXTS

PLACE = Place("demo", "t", CATALOG, CLOCK)
FOLDED = tuple(field.name for field in CATALOG.fields if field.case_insensitive)
BOOKINGS = st.lists(
    st.tuples(st.integers(0, 7), MOMENTS, st.one_of(st.none(), INTEGERS), st.one_of(st.none(), TEXTS)),
    max_size=12,
)
_DTYPES: dict[str, pl.DataType] = {
    "string": pl.String(),
    "enum": pl.String(),
    "boolean": pl.Boolean(),
    "datetime": columns.MICROSECONDS,
    "array": pl.List(pl.String()),
}


@dataclass(frozen=True)
class Club:
    """A table in a store, and the same rows for brute force."""

    store: SnapshotStore
    rows: Sequence[Mapping[str, Cell]]
    events: Sequence[Sequence[EventRow]]

    def who(self, node: Node) -> list[bool]:
        """For each customer whether the criteria match, by the reference matcher alone."""
        bound = PLACE.require(node).bound
        return match.select(bound, self.rows, CLOCK.as_of, self.events, folded=FOLDED)

    def count(self, node: Node) -> int:
        return sum(self.who(node))


def club(
    rows: Sequence[Mapping[str, Cell]], bookings: Sequence[tuple[int, datetime, int | None, str | None]] = ()
) -> Club:
    frame = pl.DataFrame(
        {
            field.name: pl.Series(
                field.name,
                [row.get(field.name) for row in rows],
                dtype=_DTYPES.get(field.type) or (pl.Int64() if field.integer else pl.Float64()),
            )
            for field in CATALOG.fields
        }
    )
    booked = pl.DataFrame(
        [each for each in bookings if each[0] < len(rows)],
        schema={"owner": pl.Int32(), "at": columns.MICROSECONDS, "amount": pl.Int64(), "club": pl.String()},
        orient="row",
    )
    snapshot = Snapshot.from_frame(frame, CATALOG, {"booking": booked})
    store = SnapshotStore()
    store.put("demo", "t", snapshot)
    return Club(store, snapshot.rows_as_mappings(), snapshot.events_as_mappings())


CLUBS = st.builds(club, st.lists(ROWS, min_size=1, max_size=8), BOOKINGS)
