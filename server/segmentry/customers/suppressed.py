"""Small counts kept back: the one seam between the stores and everything that shows a number.

A count of fewer than k customers, or of all but fewer than k, is absent; every other count but 0 is rounded
down to a multiple of k, each figure by itself, and the size of the table is rounded up to one. What belongs
to one customer, or shows the value of one, is refused. `docs/decisions/0407-small-counts.md` says what this
does not cover.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from datetime import datetime

from segmentry.criteria import walk
from segmentry.criteria.nodes import Node, Top
from segmentry.customers.store import Alike, Count, CustomerStore, Member, Table
from segmentry.errors import SmallCountsWithheld


def suppressed(store: CustomerStore, k: int) -> CustomerStore:
    """The store with counts of fewer than `k` customers kept back; the store itself below 2."""
    return SuppressedStore(store, k) if k > 1 else store


def shown(count: Count, k: int) -> Count:
    """A count as it may be shown.

    Depends on the exact count and the size of the table alone, so that asking again tells nothing new.
    """
    universe = _up(count.universe, k)
    if count.is_estimate:
        return _shown_estimate(count, universe, k)
    matched = count.matched
    if matched == 0 or matched is None:
        return dataclasses.replace(count, universe=universe)
    if matched == count.universe and matched >= k:
        return dataclasses.replace(count, matched=universe, universe=universe, exact=universe == matched)
    if matched < k or count.universe - matched < k:
        return dataclasses.replace(count, matched=None, universe=universe, exact=False, suppressed=True)
    return dataclasses.replace(count, matched=_down(matched, k), universe=universe, exact=False)


def _shown_estimate(count: Count, universe: int, k: int) -> Count:
    """An estimate by the same rule; its bounds are widened, never narrowed, to what may be shown."""
    matched = count.matched or 0
    if 0 < matched < k or 0 < count.universe - matched < k:
        return dataclasses.replace(
            count, matched=None, universe=universe, exact=False, low=None, high=None, suppressed=True
        )
    low = _down(0 if count.low is None else count.low, k)
    high = _up(count.universe if count.high is None else count.high, k)
    if high > count.universe - k:
        high = universe
    if low > count.universe - k:
        low = _down(max(0, count.universe - k), k)
    matched = universe if matched == count.universe else _down(matched, k)
    return dataclasses.replace(count, matched=matched, universe=universe, exact=False, low=low, high=high)


def _down(amount: int, k: int) -> int:
    # Down rather than to the nearest: then k exact counts share each figure that is shown and none is pinned;
    # the nearest multiple of 2 would tell 2 from 3.
    return amount // k * k


def _up(amount: int, k: int) -> int:
    return -(-amount // k) * k


class SuppressedStore:
    """Another store's tables with small counts kept back."""

    def __init__(self, store: CustomerStore, k: int) -> None:
        self._store = store
        self._k = k

    async def tables(self, tenant: str) -> Sequence[Table]:
        """As the inner store, sizes rounded up."""
        return [self._sized(table) for table in await self._store.tables(tenant)]

    async def table(self, tenant: str, schema_id: str) -> Table:
        """As the inner store, the size rounded up."""
        return self._sized(await self._store.table(tenant, schema_id))

    async def pinned(self, tenant: str, schema_id: str) -> CustomerStore:
        """As the inner store, its counts kept back too."""
        return SuppressedStore(await self._store.pinned(tenant, schema_id), self._k)

    async def count(self, tenant: str, schema_id: str, nodes: Sequence[Node], as_of: datetime) -> list[Count]:
        """As the inner store, each count as it may be shown."""
        counted = await self._store.count(tenant, schema_id, nodes, as_of)
        return [self._shown(node, count) for node, count in zip(nodes, counted, strict=True)]

    async def estimate(self, tenant: str, schema_id: str, node: Node, as_of: datetime) -> Count | None:
        """As the inner store, the estimate as it may be shown."""
        count = await self._store.estimate(tenant, schema_id, node, as_of)
        return None if count is None else self._shown(node, count)

    async def resolve(
        self, tenant: str, schema_id: str, nodes: Sequence[Node], as_of: datetime
    ) -> list[Node]:
        """As the inner store, without a `$top`: its threshold is the value of one customer.

        Raises: SmallCountsWithheld.
        """
        for top in (top for node in nodes for top in _tops(node)):
            raise SmallCountsWithheld(
                f"the threshold of $top at {top.path or 'the root'} is the value of one customer, and small "
                "counts are kept back here; compare with a number instead",
                path=top.path,
            )
        return await self._store.resolve(tenant, schema_id, nodes, as_of)

    async def member(self, tenant: str, schema_id: str, key: str) -> Member:
        """Nobody: one customer is fewer than any k.

        Raises: SmallCountsWithheld, whether the customer exists or not.
        """
        del tenant, schema_id, key
        raise self._single()

    async def holds(
        self, tenant: str, schema_id: str, nodes: Sequence[Node], keys: Sequence[str], as_of: datetime
    ) -> Alike:
        """Nobody, as `member`. Raises: SmallCountsWithheld."""
        del tenant, schema_id, nodes, keys, as_of
        raise self._single()

    async def example(self, tenant: str, schema_id: str, node: Node, as_of: datetime) -> Member | None:
        """Nobody. Raises: SmallCountsWithheld."""
        del node, as_of
        return await self.member(tenant, schema_id, "")

    def _single(self) -> SmallCountsWithheld:
        return SmallCountsWithheld(
            f"single customers are not shown here, because counts below {self._k} are kept back; "
            "ask for counts instead"
        )

    def _shown(self, node: Node, count: Count) -> Count:
        found = shown(count, self._k)
        if not _tops(node):
            return found
        # A percentage is a scale: where its count passes a multiple of k tells the size of any group exactly.
        return dataclasses.replace(found, matched=None, exact=False, low=None, high=None, suppressed=True)

    def _sized(self, table: Table) -> Table:
        return dataclasses.replace(table, rows=_up(table.rows, self._k))


def _tops(node: Node) -> list[Top]:
    return [each for each in walk.nodes(node) if isinstance(each, Top)]
