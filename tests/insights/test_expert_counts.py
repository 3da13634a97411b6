"""Counts in the state store: several processes add up, tenants stay apart, and a write may be repeated."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from segmentry.agents.counters import Counters
from segmentry.errors import InvalidParameters, Unavailable
from segmentry.insights.expert_counts import KEPT, ExpertCounts
from segmentry.llm.model import Usage
from segmentry.state.database import Database

NOW = datetime(2025, 12, 16, 9, 41, tzinfo=UTC)


class Process:
    """One server process with its own counters over a shared store."""

    def __init__(self, database: Database, now: datetime = NOW) -> None:
        self.now = now
        self.counters = Counters(lambda: self.now)
        self.counts = ExpertCounts(database, self.counters, lambda: self.now)

    def call(self, tenant: str = "demo", seconds: float = 0.4, *, cause: str = "") -> None:
        tally = self.counters.of("logic", "v1", tenant)
        tally.asked += 1
        tally.spent(Usage(1_000, 20, 600, calls=1, cost_usd=0.001))
        tally.took(seconds)
        if cause == "LLM_TIMEOUT":
            tally.failed["LLM_TIMEOUT"] += 1


async def test_two_processes_add_up_and_a_repeated_write_adds_nothing(database: Database) -> None:
    one, other = Process(database), Process(database)
    for _ in range(3):
        one.call()
    other.call(cause="LLM_TIMEOUT", seconds=4.0)
    one.counters.answers("demo").builds += 4
    one.counters.answers("demo").alone += 3
    for process in (one, one, other):
        process.counters.written([])
        await process.counts.flush()
    one.call()
    found = await one.counts.health("demo")
    (logic,) = found.agents
    assert (logic.count("calls"), logic.failed, logic.by_reason("failed")) == (5, 1, (("LLM_TIMEOUT", 1),))
    assert logic.cost_usd == pytest.approx(0.005)
    assert logic.cached_share == pytest.approx(0.6)
    assert logic.latency_s(0.5) == pytest.approx(0.4, rel=0.19)
    assert logic.latency_s(0.95) == pytest.approx(4.0, rel=0.19)
    assert (found.builds, found.offline_share) == (4, 0.75)
    assert found.agreement is None


async def test_another_tenants_counts_are_not_seen(database: Database) -> None:
    process = Process(database)
    process.call("other")
    process.counters.answers("other").builds += 1
    found = await process.counts.health("demo")
    assert (found.agents, found.builds, found.offline_share) == ((), 0, None)


async def test_a_window_leaves_out_what_is_older_and_begins_at_full_ten_minutes(database: Database) -> None:
    old, new = Process(database, NOW - timedelta(hours=2)), Process(database)
    old.call()
    new.call()
    await old.counts.flush()
    hour = await new.counts.health("demo", timedelta(hours=1))
    assert hour.since == datetime(2025, 12, 16, 8, 40, tzinfo=UTC)
    assert [each.count("calls") for each in hour.agents] == [1]
    day = await new.counts.health("demo")
    assert [each.count("calls") for each in day.agents] == [2]
    assert (await new.counts.health("demo", timedelta(days=900))).since >= NOW - KEPT - timedelta(minutes=10)
    with pytest.raises(InvalidParameters):
        await new.counts.health("demo", timedelta(0))


async def test_counts_are_written_by_themselves_and_old_ones_are_swept(database: Database) -> None:
    old, new = Process(database, NOW - KEPT - timedelta(days=1)), Process(database)
    old.call()
    await old.counts.flush()
    new.call()
    keeping = asyncio.ensure_future(new.counts.keep(every_s=0.01))
    try:
        for _ in range(500):
            rows = await database.fetch("SELECT process FROM expert_count")
            if [row.text("process") for row in rows] == [new.counts.process]:
                break
            await asyncio.sleep(0.02)
        else:
            pytest.fail("the old counts are still there, or the new ones are not")
    finally:
        keeping.cancel()


async def test_counts_wait_while_the_store_is_away_and_a_store_that_nobody_needs_is_not_opened() -> None:
    nowhere = Database("postgresql://127.0.0.1:1/nowhere")
    process = Process(nowhere)
    process.call()
    with pytest.raises(Unavailable):
        await process.counts.flush()
    assert [each.slot.agent for each in process.counters.unwritten()] == ["logic"]
    await process.counts.close()
    assert not nowhere.is_open
