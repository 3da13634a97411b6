"""Readiness that is followed, by a clock of the test's own."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.protobuf.duration_pb2 import Duration
from segmentry.state.database import Database
from segmentry.v1 import segment_insights_pb2 as pb

from tests.rpc.builder_server import refusal
from tests.rpc.served import Served, analyses
from tests.rpc.small_tables import table
from tests.rpc.test_readiness import sound

START = datetime(2026, 3, 1, tzinfo=UTC)


class Manual:
    """Time passes when the test says so."""

    def __init__(self) -> None:
        self.passed_s = 0.0
        self._sleepers: list[tuple[float, asyncio.Event]] = []

    def now(self) -> datetime:
        return START + timedelta(seconds=self.passed_s)

    def elapsed_s(self) -> float:
        return self.passed_s

    async def sleep(self, seconds: float) -> None:
        event = asyncio.Event()
        self._sleepers.append((self.passed_s + seconds, event))
        await event.wait()

    async def pass_s(self, seconds: float) -> None:
        """Let time pass, and everybody whose time has come look around."""
        self.passed_s += seconds
        due = [event for at, event in self._sleepers if at <= self.passed_s]
        self._sleepers = [each for each in self._sleepers if each[0] > self.passed_s]
        for event in due:
            event.set()
        await asyncio.sleep(0.01)


def watch(served: Served, seconds: int = 0) -> Any:
    request = pb.WatchReadinessRequest(
        schema_id="shop", interval=Duration(seconds=seconds) if seconds else None
    )
    return served.insights.WatchReadiness(request)


async def test_a_watcher_hears_at_once_at_every_interval_and_on_change(
    database: Database, tmp_path: Path
) -> None:
    clock = Manual()
    async with analyses(database, tmp_path, tables={"shop": table(sound())}, clock=clock) as served:
        first, second = watch(served), watch(served)
        heard = [await first.read(), await second.read()]
        assert [each.sequence for each in heard] == [1, 1]
        assert {each.readiness.checked_at.ToDatetime(UTC) for each in heard} == {START}
        await clock.pass_s(299)
        await clock.pass_s(1)
        again = await first.read()
        assert again.sequence == 2
        assert again.readiness.checked_at.ToDatetime(UTC) == START + timedelta(seconds=300)
        assert (await second.read()).sequence == 2
        served.store.put("demo", "shop", table(sound(40)))
        await clock.pass_s(0.5)
        changed = await first.read()
        assert (changed.sequence, changed.readiness.rows) == (3, 40)
        assert changed.readiness.level == pb.READINESS_LEVEL_NOT_READY
        assert served.readiness.watching.followed == 1
        for each in (first, second):
            each.cancel()
        for _ in range(100):
            if not served.readiness.watching.followed:
                break
            await asyncio.sleep(0.02)
        assert served.readiness.watching.followed == 0
        assert not [task for task in asyncio.all_tasks() if task.get_name().startswith("readiness of")]


@pytest.mark.parametrize("seconds", [9, 3601])
async def test_an_interval_outside_its_bounds_is_refused(
    database: Database, tmp_path: Path, seconds: int
) -> None:
    async with analyses(database, tmp_path, tables={"shop": table(sound())}) as served:
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            async for _ in watch(served, seconds):
                pass
    found = refusal(caught.value)
    assert (found.reason, found.metadata["field"]) == ("INVALID_PARAMETERS", "interval")
    assert "from 10 to 3,600 s" in found.message


async def test_a_drain_ends_the_watch_with_a_notice(database: Database, tmp_path: Path) -> None:
    async with analyses(database, tmp_path, tables={"shop": table(sound())}) as served:
        call = watch(served)
        await call.read()
        served.drain.start()
        notice = await call.read()
        assert (notice.sequence, notice.notice.WhichOneof("kind")) == (1, "draining")
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await call.read()
    assert refusal(caught.value).reason == "SERVER_DRAINING"
