"""When stored queries run by themselves: weekly, after a change of the model, on one server of several."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import pytest
from segmentry.canaries.due import Past, due
from segmentry.canaries.run import Run
from segmentry.canaries.service import Canaries
from segmentry.state.database import Database

from tests.canaries.watching import ADA, Changeable, ended, passed, watched
from tests.vendor.server import Vendor

NOW = datetime(2026, 1, 15, 9, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.mark.parametrize(
    ("past", "every_days", "cause"),
    [
        (Past(NOW), 7, "schedule"),
        (Past(NOW), 0, None),
        (Past(NOW, running=True), 7, None),
        (Past(NOW, settled_at=NOW - 7 * DAY), 7, "schedule"),
        (Past(NOW, settled_at=NOW - 7 * DAY + HOUR), 7, None),
        (Past(NOW, settled_at=NOW - 2 * DAY), 2, "schedule"),
        (Past(NOW, settled_at=NOW - DAY, changed_at=NOW), 7, "model_changed"),
        (Past(NOW, settled_at=NOW - DAY, changed_at=NOW - 2 * DAY), 7, None),
        (Past(NOW, settled_at=NOW - DAY, changed_at=NOW), 0, None),
        (Past(NOW, running=True, settled_at=NOW - DAY, changed_at=NOW), 7, None),
        # After an outage it waits, and then goes on with what was due.
        (Past(NOW, stopped_at=NOW - HOUR / 2), 7, None),
        (Past(NOW, stopped_at=NOW - HOUR), 7, "schedule"),
        (Past(NOW, settled_at=NOW - 8 * DAY, stopped_at=NOW - HOUR / 2), 7, None),
        (Past(NOW, settled_at=NOW - DAY, stopped_at=NOW - 2 * HOUR, changed_at=NOW), 7, "model_changed"),
        (Past(NOW, settled_at=NOW - HOUR / 4, stopped_at=NOW - HOUR / 2, changed_at=NOW), 7, "model_changed"),
    ],
    ids=str,
)  # fmt: skip
def test_a_run_is_due(past: Past, every_days: int, cause: str | None) -> None:
    assert due(past, every_days) == cause


@asynccontextmanager
async def keeping(*servers: Canaries, settled_s: float = 0.0) -> AsyncGenerator[None]:
    """Servers that look every few milliseconds whether something is to be done."""
    tasks = [asyncio.create_task(each.keep(0.02, settled_s)) for each in servers]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)


async def until_ended(it: Canaries, n: int) -> list[Run]:
    """All runs, newest first, once there are so many and all of them have ended."""
    while True:
        runs = list(await it.last())
        if len(runs) >= n and all(each.state != "running" for each in runs):
            return runs
        await asyncio.sleep(0.02)


async def left_alone(it: Canaries) -> int:
    """How many runs there are after servers have looked many times."""
    await asyncio.sleep(0.05)
    for _ in range(20):
        await it.last()
        await asyncio.sleep(0.02)
    return len(await it.last())


async def aged(database: Database, days: int) -> None:
    """As if everything had happened so many days ago."""
    for table, columns in (
        ("canary_run", ("started_at", "ended_at", "accepted_at")),
        ("model_version", ("first_seen", "last_seen")),
    ):
        moved = ", ".join(f"{each} = {each} - make_interval(days => $1)" for each in columns)
        await database.execute(f"UPDATE {table} SET {moved}", days)


async def test_the_first_run_and_that_of_the_next_week_begin_by_themselves(database: Database) -> None:
    async with Vendor(Changeable()) as vendor, watched(database, vendor.base_url) as it, keeping(it):
        (first,) = await until_ended(it, 1)
        assert (first.cause, first.state) == ("schedule", "finished")
        assert await left_alone(it) == 1
        await aged(database, 6)
        assert await left_alone(it) == 1
        await aged(database, 1)
        newest, _ = await until_ended(it, 2)
        assert (newest.cause, newest.held_against) == ("schedule", first.run_id)
        assert await left_alone(it) == 2


async def test_a_server_that_was_just_started_begins_only_what_a_change_asks_for(database: Database) -> None:
    script = Changeable()
    async with (
        Vendor(script) as vendor,
        watched(database, vendor.base_url) as it,
        keeping(it, settled_s=3_600.0),
    ):
        assert await left_alone(it) == 0
        await it.start(ADA)
        await until_ended(it, 1)
        script.fingerprint = "fp_b"
        await it.heard_in_a_build("city is not Madrid")
        newest, _ = await until_ended(it, 2)
        assert newest.cause == "model_changed"


async def test_a_model_that_answers_as_another_version_is_asked_again_by_itself(database: Database) -> None:
    script = Changeable()
    async with Vendor(script) as vendor, watched(database, vendor.base_url) as it, keeping(it):
        await until_ended(it, 1)
        script.fingerprint, script.words = "fp_b", {'["Madrid"]': '["Faro"]'}
        # Somebody builds, and the vendor says its version.
        await it.heard_in_a_build("city is not Madrid")
        newest, _ = await until_ended(it, 2)
        assert (newest.cause, newest.version.fingerprint) == ("model_changed", "fp_b")
        assert [each.query for each in newest.changed] == ["city is not Madrid"]
        (finding,) = await it.findings()
        assert "city is not Madrid" in finding.message
        assert await left_alone(it) == 2


async def test_of_several_servers_one_runs_what_is_due(database: Database) -> None:
    async with (
        Vendor(Changeable()) as vendor,
        watched(database, vendor.base_url, n=10) as one,
        watched(database, vendor.base_url, n=10) as two,
        watched(database, vendor.base_url, n=10) as three,
        keeping(one, two, three),
    ):
        (run,) = await until_ended(one, 1)
        assert await left_alone(two) == 1
        assert run.answered == 10
        assert vendor.n_calls == run.usage.calls


async def test_nothing_runs_where_it_is_switched_off(database: Database) -> None:
    async with (
        Vendor(Changeable()) as vendor,
        watched(database, vendor.base_url, every_days=0) as it,
        keeping(it),
    ):
        assert await left_alone(it) == 0
        assert vendor.n_calls == 0
        assert (await passed(it)).state == "finished"


async def test_a_run_goes_on_where_its_server_ended(database: Database) -> None:
    script = Changeable(faults={"Madrid": "silent"})
    async with Vendor(script) as vendor:
        async with watched(database, vendor.base_url) as first:
            run = await first.start(ADA)
            await vendor.seen(4)
        (left,) = await first.last()
        assert (left.run_id, left.state) == (run.run_id, "running")
        n_before, n_answered = vendor.n_calls, left.answered
        assert 0 < n_answered < 6
        script.faults = {}
        async with watched(database, vendor.base_url) as second, keeping(second):
            whole = await ended(second)
            assert (whole.run_id, whole.state, whole.answered) == (run.run_id, "finished", 6)
            assert await left_alone(second) == 1
        # What was answered is not asked again.
        assert vendor.n_calls - n_before <= 2 * (6 - n_answered)


async def test_a_run_of_a_server_that_was_killed_is_taken_over_when_its_lease_is_over(
    database: Database,
) -> None:
    async with Vendor(Changeable()) as vendor, watched(database, vendor.base_url) as it:
        await passed(it)
        await database.execute(
            "UPDATE canary_run SET state = 'running', owner = 'killed', ended_at = NULL, answers = replace("
            'answers, \'"state": "first"\', \'"state": "waiting"\'), '
            "lease_until = clock_timestamp() + interval '0.3 seconds'"
        )
        async with keeping(it):
            (run,) = await until_ended(it, 1)
    assert (run.state, run.answered) == ("finished", 6)


async def test_what_nobody_goes_on_with_is_not_running_for_ever(database: Database) -> None:
    async with Vendor(Changeable()) as vendor, watched(database, vendor.base_url) as it:
        await passed(it)
        await database.execute(
            "UPDATE canary_run SET state = 'running', ended_at = NULL, "
            "lease_until = clock_timestamp() - interval '11 minutes', "
            "started_at = clock_timestamp() - interval '1 hour'"
        )
        (run,) = await it.last()
        assert (run.state, run.stop_reason) == ("stopped", "SERVER_LOST")
        assert (await passed(it)).state == "finished"
