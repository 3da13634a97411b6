"""The seam between criteria and the engines that count them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from segmentry.criteria.catalog import Catalog
from segmentry.criteria.export.origin import Origin
from segmentry.criteria.match import EventRow, Row
from segmentry.criteria.nodes import Node


@dataclass(frozen=True, slots=True)
class Table:
    """One customer table of a tenant: its catalog, its size, the version of its rows and where they are."""

    schema_id: str
    display_name: str
    catalog: Catalog
    rows: int
    snapshot_id: str
    loaded_at: datetime
    is_default: bool = False
    origin: Origin = field(default_factory=Origin)


@dataclass(frozen=True, slots=True)
class Count:
    """How many customers match, of how many. `low`/`high` bound an estimate.

    `matched` is None exactly when `suppressed`: the count may not be shown (`customers.suppressed`).
    """

    matched: int | None
    universe: int
    snapshot_id: str
    exact: bool = True
    low: int | None = None
    high: int | None = None
    suppressed: bool = False

    @property
    def is_estimate(self) -> bool:
        """Whether it came from a sample, rather than being rounded or suppressed."""
        return self.low is not None or self.high is not None


@dataclass(frozen=True, slots=True)
class Member:
    """One customer as the reference matcher reads it: the key as text, values by field name, events."""

    key: str
    row: Row
    events: Sequence[EventRow]


# Whether each node that was asked for holds for one customer.
Truths = tuple[bool, ...]
# The way of a customer who is not in the table.
NOBODY = -1


@dataclass(frozen=True, slots=True)
class Alike:
    """For which customers which nodes hold: few ways for many customers.

    `of`: per customer who was asked about the place of theirs in `ways`, `NOBODY` where there is no such one.
    """

    ways: Sequence[Truths]
    of: Sequence[int]

    @classmethod
    def grouped(cls, each: Iterable[Truths | None]) -> Alike:
        """The groups of customers who are known one by one; None for one who is not there."""
        ways: dict[Truths, int] = {}
        of = [NOBODY if truths is None else ways.setdefault(truths, len(ways)) for truths in each]
        return cls(tuple(ways), of)

    def each(self) -> list[Truths | None]:
        """One by one; None where there is no such customer."""
        return [None if way == NOBODY else self.ways[way] for way in self.of]


class CustomerStore(Protocol):
    """Customer tables of all tenants. Every node passed in is bound and has no `$segment` left in it."""

    async def tables(self, tenant: str) -> Sequence[Table]:
        """All tables of a tenant, default first.

        Raises: NotFound if the tenant is unknown.
        """
        ...

    async def table(self, tenant: str, schema_id: str) -> Table:
        """The table of that id; an empty id means the tenant's default table.

        Raises: NotFound, naming the schemas that exist.
        """
        ...

    async def pinned(self, tenant: str, schema_id: str) -> CustomerStore:
        """The current version of a table as a store of it alone: there one request asks all it asks.

        Raises: as `table`.
        """
        ...

    async def count(self, tenant: str, schema_id: str, nodes: Sequence[Node], as_of: datetime) -> list[Count]:
        """One count per bound node, all on the same version of the rows, without blocking the loop.

        Raises: NotFound; StoreBusy when no slot is free in time; StoreUnavailable.
        """
        ...

    async def estimate(self, tenant: str, schema_id: str, node: Node, as_of: datetime) -> Count | None:
        """A first count from a stored sample with its interval; None where the exact count is as quick.

        Raises: as `count`.
        """
        ...

    async def resolve(
        self, tenant: str, schema_id: str, nodes: Sequence[Node], as_of: datetime
    ) -> list[Node]:
        """The same trees with every `$top` replaced by its `of` and the threshold that holds on the rows.

        Raises: as `count`.
        """
        ...

    async def member(self, tenant: str, schema_id: str, key: str) -> Member:
        """One customer by the key of the table (`Catalog.key_column`; rows without it: the number from 1).

        Raises: NotFound with resourceType `customer`; as `count`.
        """
        ...

    async def holds(
        self, tenant: str, schema_id: str, nodes: Sequence[Node], keys: Sequence[str], as_of: datetime
    ) -> Alike:
        """Whether each bound node holds for the customers with those keys.

        Raises: SmallCountsWithheld; as `count`.
        """
        ...

    async def example(self, tenant: str, schema_id: str, node: Node, as_of: datetime) -> Member | None:
        """One of the customers that match, always the same one on the same rows; None when nobody does.

        Raises: as `count`.
        """
        ...
