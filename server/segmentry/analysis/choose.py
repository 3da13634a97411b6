"""Which k to show: the best silhouette among those without slivers, and whether there is a structure at all.

The silhouette alone rewards "everyone and a handful", and a single elongated blob scores as well as two
real groups. Hence two guards: a least share per segment, and the excess over tables without structure.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from segmentry.analysis.nulls import Blob, Box
from segmentry.analysis.parameters import KRule
from segmentry.analysis.prepare import Prepared
from segmentry.analysis.silhouette import Silhouette, silhouettes
from segmentry.analysis.sweep import Clustering, sweep

NULL_TABLES = 4
# Null tables are smaller than the table: the silhouette hardly depends on the number of rows; its spread
# does, and that is in the standard error.
NULL_ROWS = 4_000
BOX_TABLES = 3
WEAK = 0.25


@dataclass(frozen=True, slots=True)
class Excess:
    """The silhouette above the mean of tables without structure, and its standard error."""

    value: float
    error: float


@dataclass(frozen=True, slots=True)
class Candidate:
    """One k as the choice sees it. `smallest_share` is 0-1."""

    k: int
    silhouette: Silhouette
    smallest_share: float
    excess: Excess | None = None
    stability: float | None = None

    def is_eligible(self, min_segment_share: float) -> bool:
        """Whether it has a score, and every segment the least share of the table."""
        return self.silhouette.value is not None and self.smallest_share >= min_segment_share


@dataclass(frozen=True, slots=True)
class Choice:
    """`position` is the chosen candidate's index, `picked_k` the k of the best silhouette, `excess_k` that of
    the greatest excess (None where none is known). `slivers`: no candidate kept to the least share."""

    position: int
    chosen_k: int
    picked_k: int
    excess_k: int | None
    slivers: bool
    no_clear_segments: bool

    @property
    def alternative_k(self) -> int | None:
        """The k of the rule that did not choose, when it is another one."""
        others = (each for each in (self.picked_k, self.excess_k) if each not in (None, self.chosen_k))
        return next(others, None)


def unlike_a_box(prepared: Prepared, clustering: Clustering, measured: Silhouette, seed: int) -> bool:
    """Whether a clustering is clearer than the same k on tables that fill a box evenly.

    The box has the sides of the table along its principal axes (the gap statistic's reference, Tibshirani,
    Walther and Hastie 2001); 0/1 fields are shuffled each on its own. True when nothing can be compared.
    """
    if measured.value is None:
        return True
    rng = np.random.default_rng([seed, 5])
    rows = min(len(prepared.X), NULL_ROWS)
    values: list[float] = []
    box = Box.of(prepared)
    for _ in range(BOX_TABLES):
        null = box.table(rows, rng)
        (of_null,) = silhouettes(null, [sweep(null, [clustering.k], seed)[0].labels], rng)
        if of_null.value is None:
            return True
        values.append(of_null.value)
    own = 0.0 if measured.low is None else (measured.value - measured.low) / 1.96
    error = (float(np.var(values, ddof=1)) / BOX_TABLES + own**2) ** 0.5
    return measured.value - float(np.mean(values)) > max(0.02, 2 * error)


def choose(candidates: Sequence[Candidate], min_segment_share: float, k_rule: KRule = "silhouette") -> Choice:
    """Eligible first, then the best silhouette or excess; ties within the interval go to the smaller k.

    The result has no clear segments when the greatest excess is within its error of nothing (at most
    0.02), or when the best silhouette is below 0.25 with an excess of at most 0.05.
    """
    eligible = [each for each in candidates if each.is_eligible(min_segment_share)]
    slivers = not eligible
    if slivers:
        eligible = [max(candidates, key=lambda each: (each.smallest_share, -each.k))]
    best = max(eligible, key=lambda each: (_value(each), -each.k))
    floor = _value(best) if best.silhouette.low is None else best.silhouette.low
    picked = min((each for each in eligible if _value(each) >= floor), key=lambda each: each.k)
    known = [(each.excess, each.k) for each in eligible if each.excess is not None]
    excess_k, unclear = None, False
    if known:
        peak = max(known, key=lambda pair: pair[0].value)[0]
        excess_k = min(k for each, k in known if each.value >= peak.value - peak.error)
        weak = _value(picked) < WEAK
        unclear = peak.value <= max(0.02, 2 * peak.error) or (weak and peak.value <= 0.05)
    chosen_k = excess_k if k_rule == "excess" and excess_k is not None else picked.k
    position = next(at for at, each in enumerate(candidates) if each.k == chosen_k)
    return Choice(position, chosen_k, picked.k, excess_k, slivers, unclear)


def excesses(
    prepared: Prepared, clusterings: Sequence[Clustering], measured: Sequence[Silhouette], seed: int
) -> list[Excess | None]:
    """The excess of every clustering over null tables: Gaussian with the same covariance, and every 0/1
    field shuffled on its own. None where the silhouette is not defined."""
    rng = np.random.default_rng([seed, 1])
    rows = min(len(prepared.X), NULL_ROWS)
    by_table: list[list[float | None]] = []
    blob = Blob.of(prepared)
    for _ in range(NULL_TABLES):
        null = blob.table(rows, rng)
        labelings = [each.labels for each in sweep(null, [each.k for each in clusterings], seed)]
        by_table.append([each.value for each in silhouettes(null, labelings, rng)])
    known = [[row[index] for row in by_table if row[index] is not None] for index in range(len(measured))]
    complete = [np.array(each, dtype=np.float64) for each in known if len(each) == NULL_TABLES]
    if not complete:
        return [None for _ in measured]
    # A variance of four numbers is itself a guess: all k share one.
    of_null = float(np.mean([each.var(ddof=1) for each in complete])) / NULL_TABLES
    found: list[Excess | None] = []
    for values, silhouette in zip(known, measured, strict=True):
        if silhouette.value is None or len(values) < NULL_TABLES:
            found.append(None)
            continue
        own = 0.0 if silhouette.low is None else (silhouette.value - silhouette.low) / 1.96
        baseline = float(np.mean(np.array(values, dtype=np.float64)))
        found.append(Excess(silhouette.value - baseline, (of_null + own**2) ** 0.5))
    return found


def _value(candidate: Candidate) -> float:
    """The silhouette; below every possible one when it is not defined."""
    value = candidate.silhouette.value
    return -2.0 if value is None else value
