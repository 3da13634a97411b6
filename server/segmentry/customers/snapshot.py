"""The snapshot engine: one customer table, immutable, in memory, counted exactly.

Two-valued throughout: a tree is true or false for every customer (`criteria.match` is the reference).
"""

from __future__ import annotations

import dataclasses
import math
import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from pathlib import Path
from typing import assert_never

import numpy as np
import numpy.typing as npt
import polars as pl

from segmentry.criteria.catalog import Catalog
from segmentry.criteria.match import Cell, top_threshold
from segmentry.criteria.nodes import And, Event, Everyone, Leaf, Node, Not, Or, Segment, Top
from segmentry.customers import leaves, values
from segmentry.customers.columns import EPOCH, Column, Instant, Mask, Number, column_of
from segmentry.customers.events import EventTable
from segmentry.customers.masks import MaskCache
from segmentry.customers.store import Member
from segmentry.customers.values import Categories
from segmentry.errors import UnknownSegment

RowValue = str | int | float | bool | datetime | list[str] | None
EventMapping = dict[str, Cell | Mapping[str, Cell]]
# The definition behind a reference, bound: given by whoever owns saved segments.
SegmentResolver = Callable[[Segment], Node]


def no_segments(segment: Segment) -> Node:
    """The resolver of a table without saved segments. Raises: UnknownSegment."""
    raise UnknownSegment(f"there is no segment {segment.segment_id!r}", segmentId=segment.segment_id)


