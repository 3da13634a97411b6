"""Analyses whose workers and servers are killed at random moments: is one stuck, lost or counted twice?

A real server with its embedded PostgreSQL runs beside. Runs are started, each with a request id that is sent
again when the answer is lost, and watched with resume tokens; soon after one event in 25 a worker gets
SIGKILL, and now and then the server does, which is then started again on the same data folder.
In the end every run must have ended exactly once, with events numbered without a gap, each score said once,
and be listed once.

    python -m benchmarks crasher [--runs 50] [--servers 2] [--members 21000] [--seed 0]
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import random
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from os import kill
from pathlib import Path
from typing import TYPE_CHECKING

import grpc.aio
from segmentry.v1 import segment_analysis_pb2 as pb
from segmentry.v1 import segment_analysis_pb2_grpc

from benchmarks.pairs import load
from benchmarks.vendors import started

if TYPE_CHECKING:
    from segmentry.v1.segment_analysis_pb2_grpc import SegmentAnalysisAsyncStub

AT_ONCE = 4
# A killed server's leases run out after 15 s, and the next look is within 5 s.
PATIENCE_S = 300.0
# After how many events a worker is killed, and how soon.
KILL_SHARE, KILL_WITHIN_S = 0.04, 0.3
WORKER = "segmentry.runs.worker"
FEATURES = ("engagementScore", "lifetimeValue", "churnRiskScore")
ENDS = (pb.RUN_STATE_SUCCEEDED, pb.RUN_STATE_FAILED, pb.RUN_STATE_CANCELLED)


@dataclass
class Tally:
    """What became of the runs. `faults` are sentences; a good end has none."""

    asked: int
    ends: Counter[str] = field(default_factory=Counter[str])
    tiers: Counter[str] = field(default_factory=Counter[str])
    attempts: Counter[int] = field(default_factory=Counter[int])
    workers_killed: int = 0
    servers_killed: int = 0
    resumed: int = 0
    slowest_s: float = 0.0
    faults: list[str] = field(default_factory=list[str])


@dataclass
class Watched:
    """One run as its caller saw it."""

    number: int
    run_id: str = ""
    token: str = ""
    sequences: list[int] = field(default_factory=list[int])
    scores: Counter[tuple[int, bool]] = field(default_factory=Counter[tuple[int, bool]])
    end: pb.AnalysisRun | None = None


class Crashed:
    """A server that is killed and started again on one data folder."""

    def __init__(self, folder: Path, members: int) -> None:
        self._folder, self._members = folder, members
        self._process, self._channels = AsyncExitStack(), AsyncExitStack()
        self.pid = 0
        self.stub: SegmentAnalysisAsyncStub | None = None
        self.up = asyncio.Event()

    async def start(self) -> None:
        self.pid, address = await self._process.enter_async_context(
            started("benchmarks.analysing", str(self._folder), str(self._members))
        )
        channel = await self._channels.enter_async_context(grpc.aio.insecure_channel(address))
        self.stub = segment_analysis_pb2_grpc.SegmentAnalysisStub(channel)
        self.up.set()

    async def crash(self) -> None:
        """SIGKILL, and start again."""
        self.up.clear()
        kill(self.pid, signal.SIGKILL)
        # Not the channel: closing it would cancel whoever waits for it, instead of failing as a crash does.
        await self._process.aclose()
        await self.start()

    async def close(self) -> None:
        await self._channels.aclose()
        await self._process.aclose()


def workers_of(server: int) -> list[int]:
    """The worker processes of a server, spares included."""
    found: list[int] = []
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and WORKER in (entry / "cmdline").read_text(errors="replace"):
                parent = int((entry / "stat").read_text(errors="replace").rpartition(")")[2].split()[1])
                found += [int(entry.name)] if parent == server else []
        except OSError:
            continue
    return found


def open_folder() -> Path:
    """A folder that PostgreSQL's account can pass also when we are root."""
    folder = Path(tempfile.mkdtemp(prefix="segmentry-bench-"))
    folder.chmod(0o755)
    return folder


@asynccontextmanager
async def crashing(members: int) -> AsyncGenerator[Crashed]:
    """A server on a folder of its own."""
    folder = open_folder()
    server = Crashed(folder, members)
    try:
        await server.start()
        yield server
    finally:
        await server.close()
        shutil.rmtree(folder, ignore_errors=True)


async def watch(server: Crashed, number: int, tally: Tally, salt: str, heard: Callable[[], None]) -> Watched:
    """Start a run and follow it to its end, over whatever breaks meanwhile."""
    seen = Watched(number)
    parameters = pb.AnalysisParameters(max_clusters=5, included_features=FEATURES, seed=number)
    asked = pb.StartAnalysisRequest(
        schema_id="customers", parameters=parameters, request_id=f"crash-{salt}-{number}"
    )
    while seen.end is None:
        await server.up.wait()
        stub = server.stub
        assert stub is not None
        try:
            if not seen.run_id:
                seen.run_id = (await stub.StartAnalysis(asked, timeout=30)).run.run_id
            request = pb.WatchAnalysisRequest(run_id=seen.run_id)
            if seen.token:
                request = pb.WatchAnalysisRequest(resume_token=seen.token)
                tally.resumed += 1
            async for said in stub.WatchAnalysis(request):
                hear(seen, said)
                heard()
        except grpc.aio.AioRpcError as err:
            if err.code() not in {grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED}:
                tally.faults.append(f"run {number}: {err.code().name} {err.details()}")
                return seen
            await asyncio.sleep(0.2)
    return seen


