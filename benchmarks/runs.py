"""Analyses as their callers see them: first score, cancel, calls beside, start of a worker, idle cost.

A real server runs beside with its database and a table of 8 columns; nothing is replaced. The bars: first
provisional score 0.5 s, p99 of PreviewCount beside a run 25 ms, cancel to process gone 2 s, start from a
spare 50 ms. A load above the number of cores makes the figures unusable.

    python -m benchmarks runs [--rows 1000000] [--runs 3] [--cancels 20]
"""

from __future__ import annotations

import argparse
import asyncio
import random
import shutil
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import grpc.aio
import polars as pl
from segmentry.analysis.service import PRELOAD
from segmentry.runs.supervisor import Supervisor
from segmentry.v1 import segment_analysis_pb2 as pb
from segmentry.v1 import segment_analysis_pb2_grpc, segment_builder_pb2, segment_builder_pb2_grpc

from benchmarks.crasher import open_folder, workers_of
from benchmarks.pairs import MS, load
from benchmarks.served import cpu_s
from benchmarks.sides import at
from benchmarks.sweep import mixture
from benchmarks.vendors import started

if TYPE_CHECKING:
    from segmentry.v1.segment_analysis_pb2_grpc import SegmentAnalysisAsyncStub
    from segmentry.v1.segment_builder_pb2_grpc import SegmentBuilderAsyncStub

CALLS = 400
CALL_EVERY_S = 0.005
STARTS = 5
IDLE_S = 3.0
# A spare that waits uses no processor time; one that works on a run has soon used this much.
BUSY_S = 0.05
# Until a new spare is warm, so that the next run is given one.
WARM_S = 6.0
SEED = 5


def verdict(value: float, bar: float) -> str:
    return f"bar {bar:g}: {'ok' if value <= bar else 'OVER'}"


async def starts() -> None:
    """From nothing to a warm worker, and from an order to the answer of a warm one."""
    cold: list[float] = []
    warm: list[float] = []

    async def hear(_event: object) -> None:
        pass

    for _ in range(STARTS):
        supervisor = Supervisor(preload=PRELOAD, spares=1)
        began = time.perf_counter()
        supervisor.warm()
        await supervisor.until_warm()
        cold.append(time.perf_counter() - began)
        began = time.perf_counter()
        await supervisor.run("operator:is_", lambda _: None, on_event=hear)
        warm.append((time.perf_counter() - began) * MS)
        await supervisor.close()
    print(f"worker from nothing to warm: median {at(cold, 0.5):.2f} s, worst {max(cold):.2f} s, bar 5")
    print(
        f"a job from its order to its worker's end, warm: median {at(warm, 0.5):.0f} ms, "
        f"worst {max(warm):.0f} ms, {verdict(at(warm, 0.5), 50)}"
    )


def parameters() -> pb.AnalysisParameters:
    return pb.AnalysisParameters(preferred_tier=pb.ANALYSIS_TIER_ML_WORKER)


async def one_run(stub: SegmentAnalysisAsyncStub) -> tuple[float, float, float]:
    """Seconds from the call to RUNNING, from the call to the first score, and to the result."""
    began, running, first = time.perf_counter(), 0.0, 0.0
    asked = pb.StartAnalysisRequest(schema_id="big", parameters=parameters())
    run_id = (await stub.StartAnalysis(asked)).run.run_id
    async for said in stub.WatchAnalysis(pb.WatchAnalysisRequest(run_id=run_id)):
        past = time.perf_counter() - began
        kind = said.event.WhichOneof("kind")
        if kind == "run" and said.event.run.state == pb.RUN_STATE_RUNNING:
            running = running or past
        if kind == "score":
            first = first or past
    return running, first, time.perf_counter() - began


async def preview(stub: SegmentBuilderAsyncStub) -> float:
    """Milliseconds of one call."""
    request = segment_builder_pb2.PreviewCountRequest(schema_id="customers")
    request.criteria.update({"engagementScore": {"$gte": 70}})
    began = time.perf_counter()
    await stub.PreviewCount(request)
    return (time.perf_counter() - began) * MS


async def previews_until(stub: SegmentBuilderAsyncStub, over: asyncio.Event) -> list[float]:
    """One call after the other, with pauses, while a run goes on."""
    taken: list[float] = []
    while not over.is_set():
        taken.append(await preview(stub))
        await asyncio.sleep(CALL_EVERY_S)
    return taken