@dataclass(frozen=True)
class Snapshot:
    """Rows of one table at one moment. `store` holds one column per catalog field, by field name.

    `keys`: (n_rows,) what customers are called, as text; None: by the number of the row, from 1.
    """

    catalog: Catalog
    rows: int
    store: Mapping[str, Column]
    events: Mapping[str, EventTable] = field(default_factory=dict[str, EventTable])
    snapshot_id: str = field(default_factory=lambda: f"s-{secrets.token_hex(8)}")
    loaded_at: datetime = field(default_factory=lambda: datetime.now(UTC).replace(microsecond=0))
    notes: tuple[str, ...] = ()
    keys: pl.Series | None = field(default=None, repr=False, compare=False)
    cache: MaskCache = field(default_factory=MaskCache, repr=False, compare=False)

    @classmethod
    def from_frame(
        cls,
        frame: pl.DataFrame,
        catalog: Catalog,
        events: Mapping[str, pl.DataFrame] | None = None,
        *,
        snapshot_id: str = "",
    ) -> Snapshot:
        """A snapshot of a Polars frame whose columns the catalog names; a column that is absent is unset.

        `events`: per event name a frame with `owner` (row number), `at` and the properties' columns.
        """
        store = {
            column.name: column_of(
                frame[column.column_name]
                if column.column_name in frame.columns
                else pl.Series(column.name, [None] * frame.height, dtype=pl.Null),
                column,
            )
            for column in catalog.fields
        }
        tables = {
            kind.name: EventTable.from_frame(kind, (events or {})[kind.name])
            for kind in catalog.events
            if kind.name in (events or {})
        }
        key = catalog.key_column
        keys = frame[key].cast(pl.String) if key in frame.columns else None
        snapshot = cls(catalog, frame.height, store, tables, keys=keys)
        return dataclasses.replace(snapshot, snapshot_id=snapshot_id) if snapshot_id else snapshot

    # --- counting ---------------------------------------------------------------------------------

    def count(self, bound: Node, as_of: datetime, segments: SegmentResolver = no_segments) -> int:
        """How many customers match.

        Raises: UnknownSegment.
        """
        return int(np.count_nonzero(self.mask(bound, as_of, segments)))

    def count_many(
        self, nodes: Sequence[Node], as_of: datetime, segments: SegmentResolver = no_segments
    ) -> list[int]:
        """One count per node; a leaf that stands in several nodes is computed once."""
        return [self.count(node, as_of, segments) for node in nodes]

    def mask(self, bound: Node, as_of: datetime, segments: SegmentResolver = no_segments) -> Mask:
        """(n_rows,) bool: who matches the bound tree.

        Raises: UnknownSegment.
        """

        def leaf_mask(node: Leaf) -> Mask:
            key = f"{node.field}\x00{node.operator}\x00{node.value!r}"
            return self.cache.get(key, self.rows, lambda: self._leaf(node))

        def other(node: Event | Segment | Top) -> Mask:
            match node:
                case Event():
                    key = f"{dataclasses.replace(node, path='')!r}\x00{as_of.isoformat()}"
                    return self.cache.get(key, self.rows, lambda: self._event(node, as_of))
                case Segment():
                    return self.mask(segments(node), as_of, segments)
                case Top():
                    return self._top(node, self.mask(node.of, as_of, segments))

        return _tree(bound, leaf_mask, other, self.rows)

    def _leaf(self, leaf: Leaf) -> Mask:
        return leaves.mask(self.store[leaf.field], self.catalog.by_name[leaf.field], leaf)

    def _event(self, event: Event, as_of: datetime) -> Mask:
        table = self.events.get(event.name)
        if table is None:
            # No such event was ever recorded: everyone's count is zero.
            zeros = np.zeros(self.rows, dtype=np.int64)
            return leaves.compared(zeros, event.operator, event.value)
        return table.mask(event, self.rows, as_of, _where)

    def _top(self, top: Top, members: Mask) -> Mask:
        """Members of `of` at or beyond the last value inside the percentage: ties stay together."""
        column = self.store[top.field]
        assert isinstance(column, Number | Instant)
        inside = members & column.present
        n_inside = int(np.count_nonzero(inside))
        if n_inside == 0:
            return inside
        # The percentage as it was written: 0.1 is a tenth, not the double next to it.
        n_kept = math.ceil(n_inside * Fraction(str(top.percent)) / 100)
        ranked = column.values[inside]
        if top.order == "lowest":
            return inside & (column.values <= np.partition(ranked, n_kept - 1)[n_kept - 1])
        return inside & (column.values >= np.partition(ranked, n_inside - n_kept)[n_inside - n_kept])

    def resolved(self, bound: Node, as_of: datetime) -> Node:
        """The tree with every `$top` replaced by its `of` and the threshold that holds on these rows."""
        match bound:
            case And(items):
                return And(tuple(self.resolved(item, as_of) for item in items), bound.path)
            case Or(items):
                return Or(tuple(self.resolved(item, as_of) for item in items), bound.path)
            case Not(item):
                return Not(self.resolved(item, as_of), bound.path)
            case Top(of=of):
                return self._threshold(bound, self.resolved(of, as_of), as_of)
            case _:
                return bound

    def _threshold(self, top: Top, of: Node, as_of: datetime) -> Node:
        reached = np.flatnonzero(self._top(top, self.mask(of, as_of)))
        column = self.store[top.field]
        assert isinstance(column, Number | Instant)
        ends = (
            (np.argmin if top.order == "highest" else np.argmax)(column.values[reached])
            if len(reached)
            else 0
        )
        value = values.cell(column, int(reached[ends])) if len(reached) else None
        assert value is None or isinstance(value, int | float | datetime)
        return top_threshold(dataclasses.replace(top, percent=100), of, [] if value is None else [value])

    # --- customers --------------------------------------------------------------------------------

    def row_of(self, key: str) -> int | None:
        """The row of the customer with that key, None if there is none."""
        if self.keys is None:
            return int(key) - 1 if key.isascii() and key.isdigit() and 1 <= int(key) <= self.rows else None
        found = (self.keys == key).arg_max() if self.rows else None
        return found if found is not None and self.keys[found] == key else None

    def member(self, row: int) -> Member:
        """One customer as the reference matcher reads it."""
        happened: list[EventMapping] = []
        for name, table in self.events.items():
            for index in np.flatnonzero(table.owners == row):
                properties = {each: values.cell(column, int(index)) for each, column in table.columns.items()}
                at = EPOCH + timedelta(microseconds=int(table.times[index]))
                happened.append({"name": name, "ts": at, "properties": properties})
        key = str(row + 1) if self.keys is None else str(self.keys[row])
        return Member(key, {name: values.cell(column, row) for name, column in self.store.items()}, happened)

    # --- reading ----------------------------------------------------------------------------------

    def numeric(self, name: str) -> npt.NDArray[np.float64]:
        """(n_rows,) float64 of one field, NaN = unset; booleans 0 and 1, datetimes seconds since 1970.

        Raises: ValueError for text and lists, KeyError for an unknown field.
        """
        return values.numeric(self.store[name])

    def categories(self, name: str) -> Categories:
        """One field as codes (-1 = unset) and labels. Raises: KeyError."""
        return values.categories(self.store[name])

    def columns(self, names: Iterable[str]) -> dict[str, Column]:
        """The columns of those fields as the engine holds them. Raises: KeyError."""
        return {name: self.store[name] for name in names}

    def frame(self, names: Iterable[str] | None = None) -> pl.DataFrame:
        """The fields as a Polars frame: unset = null, datetimes in UTC microseconds."""
        chosen = list(self.store) if names is None else list(names)
        return pl.DataFrame([values.series_of(self.store[name], name) for name in chosen])

    def rows_as_mappings(self, limit: int | None = None) -> list[dict[str, RowValue]]:
        """The first `limit` rows for the reference matcher: unset = None, datetimes aware UTC."""
        n_rows = self.rows if limit is None else min(limit, self.rows)
        return [{name: row[name] for name in row} for row in self.frame().head(n_rows).to_dicts()]

    def events_as_mappings(self, limit: int | None = None) -> list[list[EventMapping]]:
        """For each of the first `limit` rows what the customer did, as the reference matcher reads it."""
        n_rows = self.rows if limit is None else min(limit, self.rows)
        happened: list[list[EventMapping]] = [[] for _ in range(n_rows)]
        for name, table in self.events.items():
            for row in table.to_frame().filter(pl.col("owner") < n_rows).iter_rows(named=True):
                properties: dict[str, RowValue] = dict(row)
                owner, at = properties.pop("owner"), properties.pop("at")
                assert isinstance(owner, int)
                happened[owner].append({"name": name, "ts": at, "properties": properties})
        return happened

    # --- files ------------------------------------------------------------------------------------

    def write(self, path: Path) -> None:
        """Write the snapshot into the folder `path`: Arrow files and the catalog as TOML."""
        from segmentry.customers import storage  # noqa: PLC0415 - storage builds snapshots

        storage.write(self, path)

    @staticmethod
    def read(path: Path) -> Snapshot:
        """Open a folder made by `write`; the rows stay on disk and are mapped into memory.

        Raises: UnreadableTable if the folder holds no snapshot.
        """
        from segmentry.customers import storage  # noqa: PLC0415 - storage builds snapshots

        return storage.read(path)


def _where(node: Node, leaf_mask: Callable[[Leaf], Mask], rows: int) -> Mask:
    """The `where` clause of an event: leaves over its properties, and/or/not."""

    def other(inner: Event | Segment | Top) -> Mask:
        raise AssertionError(f"{type(inner).__name__} inside an event's where")

    return _tree(node, leaf_mask, other, rows)


def _tree(
    node: Node, leaf_mask: Callable[[Leaf], Mask], other: Callable[[Event | Segment | Top], Mask], rows: int
) -> Mask:
    match node:
        case Everyone():
            return np.ones(rows, dtype=np.bool_)
        case Leaf():
            return leaf_mask(node)
        case And(items):
            mask = _tree(items[0], leaf_mask, other, rows)
            for item in items[1:]:
                mask &= _tree(item, leaf_mask, other, rows)
            return mask
        case Or(items):
            mask = _tree(items[0], leaf_mask, other, rows)
            for item in items[1:]:
                mask |= _tree(item, leaf_mask, other, rows)
            return mask
        case Not(item):
            return ~_tree(item, leaf_mask, other, rows)
        case Event() | Segment() | Top():
            return other(node)
        case _:
            assert_never(node)