def hear(seen: Watched, said: pb.WatchAnalysisResponse) -> None:
    kind = said.event.WhichOneof("kind")
    if kind == "notice":
        return
    seen.token = said.resume_token
    seen.sequences.append(said.sequence)
    if kind == "score":
        seen.scores[said.event.score.k, said.event.score.provisional] += 1
    run = said.event.result.run if kind == "result" else said.event.run
    if kind in {"result", "run"} and run.state in ENDS:
        seen.end = run


def kill_worker(server: Crashed, tally: Tally, drawn: random.Random) -> None:
    """Kill one of its workers, at work or waiting."""
    workers = workers_of(server.pid) if server.up.is_set() else []
    if workers:
        with contextlib.suppress(ProcessLookupError):
            kill(drawn.choice(workers), signal.SIGKILL)
            tally.workers_killed += 1


async def crashed(runs: int, servers: int, members: int, seed: int) -> Tally:
    """Start the runs, a few at a time, and kill meanwhile."""
    tally, drawn = Tally(runs), random.Random(seed)
    numbers, salt = iter(range(runs)), f"{time.time_ns():x}"
    ended: list[Watched] = []
    crash_after = sorted(drawn.sample(range(1, max(runs - 1, 2)), min(servers, max(runs - 2, 1))))

    async with crashing(members) as server:

        async def caller() -> None:
            for number in numbers:
                began = time.monotonic()
                try:
                    async with asyncio.timeout(PATIENCE_S):
                        ended.append(await watch(server, number, tally, salt, heard))
                except TimeoutError:
                    tally.faults.append(f"run {number} is stuck")
                tally.slowest_s = max(tally.slowest_s, time.monotonic() - began)
                if crash_after and len(ended) >= crash_after[0] and server.up.is_set():
                    crash_after.pop(0)
                    tally.servers_killed += 1
                    await server.crash()

        def heard() -> None:
            if drawn.random() < KILL_SHARE:
                loop.call_later(drawn.uniform(0, KILL_WITHIN_S), kill_worker, server, tally, drawn)

        loop = asyncio.get_running_loop()
        async with asyncio.TaskGroup() as callers:
            for _ in range(AT_ONCE):
                callers.create_task(caller())
        await judge(server, ended, tally)
    return tally


async def judge(server: Crashed, ended: Sequence[Watched], tally: Tally) -> None:
    for seen in ended:
        if seen.end is None:
            continue
        tally.ends[pb.RunState.Name(seen.end.state)] += 1
        tally.tiers[pb.AnalysisTier.Name(seen.end.tier)] += 1
        tally.attempts[seen.end.attempt] += 1
        if seen.sequences != list(range(1, len(seen.sequences) + 1)):
            tally.faults.append(f"run {seen.number}: events {seen.sequences}")
        twice = [score for score, times in seen.scores.items() if times > 1]
        if twice:
            tally.faults.append(f"run {seen.number}: said twice {twice}")
    listed = await all_listed(server)
    for run_id, state in listed:
        if state not in ENDS:
            tally.faults.append(f"{run_id} is listed as {pb.RunState.Name(state)}")
    mine = sorted(seen.run_id for seen in ended)
    if sorted(run_id for run_id, _ in listed) != mine:
        tally.faults.append(f"{len(mine)} runs were watched and {len(listed)} are listed")


async def all_listed(server: Crashed) -> list[tuple[str, pb.RunState.ValueType]]:
    assert server.stub is not None
    found: list[tuple[str, pb.RunState.ValueType]] = []
    token = ""
    while True:
        page = await server.stub.ListAnalyses(pb.ListAnalysesRequest(page_token=token, page_size=50))
        found += [(run.run_id, run.state) for run in page.runs]
        if not (token := page.next_page_token):
            return found


def main(given: Sequence[str] = ()) -> None:
    """Crash and print the tally; the exit code is 1 when something was stuck, lost or counted twice."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks crasher")
    parser.add_argument("--runs", type=int, default=50)
    parser.add_argument("--servers", type=int, default=2)
    parser.add_argument("--members", type=int, default=21_000)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args(given)
    print(f"{load()} before; {AT_ONCE} runs at a time", flush=True)
    tally = asyncio.run(crashed(asked.runs, asked.servers, asked.members, asked.seed))
    print(f"{tally.asked} runs, {tally.workers_killed} workers and {tally.servers_killed} servers killed")
    for name, counted in (("ends", tally.ends), ("tiers", tally.tiers), ("attempts", tally.attempts)):
        print(f"  {name}: " + ", ".join(f"{key} {count}" for key, count in sorted(counted.items())))
    print(f"  streams resumed {tally.resumed} times; slowest run {tally.slowest_s:.0f} s")
    for fault in tally.faults:
        print(f"  FAULT: {fault}")
    print("  no run stuck, none lost, none counted twice" if not tally.faults else "  NOT as promised")
    if tally.faults:
        sys.exit(1)


if __name__ == "__main__":
    main(sys.argv[1:])
