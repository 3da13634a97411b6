"""A table that several follow, of whom one does not read."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from datetime import datetime, timedelta

import pytest
from segmentry.errors import Unavailable
from segmentry.insights.readiness import Readiness
from segmentry.insights.watching import NOTICE_S, Watching

from tests.rpc.test_watch_readiness import START, Manual


class Table:
    """A table whose version counts up; it knows how often it was looked at."""

    def __init__(self) -> None:
        self.version = 0
        self.looks = 0
        self.away = False

    async def survey(self, tenant: str, schema_id: str, now: datetime) -> Readiness:
        del tenant
        self.looks += 1
        if self.away:
            raise Unavailable("the table is away")
        return Readiness(
            schema_id=schema_id,
            level="READY",
            score=1.0,
            findings=(),
            checked_at=now,
            llm_available=True,
            worker_available=True,
            rows=self.version,
            snapshot_id=str(self.version),
            loaded_at=now,
            usable_fields=(),
        )

    async def revision(self, tenant: str, schema_id: str) -> tuple[str, ...]:
        del tenant, schema_id
        return (str(self.version),)


@pytest.fixture
def table() -> Table:
    return Table()


@pytest.fixture
def clock() -> Manual:
    return Manual()


@pytest.fixture
async def watching(table: Table, clock: Manual) -> AsyncGenerator[Watching]:
    made = Watching(table.survey, table.revision, clock)
    yield made
    await made.close()


async def test_who_does_not_read_is_not_looked_for_again_and_again(
    table: Table, clock: Manual, watching: Watching
) -> None:
    async with (
        aclosing(watching.watch("demo", "shop", 10)) as idle,
        aclosing(watching.watch("demo", "shop", 300)) as keen,
    ):
        await anext(idle)
        await anext(keen)
        assert table.looks == 1
        for _ in range(40):
            await clock.pass_s(NOTICE_S)
        # Once when its ten seconds were over; it has not taken that one yet.
        assert table.looks == 2
        assert (await anext(idle)).checked_at == START + timedelta(seconds=10)
        for _ in range(40):
            await clock.pass_s(NOTICE_S)
        assert table.looks == 3


async def test_who_reads_slowly_holds_up_nobody_and_hears_the_newest(
    table: Table, clock: Manual, watching: Watching
) -> None:
    async with (
        aclosing(watching.watch("demo", "shop", 300)) as slow,
        aclosing(watching.watch("demo", "shop", 300)) as keen,
    ):
        await anext(slow)
        await anext(keen)
        for version in range(1, 101):
            table.version = version
            await clock.pass_s(NOTICE_S)
            assert (await anext(keen)).rows == version
        assert (await anext(slow)).rows == 100


async def test_what_cannot_be_found_out_is_tried_again_in_a_while(
    table: Table, clock: Manual, watching: Watching
) -> None:
    table.away = True
    async with aclosing(watching.watch("demo", "shop", 300)) as keen:
        waiting = asyncio.ensure_future(anext(keen))
        await clock.pass_s(0)
        await clock.pass_s(NOTICE_S)
        assert not waiting.done()
        table.away = False
        await clock.pass_s(NOTICE_S)
        assert (await waiting).rows == 0
        assert table.looks == 3
