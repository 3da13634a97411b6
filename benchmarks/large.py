"""What an analysis takes in memory above its table, and how long it takes, at ten million rows.

The table lies on disk as a server hands it to a worker. The analysis runs in a process of its own, warm as a
spare worker is; its anonymous memory is read from smaps_rollup every 20 ms. "Above the table" is the most of
it less what there was when the table had been read.

    python -m benchmarks large [--rows 10000000]
"""

from __future__ import annotations

import argparse
import multiprocessing
import multiprocessing.connection
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
from segmentry.analysis import job
from segmentry.analysis.discover import discover
from segmentry.analysis.events import ClusterScore, Event
from segmentry.analysis.parameters import Parameters
from segmentry.customers.load import load_table
from segmentry.customers.snapshot import Snapshot

from benchmarks.pairs import load
from benchmarks.runs import verdict
from benchmarks.sweep import COLUMNS, mixture

ROWS = 10_000_000
BAR_MB = 1024
EVERY_S = 0.02


def _lay(rows: int, folder: str) -> None:
    X = mixture(rows)
    file = Path(folder) / "big.parquet"
    pl.DataFrame({f"f{at}": 50 + 10 * X[:, at] for at in range(COLUMNS)}).write_parquet(file)
    del X
    load_table(file, "big").write(Path(folder) / "table")


def _own_mb() -> int:
    lines = Path("/proc/self/smaps_rollup").read_text().splitlines()[1:]
    return sum(int(line.split()[1]) for line in lines if line.startswith("Anonymous:")) // 1024


def _analyse(folder: str, told: multiprocessing.connection.Connection) -> None:
    job.warm()
    warm, began = _own_mb(), time.perf_counter()
    table = Snapshot.read(Path(folder) / "table")
    read, most, over = _own_mb(), 0, threading.Event()

    def watch() -> None:
        nonlocal most
        while not over.wait(EVERY_S):
            most = max(most, _own_mb())

    watching = threading.Thread(target=watch)
    watching.start()
    first = 0.0

    def hear(event: Event) -> None:
        nonlocal first
        if isinstance(event, ClusterScore):
            first = first or time.perf_counter() - began

    asked = Parameters(preferred_tier="ML_WORKER")
    result = discover(table, asked, datetime.now(UTC), hear)
    took = time.perf_counter() - began
    over.set()
    watching.join()
    told.send((warm, read, most, first, took, len(result.segments)))


def main(given: Sequence[str] = ()) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks large")
    parser.add_argument("--rows", type=int, default=ROWS)
    rows: int = parser.parse_args(given).rows
    print(f"{load()} before; {rows:,} rows x {COLUMNS}, k = 2..8", flush=True)
    spawning = multiprocessing.get_context("spawn")
    with tempfile.TemporaryDirectory(prefix="segmentry-bench-") as folder:
        laying = spawning.Process(target=_lay, args=(rows, folder))
        laying.start()
        laying.join()
        here, there = spawning.Pipe(duplex=False)
        worker = spawning.Process(target=_analyse, args=(folder, there))
        worker.start()
        there.close()
        warm, read, most, first, took, segments = here.recv()
        worker.join()
    print(f"first score after {first:.2f} s, {segments} segments after {took:.1f} s")
    print(
        f"memory: {warm} MB when warm, {read - warm} MB for the table, "
        f"{most - read} MB at most above that, {verdict(most - read, BAR_MB)}; {load()}"
    )


if __name__ == "__main__":
    main(sys.argv[1:])