async def cancelled(stub: SegmentAnalysisAsyncStub, server: int, wait_s: float) -> float | None:
    """Seconds from the cancel until the worker is gone; None when no spare had begun to work on the run."""
    waiting = {pid: cpu_s(pid) for pid in workers_of(server)}
    asked = pb.StartAnalysisRequest(schema_id="big", parameters=parameters())
    run_id = (await stub.StartAnalysis(asked)).run.run_id
    async for said in stub.WatchAnalysis(pb.WatchAnalysisRequest(run_id=run_id)):
        if said.event.run.state == pb.RUN_STATE_RUNNING:
            break
    await asyncio.sleep(wait_s)
    busy = [pid for pid, before in waiting.items() if alive(pid) and cpu_s(pid) > before + BUSY_S]
    began = time.perf_counter()
    await stub.CancelAnalysis(pb.CancelAnalysisRequest(run_id=run_id))
    while any(alive(pid) for pid in busy):  # noqa: ASYNC110  (a process of somebody else has no event)
        await asyncio.sleep(0.002)
    gone = time.perf_counter() - began
    while len(workers_of(server)) < len(waiting):  # noqa: ASYNC110
        await asyncio.sleep(0.05)
    await asyncio.sleep(WARM_S)
    return gone if busy else None


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def resident_mb(pid: int) -> tuple[int, int]:
    """What a process has in memory, and what of it is shared out fairly, in MB."""
    fields = dict(line.split(":") for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:])
    return int(fields["Rss"].split()[0]) // 1024, int(fields["Pss"].split()[0]) // 1024


async def idle(server: int) -> None:
    spares = workers_of(server)
    before = sum(cpu_s(pid) for pid in spares)
    await asyncio.sleep(IDLE_S)
    used = sum(cpu_s(pid) for pid in spares) - before
    sizes = ", ".join("{} MB ({} MB its share)".format(*resident_mb(pid)) for pid in spares)
    print(f"{len(spares)} spares that wait: {sizes}; {used:.2f} s of processor time in {IDLE_S:g} s")


async def served(rows: int, runs: int, cancels: int) -> None:
    folder = open_folder()
    try:
        X = mixture(rows)
        table = folder / "big.parquet"
        pl.DataFrame({f"f{at}": 50 + 10 * X[:, at] for at in range(X.shape[1])}).write_parquet(table)
        async with (
            started("benchmarks.analysing", str(folder / "state"), "100000", str(table)) as (pid, address),
            grpc.aio.insecure_channel(address) as channel,
        ):
            await measured(
                pid,
                segment_analysis_pb2_grpc.SegmentAnalysisStub(channel),
                segment_builder_pb2_grpc.SegmentBuilderStub(channel),
                runs,
                cancels,
            )
    finally:
        await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)


async def measured(
    server: int, analysis: SegmentAnalysisAsyncStub, builder: SegmentBuilderAsyncStub, runs: int, cancels: int
) -> None:
    await idle(server)
    quiet = [await preview(builder) for _ in range(CALLS)][CALLS // 10 :]
    beside: list[float] = []
    for _ in range(runs):
        over = asyncio.Event()
        calls = asyncio.ensure_future(previews_until(builder, over))
        running, first, whole = await one_run(analysis)
        over.set()
        beside += await calls
        print(
            f"RUNNING after {running:.2f} s, first score after {first:.2f} s ({first - running:.2f} s of "
            f"work; {verdict(first - running, 0.5)}), result after {whole:.2f} s; {load()}"
        )
        await asyncio.sleep(5.0)  # a spare is warm again
    print(
        f"PreviewCount p50 {at(quiet, 0.5):.1f} p99 {at(quiet, 0.99):.1f} ms; beside a run "
        f"p50 {at(beside, 0.5):.1f} p99 {at(beside, 0.99):.1f} ms over {len(beside)} calls, "
        f"{verdict(at(beside, 0.99), 25)}"
    )
    drawn = random.Random(SEED)
    found = [await cancelled(analysis, server, drawn.uniform(0.2, 4.0)) for _ in range(cancels)]
    gone = [each for each in found if each is not None]
    if gone:
        print(
            f"cancel to process gone: median {at(gone, 0.5) * MS:.0f} ms, worst {max(gone) * MS:.0f} ms in "
            f"{len(gone)} trials ({len(found) - len(gone)} had no worker yet), {verdict(max(gone), 2)}"
        )


def main(given: Sequence[str] = ()) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks runs")
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--cancels", type=int, default=20)
    asked = parser.parse_args(given)
    print(f"{load()} before; {asked.rows:,} rows x 8, k = 2..8", flush=True)
    asyncio.run(starts())
    asyncio.run(served(asked.rows, asked.runs, asked.cancels))


if __name__ == "__main__":
    main(sys.argv[1:])
