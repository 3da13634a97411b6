"""How long a run is likely to take: a formula, corrected by what the last runs of this server took."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from segmentry.analysis.parameters import Parameters, Tier

# Fewer runs say more about one table than about the server.
FEWEST = 3
# Runs that the formula gives up to so many times as long, or as short, are of about this size.
NEAR = 4.0
LOW, HIGH = 10.0, 90.0


@dataclass(frozen=True, slots=True)
class Pace:
    """One run: what the formula gave, and what it took, in seconds."""

    cold_s: float
    took_s: float


# By way, the oldest first; tuples, so that they can stand in a frozen value.
Paces = tuple[tuple[str, tuple[Pace, ...]], ...]


@dataclass(frozen=True, slots=True)
class Span:
    """Seconds. `low_s` and `high_s` are percentiles 10 and 90 of `n_runs` runs; None where none are known."""

    expected_s: float
    low_s: float | None = None
    high_s: float | None = None
    n_runs: int = 0


def way(tier: Tier, parameters: Parameters) -> str:
    """What runs are compared within: the tier, of the ML worker with the algorithm."""
    return f"{tier} {parameters.algorithm}" if tier == "ML_WORKER" else tier


def cold_s(tier: Tier, parameters: Parameters, rows: int, n_fields: int) -> float:
    """A guess from runs on two cores: a start, fits that grow with rows, clusters and columns, scores."""
    if tier == "LLM":
        return 8.0
    if tier == "HEURISTIC":
        return 0.5
    cells = min(rows, 100_000) * (n_fields + 1) * sum(
        range(parameters.min_clusters, parameters.max_clusters + 1)
    ) + 20 * rows * (n_fields + 1)
    return round(1.5 + cells / 1.5e7, 1)


def likely(cold: float, known: Sequence[Pace]) -> Span:
    """The formula's seconds times what runs of about that size took of theirs; the formula without any.

    >>> likely(2.0, [Pace(2.0, 1.0), Pace(2.5, 1.0), Pace(1.5, 0.9), Pace(100.0, 900.0)])
    Span(expected_s=1.0, low_s=0.8, high_s=1.2, n_runs=3)
    >>> likely(2.0, [Pace(100.0, 900.0)])
    Span(expected_s=2.0, low_s=None, high_s=None, n_runs=0)
    """
    near = [each.took_s / each.cold_s for each in known if cold / NEAR <= each.cold_s <= cold * NEAR]
    if len(near) < FEWEST:
        return Span(cold)
    low, middle, high = (float(each) for each in np.percentile(near, (LOW, 50.0, HIGH)))
    return Span(round(cold * middle, 1), round(cold * low, 1), round(cold * high, 1), len(near))
