"""Mishaps beside a run of the stored queries: a killed store, a caller who left, a mistake of our own."""

from __future__ import annotations

import asyncio
import logging
import os
import shutil
import signal
import tempfile
from collections.abc import Generator
from dataclasses import replace
from pathlib import Path

import pytest
from segmentry.canaries.answers import Answer, prompts_changed
from segmentry.canaries.asking import Reading, Subject
from segmentry.canaries.run import Run
from segmentry.canaries.service import Canaries
from segmentry.errors import Exhausted, Unavailable
from segmentry.state.database import Database

from tests.canaries.watching import ADA, Changeable, ended, few, passed, run_of, watched
from tests.rpc.learning import client
from tests.vendor.server import Vendor

pytestmark = pytest.mark.timeout(120)


@pytest.fixture
def dsn(postgres_dsn: str, database: object) -> str:
    """The emptied state store by its address."""
    return postgres_dsn.replace("/postgres", "/tests", 1)


async def eventually(it: Canaries) -> Run:
    """The run once it has ended, however often the store is away meanwhile."""
    while True:
        try:
            return await ended(it)
        except (Unavailable, Exhausted):
            await asyncio.sleep(0.05)


def kill(folder: Path) -> None:
    """End the embedded PostgreSQL of that folder as a lack of memory would."""
    said = (folder / "data" / "postmaster.pid").read_text(encoding="utf-8")
    os.kill(int(said.splitlines()[0]), signal.SIGKILL)


@pytest.fixture
def folder() -> Generator[Path]:
    """Where an embedded PostgreSQL of its own may live: its account cannot pass pytest's own folder."""
    top = Path(tempfile.mkdtemp(prefix="segmentry-mishaps-"))
    top.chmod(0o755)
    yield top / "postgres"
    shutil.rmtree(top, ignore_errors=True)


async def test_a_store_that_is_killed_in_the_middle_loses_no_run(folder: Path) -> None:
    async with (
        Vendor(Changeable(first_token_s=0.05)) as vendor,
        Database(directory=folder) as database,
        watched(database, vendor.base_url, n=30) as it,
    ):
        await it.start(ADA)
        await vendor.seen(8)
        await asyncio.to_thread(kill, folder)
        run = await eventually(it)
    assert (run.state, run.answered, run.agreed) == ("finished", 30, 30)


async def test_a_run_outlives_the_call_that_started_it(tmp_path: Path, database: Database, dsn: str) -> None:
    script = Changeable(first_token_s=0.06)
    async with Vendor(script) as vendor, client(tmp_path, dsn, vendor) as it:
        await it.run_canaries(timeout_s=1.0)
        run = await run_of(it)
        took_s = (run.end_time.ToDatetime() - run.start_time.ToDatetime()).total_seconds()
        assert took_s > 1.0, "the call's deadline has to come before the end"
        assert (run.state, run.answered) == ("finished", 50)


async def test_a_mistake_of_our_own_ends_the_run_and_is_in_the_log(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    async def fails(query: str) -> Reading:
        raise ZeroDivisionError(query)

    async def nothing() -> None: ...

    it = Canaries(database, Subject("vendor", "model", fails), few(3), 7, nothing)
    try:
        with caplog.at_level(logging.ERROR):
            run = await passed(it)
        assert (run.state, run.stop_reason) == ("stopped", "INTERNAL")
        assert any("failed" in each.getMessage() for each in caplog.records)
    finally:
        await it.close()


def test_experts_with_another_prompt_than_in_the_accepted_answers_are_named() -> None:
    then = Answer("q", "same", prompts={"logic": "v1", "fields_1": "v1"})
    now = replace(then, prompts={"logic": "v2", "fields_1": "v1", "fields_2": "v1"})
    assert prompts_changed([now], {"q": then}) == ("logic",)
    assert prompts_changed([now], {}) == ()
    assert prompts_changed([replace(now, state="failed")], {"q": then}) == ()
