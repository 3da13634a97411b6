"""First scores of a large table, from a sample that is prepared by itself before all rows are."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from segmentry.analysis import silhouette
from segmentry.analysis.attempt import Attempt
from segmentry.analysis.board import Board, Emit
from segmentry.analysis.kmeans.batch import MAX_CLUSTERS
from segmentry.analysis.kmeans.stages import starts
from segmentry.analysis.parameters import Parameters, Role
from segmentry.analysis.prepare import prepare
from segmentry.analysis.sweep import SAMPLE_FROM, Drafts, sample_of
from segmentry.analysis.table import FeatureTable

PROVISIONAL_ROWS = 2_000
# The share of the run that is done when its first scores are there: all rows are still to be prepared.
DONE = 0.3


@dataclass(frozen=True, eq=False)
class Early:
    """What was fitted on the sample, and the board that its scores stand on."""

    drafts: Drafts
    board: Board


def early(  # noqa: PLR0917 - a table, how it is prepared, and how the run goes
    table: FeatureTable,
    features: Sequence[str],
    roles: Mapping[str, Role],
    as_of_s: float,
    parameters: Parameters,
    emit: Emit,
    started: float,
    attempt: Attempt,
) -> Early | None:
    """Provisional scores of every k, while preparing all rows would take longer than a person likes to wait.

    None where it is no use: few rows, another algorithm, an attempt that goes on from an earlier one, or a
    sample that holds fewer different rows than clusters are asked for.
    """
    ks = range(parameters.min_clusters, parameters.max_clusters + 1)
    if (
        table.rows < SAMPLE_FROM
        or parameters.algorithm != "kmeans"
        or attempt.kept is not None
        or ks[-1] > MAX_CLUSTERS
    ):
        return None
    rng = np.random.default_rng(parameters.seed)
    rows = sample_of(table.rows, attempt.sample_rows, rng)
    asked = dataclasses.replace(table, columns={name: table.columns[name] for name in features})
    sample = prepare(asked.take(rows), features, roles, as_of_s).X
    if not sample.shape[1] or len(np.unique(sample, axis=0)) <= ks[-1]:
        return None
    found = starts(sample, ks, rng)
    drafts = Drafts(rows, ks, tuple(tuple(each.labels for each in of_k) for of_k in found))
    board = Board(emit, started, len(ks), (0.0, DONE))
    drawn = np.random.default_rng([parameters.seed, 4])
    for k, of_k in zip(ks, drafts.labels, strict=True):
        (value,) = silhouette.sampled(sample, [of_k[0]], PROVISIONAL_ROWS, drawn)
        board.provisional(k, value, of_k[0], min(len(sample), PROVISIONAL_ROWS))
    return Early(drafts, board)
