"""What customers did: one table per kind of event, sorted by time, and how often each customer is in it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import numpy.typing as npt
import polars as pl

from segmentry.criteria.catalog import EventProperty, EventType
from segmentry.criteria.nodes import Event, Leaf, Node
from segmentry.customers import leaves
from segmentry.customers.columns import MICROSECONDS, Column, Instant, Mask, Number, column_of
from segmentry.customers.distinct import distinct_values

# How a tree of the `where` clause becomes a mask; the caller brings the and/or/not.
WhereMask = Callable[[Node, Callable[[Leaf], Mask], int], Mask]


@dataclass(frozen=True)
class EventTable:
    """Events of one kind. `owners`: (n_events,), row of the customer; `times`: (n_events,), ascending UTC
    microseconds; `columns`: one column per property, aligned with both."""

    kind: EventType
    owners: npt.NDArray[np.int32]
    times: npt.NDArray[np.int64]
    columns: Mapping[str, Column]

    def __len__(self) -> int:
        return len(self.times)

    @classmethod
    def from_frame(
        cls, kind: EventType, frame: pl.DataFrame, *, owner: str = "owner", time: str = "at"
    ) -> EventTable:
        """Events from a frame with the customer's row number, the time and a column per property, named as
        its `column_name` says.

        Events without a time are left out: no window could hold them.
        """
        instants = column_of(frame[time], EventProperty(time, "datetime"))
        assert isinstance(instants, Instant)
        frame = frame.with_columns(pl.Series("__at", instants.values), pl.Series("__set", instants.present))
        frame = frame.filter("__set").sort("__at", maintain_order=True)
        unset = pl.Series("", [None] * frame.height, dtype=pl.Null)
        columns = {
            prop.name: column_of(
                frame[prop.column_name] if prop.column_name in frame.columns else unset, prop
            )
            for prop in kind.properties
        }
        return cls(kind, frame[owner].cast(pl.Int32).to_numpy(), frame["__at"].to_numpy(), columns)

    def mask(self, event: Event, rows: int, as_of: datetime, where_mask: WhereMask) -> Mask:
        """The customers whose count, sum or number of distinct values of events meets it; no event is 0."""
        kept = self._kept(event, as_of, where_mask)
        owners = self.owners[kept]
        if event.measure == "count":
            totals: npt.NDArray[np.int64] = np.bincount(owners, minlength=rows).astype(np.int64)
        elif event.measure == "distinct":
            totals = distinct_values(self.columns[event.of or ""], kept, owners, rows)
        else:
            totals = self._sums(event.of or "", kept, owners, rows)
        return leaves.compared(totals, event.operator, event.value).astype(np.bool_)

    def _kept(self, event: Event, as_of: datetime, where_mask: WhereMask) -> slice | npt.NDArray[np.int64]:
        """The events in `[window_start, window_end)` that meet `where`."""
        end = as_of if event.window_end is None else event.window_end
        assert isinstance(end, datetime), "a bound window holds instants"
        low = 0
        if event.window_start is not None:
            assert isinstance(event.window_start, datetime), "a bound window holds instants"
            low = int(np.searchsorted(self.times, leaves.microseconds(event.window_start), side="left"))
        high = int(np.searchsorted(self.times, leaves.microseconds(end), side="left"))
        window = slice(low, max(low, high))
        if event.where is None:
            return window

        def leaf_mask(leaf: Leaf) -> Mask:
            prop = next(prop for prop in self.kind.properties if prop.name == leaf.field)
            return leaves.mask(self.columns[leaf.field], prop, leaf)

        met = where_mask(event.where, leaf_mask, len(self))
        return np.flatnonzero(met[window]) + window.start

    def _sums(
        self, name: str, kept: slice | npt.NDArray[np.int64], owners: npt.NDArray[np.int32], rows: int
    ) -> npt.NDArray[np.int64]:
        """Sums of one integer property per customer; unset adds nothing. Exact: no float on the way."""
        column = self.columns[name]
        assert isinstance(column, Number)
        values = column.values[kept]
        if column.valid is not None:
            values = np.where(column.valid[kept], values, 0)
        largest = max(abs(int(values.min(initial=0))), abs(int(values.max(initial=0))))
        # Python integers where 64 bits could overflow: slow, right, and rare.
        wide = column.values.dtype == np.object_ or largest * max(len(values), 1) >= 2**63
        totals = np.zeros(rows, dtype=object if wide else np.int64)
        np.add.at(totals, owners, values.astype(object) if wide else values)
        return totals

    def to_frame(self) -> pl.DataFrame:
        """The owner, the time and the properties, for reading by people and by the reference matcher."""
        from segmentry.customers.values import series_of  # noqa: PLC0415 - values reads columns, not events

        frame = pl.DataFrame({"owner": self.owners, "at": pl.Series(self.times).cast(MICROSECONDS)})
        return frame.with_columns(series_of(column, name) for name, column in self.columns.items())
