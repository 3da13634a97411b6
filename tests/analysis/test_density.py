"""DBSCAN as a caller sees it: which settings were taken, what they came from, and whom it left out."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from segmentry.analysis import dbscan
from segmentry.analysis.parameters import Parameters
from segmentry.analysis.stability import adjusted_rand
from segmentry.analysis.table import Floats, Labels
from segmentry.customers.snapshot import Snapshot

from tests.analysis.discovering import adds_up, reasons, run
from tests.analysis.tables import numbers

BY_DENSITY = Parameters(algorithm="dbscan", preferred_tier="ML_WORKER")


def moons(rows: int = 600, noise: float = 0.06, seed: int = 3) -> tuple[Floats, Labels]:
    """Two half circles that reach into each other, (rows, 2): no straight line parts them."""
    rng = np.random.default_rng(seed)
    half = rows // 2
    angle = rng.uniform(0, np.pi, rows)
    upper = np.arange(rows) < half
    x = np.where(upper, np.cos(angle), 1 - np.cos(angle))
    y = np.where(upper, np.sin(angle), 0.5 - np.sin(angle))
    X = np.column_stack([x, y]) + rng.normal(0, noise, (rows, 2))
    return X, upper.astype(np.int32)


def table(X: Floats) -> Snapshot:
    return numbers(**{f"f{at}": column.tolist() for at, column in enumerate(X.T)})


@pytest.mark.parametrize("seed", range(4))
def test_two_moons_are_told_apart_without_being_told_how(seed: int) -> None:
    X, truth = moons(seed=seed)
    found = dbscan.cluster((X - X.mean(axis=0)) / X.std(axis=0), 0, None, None, 8)
    inside = found.labels >= 0
    assert inside.mean() > 0.9
    assert adjusted_rand(found.labels[inside], truth[inside]) > 0.9
    result, _ = run(table(X), BY_DENSITY)
    assert (result.tier, result.chosen_k) == ("ML_WORKER", 2)


def shapes() -> Iterator[Floats]:
    """42 tables of two moons or two rings, scaled."""
    from sklearn import datasets  # noqa: PLC0415 - it takes a second

    made: Any = datasets
    for rows, noise, seed in itertools.product((200, 500, 1_000, 3_000), (0.05, 0.08, 0.1), range(3)):
        yield made.make_moons(rows, noise=noise, random_state=seed)[0]
    for rows, seed in itertools.product((200, 500, 1_000), range(2)):
        yield made.make_circles(rows, factor=0.4, noise=0.05, random_state=seed)[0]


@pytest.mark.timeout(120)
def test_a_widened_radius_finds_both_shapes_where_the_knee_alone_finds_pieces(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tables = [(X - X.mean(axis=0)) / X.std(axis=0) for X in shapes()]
    widened = [dbscan.cluster(X, 0, None, None, 50).k for X in tables]
    monkeypatch.setattr(dbscan, "WIDER", (1.0,))
    knee = [dbscan.cluster(X, 0, None, None, 50).k for X in tables]
    assert (len(tables), widened.count(2)) == (42, 42)
    assert knee.count(2) < 30


def test_the_settings_that_were_found_are_in_the_result() -> None:
    result, _ = run(table(moons()[0]), BY_DENSITY)
    density = result.density
    assert density is not None
    assert (density.eps_found, density.min_samples_found) == (True, True)
    assert (result.parameters.eps, result.parameters.min_samples) == (density.eps, density.min_samples)
    assert density.min_samples == 5
    assert density.noise_percentage == pytest.approx(100 * result.unassigned / result.rows)
    assert density.fitted == result.rows


def test_the_same_settings_given_find_the_same_segments() -> None:
    snapshot = table(moons()[0])
    found, _ = run(snapshot, BY_DENSITY)
    told = found.parameters
    given, _ = run(snapshot, dataclasses.replace(BY_DENSITY, eps=told.eps, min_samples=told.min_samples))
    assert given.density is not None
    assert (given.density.eps_found, given.density.min_samples_found) == (False, False)
    assert [(card.size, card.criteria) for card in given.segments] == [
        (card.size, card.criteria) for card in found.segments
    ]


def test_the_curve_is_20_points_that_rise_and_start_below_the_radius() -> None:
    result, _ = run(table(moons()[0]), BY_DENSITY)
    assert result.density is not None
    curve = result.density.curve
    assert len(curve) == 20
    assert list(curve) == sorted(curve)
    assert curve[0] < result.density.eps


@pytest.mark.parametrize(("eps", "reason"), [(1e-6, "NO_CLUSTERS"), (50.0, "ONE_BLOB")])
def test_settings_that_find_nothing_are_told_all_the_same(eps: float, reason: str) -> None:
    asked = Parameters(algorithm="dbscan", eps=eps)
    result, _ = run(table(moons()[0]), asked)
    assert [each.reason for each in result.fallbacks] == [reason]
    assert result.density is not None
    assert (result.density.eps, result.density.eps_found) == (eps, False)
    assert result.density.noise_percentage == (100.0 if reason == "NO_CLUSTERS" else 0.0)
    assert adds_up(result)


def test_kmeans_has_no_density() -> None:
    result, _ = run(table(moons()[0]))
    assert result.density is None
    assert result.parameters.eps is None


def test_fewer_rows_than_neighbours_say_how_many_were_asked_for() -> None:
    result, _ = run(numbers(a=[0.0, 1.0, 9.0], b=[2.0, 2.5, 0.0]), Parameters(algorithm="dbscan"))
    assert result.density is not None
    assert result.density.min_samples == 3
    assert "TINY_DATASET" in reasons(result)


def test_specks_are_nobody_and_the_result_says_how_many() -> None:
    rng = np.random.default_rng(5)
    X = np.vstack([rng.normal(0, 1, (400, 2)), rng.normal(20, 1, (400, 2)), rng.normal(-30, 0.1, (9, 2))])
    asked = Parameters(algorithm="dbscan", eps=0.2, min_samples=4)
    result, _ = run(table(X), asked)
    (said,) = [each for each in result.notices if each.reason == "SMALL_SEGMENTS"]
    assert "1 dense group below 3 %" in said.message
    assert min(card.percentage for card in result.segments) >= 3
    assert result.unassigned >= 9
    every, _ = run(table(X), dataclasses.replace(asked, min_segment_share=0.0))
    assert every.segments[-1].size == 9
    assert "SMALL_SEGMENTS" not in reasons(every)
    assert adds_up(result)
