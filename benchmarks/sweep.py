"""The k sweep of an analysis against plain scikit-learn: K-Means for k = 2..8 with 10 starts on all rows.

Both sides run in one process on the same matrix, alternated A B A B A B; the medians and their ratio are
printed with the load before each pair, the threads and versions, and the worst inertia beside the speed.
Ours is timed twice: the fits alone, and with the silhouettes of every k. A load above the number of cores
makes the figures unusable, and the line says so. What ours uses is printed: numba where the extra `fast` is
installed, else numpy (or with `--numpy`). Ours runs once beforehand, as in a worker that is warm.

    python -m benchmarks.sweep [--numpy] [rows ...]        # 10,000, 100,000 and 1,000,000 by default
"""

from __future__ import annotations

import os
import statistics
import sys
import time
from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np
import sklearn
from segmentry.analysis.attempt import SAMPLE_ROWS
from segmentry.analysis.kmeans import kernel as kernels
from segmentry.analysis.kmeans.plain import Plain
from segmentry.analysis.silhouette import silhouettes
from segmentry.analysis.sweep import Clustering, sweep
from segmentry.analysis.table import Floats
from sklearn.cluster import KMeans
from threadpoolctl import threadpool_limits

ROWS = (10_000, 100_000, 1_000_000)
COLUMNS = 8
KS = range(2, 9)
PAIRS = 3
# From here on scikit-learn takes minutes, and one pair says enough.
MANY_ROWS = 1_000_000
SEED = 0

T = TypeVar("T")


def mixture(rows: int) -> Floats:
    """Six overlapping groups of unequal size in 8 columns, scaled like a prepared table."""
    rng = np.random.default_rng(SEED)
    centres = rng.normal(0, 2, (6, COLUMNS))
    group = rng.choice(6, rows, p=[0.3, 0.25, 0.2, 0.12, 0.08, 0.05])
    X = centres[group] + rng.normal(0, 1, (rows, COLUMNS))
    return (X - X.mean(axis=0)) / X.std(axis=0)


def plain(X: Floats) -> list[float]:
    """Inertia of every k by scikit-learn as its documentation shows it."""
    found: list[float] = []
    for k in KS:
        model: Any = KMeans(k, n_init=10, random_state=SEED)  # pyright: ignore[reportArgumentType] # untyped
        model.fit(X)
        found.append(float(model.inertia_))
    return found


def timed(work: Callable[[], T]) -> tuple[float, T]:
    started = time.perf_counter()
    result = work()
    return time.perf_counter() - started, result


def compare(rows: int) -> None:
    X = mixture(rows)
    sweep(X[:5_000], KS, SEED)
    theirs: list[float] = []
    fits: list[float] = []
    whole: list[float] = []
    loads: list[float] = []
    ours: list[Clustering] = []
    reference: list[float] = []
    for _ in range(PAIRS if rows < MANY_ROWS else 1):
        loads.append(os.getloadavg()[0])
        seconds, reference = timed(lambda: plain(X))
        theirs.append(seconds)
        seconds, ours = timed(lambda: sweep(X, KS, SEED))
        fits.append(seconds)
        labelings = [each.labels for each in ours]
        inners = [each.inner for each in ours]
        scored, _ = timed(
            lambda labels=labelings, known=inners: silhouettes(
                X, labels, np.random.default_rng(SEED), inners=known
            )
        )
        whole.append(seconds + scored)
    ratios = [each.inertia / inertia for each, inertia in zip(ours, reference, strict=True)]
    a, b, c = (statistics.median(each) for each in (theirs, fits, whole))
    spread = f"{min(theirs) / max(fits):.1f}-{max(theirs) / min(fits):.1f}"
    print(f"{rows:>9,} rows x {COLUMNS}, k = {KS[0]}..{KS[-1]}")
    print(f"  scikit-learn, fits only      {a:8.2f} s")
    print(f"  segmentry, fits only         {b:8.2f} s   {a / b:5.1f}x   (spread {spread})")
    print(f"  segmentry, with silhouettes  {c:8.2f} s   {a / c:5.1f}x")
    if rows > SAMPLE_ROWS:
        print(f"  above {SAMPLE_ROWS:,} rows our starts run on a sample of as many, theirs on all")
    print("  silhouettes are timed on our side only: the second ratio sets them against fits alone")
    print(f"  inertia against theirs: worst {max(ratios):.4f}, mean {statistics.mean(ratios):.4f}")
    usable = "" if max(loads) <= (os.cpu_count() or 1) else "  UNUSABLE: load above the number of cores"
    print("  load before each pair: " + ", ".join(f"{each:.2f}" for each in loads) + usable)


def main(sizes: tuple[int, ...] = ROWS) -> None:
    # As a worker process has it: one core stays free for the server. Both sides get the same.
    threads = max(1, (os.cpu_count() or 1) - 1)
    os.environ["OMP_NUM_THREADS"] = str(threads)
    print(
        f"sweep: {os.cpu_count()} cores, {threads} threads, ours with {kernels.chosen().name}, "
        f"numpy {np.__version__}, scikit-learn {sklearn.__version__}"
    )
    with threadpool_limits(threads):
        for rows in sizes:
            compare(rows)


if __name__ == "__main__":
    asked = sys.argv[1:]
    if "--numpy" in asked:
        asked.remove("--numpy")
        plainly = Plain()
        kernels.chosen = lambda: plainly
        kernels.is_compiled = lambda: False
    main(tuple(int(each) for each in asked) or ROWS)
