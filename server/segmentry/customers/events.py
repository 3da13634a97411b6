"""What customers did: one table per kind of event, sorted by time, and how often each customer is in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import numpy.typing as npt
import polars as pl

from segmentry.criteria.catalog import EventProperty, EventType
from segmentry.criteria.nodes import Event, Leaf, Node
from segmentry.customers import bitmaps, leaves, totals
from segmentry.customers.bitmaps import Words
from segmentry.customers.columns import MICROSECONDS, Column, Instant, Number, column_of, part
from segmentry.customers.distinct import owners_of_distinct
from segmentry.customers.evaluate import evaluate
from segmentry.customers.plan import Highest, Plan
from segmentry.customers.scan import Cancel


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

    def words(self, event: Event, rows: int, cancel: Cancel) -> Words:
        """The customers whose count, sum or number of distinct values of events in the window meets it.

        No event is 0. Reads the window only. Memory: a few bytes per event of the window, and where the
        window holds at least a third as many events as there are customers, 8 bytes per customer.

        Raises: scan.Cancelled.
        """
        window = self._window(event)
        owners = self.owners[window]
        met = None if event.where is None else self._where(event.where, window, cancel)
        if met is not None:
            owners = owners[met]
        if event.measure == "count":
            return totals.counted(owners, event.operator, event.value, rows)
        column = part(self.columns[event.of or ""], window.start, window.stop)
        if event.measure == "distinct":
            once = owners_of_distinct(column, slice(None) if met is None else met, owners)
            return totals.counted(once, event.operator, event.value, rows)
        assert isinstance(column, Number)
        values = column.values if column.valid is None else np.where(column.valid, column.values, 0)
        amounts = values if met is None else values[met]
        return totals.summed(owners, amounts, event.operator, event.value, rows)

    def _window(self, event: Event) -> slice:
        """The events in `[window_start, window_end)`."""
        assert isinstance(event.window_end, datetime), "a planned window ends at an instant"
        low = 0
        if event.window_start is not None:
            assert isinstance(event.window_start, datetime), "a bound window holds instants"
            low = int(np.searchsorted(self.times, leaves.microseconds(event.window_start), side="left"))
        high = int(np.searchsorted(self.times, leaves.microseconds(event.window_end), side="left"))
        return slice(low, max(low, high))

    def _where(self, where: Node, window: slice, cancel: Cancel) -> npt.NDArray[np.intp]:
        """The events of the window that meet `where`, by their place in it."""
        n_events = window.stop - window.start
        properties = {prop.name: prop for prop in self.kind.properties}

        def source(step: Leaf | Event | Highest, of: Words | None) -> Words:
            del of
            assert isinstance(step, Leaf), "a where clause holds leaves only"
            column = part(self.columns[step.field], window.start, window.stop)
            return leaves.words(column, properties[step.field], step, cancel)

        met: list[npt.NDArray[np.intp]] = []
        plan = Plan(properties)
        plan.add(where)
        evaluate(
            plan, n_events, source, cancel, lambda _, words: met.append(bitmaps.rows_of(words, n_events))
        )
        return met[0]

    def to_frame(self) -> pl.DataFrame:
        """The owner, the time and the properties, for reading by people and by the reference matcher."""
        from segmentry.customers.values import series_of  # noqa: PLC0415 - values reads columns, not events

        frame = pl.DataFrame({"owner": self.owners, "at": pl.Series(self.times).cast(MICROSECONDS)})
        return frame.with_columns(series_of(column, name) for name, column in self.columns.items())
