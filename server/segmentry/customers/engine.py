"""One table behind one engine, and one version of it held for the length of a request."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from segmentry.criteria.catalog import Catalog
from segmentry.criteria.export.origin import Origin
from segmentry.criteria.nodes import Node
from segmentry.customers.store import Alike, Count, Member, Table
from segmentry.errors import NotFound


class TableEngine(Protocol):
    """What answers for one table: a snapshot's version in memory, or a database that holds the rows.

    Every method raises what `CustomerStore`'s method of the same name raises.
    """

    @property
    def catalog(self) -> Catalog: ...
    async def describe(self) -> tuple[int, str, datetime]:
        """The number of rows, the version of the rows and since when it holds."""
        ...

    async def origin(self) -> Origin:
        """Where the rows are, and how they are read there."""
        ...

    async def count(self, nodes: Sequence[Node], as_of: datetime) -> list[Count]: ...
    async def estimate(self, node: Node, as_of: datetime) -> Count | None: ...
    async def resolve(self, nodes: Sequence[Node], as_of: datetime) -> list[Node]: ...
    async def member(self, key: str) -> Member: ...
    async def holds(self, nodes: Sequence[Node], keys: Sequence[str], as_of: datetime) -> Alike: ...
    async def example(self, node: Node, as_of: datetime) -> Member | None: ...
    async def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Pinned:
    """A `CustomerStore` of one table at one version: all figures of a request come from the same rows.

    A snapshot stays in memory for as long as somebody holds it. A table that a database serves has no
    version of its own to hold: there each call is one consistent read.
    """

    tenant: str
    described: Table
    engine: TableEngine

    async def pinned(self, tenant: str, schema_id: str) -> Pinned:
        """Itself. Raises: NotFound for any other table."""
        self._check(tenant, schema_id)
        return self

    async def tables(self, tenant: str) -> Sequence[Table]:
        self._check(tenant, "")
        return [self.described]

    async def table(self, tenant: str, schema_id: str) -> Table:
        self._check(tenant, schema_id)
        return self.described

    async def count(self, tenant: str, schema_id: str, nodes: Sequence[Node], as_of: datetime) -> list[Count]:
        self._check(tenant, schema_id)
        return await self.engine.count(nodes, as_of)

    async def estimate(self, tenant: str, schema_id: str, node: Node, as_of: datetime) -> Count | None:
        self._check(tenant, schema_id)
        return await self.engine.estimate(node, as_of)

    async def resolve(
        self, tenant: str, schema_id: str, nodes: Sequence[Node], as_of: datetime
    ) -> list[Node]:
        self._check(tenant, schema_id)
        return await self.engine.resolve(nodes, as_of)

    async def member(self, tenant: str, schema_id: str, key: str) -> Member:
        self._check(tenant, schema_id)
        return await self.engine.member(key)

    async def holds(
        self, tenant: str, schema_id: str, nodes: Sequence[Node], keys: Sequence[str], as_of: datetime
    ) -> Alike:
        self._check(tenant, schema_id)
        return await self.engine.holds(nodes, keys, as_of)

    async def example(self, tenant: str, schema_id: str, node: Node, as_of: datetime) -> Member | None:
        self._check(tenant, schema_id)
        return await self.engine.example(node, as_of)

    def _check(self, tenant: str, schema_id: str) -> None:
        # A tenant or table mixed up inside the server must fail, not count somebody else's customers.
        if tenant != self.tenant or schema_id not in {"", self.described.schema_id}:
            raise NotFound(
                f"this request is about schema {self.described.schema_id!r} alone",
                resourceType="schema",
                resourceId=schema_id,
            )


class TableDirectory(ABC):
    """The part of `CustomerStore` that follows from `pinned`: a call finds its table's version, then asks."""

    @abstractmethod
    async def pinned(self, tenant: str, schema_id: str) -> Pinned:
        """The current version of a table; an empty id means the tenant's default table.

        Raises: NotFound, naming the schemas that exist; what loading or asking the engine raises.
        """

    async def table(self, tenant: str, schema_id: str) -> Table:
        """The table of that id; an empty id means the tenant's default table.

        Raises: NotFound, naming the schemas that exist.
        """
        return (await self.pinned(tenant, schema_id)).described

    async def count(self, tenant: str, schema_id: str, nodes: Sequence[Node], as_of: datetime) -> list[Count]:
        """One count per bound node, all on the same version of the rows.

        Raises: NotFound; StoreBusy when no slot is free in time; StoreUnavailable.
        """
        return await (await self.pinned(tenant, schema_id)).engine.count(nodes, as_of)

    async def estimate(self, tenant: str, schema_id: str, node: Node, as_of: datetime) -> Count | None:
        """A first count from a stored sample; None where the exact count is as quick. Raises: as `count`."""
        return await (await self.pinned(tenant, schema_id)).engine.estimate(node, as_of)

    async def resolve(
        self, tenant: str, schema_id: str, nodes: Sequence[Node], as_of: datetime
    ) -> list[Node]:
        """The trees with every `$top` replaced by its `of` and its threshold. Raises: as `count`."""
        return await (await self.pinned(tenant, schema_id)).engine.resolve(nodes, as_of)

    async def member(self, tenant: str, schema_id: str, key: str) -> Member:
        """One customer by the key of the table. Raises: NotFound; as `count`."""
        return await (await self.pinned(tenant, schema_id)).engine.member(key)

    async def holds(
        self, tenant: str, schema_id: str, nodes: Sequence[Node], keys: Sequence[str], as_of: datetime
    ) -> Alike:
        """Per key whether each bound node holds for that customer, None without one. Raises: as `count`."""
        return await (await self.pinned(tenant, schema_id)).engine.holds(nodes, keys, as_of)

    async def example(self, tenant: str, schema_id: str, node: Node, as_of: datetime) -> Member | None:
        """One of the customers that match, None when nobody does. Raises: as `count`."""
        return await (await self.pinned(tenant, schema_id)).engine.example(node, as_of)
