"""The customers that kept criteria select now: checked again, counted again."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from segmentry.criteria import check, parse
from segmentry.criteria.catalog import Catalog
from segmentry.criteria.dates import Clock
from segmentry.criteria.nodes import Node
from segmentry.criteria.segments import Saved
from segmentry.customers.store import CustomerStore
from segmentry.errors import DeadlineExceeded, Exhausted, JsonValue, Unavailable

# A change of state waits no longer than this for a figure that can be had later.
COUNT_S = 2.0
# Beyond this share of the earlier figure a segment is another one than was looked at.
DRIFT = 0.10

log = logging.getLogger(__name__)

# The saved segments of a tenant's table that trees name, looked up by whoever owns them.
SavedSegments = Callable[[str, str, Node], Awaitable[Saved]]


@dataclass(frozen=True, slots=True)
class Counted:
    """The criteria as a tree over their table, and how many customers meet them; None where not known."""

    node: Node
    catalog: Catalog
    matched: int | None


@lru_cache(maxsize=1024)
def node_of(criteria: str) -> Node:
    """Criteria that were kept. Their text may be longer than a caller's: its form is ours."""
    value: JsonValue = json.loads(criteria)
    return parse.from_json(value)


@dataclass(frozen=True, slots=True)
class KeptCriteria:
    """Criteria that were kept, over the tables of all tenants."""

    customers: CustomerStore
    saved: SavedSegments

    async def counted(self, tenant: str, schema_id: str, criteria: str, now: datetime) -> Counted:
        """Check the criteria against the table as it is now, and count.

        Raises: NotFound for a table that is gone; InvalidCriteria with every fault.
        """
        node = await asyncio.to_thread(node_of, criteria)
        table = await self.customers.table(tenant, schema_id)
        clock = Clock.at(now, table.catalog.time_zone)
        known = await self.saved(tenant, table.schema_id, node)
        bound = (await asyncio.to_thread(check.require, node, table.catalog, clock, known)).bound
        try:
            async with asyncio.timeout(COUNT_S):
                (count,) = await self.customers.count(tenant, table.schema_id, [bound], clock.as_of)
        except (TimeoutError, Exhausted, Unavailable, DeadlineExceeded) as err:
            log.warning("kept criteria were not counted: %s", type(err).__name__)
            return Counted(node, table.catalog, None)
        return Counted(node, table.catalog, count.matched)


def drifted(then: int | None, now: int | None) -> str:
    """How a count has moved since, for people; empty where it has not, or where one of both is unknown.

    >>> drifted(1000, 1100), drifted(1000, 850)
    ('', '850 customers match now, 1,000 did then')
    """
    if then is None or now is None or abs(now - then) <= DRIFT * max(then, 1):
        return ""
    return f"{now:,} customers match now, {then:,} did then"
