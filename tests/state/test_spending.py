"""Budgets on a real PostgreSQL: never more than the limit, settled, expired, and each tenant its own."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from segmentry.errors import SegmentryError
from segmentry.state.database import Database
from segmentry.state.spending import SpendingStore

Limits = tuple[int | None, int | None, int | None]
NONE: Limits = (None, None, None)


async def reserve(
    store: SpendingStore,
    name: str,
    tokens: int = 100,
    limits: Limits = NONE,
    *,
    tenant: str = "acme",
    cost_nano: int = 0,
    expires_s: float = 60.0,
) -> tuple[int, datetime] | None:
    return await store.reserve(tenant, name, (1, tokens, cost_nano), limits, expires_s)


async def used(database: Database, tenant: str = "acme") -> tuple[int, int, int]:
    row = await database.fetch_one("SELECT * FROM model_budget WHERE tenant = $1", tenant)
    assert row is not None
    return row.integer("requests"), row.integer("tokens"), row.integer("cost_nano")


@pytest.mark.parametrize(
    ("limits", "which", "many"),
    [((10, None, None), 0, 1_000), ((None, 1_000, None), 1, 100), ((None, None, 10_000), 2, 100)],
    ids=["requests", "tokens", "cost"],
)
async def test_of_many_at_the_same_time_as_many_get_something_as_there_is(
    database: Database, limits: Limits, which: int, many: int
) -> None:
    before = await minute(database)
    granted, refused = await crowd(database, "acme", limits, many)
    tenant = "acme"
    if await minute(database) != before:
        tenant = "again"
        # A limit per minute is granted anew in the next one; a crowd takes seconds, so not twice in a row.
        granted, refused = await crowd(database, tenant, limits, many)
    assert (granted, len(refused)) == (10, many - 10)
    assert set(refused) == {which}
    assert await used(database, tenant) == (10, 1_000, 10_000)


async def minute(database: Database) -> datetime:
    row = await database.fetch_one("SELECT date_trunc('minute', clock_timestamp()) AS minute")
    assert row is not None
    return row.instant("minute")


async def crowd(database: Database, tenant: str, limits: Limits, many: int) -> tuple[int, list[int]]:
    """How many of so many at once got something, and what the others were told is used up."""
    store = SpendingStore(database)
    granted: list[str] = []
    refused: list[int] = []

    async def one(name: str) -> None:
        while True:
            try:
                got = await reserve(store, name, 100, limits, tenant=tenant, cost_nano=1_000)
            except SegmentryError:
                # The pool is smaller than the crowd: who finds no connection asks again.
                await asyncio.sleep(0.05)
                continue
            if got is None:
                granted.append(name)
            else:
                refused.append(got[0])
            return

    async with asyncio.TaskGroup() as group:
        for number in range(many):
            group.create_task(one(f"{tenant}{number}"))
    return len(granted), refused


async def test_what_was_reserved_and_not_used_is_given_back(database: Database) -> None:
    store = SpendingStore(database)
    assert await reserve(store, "a", 900, (None, 1_000, None), cost_nano=500) is None
    assert await reserve(store, "b", 900, (None, 1_000, None)) is not None
    await store.settle("acme", "a", 50, 20)
    assert await used(database) == (1, 50, 20)
    assert await reserve(store, "b", 900, (None, 1_000, None)) is None


async def reservations(database: Database) -> list[str]:
    return [row.text("reservation_id") for row in await database.fetch("SELECT * FROM model_reservation")]


async def test_a_reservation_that_nobody_settles_stays_spent_and_its_row_goes(database: Database) -> None:
    store = SpendingStore(database)
    assert await reserve(store, "lost", 900, (None, 1_000, None), expires_s=0.0) is None
    # A server that died may have spent all of it: nobody may spend it again.
    refused = await reserve(store, "next", 200, (None, 1_000, None))
    assert refused is not None
    assert refused[0] == 1
    assert await reserve(store, "small", 100, (None, 1_000, None)) is None
    await store.settle("acme", "small", 10, 0)
    assert (await used(database))[1] == 910
    assert await reservations(database) == []


async def test_what_is_settled_after_it_expired_is_counted_once(database: Database) -> None:
    store = SpendingStore(database)
    await reserve(store, "slow", 600, expires_s=0.0)
    await reserve(store, "next", 300)
    await store.settle("acme", "slow", 40, 0)
    assert (await used(database))[1] == 340
    await reserve(store, "gone", 600, expires_s=0.0)
    await store.settle("acme", "next", 300, 0)
    # Its row was cleared away meanwhile, and the sum holds the most that it may have used.
    await store.settle("acme", "gone", 40, 0)
    assert (await used(database))[1] == 940


async def test_many_that_clear_away_and_settle_at_once_keep_the_sums_right(database: Database) -> None:
    store = SpendingStore(database)
    for number in range(20):
        await reserve(store, f"old{number}", 10, expires_s=0.0)
    for number in range(20):
        await reserve(store, f"new{number}", 10)
    async with asyncio.TaskGroup() as group:
        for number in range(20):
            group.create_task(store.settle("acme", f"new{number}", 1, 0))
    assert (await used(database))[1] == 20 * 10 + 20 * 1
    assert await reservations(database) == []


async def test_tenants_never_spend_each_others_budget(database: Database) -> None:
    store = SpendingStore(database)
    assert await reserve(store, "a", 1_000, (1, 1_000, None), tenant="acme") is None
    assert await reserve(store, "b", 1_000, (1, 1_000, None), tenant="beta") is None
    # One tenant cannot settle what belongs to another either.
    await store.settle("beta", "a", 0, 0)
    assert (await used(database, "acme"))[1] == 1_000
    assert await reserve(store, "c", 1, (None, 1_000, None), tenant="acme") is not None


async def test_a_minute_and_a_day_that_are_over_count_no_more(database: Database) -> None:
    store = SpendingStore(database)
    limits: Limits = (1, 100, 100)
    assert await reserve(store, "a", 100, limits, cost_nano=100) is None
    refused = await reserve(store, "b", 100, limits, cost_nano=100)
    assert refused is not None
    assert refused[0] == 0
    assert datetime.now(UTC) < refused[1] <= datetime.now(UTC) + timedelta(seconds=61)
    await database.execute("UPDATE model_budget SET minute = minute - interval '1 minute'")
    refused = await reserve(store, "b", 100, limits, cost_nano=100)
    assert refused is not None
    assert refused[0] == 1
    assert (refused[1].hour, refused[1].minute) == (0, 0)
    await database.execute("UPDATE model_budget SET day = day - interval '1 day'")
    await database.execute("UPDATE model_reservation SET day = day - interval '1 day'")
    assert await reserve(store, "b", 100, limits, cost_nano=100) is None
    # What is settled of yesterday does not touch today.
    await store.settle("acme", "a", 70, 70)
    assert await used(database) == (1, 100, 100)


async def test_more_than_the_whole_budget_is_refused_also_as_the_first(database: Database) -> None:
    refused = await reserve(SpendingStore(database), "a", 101, (None, 100, None))
    assert refused is not None
    assert refused[0] == 1
    assert await database.fetch("SELECT 1 FROM model_reservation") == []
