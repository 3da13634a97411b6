"""The snapshot engine: one customer table, immutable, in memory, counted exactly.

Two-valued throughout: a tree is true or false for every customer (`criteria.match` is the reference).
"""

from __future__ import annotations

import dataclasses
import secrets
import weakref
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl

from segmentry.criteria.catalog import Catalog
from segmentry.criteria.export.origin import Origin
from segmentry.criteria.match import Cell, top_rank, top_threshold
from segmentry.criteria.nodes import And, Event, Leaf, Node, Not, Operator, Or, Segment, Top
from segmentry.customers import bitmaps, leaves, totals, values
from segmentry.customers.bitmaps import Mask, Words
from segmentry.customers.columns import EPOCH, Column, Instant, Number, column_of
from segmentry.customers.compact import Compact, compacted
from segmentry.customers.evaluate import evaluate
from segmentry.customers.events import EventTable
from segmentry.customers.keys import ABSENT, KeyIndex, KeyTexts, numbered
from segmentry.customers.masks import SHARED, Groups, MaskCache
from segmentry.customers.plan import Highest, Plan, step_key
from segmentry.customers.scan import Cancel
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

    `keys`: (n_rows,) what customers are called, as text; None: by the number of the row, from 1. `forms`:
    some columns once more in fewer bytes (see `prepared`); without them every answer is the same, later.
    `origin`: the relation that the rows were copied from.
    """

    catalog: Catalog
    rows: int
    store: Mapping[str, Column]
    events: Mapping[str, EventTable] = field(default_factory=dict[str, EventTable])
    snapshot_id: str = field(default_factory=lambda: f"s-{secrets.token_hex(8)}")
    loaded_at: datetime = field(default_factory=lambda: datetime.now(UTC).replace(microsecond=0))
    notes: tuple[str, ...] = ()
    origin: Origin = field(default_factory=Origin)
    keys: pl.Series | None = field(default=None, repr=False, compare=False)
    forms: Mapping[str, Compact] = field(default_factory=dict[str, Compact], repr=False, compare=False)
    cache: MaskCache = field(default=SHARED, repr=False, compare=False)
    # What the cache knows these rows by; never shared, whatever else two snapshots share.
    _owner: object = field(default_factory=object, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        weakref.finalize(self, self.cache.forget, self._owner)

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
        named = dataclasses.replace(snapshot, snapshot_id=snapshot_id) if snapshot_id else snapshot
        return named.prepared()

    def prepared(self) -> Snapshot:
        """The same snapshot with the compact forms of its columns.

        Time: about 0.2 s per million rows of 30 fields, on the caller's thread.
        """
        return dataclasses.replace(self, forms=compacted(self.store, self.catalog.by_name))

    # --- counting ---------------------------------------------------------------------------------

    def count(
        self,
        bound: Node,
        as_of: datetime,
        segments: SegmentResolver = no_segments,
        *,
        cancel: Cancel | None = None,
    ) -> int:
        """How many customers match.

        Raises: UnknownSegment; scan.Cancelled.
        """
        return self.count_many([bound], as_of, segments, cancel=cancel)[0]

    def count_many(
        self,
        nodes: Sequence[Node],
        as_of: datetime,
        segments: SegmentResolver = no_segments,
        *,
        cancel: Cancel | None = None,
    ) -> list[int]:
        """One count per node; what stands in several nodes is computed once, beginnings of groups too.

        Raises: UnknownSegment; scan.Cancelled.
        """
        counts = [0] * len(nodes)

        def see(place: int, words: Words) -> None:
            counts[place] = bitmaps.count(words)

        self._evaluate(nodes, as_of, segments, cancel, see)
        return counts

    def words(
        self,
        bound: Node,
        as_of: datetime,
        segments: SegmentResolver = no_segments,
        *,
        cancel: Cancel | None = None,
    ) -> Words:
        """Who matches the bound tree, packed (see `bitmaps`); read-only.

        Raises: UnknownSegment; scan.Cancelled.
        """
        seen: list[Words] = []
        self._evaluate([bound], as_of, segments, cancel, lambda _, words: seen.append(words))
        seen[0].setflags(write=False)
        return seen[0]

    def mask(
        self,
        bound: Node,
        as_of: datetime,
        segments: SegmentResolver = no_segments,
        *,
        cancel: Cancel | None = None,
    ) -> Mask:
        """(n_rows,) bool: who matches the bound tree. The array is the caller's own.

        Raises: UnknownSegment; scan.Cancelled.
        """
        return bitmaps.unpacked(self.words(bound, as_of, segments, cancel=cancel), self.rows)

    def masks(self, nodes: Sequence[Node], as_of: datetime, *, cancel: Cancel) -> Mask:
        """(n_nodes, n_rows) bool: who matches each of the bound trees. Nothing of it is kept or was.

        Raises: UnknownSegment; scan.Cancelled.
        """
        found = np.empty((len(nodes), self.rows), dtype=np.bool_)
        plan = Plan(self.catalog.by_name, as_of, no_segments)
        for node in nodes:
            plan.add(node)

        def source(step: Leaf | Event | Highest, of: Words | None) -> Words:
            return self._step(step, of, cancel)

        def see(place: int, words: Words) -> None:
            found[place] = bitmaps.unpacked(words, self.rows)

        evaluate(plan, self.rows, source, cancel, see)
        return found

    def _evaluate(
        self,
        nodes: Sequence[Node],
        as_of: datetime,
        segments: SegmentResolver,
        cancel: Cancel | None,
        see: Callable[[int, Words], None],
    ) -> None:
        token = cancel or Cancel()
        plan = Plan(self.catalog.by_name, as_of, segments)
        for node in nodes:
            plan.add(node)

        def source(step: Leaf | Event | Highest, of: Words | None) -> Words:
            return self.cache.get(self._owner, step_key(step), lambda: self._step(step, of, token), token)

        evaluate(plan, self.rows, source, token, see, memory=Groups(self.cache, self._owner))

    def _step(self, step: Leaf | Event | Highest, of: Words | None, cancel: Cancel) -> Words:
        match step:
            case Leaf(field):
                form = self.forms.get(field)
                return leaves.words(self.store[field], self.catalog.by_name[field], step, cancel, form)
            case Event():
                return self._event(step, cancel)
            case Highest():
                assert of is not None
                return self._highest(step.top, of, cancel)

    def _event(self, event: Event, cancel: Cancel) -> Words:
        table = self.events.get(event.name)
        if table is None:
            # No such event was ever recorded: everyone's count is zero.
            nothing = np.zeros(0, dtype=np.int32)
            return totals.counted(nothing, event.operator, event.value, self.rows)
        return table.words(event, self.rows, cancel)

    def _highest(self, top: Top, members: Words, cancel: Cancel) -> Words:
        """Members of `of` at or beyond the last value inside the percentage: ties stay together."""
        threshold = self._last_value(top, members)
        if threshold is None:
            return bitmaps.none(self.rows)
        operator = Operator.GTE if top.order == "highest" else Operator.LTE
        leaf = Leaf(top.field, operator, threshold)
        column, form = self.store[top.field], self.forms.get(top.field)
        beyond = leaves.words(column, self.catalog.by_name[top.field], leaf, cancel, form)
        return np.bitwise_and(beyond, members)

    def _last_value(self, top: Top, members: Words) -> int | float | datetime | None:
        """The last value inside the percentage among the members that have one, None if none has."""
        column = self.store[top.field]
        assert isinstance(column, Number | Instant)
        ranked = column.values[bitmaps.unpacked(members & column.present_words, self.rows)]
        if not len(ranked):
            return None
        n_kept = top_rank(len(ranked), top.percent)
        place = n_kept - 1 if top.order == "lowest" else len(ranked) - n_kept
        threshold = np.partition(ranked, place)[place]
        if isinstance(column, Instant):
            return EPOCH + timedelta(microseconds=int(threshold))
        return int(threshold) if column.integer else float(threshold)

    def resolved(self, bound: Node, as_of: datetime, *, cancel: Cancel | None = None) -> Node:
        """The tree with every `$top` replaced by its `of` and the threshold that holds on these rows.

        Raises: scan.Cancelled.
        """
        match bound:
            case And(items):
                return And(tuple(self.resolved(item, as_of, cancel=cancel) for item in items), bound.path)
            case Or(items):
                return Or(tuple(self.resolved(item, as_of, cancel=cancel) for item in items), bound.path)
            case Not(item):
                return Not(self.resolved(item, as_of, cancel=cancel), bound.path)
            case Top(of=of):
                inner = self.resolved(of, as_of, cancel=cancel)
                value = self._last_value(bound, self.words(inner, as_of, cancel=cancel))
                values = [] if value is None else [value]
                return top_threshold(dataclasses.replace(bound, percent=100), inner, values)
            case _:
                return bound

    # --- customers --------------------------------------------------------------------------------

    def row_of(self, key: str) -> int | None:
        """The row of the customer with that key, None if there is none."""
        if self.keys is None:
            row = int(numbered([key], self.rows)[0])
            return None if row == ABSENT else row
        found = (self.keys == key).arg_max() if self.rows else None
        return found if found is not None and self.keys[found] == key else None

    def rows_of(self, wanted: Sequence[str]) -> npt.NDArray[np.intp]:
        """(n_wanted,) the row of the customer with each key, `keys.ABSENT` where there is none.

        The first call makes the index, which sorts as many hashes as there are rows, on the caller's thread.
        """
        if self.keys is not None:
            return self._index.rows(wanted)
        return numbered(wanted, self.rows)

    def key_faults(self) -> tuple[int, int]:
        """Rows without a key, and rows with one that another row has too; none where rows are numbered."""
        if self.keys is None:
            return 0, 0
        missing = self.keys.null_count()
        distinct = self.keys.n_unique() - (1 if missing else 0)
        return missing, self.rows - missing - distinct

    @property
    def can_find(self) -> bool:
        """Whether `rows_of` has what it needs."""
        return self.keys is None or "_index" in self.__dict__

    @cached_property
    def _index(self) -> KeyIndex:
        assert self.keys is not None
        return KeyIndex.of(self.keys)

    def member(self, row: int, *, cancel: Cancel | None = None) -> Member:
        """One customer as the reference matcher reads it.

        Raises: scan.Cancelled.
        """
        happened: list[EventMapping] = []
        for name, table in self.events.items():
            if cancel is not None:
                cancel.check()
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

    def key_texts(self, inside: Mask | None = None) -> KeyTexts | None:
        """The keys of all rows, or of those that `inside` (n_rows,) marks; None for a table without keys."""
        if self.keys is None:
            return None
        return KeyTexts(self.keys if inside is None else self.keys.filter(pl.Series(inside)))

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
        """Open a folder made by `write`. Its rows are read into memory: polars copies what it scans.

        Raises: UnreadableTable if the folder holds no snapshot.
        """
        from segmentry.customers import storage  # noqa: PLC0415 - storage builds snapshots

        return storage.read(path)
