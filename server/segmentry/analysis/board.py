"""Where the scores of one run are said, and which of them is best so far."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np

from segmentry.analysis.choose import Candidate
from segmentry.analysis.events import ClusterScore, Event, Progress
from segmentry.analysis.sweep import Clustering
from segmentry.analysis.table import Labels

Emit = Callable[[Event], None]

# Shares of the whole run that are done before the first and after the last provisional score.
FITS = (0.1, 0.6)


class Board:
    """Sends the scores and remembers which is best.

    `started` is the run's start by `time.perf_counter`; `within` are the shares of the run (0-1) that are
    done before the first and after the last provisional score.
    """

    def __init__(self, emit: Emit, started: float, n_ks: int, within: tuple[float, float] = FITS) -> None:
        self._emit, self._started, self._n_ks, self._within = emit, started, n_ks, within
        self._best: dict[bool, float] = {}
        self.shown: set[int] = set()
        self.finals: list[ClusterScore] = []

    def provisional(self, k: int, value: float | None, labels: Labels, sample_size: int) -> None:
        """Say the score of one k on a sample."""
        self.shown.add(k)
        self._emit(
            ClusterScore(
                k,
                value=value,
                sample_size=sample_size,
                smallest_share=100 * float(np.bincount(labels).min()) / len(labels),
                provisional=True,
                best_so_far=self._is_best(value, provisional=True),
                elapsed_s=time.perf_counter() - self._started,
            )
        )
        before, after = self._within
        self._emit(Progress(f"trying k = {k}", before + (after - before) * len(self.shown) / self._n_ks))

    def final(self, clustering: Clustering, candidate: Candidate, min_segment_share: float) -> None:
        """Say the score of one k on all rows."""
        measured, eligible = candidate.silhouette, candidate.is_eligible(min_segment_share)
        score = ClusterScore(
            clustering.k,
            value=measured.value,
            low=measured.low,
            high=measured.high,
            exact=measured.exact,
            sample_size=measured.sample_size,
            excess_over_null=candidate.excess.value if candidate.excess else None,
            excess_se=candidate.excess.error if candidate.excess else None,
            smallest_share=100 * candidate.smallest_share,
            stability=candidate.stability,
            inertia=clustering.inertia,
            squared=clustering.inner.squared,
            simplified=clustering.inner.simplified,
            eligible=eligible,
            best_so_far=self._is_best(measured.value if eligible else None, provisional=False),
            elapsed_s=time.perf_counter() - self._started,
        )
        self.finals.append(score)
        self._emit(score)

    def _is_best(self, value: float | None, *, provisional: bool) -> bool:
        if value is None or value <= self._best.get(provisional, -2.0):
            return False
        self._best[provisional] = value
        return True
