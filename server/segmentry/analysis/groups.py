"""From the prepared matrix to labels with scores: the sweep of K-Means, or DBSCAN."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from segmentry.analysis import selecting, silhouette, stability, words
from segmentry.analysis.attempt import FIRST, Attempt
from segmentry.analysis.board import Board, Emit
from segmentry.analysis.choose import WEAK, Candidate, Excess, choose, excesses, unlike_a_box
from segmentry.analysis.early import PROVISIONAL_ROWS, Early
from segmentry.analysis.events import ClusterScore, Density, Notice, Progress, Selection
from segmentry.analysis.kmeans.inner import inner
from segmentry.analysis.parameters import Parameters, k_rule_of
from segmentry.analysis.prepare import Prepared
from segmentry.analysis.silhouette import Silhouette, silhouettes
from segmentry.analysis.sweep import Clustering, Draft, sweep
from segmentry.analysis.table import Floats, Labels, Matrix

DISTINCT_ROWS = 200_000
TINY = 10
MANY_COLUMNS = 3
NULL_CANDIDATES = 12


@dataclass(frozen=True, eq=False)
class Groups:
    """The outcome: `labels` (rows,) with -1 for nobody, and how it came about."""

    labels: Labels
    scores: tuple[ClusterScore, ...]
    notices: tuple[Notice, ...]
    chosen_k: int
    chosen_by: str
    alternative_k: int | None = None
    no_clear_segments: bool = False
    selection: Selection | None = None
    density: Density | None = None


@dataclass(frozen=True, slots=True)
class Declined:
    """No groups were found: the heuristic answers, for this reason."""

    reason: str
    message: str
    notices: tuple[Notice, ...] = ()
    density: Density | None = None


def by_kmeans(  # noqa: PLR0917 - a matrix, a question, and how the run goes
    prepared: Prepared,
    parameters: Parameters,
    emit: Emit,
    started: float,
    attempt: Attempt = FIRST,
    early: Early | None = None,
) -> Groups | Declined:
    """The chosen k of the sweep. Emits a provisional score as each k is fitted, then the final ones.

    `started` is the run's start by `time.perf_counter`. The sweep goes on from what was fitted `early`, if
    its k are those that all rows allow.
    """
    rows = len(prepared.X)
    distinct = _distinct_rows(prepared.X)
    most = min(parameters.max_clusters, rows - 1, distinct)
    notices = _size_notices(rows, distinct, parameters.max_clusters, most)
    if most < 2:
        message = f"{words.customers(rows)}: too few to find groups among"
        if distinct < 2 <= rows:
            message = f"{words.customers(rows)} that are alike in what is compared: no groups to find"
        told = [Notice(each.reason, message) if each.reason == "TINY_DATASET" else each for each in notices]
        return Declined("TINY_DATASET", message, tuple(told))
    ks = range(min(parameters.min_clusters, most), most + 1)
    if early is not None and early.drafts.ks != ks:
        early = None
    board = Board(emit, started, len(ks)) if early is None else early.board
    if early is not None:
        emit(Progress("fitting all customers", 0.4))
    rng = np.random.default_rng([parameters.seed, 4])

    def on_draft(sample: Floats, draft: Draft) -> None:
        (value,) = silhouette.sampled(sample, [draft.labels], PROVISIONAL_ROWS, rng)
        board.provisional(draft.k, value, draft.labels, min(len(sample), PROVISIONAL_ROWS))

    def on_clustering(done: Clustering) -> None:
        if done.k not in board.shown:
            (value,) = silhouette.sampled(prepared.X, [done.labels], PROVISIONAL_ROWS, rng)
            board.provisional(done.k, value, done.labels, min(rows, PROVISIONAL_ROWS))

    clusterings = _unlike(
        sweep(
            prepared.X,
            ks,
            parameters.seed,
            on_draft,
            on_clustering,
            attempt=attempt,
            drafts=None if early is None else early.drafts,
        )
    )
    emit(Progress("measuring silhouettes", 0.6))
    # Numbers of their own: an attempt that begins after the drafts draws none for them.
    drawn = np.random.default_rng([parameters.seed, 7])
    measured = silhouettes(
        prepared.X, [each.labels for each in clusterings], drawn, inners=[each.inner for each in clusterings]
    )
    above_null = _above_null(prepared, clusterings, measured, parameters.seed)
    alike = _stabilities(prepared, clusterings, above_null, parameters.seed)
    candidates = [
        Candidate(each.k, score, float(np.bincount(each.labels).min()) / rows, excess, stability)
        for each, score, excess, stability in zip(clusterings, measured, above_null, alike, strict=True)
    ]
    for each, candidate in zip(clusterings, candidates, strict=True):
        board.final(each, candidate, parameters.min_segment_share)
    choice = choose(candidates, parameters.min_segment_share, k_rule_of(parameters))
    chosen = candidates[choice.position]
    if choice.slivers:
        text = f"every number of clusters leaves a segment below {100 * parameters.min_segment_share:g} %"
        notices.append(Notice("SMALL_SEGMENTS", text, "min_segment_share"))
    unclear = choice.no_clear_segments or not unlike_a_box(
        prepared, clusterings[choice.position], chosen.silhouette, parameters.seed
    )
    selected = selecting.selection(candidates, choice, parameters, no_clear_segments=unclear)
    emit(selected)
    if unclear:
        text = "no grouping is clearer than in a table without groups: these are slices of one group"
        notices.append(Notice("NO_CLEAR_SEGMENTS", text))
    notices.extend(_weak(chosen.silhouette))
    return Groups(
        clusterings[choice.position].labels,
        tuple(board.finals),
        tuple(notices),
        chosen.k,
        selecting.in_words(selected.rule),
        choice.alternative_k,
        unclear,
        selected,
    )


def by_density(prepared: Prepared, parameters: Parameters, emit: Emit, started: float) -> Groups | Declined:
    """The clusters of DBSCAN with one score; noise is nobody's. min and max clusters do not bind it,
    except that clusters beyond `max_clusters` count as noise."""
    from segmentry.analysis import dbscan  # noqa: PLC0415 - scikit-learn takes a second

    found = dbscan.cluster(
        prepared.X.astype(np.float64, copy=False),
        parameters.seed,
        parameters.eps,
        parameters.min_samples,
        parameters.max_clusters,
        parameters.min_segment_share,
    )
    rows, columns = prepared.X.shape
    noise = float(np.count_nonzero(found.labels < 0)) / rows
    density = Density(
        found.eps,
        parameters.eps is None,
        found.min_samples,
        parameters.min_samples is None,
        found.curve,
        100 * noise,
        found.fitted_rows,
    )
    notices: list[Notice] = _tiny(rows)
    if columns > MANY_COLUMNS:
        text = f"dbscan finds little in {columns} columns; it is at its best with 2 or 3"
        notices.append(Notice("DBSCAN_MANY_COLUMNS", text, "included_features"))
    if noise > 0.4:
        text = f"{100 * noise:.0f} % of the customers lie in no dense group (eps {found.eps:.3g})"
        notices.append(Notice("MOSTLY_NOISE", text, "eps"))
    inside = found.labels >= 0
    board = Board(emit, started, 1)
    sizes = np.bincount(found.labels[inside], minlength=max(found.k, 1))
    if found.k and sizes.max() > 0.9 * rows:
        text = (
            f"one dense group holds {100 * sizes.max() / rows:.0f} % of the customers (eps {found.eps:.3g})"
        )
        notices.append(Notice("ONE_BLOB", text, "eps"))
    least = f"{100 * parameters.min_segment_share:g} %"
    if found.k < 2:
        message = "dbscan found one dense group only" if found.k else "dbscan found no dense group"
        if found.n_small:
            message += f" that holds {least} of the customers, and {found.n_small:,} smaller"
        return Declined("ONE_BLOB" if found.k else "NO_CLUSTERS", message, tuple(notices), density)
    if found.n_small:
        groups = words.many(found.n_small, "dense group")
        text = f"{groups} below {least} of the customers: their members are in no segment"
        notices.append(Notice("SMALL_SEGMENTS", text, "min_segment_share"))
    rng = np.random.default_rng([parameters.seed, 4])
    (measured,) = silhouettes(prepared.X[inside], [found.labels[inside]], rng)
    notices.extend(_weak(measured))
    candidate = Candidate(found.k, measured, float(sizes.min()) / rows)
    (scores,) = inner(prepared.X[inside], [found.labels[inside]])
    # Groups below the least share are noise by now, and no rule chooses: density does.
    board.final(Clustering(found.k, found.labels, scores, found.elapsed_s), candidate, 0.0)
    return Groups(found.labels, tuple(board.finals), tuple(notices), found.k, "density", density=density)


def _weak(measured: Silhouette) -> list[Notice]:
    if measured.value is None or measured.value >= WEAK:
        return []
    text = f"a silhouette of {measured.value:.2f} means that the segments overlap much"
    return [Notice("WEAK_SEGMENTS", text)]


def _above_null(
    prepared: Prepared, clusterings: Sequence[Clustering], measured: Sequence[Silhouette], seed: int
) -> list[Excess | None]:
    """The excess of the k with the best silhouettes, at most 12 of them: each costs fits of null tables."""
    ranked = sorted(
        range(len(measured)), key=lambda at: -2.0 if (value := measured[at].value) is None else value
    )
    ranked.reverse()
    asked = sorted(ranked[:NULL_CANDIDATES])
    found = excesses(
        prepared, [clusterings[index] for index in asked], [measured[index] for index in asked], seed
    )
    by_index = dict(zip(asked, found, strict=True))
    return [by_index.get(index) for index in range(len(measured))]


def _stabilities(
    prepared: Prepared, clusterings: Sequence[Clustering], compared: Sequence[Excess | None], seed: int
) -> list[float | None]:
    """The stability of each k that was compared with null tables: those that may be chosen."""
    asked = [each.k for each, excess in zip(clusterings, compared, strict=True) if excess is not None]
    by_k = dict(zip(asked, stability.stabilities(prepared.X, asked, seed), strict=True))
    return [by_k.get(each.k) for each in clusterings]


def _unlike(clusterings: Sequence[Clustering]) -> list[Clustering]:
    """Without those that ended with as many clusters as another one."""
    by_k: dict[int, Clustering] = {}
    for each in clusterings:
        by_k.setdefault(each.k, each)
    return [by_k[k] for k in sorted(by_k)]


def _distinct_rows(X: Matrix) -> int:
    """How many rows differ, exactly up to 200,000 rows, else among that many evenly spaced ones."""
    asked = X if len(X) <= DISTINCT_ROWS else X[np.linspace(0, len(X) - 1, DISTINCT_ROWS).astype(np.intp)]
    return len(np.unique(asked, axis=0))


def _tiny(rows: int) -> list[Notice]:
    if rows >= TINY:
        return []
    return [Notice("TINY_DATASET", f"{words.customers(rows)}: take the segments as an illustration")]


def _size_notices(rows: int, distinct: int, wanted: int, most: int) -> list[Notice]:
    found = _tiny(rows)
    if most < wanted:
        there_are = f"{words.many(rows, 'row')}, {distinct:,} of them different"
        possible = f"at most {most} clusters are possible" if most > 1 else "no clusters are possible"
        found.append(Notice("K_CAPPED", f"{possible} with {there_are}", "max_clusters"))
    if distinct <= min(rows, DISTINCT_ROWS) / 2:
        looked_at = min(rows, DISTINCT_ROWS)
        few = words.many(distinct, "different row")
        text = f"only {few} among {looked_at:,}: scores look better than they are"
        found.append(Notice("DUPLICATES", text))
    return found
