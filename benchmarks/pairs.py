"""Timing of sides that are compared, alternated in one run, and what the memory could do at best."""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

Work = Callable[[], object]
MS = 1e3


@dataclass(frozen=True)
class Timing:
    """Seconds of one side, over the rounds."""

    median: float
    best: float


def alternate(sides: Mapping[str, Work], rounds: int, budget_s: float = 20.0) -> dict[str, Timing]:
    """Time every side once a round, in turn; a warm-up round is not counted.

    Stops early when `budget_s` is used up, after three rounds at least.
    """
    taken: dict[str, list[float]] = {name: [] for name in sides}
    for work in sides.values():
        work()
    began = time.perf_counter()
    for done in range(rounds):
        if done >= 3 and time.perf_counter() - began > budget_s:
            break
        for name, work in sides.items():
            started = time.perf_counter()
            work()
            taken[name].append(time.perf_counter() - started)
    return {name: Timing(statistics.median(each), min(each)) for name, each in taken.items()}


def bandwidth() -> float:
    """Bytes a second that one thread reads: the best of 9 sums over 256 MB."""
    column = pl.Series(np.ones(32 * 2**20))
    return column.estimated_size() / min(_seconds(column.sum) for _ in range(9))


def _seconds(work: Work) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def resident_mb() -> dict[str, int]:
    """Resident memory of the process in MB: all of it, and the parts that are its own and of mapped files."""
    fields = {"VmRSS": "all", "RssAnon": "own", "RssFile": "mapped files"}
    found: dict[str, int] = {}
    try:
        with Path("/proc/self/status").open(encoding="ascii") as status:
            for line in status:
                name, _, value = line.partition(":")
                if name in fields:
                    found[fields[name]] = int(value.split()[0]) // 1024
    except OSError:
        pass
    return found


def load() -> str:
    """The load now, and a warning when it spoils the figures."""
    now, cores = os.getloadavg()[0], os.cpu_count() or 1
    return f"load {now:.1f} on {cores} cores" + ("" if now <= cores else ": NOT USABLE")
