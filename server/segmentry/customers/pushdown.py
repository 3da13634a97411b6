"""A customer table that stays in its database: counted there, by the SQL of the criteria."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TypeVar

import polars as pl

from segmentry.criteria.catalog import Catalog
from segmentry.criteria.export.origin import Origin
from segmentry.criteria.nodes import Event, Everyone, Node, Top
from segmentry.customers import answers
from segmentry.customers.binding import KEY, Binding, Place, bind, unfit
from segmentry.customers.connections import Connection, Session, TableChanged
from segmentry.customers.pushdown_origin import origin
from segmentry.customers.sample import Sample, sample_of, scaled, schema
from segmentry.customers.statements import Asked, has
from segmentry.customers.store import Alike, Count, Member
from segmentry.errors import InvalidParameters, NotFound

SAMPLE_ROWS = 100_000
# With events the sampled customers' own are read from their table, which costs far more for each.
SAMPLE_KEYS = 10_000
# Looking at a whole table takes longer than a caller would wait; it happens once per `binding_s`.
SCAN_S = 120.0
log = logging.getLogger(__name__)
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Limits:
    """How long what is known of a table stays good, and when a first estimate is worth its while.

    The number of rows is counted again after `description_s`; columns and odd values are looked at again
    after `binding_s`; the sample is drawn anew after `sample_s`. Counts below `quick_s` need no estimate.
    """

    description_s: float = 30.0
    binding_s: float = 900.0
    sample_s: float = 3600.0
    sample_rows: int = SAMPLE_ROWS
    quick_s: float = 1.0


@dataclass(frozen=True, slots=True)
class Description:
    """How many rows a version of the table has. `seconds`: what counting them took."""

    rows: int
    snapshot_id: str
    loaded_at: datetime
    seconds: float
    seen: float


class PushdownTable:
    """One table of one tenant in a SQL store. Use it from one event loop; `close` leaves the connection open.

    `tenant_column` picks the tenant's rows in the table and in the tables of its events.
    """

    def __init__(
        self,
        connection: Connection,
        catalog: Catalog,
        relation: str,
        *,
        tenant: str = "",
        tenant_column: str = "",
        limits: Limits | None = None,
        seed: int | None = None,
    ) -> None:
        self.catalog = catalog
        self._connection = connection
        self._place = Place(relation, tenant, tenant_column)
        self._limits = limits or Limits()
        self._seed = seed
        self._binding: tuple[Binding, float] | None = None
        self._described: Description | None = None
        self._sample: Sample | None = None
        self._slowest_s = 0.0
        self._told = frozenset[str]()
        self._was_bound = False
        self._lock = asyncio.Lock()
        self._describing = asyncio.Lock()

    # --- what is there ----------------------------------------------------------------------------

    async def describe(self) -> tuple[int, str, datetime]:
        """The exact number of rows, the version they were counted on, and when.

        Raises: InvalidParameters when the catalog does not fit the table at first, Unavailable when it no
        longer does; StoreBusy; Unavailable.
        """
        described = await self._description()
        return described.rows, described.snapshot_id, described.loaded_at

    async def origin(self) -> Origin:
        """Where the rows are, and the expressions that they are read by. Raises: as `describe`."""
        return origin(await self._bound(), self.catalog, self._place, self._connection.dialect)

    async def refresh(self) -> None:
        """Look at the table again: its columns, its rows and, where counts are slow, the sample.

        To be called at start and from time to time, so that no caller waits for it. What the database role
        may do beyond reading is logged as a warning. Raises: as `describe`.
        """
        concerns = await self.concerns()
        for each in concerns:
            if each not in self._told:
                log.warning("%s", each)
        self._told = frozenset(concerns)
        async with self._lock:
            self._binding = await self._bind()
        # Callers go on with what was known until there is more.
        self._described = await self._counted()
        sample = self._sample
        fresh = sample is not None and time.monotonic() - sample.drawn <= self._limits.sample_s / 2
        if not fresh and self._needs_sample(self._described):
            await self._draw(self._described)

    async def concerns(self) -> list[str]:
        """What is unsafe about how the table is reached, in sentences for the operator; mostly nothing.

        Raises: StoreBusy; Unavailable.
        """
        return await self._connection.concerns(self._place.relation)

    async def close(self) -> None:
        """Forget what was read. The connection belongs to whoever opened it."""
        self._forget()
        self._sample = None

    def _forget(self) -> None:
        self._binding = self._described = None

    # --- counting ---------------------------------------------------------------------------------

    async def count(self, nodes: Sequence[Node], as_of: datetime) -> list[Count]:
        """One exact count per node, all on one version of the rows.

        One node is asked as a plain WHERE, so that indexes work; then `universe` is counted beside it, unless
        it is known of the same version. Several are counted in one scan where that is quicker, and equal
        ones once.

        Raises: as `describe`.
        """

        async def counted(session: Session, binding: Binding) -> list[Count]:
            asked = self._asked(binding, as_of)
            started = time.monotonic()
            await answers.sure(session, asked, nodes)
            plain = [await answers.resolved(session, asked, node) for node in nodes]
            described = self._described
            known = described is not None and described.snapshot_id == self._id(session)
            rows = described.rows if described is not None and known else None
            universe, matched = await answers.counts(
                session, asked, plain, rows, one_scan=self._connection.one_scan
            )
            self._took(time.monotonic() - started)
            return [Count(each, universe, self._id(session)) for each in matched]

        return await self._run(counted)

    async def estimate(self, node: Node, as_of: datetime) -> Count | None:
        """A first count from a stored sample of the rows, with its 95 % interval.

        None where an exact count is as quick: few rows, or counts that have been taking under a second.
        None also as long as `refresh` has drawn no sample, or its sample is old, and for a `$top` that is
        not resolved, whose threshold no sample knows.

        Raises: as `describe`.
        """
        described = await self._description()
        sample = self._sample
        if sample is None or has(node, Top) or not self._needs_sample(described):
            return None
        if time.monotonic() - sample.drawn > self._limits.sample_s:
            return None
        if has(node, Event):
            keys = sample.keys[:SAMPLE_KEYS]

            async def counted(session: Session, binding: Binding) -> int:
                asked = replace(self._asked(binding, as_of), keys=keys)
                await answers.sure(session, asked, [node])
                return await answers.number(session, asked.count(node))

            matched, sampled = await self._run(counted), len(keys)
        else:
            matched = await asyncio.to_thread(sample.matched, node, as_of)
            sampled = sample.snapshot.rows
        return scaled(matched, sampled, described.rows, described.snapshot_id) if sampled else None

    async def resolve(self, nodes: Sequence[Node], as_of: datetime) -> list[Node]:
        """The trees with every `$top` replaced by its `of` and the threshold that holds on one version.

        Raises: as `describe`.
        """
        if not any(has(node, Top) for node in nodes):
            return list(nodes)

        async def resolved(session: Session, binding: Binding) -> list[Node]:
            asked = self._asked(binding, as_of)
            await answers.sure(session, asked, nodes)
            return [await answers.resolved(session, asked, node) for node in nodes]

        return await self._run(resolved)

    # --- customers --------------------------------------------------------------------------------

    async def member(self, key: str) -> Member:
        """One customer by the key, with the events.

        Raises: NotFound; InvalidParameters for a table without a key; as `describe`.
        """

        async def found(session: Session, binding: Binding) -> Member | None:
            native = answers.native_key(binding, key)
            asked = self._asked(binding, datetime.now(UTC))
            return None if native is None else await answers.member(session, asked, native)

        member = await self._run(found)
        if member is None:
            raise NotFound(f"there is no customer {key!r}", resourceType="customer", resourceId=key)
        return member

    async def holds(self, nodes: Sequence[Node], keys: Sequence[str], as_of: datetime) -> Alike:
        """Whether each node holds for the customers with those keys.

        Raises: InvalidParameters for a table without a key; as `describe`.
        """

        async def held(session: Session, binding: Binding) -> Alike:
            asked = self._asked(binding, as_of)
            await answers.sure(session, asked, nodes)
            native = {key: answers.native_key(binding, key) for key in keys}
            there = tuple(dict.fromkeys(each for each in native.values() if each is not None))
            if not there:
                return Alike.grouped([None] * len(keys))
            # The threshold of a `$top` is the table's; the rest is looked at for these customers alone.
            plain = [await answers.resolved(session, asked, node) for node in nodes]
            some = replace(asked, keys=there)
            known = set(await answers.keys(session, some, Everyone()))
            met = [set(await answers.keys(session, some, node)) for node in plain]
            own = (native[key] for key in keys)
            return Alike.grouped(tuple(one in way for way in met) if one in known else None for one in own)

        return await self._run(held)

    async def example(self, node: Node, as_of: datetime) -> Member | None:
        """The customer with the smallest key that matches, None when nobody does.

        Raises: InvalidParameters for a table without a key; as `describe`.
        """

        async def found(session: Session, binding: Binding) -> Member | None:
            asked = self._asked(binding, as_of)
            await answers.sure(session, asked, [node])
            keys = await answers.keys(session, asked, node, 1)
            return await answers.member(session, asked, keys[0]) if keys else None

        return await self._run(found)

    async def keys(self, node: Node, as_of: datetime, limit: int | None = None) -> list[str]:
        """The keys of the customers that match, in their order, as text.

        Raises: as `example`.
        """

        async def found(session: Session, binding: Binding) -> list[str]:
            asked = self._asked(binding, as_of)
            await answers.sure(session, asked, [node])
            return [str(each) for each in await answers.keys(session, asked, node, limit)]

        return await self._run(found)

    async def frame(self, limit: int | None = None) -> pl.DataFrame:
        """The rows, one column per field by its name: unset = null, datetimes in UTC microseconds.

        Raises: as `describe`.
        """

        async def read(session: Session, binding: Binding) -> pl.DataFrame:
            columns = {name: kind for name, kind in schema(binding).items() if name != KEY}
            asked = self._asked(binding, datetime.now(UTC)).select(list(columns), Everyone(), limit=limit)
            frame = await session.frame(asked.text, asked.parameters, columns)
            return frame.rename({each.column_name: each.name for each in binding.catalog.fields})

        return await self._run(read, timeout_s=SCAN_S)

    # --- parts ------------------------------------------------------------------------------------

    async def _run(
        self, work: Callable[[Session, Binding], Awaitable[T]], *, timeout_s: float | None = None
    ) -> T:
        """`work` in one session; once more on a fresh binding if the table has changed under the old one."""
        for last in (False, True):
            try:
                binding = await self._bound()
                async with self._connection.session(self._place.tenant, timeout_s=timeout_s) as session:
                    return await work(session, binding)
            except TableChanged:
                self._forget()
                if last:
                    raise
        raise AssertionError("the loop returns or raises")

    async def _bound(self) -> Binding:
        now = time.monotonic()
        if self._binding is None or now - self._binding[1] > self._limits.binding_s:
            async with self._lock:
                if self._binding is None or self._binding[1] < now - self._limits.binding_s:
                    self._binding = await self._bind()
                return self._binding[0]
        return self._binding[0]

    async def _bind(self) -> tuple[Binding, float]:
        for last in (False, True):
            try:
                async with self._connection.session(self._place.tenant, timeout_s=SCAN_S) as session:
                    bound = await bind(
                        session, self._connection, self.catalog, self._place, served=self._was_bound
                    )
                self._was_bound = True
                return bound, time.monotonic()
            except TableChanged:
                if last:
                    raise
            except InvalidParameters as err:
                if not self._was_bound:
                    raise
                # Whoever asks now has done nothing wrong, and is not told how the columns are named.
                log.error("%s of tenant %r: %s", self._place.relation, self._place.tenant, err.message)  # noqa: TRY400 - its own words say all
                raise unfit() from err
        raise AssertionError("the loop returns or raises")

    async def _description(self) -> Description:
        described = self._fresh()
        if described is not None:
            return described
        async with self._describing:
            # Callers that waited for the lock take what the first one found.
            described = self._fresh() or await self._counted()
            self._described = described
        return described

    async def _counted(self) -> Description:
        async def counted(session: Session, binding: Binding) -> Description:
            started = time.monotonic()
            rows = await answers.number(session, self._asked(binding, datetime.now(UTC)).rows())
            ended = time.monotonic()
            return Description(
                rows, self._id(session), datetime.now(UTC).replace(microsecond=0), ended - started, ended
            )

        return await self._run(counted, timeout_s=SCAN_S)

    def _fresh(self) -> Description | None:
        described = self._described
        if described is None or time.monotonic() - described.seen > self._limits.description_s:
            return None
        return described

    def _needs_sample(self, described: Description) -> bool:
        """Whether an exact count takes so long that a first estimate is worth its while."""
        seconds = self._slowest_s or described.seconds
        return described.rows > self._limits.sample_rows and seconds >= self._limits.quick_s

    def _took(self, seconds: float) -> None:
        # The slowest of late: a quick one, through an index, says little about the next.
        self._slowest_s = max(seconds, 0.8 * self._slowest_s)

    async def _draw(self, described: Description) -> None:
        wanted = self._limits.sample_rows

        async def drawn(session: Session, binding: Binding) -> Sample:
            # Two in a hundred more than wanted, so that chance hardly ever leaves too few.
            share = min(1.0, 1.02 * wanted / max(described.rows, 1))
            columns = schema(binding)
            asked = self._asked(binding, datetime.now(UTC))
            if self._seed is not None:
                await session.fetch("SELECT setseed($1::double precision)", (1 / (1 + self._seed),))
            chosen = asked.select(list(columns), Everyone(), where=f"random() < {share!r}")
            frame = await session.frame(chosen.text, chosen.parameters, columns)
            return await asyncio.to_thread(sample_of, frame, binding, wanted, self._seed)

        self._sample = await self._run(drawn, timeout_s=SCAN_S)

    def _asked(self, binding: Binding, as_of: datetime) -> Asked:
        return Asked(binding, self._connection.dialect, as_of)

    def _id(self, session: Session) -> str:
        return f"{self._connection.dialect.name}-{session.version}"
