"""The numbers behind the plots, against numpy and scikit-learn."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from segmentry.analysis import codec
from segmentry.analysis.events import AnalysisResult, Characteristic, RuleFidelity, SegmentCard
from segmentry.analysis.features import feature_table
from segmentry.analysis.figures import HeatmapCell
from segmentry.analysis.parameters import Parameters
from segmentry.analysis.plots import HEATMAP_FIELDS, LEAST_ROWS, SCATTER_POINTS, heatmap, scatter
from segmentry.analysis.table import Floats, Labels
from segmentry.criteria.catalog import Field
from sklearn.decomposition import PCA

from tests.analysis.discovering import blobs, run
from tests.analysis.tables import AS_OF, Column, numbers, snapshot_of


def card(card_id: str, **importance: float) -> SegmentCard:
    found = tuple(Characteristic(name, "", each) for name, each in importance.items())
    fidelity = RuleFidelity(None, None, 0, "")
    return SegmentCard(card_id, card_id, "", 0, 0.0, (), found, "", "{}", fidelity, "ML_WORKER")


def labels_of(*sizes: int) -> Labels:
    """That many rows of 0, 1, 2 ... The last size is of those in none."""
    return np.repeat([*range(len(sizes) - 1), -1], sizes).astype(np.int32)


@pytest.fixture
def matrix() -> Floats:
    rng = np.random.default_rng(3)
    return rng.normal(0, [3.0, 1.0, 0.5, 2.0], (5_000, 4)) @ rng.normal(0, 1, (4, 4)) + 7


def test_the_heatmap_says_what_its_means_are_in() -> None:
    rng = np.random.default_rng(1)
    rows = 200
    old = [AS_OF - timedelta(days=float(each)) for each in rng.integers(1, 400, rows)]
    columns: dict[str, Column] = {
        "paid": rng.normal(5_000, 900, rows).tolist(),
        "last": old,
        "optIn": [bool(each) for each in rng.integers(0, 2, rows)],
        "visits": rng.normal(9, 2, rows).tolist(),
    }
    kinds = [
        Field("paid", "number", unit="cents"), Field("last", "datetime"), Field("optIn", "boolean"),
        Field("visits", "number"),
    ]  # fmt: skip
    asked = Parameters(included_features=("paid", "last", "optIn", "visits"))
    result, _ = run(snapshot_of(kinds, columns), asked)
    assert result.plots is not None
    assert result.plots.heatmap is not None
    told = dict(zip(result.plots.heatmap.fields, result.plots.heatmap.units, strict=True))
    assert told == {"paid": "cents", "last": "days ago", "optIn": "share of yes", "visits": ""}


def test_the_axes_are_those_of_a_principal_component_analysis(matrix: Floats) -> None:
    labels = labels_of(3_000, 1_500, 500)
    found = scatter([card("a"), card("b")], labels, matrix, seed=1)
    assert found is not None
    pca: Any = PCA(2)  # scikit-learn has no types
    expected = pca.fit(matrix)
    assert [found.x_explained, found.y_explained] == pytest.approx(expected.explained_variance_ratio_, 1e-9)
    places: Floats = np.abs(expected.transform(matrix))
    for each, label in zip(found.series, (0, 1, -1), strict=True):
        members = {(round(x, 3), round(y, 3)) for x, y in places[labels == label].tolist()}
        shown = {(round(abs(x), 3), round(abs(y), 3)) for x, y in zip(each.x, each.y, strict=True)}
        # Both sides are rounded to three places, of numbers that differ in the last bit.
        assert len(shown - members) <= 0.01 * len(shown)


def test_each_segment_has_its_share_of_at_most_two_thousand_points(matrix: Floats) -> None:
    found = scatter([card("a"), card("b"), card("c")], labels_of(3_000, 1_500, 100, 400), matrix, seed=1)
    assert found is not None
    sizes = {each.card_id: len(each.x) for each in found.series}
    assert list(sizes) == ["a", "b", "c", ""]
    assert SCATTER_POINTS - 4 <= sum(sizes.values()) <= SCATTER_POINTS
    assert sizes["a"] / sizes["b"] == pytest.approx(2, rel=0.05)
    assert sizes["c"] >= 20
    assert all(len(each.y) == len(each.x) for each in found.series)
    assert found.rows == 5_000


def test_the_same_seed_draws_the_same_points_and_another_one_others(matrix: Floats) -> None:
    cards, labels = [card("a"), card("b")], labels_of(3_000, 2_000, 0)
    assert scatter(cards, labels, matrix, seed=1) == scatter(cards, labels, matrix, seed=1)
    assert scatter(cards, labels, matrix, seed=1) != scatter(cards, labels, matrix, seed=2)


def test_a_small_segment_has_no_points_and_a_small_table_no_scatter(matrix: Floats) -> None:
    found = scatter([card("a"), card("b")], labels_of(181, 19, 0), matrix[:200], seed=1)
    assert found is not None
    assert [(each.card_id, len(each.x)) for each in found.series] == [("a", 181), ("b", 0)]
    assert scatter([card("a")], labels_of(LEAST_ROWS - 1, 0), matrix[: LEAST_ROWS - 1], seed=1) is None
    assert scatter([card("a")], labels_of(LEAST_ROWS, 0), matrix[:LEAST_ROWS], seed=1) is not None


def test_one_column_is_all_of_the_variance() -> None:
    found = scatter([card("a")], labels_of(100, 0), np.arange(100.0)[:, None], seed=1)
    assert found is not None
    assert (found.x_explained, found.y_explained) == (1.0, 0.0)
    assert list(found.series[0].x) == [each - 49.5 for each in range(100)]
    assert set(found.series[0].y) == {0.0}


def test_more_segments_than_points_for_each_stay_within_the_limit() -> None:
    rng = np.random.default_rng(1)
    labels = np.arange(9_000, dtype=np.int32) % 300
    found = scatter([card(str(at)) for at in range(300)], labels, rng.normal(size=(9_000, 3)), seed=1)
    assert found is not None
    assert sum(len(each.x) for each in found.series) <= SCATTER_POINTS
    assert all(each.x for each in found.series if each.card_id)


def test_a_cell_is_the_mean_and_its_distance_in_population_deviations() -> None:
    rng = np.random.default_rng(2)
    values = rng.gamma(2, 50, 400)
    asked: list[float | None] = [None if at % 7 == 0 else each for at, each in enumerate(values.tolist())]
    asked[3] = 1e300  # No number to calculate with.
    labels = labels_of(250, 100, 50)
    table = feature_table(numbers(spend=asked))
    found = heatmap([card("a"), card("b")], labels, table.columns, AS_OF.timestamp())
    assert found is not None
    held = np.array([np.nan if each is None or each > 1e15 else each for each in asked])
    for row, label in zip(found.rows, (0, 1), strict=True):
        (cell,) = row.cells
        mean = np.nanmean(held[labels == label])
        assert cell.mean == pytest.approx(mean, 1e-12)
        assert cell.z == pytest.approx((mean - np.nanmean(held)) / np.nanstd(held), 1e-9)


def test_dates_are_ages_flags_are_shares_and_texts_have_no_mean() -> None:
    fields = [
        Field("joined", "datetime"),
        Field("active", "boolean"),
        Field("city", "string"),
        Field("level", "number"),
    ]
    columns: dict[str, Column] = {
        "joined": [AS_OF.replace(day=11), AS_OF.replace(day=1), AS_OF, None],
        "active": [True, False, False, None],
        "city": ["Turku", "Oulu", "Turku", None],
        "level": [3.0, 3.0, 3.0, 3.0],
    }
    table = feature_table(snapshot_of(fields, columns))
    labels = np.array([0, 0, 1, 2], dtype=np.int32)
    found = heatmap([card("a", active=0.9), card("b"), card("c")], labels, table.columns, AS_OF.timestamp())
    assert found is not None
    assert found.fields == ("active", "joined", "level")
    means = [[cell.mean for cell in row.cells] for row in found.rows]
    assert means == [[0.5, 15.0, 3.0], [0.0, 0.0, 3.0], [None, None, 3.0]]
    assert found.rows[2].cells == (
        HeatmapCell(None, None),
        HeatmapCell(None, None),
        HeatmapCell(3.0, None),
    )


def test_the_twelve_most_important_fields_are_shown() -> None:
    rng = np.random.default_rng(4)
    columns = {f"field{at:02}": rng.normal(size=60).tolist() for at in range(15)}
    table = feature_table(numbers(**columns))
    cards = [card("a", field14=0.2, field03=0.9), card("b", field14=0.95)]
    found = heatmap(cards, labels_of(30, 30, 0), table.columns, AS_OF.timestamp())
    assert found is not None
    assert len(found.fields) == HEATMAP_FIELDS
    assert found.fields[:2] == ("field14", "field03")
    rest = [max(abs(row.cells[at].z or 0) for row in found.rows) for at in range(2, HEATMAP_FIELDS)]
    assert rest == sorted(rest, reverse=True)


@pytest.mark.parametrize("algorithm", ["kmeans", "dbscan"])
def test_a_run_brings_plots_of_its_cards_that_read_back_as_they_were(algorithm: str) -> None:
    result, _ = run(blobs(3), Parameters(max_clusters=4, algorithm=algorithm))
    assert result.plots is not None
    assert result.plots.heatmap is not None
    assert result.plots.scatter is not None
    ids = [each.card_id for each in result.segments]
    assert [row.card_id for row in result.plots.heatmap.rows] == ids
    assert [each.card_id for each in result.plots.scatter.series if each.card_id] == ids
    averages = {each.feature: each.segment_average for each in result.segments[0].characteristics}
    for name, cell in zip(result.plots.heatmap.fields, result.plots.heatmap.rows[0].cells, strict=True):
        assert cell.mean == pytest.approx(averages[name])
    again = codec.decode(codec.encode(result))
    assert isinstance(again, AnalysisResult)
    assert again == result


def test_thirds_of_a_field_have_no_plots() -> None:
    result, _ = run(blobs(3), Parameters(preferred_tier="HEURISTIC"))
    assert result.plots is None
