"""The seam between `PushdownTable` and the databases that it asks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Literal, Protocol

import polars as pl

from segmentry.criteria.catalog import EventProperty, Field
from segmentry.criteria.export.dialects import Dialect
from segmentry.errors import Unavailable

# How keys compare: as whole numbers, as texts, or (the rest) as the text of them.
KeyKind = Literal["integer", "text", "cast"]


@dataclass(frozen=True, slots=True)
class NativeColumn:
    """A column as the database has it. `type` is its own lower-case name of the type, for people too.

    `element` is the element's type of an array. `scale` holds the digits after the point where the type
    fixes them. `exact_text`: equality is by code points (not so under an ICU collation that folds).
    `indexed`: the values can be looked up in an index; `behind`: so for one value of those columns.
    """

    name: str
    type: str
    element: str = ""
    scale: int | None = None
    is_enum: bool = False
    exact_text: bool = True
    indexed: bool = False
    behind: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Reading:
    """How a native column is read as a field, in SQL with `{}` for the column.

    `odd` is true of values that count as unset, such as NaN. `guard` says when reading is guarded against
    them: `always`; when there are some in the rows that were `found` at binding, which do not change while
    they are read; or when they are found by an index, where they are `sought` for every question, because a
    guard would keep that index from use.
    """

    expression: str = "{}"
    odd: str = ""
    guard: Literal["always", "found", "sought"] = "found"


class TableChanged(Unavailable):
    """The table is no longer what it was when it was bound: bind it again and repeat."""


class Session(Protocol):
    """Statements that all see one version of the rows. Parameters are numbered `$1`, `$2` and so on."""

    @property
    def version(self) -> str:
        """What tells this version of the rows from others."""
        ...

    async def fetch(self, text: str, parameters: Sequence[object] = ()) -> list[tuple[object, ...]]:
        """All rows of a statement that reads.

        Raises: StoreBusy, Unavailable, TableChanged.
        """
        ...

    async def frame(
        self, text: str, parameters: Sequence[object], schema: Mapping[str, pl.DataType]
    ) -> pl.DataFrame:
        """All rows of a statement, without one Python object per value where the driver can.

        Raises: as `fetch`.
        """
        ...

    async def columns(self, relation: str) -> Mapping[str, NativeColumn] | None:
        """The columns of a table or view by name, None if there is no such relation.

        Raises: as `fetch`.
        """
        ...


class Connection(Protocol):
    """A database of customer tables, shared by any number of callers of one event loop."""

    @property
    def dialect(self) -> Dialect: ...

    @property
    def one_scan(self) -> bool:
        """Whether several counts are quicker in one scan than one after the other."""
        ...

    def session(
        self, tenant: str = "", *, timeout_s: float | None = None
    ) -> AbstractAsyncContextManager[Session]:
        """One read-only transaction on one version of the rows, for the rows of that tenant.

        `timeout_s` replaces the usual limit of one statement.

        Raises: StoreBusy when no place is free in time; Unavailable.
        """
        ...

    def reading(self, column: NativeColumn, field: Field | EventProperty) -> Reading | None:
        """How a column is read as that field; None if it cannot hold it."""
        ...

    def key_kind(self, column: NativeColumn) -> KeyKind:
        """How the keys in that column compare."""
        ...

    async def concerns(self, relation: str) -> list[str]:
        """What is unsafe about how this database is reached, in sentences for the operator."""
        ...

    async def close(self) -> None: ...
