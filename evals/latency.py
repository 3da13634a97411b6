"""How long one query takes in the process, once its table is known."""

from __future__ import annotations

import time
from collections.abc import Sequence

from evals import measures
from evals.case_files import Case
from evals.judge import by_reader

_REPEATS = 3


def text(cases: Sequence[Case]) -> str:
    """A line with quantiles; each case counts with the least of several readings, so that noise is little."""
    took: list[float] = []
    for case in cases:
        by_reader(case)
        took.append(min(_once(case) for _ in range(_REPEATS)))
    shown = ", ".join(
        f"{name} {measures.quantile(took, share) * 1e6:,.0f} us"
        for name, share in (("p50", 0.5), ("p95", 0.95), ("p99", 0.99), ("most", 1.0))
    )
    return f"time per query, warmed: {shown}   (bars: p50 150 us, p95 1,000 us, p99 5,000 us)"


def _once(case: Case) -> float:
    started = time.perf_counter()
    by_reader(case)
    return time.perf_counter() - started
