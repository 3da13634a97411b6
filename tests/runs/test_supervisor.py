"""Jobs in real worker processes: results, deaths, cancels, limits, and nobody left behind."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
import time
from pathlib import Path

import pytest
from segmentry.errors import (
    DatasetTooLarge,
    DeadlineExceeded,
    EmptyDataset,
    Internal,
    JsonValue,
    WorkerLost,
)
from segmentry.runs.supervisor import Supervisor

from tests.runs.conftest import TOP, MakeSupervisor


class Heard:
    """What a job said; `first` is set with the first event."""

    def __init__(self) -> None:
        self.events: list[JsonValue] = []
        self.first = asyncio.Event()

    async def hear(self, event: JsonValue) -> None:
        self.events.append(event)
        self.first.set()

    @property
    def pids(self) -> list[int]:
        first = self.events[0]
        assert isinstance(first, dict)
        pids = first["pids"]
        assert isinstance(pids, list)
        return [pid for pid in pids if isinstance(pid, int)]


def alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"


async def gone(pids: list[int], within_s: float = 10.0) -> bool:
    ends_at = time.monotonic() + within_s
    while any(alive(pid) for pid in pids):
        if time.monotonic() > ends_at:
            return False
        await asyncio.sleep(0.02)
    return True


async def run(
    supervisor: Supervisor, job: str, argument: JsonValue = None, heard: Heard | None = None
) -> JsonValue:
    heard = heard or Heard()
    return await supervisor.run(f"tests.runs.jobs:{job}", lambda _: argument, on_event=heard.hear)


async def test_events_arrive_in_order_before_the_result(supervising: MakeSupervisor) -> None:
    heard = Heard()
    async with supervising() as supervisor:
        assert await run(supervisor, "count", 500, heard) == 500
    assert heard.events == [{"number": number} for number in range(1, 501)]


async def test_a_worker_steps_back_and_knows_no_secret(
    supervising: MakeSupervisor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AI_OPENAI_KEY", "sk-canary")
    async with supervising(preload=["decimal"]) as supervisor:
        found = await run(supervisor, "surroundings")
    assert isinstance(found, dict)
    assert found["secret"] is None
    assert found["nice"] == min(19, os.nice(0) + 10)
    assert found["threads"] == str(max(1, (os.cpu_count() or 1) - 1))
    assert found["group"] is True
    assert found["oom"] in {"500", None} or os.geteuid() != 0
    assert found["modules"] == ["decimal"]


async def test_one_death_is_tried_again_with_an_event_and_one_thread(
    supervising: MakeSupervisor, tmp_path: Path
) -> None:
    heard, deaths = Heard(), list[int]()

    async def on_death(number: int) -> None:
        deaths.append(number)

    def argument(died: int) -> JsonValue:
        return {"folder": str(tmp_path), "deaths": 1, "attempt": died + 1}

    async with supervising() as supervisor:
        result = await supervisor.run(
            "tests.runs.jobs:die_until", argument, on_event=heard.hear, on_death=on_death
        )
    assert result == "done"
    assert deaths == [1]
    assert [event["attempt"] for event in heard.events if isinstance(event, dict)] == [1, 2]
    assert isinstance(heard.events[1], dict)
    assert heard.events[1]["threads"] == "1"


async def test_a_second_death_is_worker_lost(supervising: MakeSupervisor, tmp_path: Path) -> None:
    heard = Heard()
    async with supervising() as supervisor:
        with pytest.raises(WorkerLost):
            await run(supervisor, "die_until", {"folder": str(tmp_path), "deaths": 9}, heard)
        assert len(heard.events) == 2
        assert await run(supervisor, "count", 1) == 1


@pytest.mark.parametrize("job", ["hang", "ignore_signals"])
async def test_cancel_ends_the_worker_and_its_children(supervising: MakeSupervisor, job: str) -> None:
    heard = Heard()
    async with supervising() as supervisor, asyncio.TaskGroup() as tasks:
        task = tasks.create_task(run(supervisor, job, None, heard))
        await heard.first.wait()
        task.cancel()
        assert await gone(heard.pids)
        await asyncio.wait({task})
        assert task.cancelled()


async def test_cancel_while_the_worker_still_imports_leaves_nobody(supervising: MakeSupervisor) -> None:
    async with supervising(preload=["sklearn.cluster"]) as supervisor:
        task = asyncio.ensure_future(run(supervisor, "count", 1))
        for _ in range(1000):
            if supervisor.pids:
                break
            await asyncio.sleep(0.005)
        pids = list(supervisor.pids)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert await gone(pids)


async def test_a_silent_worker_is_killed_and_the_job_tried_again(supervising: MakeSupervisor) -> None:
    async with supervising(silence_s=1.0) as supervisor:
        with pytest.raises(WorkerLost):
            await run(supervisor, "stop_itself")
        assert await run(supervisor, "count", 2) == 2


async def test_a_job_beyond_its_deadline_ends(supervising: MakeSupervisor) -> None:
    heard = Heard()
    async with supervising(deadline_s=1.0) as supervisor:
        with pytest.raises(DeadlineExceeded, match="longer than 1 s"):
            await run(supervisor, "hang", None, heard)
        assert await gone(heard.pids)


async def test_too_much_memory_is_said_and_not_tried_again(supervising: MakeSupervisor) -> None:
    deaths: list[int] = []

    async def on_death(number: int) -> None:
        deaths.append(number)

    async with supervising(memory_bytes=2 * 1024**3) as supervisor:
        with pytest.raises(DatasetTooLarge):
            await supervisor.run(
                "tests.runs.jobs:eat_memory", lambda _: None, on_event=Heard().hear, on_death=on_death
            )
    assert not deaths


async def test_a_fault_of_the_input_keeps_its_reason(supervising: MakeSupervisor) -> None:
    async with supervising() as supervisor:
        with pytest.raises(EmptyDataset, match="nobody") as caught:
            await run(supervisor, "refuse")
    assert caught.value.metadata == {"schemaId": "s"}


@pytest.mark.parametrize("job", ["fail", "mean", "no_such_job"])
async def test_a_bug_of_the_job_is_internal_and_its_text_stays_in_the_log(
    supervising: MakeSupervisor, caplog: pytest.LogCaptureFixture, job: str
) -> None:
    caplog.set_level(logging.WARNING)
    async with supervising() as supervisor:
        with pytest.raises(Internal) as caught:
            await run(supervisor, job)
    assert "secret text" not in caught.value.message
    assert "Traceback" in caplog.text


async def test_a_librarys_warning_is_one_line_of_the_log_without_a_path(
    supervising: MakeSupervisor, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    async with supervising() as supervisor:
        assert await run(supervisor, "warn") == "done"
    said = [record for record in caplog.records if record.name == "segmentry.runs.child"]
    assert [record.levelname for record in said] == ["INFO", "WARNING"]
    assert "RuntimeWarning: overflow encountered in multiply (jobs.py:" in said[0].getMessage()
    assert "/" not in said[0].getMessage()


async def test_a_job_that_lost_a_worker_elsewhere_has_one_attempt_left(
    supervising: MakeSupervisor, tmp_path: Path
) -> None:
    heard = Heard()
    async with supervising() as supervisor:
        with pytest.raises(WorkerLost):
            await supervisor.run(
                "tests.runs.jobs:die_until",
                lambda _: {"folder": str(tmp_path), "deaths": 9},
                on_event=heard.hear,
                deaths=1,
            )
    assert [event["threads"] for event in heard.events if isinstance(event, dict)] == ["1"]


OWNER = """
import asyncio, os, sys
from segmentry.runs.supervisor import Supervisor

async def main():
    supervisor = Supervisor(environment={"PYTHONPATH": os.environ["PYTHONPATH"]})
    async def hear(event):
        print(*event["pids"], *supervisor.pids, flush=True)
    await supervisor.run("tests.runs.jobs:hang", lambda _: None, on_event=hear)

asyncio.run(main())
"""


async def test_no_worker_outlives_a_killed_server() -> None:
    path = os.pathsep.join([TOP, str(Path(TOP) / "server")])
    owner = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        OWNER,
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": path},
    )
    assert owner.stdout is not None
    worker, grandchild, *workers = [int(pid) for pid in (await owner.stdout.readline()).split()]
    owner.kill()
    await owner.wait()
    assert await gone([worker, *workers])
    os.kill(grandchild, signal.SIGKILL)
