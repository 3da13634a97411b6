"""The two stages of a sweep: starts on a sample, and the best of them polished on all rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from segmentry.analysis.kmeans import kernel as kernels
from segmentry.analysis.kmeans.batch import Batch, Bytes
from segmentry.analysis.kmeans.lloyd import improve
from segmentry.analysis.kmeans.seeds import chains
from segmentry.analysis.table import Floats, Labels, Matrix

# Starts of each k on the sample: all of them a few passes, the best of them to the end.
STARTS = 16
FIRST_PASSES = 4
KEPT = 4
SAMPLE_PASSES = 60
TOLERANCE = 1e-5
# The sample cannot tell two optima apart that all rows can: the two best try a few passes on all rows.
FINALISTS = 2
ALIKE = 1e-4
TRIAL_PASSES = 3
POLISH_PASSES = 50


@dataclass(frozen=True, eq=False)
class Start:
    """One clustering of the sample: `centroids` (k, columns), `labels` (sample rows,), its inertia."""

    centroids: Floats
    labels: Labels
    inertia: float


def starts(sample: Matrix, ks: Sequence[int], rng: np.random.Generator) -> list[list[Start]]:
    """For every k the best clusterings of the sample that differ, best first; two at most."""
    laid = kernels.chosen().lay(sample)
    seeds = chains(laid, max(ks), STARTS, rng)
    first = Batch.of([chain[:k] for k in ks for chain in seeds], laid.padded)
    improve(laid, first, FIRST_PASSES, 0.0)
    kept: list[Floats] = []
    for of_k in _ranked(first, len(ks), STARTS):
        kept += [first.centroids[first.clusters(place)] for place in of_k[:KEPT]]
    second = Batch.of(kept, laid.padded)
    improve(laid, second, SAMPLE_PASSES, TOLERANCE)
    found: list[list[Start]] = []
    for of_k in _ranked(second, len(ks), KEPT):
        finalists: list[Start] = []
        for place in of_k:
            inertia = float(second.inertia[place])
            if len(finalists) < FINALISTS and (
                not finalists or inertia > finalists[-1].inertia * (1 + ALIKE)
            ):
                labels = second.labels[place, : len(sample)].astype(np.int32)
                finalists.append(Start(second.centroids[second.clusters(place)], labels, inertia))
        found.append(finalists)
    return found


def polished(X: Matrix, rivals: Sequence[Sequence[Floats]]) -> list[tuple[Floats, Bytes]]:
    """Centroids (k, columns) and labels (rows,) of each k on all rows, from the start that does best.

    `rivals` are the centroids of the starts of each k.
    """
    laid = kernels.chosen().lay(X)
    batch = Batch.of([centroids for of_k in rivals for centroids in of_k], laid.padded)
    ends = np.cumsum([len(of_k) for of_k in rivals]).tolist()
    places = [list(range(end - len(of_k), end)) for end, of_k in zip(ends, rivals, strict=True)]
    chosen = [of_k[0] for of_k in places]
    if any(len(of_k) > 1 for of_k in places):
        improve(laid, batch, TRIAL_PASSES, 0.0)
        chosen = [min(of_k, key=lambda at: float(batch.inertia[at])) for of_k in places]
    batch.active[:] = False
    batch.active[chosen] = True
    improve(laid, batch, POLISH_PASSES, TOLERANCE)
    return [_ended(batch, at, len(X)) for at in chosen]


def assigned(X: Matrix, centroids: Sequence[Floats]) -> list[tuple[Floats, Bytes]]:
    """The labels (rows,) of each of some clusterings by their centroids: what `polished` had at its end."""
    laid = kernels.chosen().lay(X)
    batch = Batch.of(centroids, laid.padded)
    laid.move(batch)
    return [_ended(batch, at, len(X)) for at in range(len(batch))]


def _ended(batch: Batch, at: int, rows: int) -> tuple[Floats, Bytes]:
    return batch.centroids[batch.clusters(at)], batch.labels[at, :rows].copy()


def _ranked(batch: Batch, n_ks: int, each: int) -> list[list[int]]:
    """The clusterings of every k, least inertia first; `each` of them follow each other."""
    return [
        (at * each + np.argsort(batch.inertia[at * each : (at + 1) * each], kind="stable")).tolist()
        for at in range(n_ks)
    ]
