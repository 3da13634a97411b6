"""Beyond some millions of rows the matrix is kept in half the memory; what is told of it stays the same."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest
from segmentry.analysis import table as tables
from segmentry.analysis.discover import discover
from segmentry.analysis.events import AnalysisResult
from segmentry.analysis.features import feature_table
from segmentry.analysis.kmeans import kernel as kernels
from segmentry.analysis.kmeans.inner import inner
from segmentry.analysis.kmeans.plain import Plain
from segmentry.analysis.moments import moments
from segmentry.analysis.nulls import Blob, Box
from segmentry.analysis.parameters import Parameters
from segmentry.analysis.prepare import Prepared, prepare
from segmentry.analysis.sweep import sweep
from segmentry.customers.snapshot import Snapshot

from tests.analysis.tables import numbers

AS_OF = datetime(2026, 1, 1, tzinfo=UTC)
ROWS = 8_000
FIELDS = ("spend", "visits", "age")


def shop(rows: int = ROWS) -> Snapshot:
    """Four kinds of customers."""
    rng = np.random.default_rng(3)
    kind = rng.integers(0, 4, rows)
    return numbers(
        spend=np.exp(rng.normal(2.0 + 1.2 * (kind % 2), 0.3)).tolist(),
        visits=rng.normal(10 + 15 * (kind > 1), 2, rows).tolist(),
        age=rng.normal(40, 8, rows).tolist(),
    )


@pytest.fixture
def many(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tables of a thousand rows count as too large for float64."""
    monkeypatch.setattr(tables, "MANY_ROWS", 1_000)


@pytest.fixture(params=["compiled", "plain"])
def kernel(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """The kernel of the sweep."""
    if request.param == "plain":
        plain = Plain()
        monkeypatch.setattr(kernels, "chosen", lambda: plain)
    elif not kernels.is_compiled():
        pytest.skip("numba is not installed")


def prepared() -> Prepared:
    return prepare(feature_table(shop()), FIELDS, dict.fromkeys(FIELDS, "QUANTITY"), 0.0)


def found(parameters: Parameters, rows: int) -> AnalysisResult:
    return discover(shop(rows), parameters, AS_OF, lambda _event: None)


@pytest.mark.usefixtures("many")
def test_a_large_matrix_takes_half_the_memory() -> None:
    assert prepared().X.dtype == np.float32


def test_a_smaller_one_is_exact() -> None:
    assert prepared().X.dtype == np.float64


def test_the_scores_of_a_narrow_matrix_are_those_of_its_values_in_full_precision(
    kernel: None, many: None
) -> None:
    X = prepared().X
    narrow, wide = (sweep(each, (2, 4), seed=1) for each in (X, X.astype(np.float64)))
    for one, other in zip(narrow, wide, strict=True):
        np.testing.assert_array_equal(one.labels, other.labels)
        assert one.inertia == pytest.approx(other.inertia, rel=1e-12)
        assert one.inner.squared == pytest.approx(other.inner.squared, abs=1e-12)
        assert one.inner.simplified == pytest.approx(other.inner.simplified, abs=1e-12)
        np.testing.assert_allclose(one.inner.means, other.inner.means, atol=1e-12)


@pytest.mark.usefixtures("kernel")
def test_a_range_that_ends_within_a_block_is_scored_whole() -> None:
    rng = np.random.default_rng(0)
    X = rng.normal(0, 1, (1_000_003, 2)).astype(np.float32)
    labels = (X[:, 0] > 0).astype(np.int32)
    (of_narrow,), (of_wide,) = inner(X, [labels]), inner(X.astype(np.float64), [labels])
    assert of_narrow.inertia == pytest.approx(of_wide.inertia, rel=1e-12)


@pytest.mark.usefixtures("kernel")
@pytest.mark.parametrize(
    ("parameters", "rows"),
    [
        (Parameters(preferred_tier="ML_WORKER", max_clusters=5), ROWS),
        (Parameters(preferred_tier="ML_WORKER", algorithm="dbscan"), 1_500),
    ],
    ids=["kmeans", "dbscan"],
)
def test_the_segments_are_the_same(
    parameters: Parameters, rows: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    exact = found(parameters, rows)
    monkeypatch.setattr(tables, "MANY_ROWS", 1_000)
    narrow = found(parameters, rows)
    assert narrow.chosen_k == exact.chosen_k
    for one, other in zip(narrow.segments, exact.segments, strict=True):
        assert one.size == pytest.approx(other.size, rel=0.001)
        assert one.name == other.name


def test_moments_are_those_of_numpy() -> None:
    X = np.random.default_rng(0).normal([1, -3], [2, 5], (250_000, 2))
    middle, covariance = moments(X)
    np.testing.assert_allclose(middle, X.mean(axis=0), rtol=1e-9)
    np.testing.assert_allclose(covariance, np.cov(X, rowvar=False, ddof=0), rtol=1e-9)


@pytest.mark.usefixtures("many")
def test_tables_without_structure_have_the_covariance_and_the_sides_of_the_table() -> None:
    table, rng = prepared(), np.random.default_rng(0)
    blob = Blob.of(table).table(50_000, rng)
    np.testing.assert_allclose(np.cov(blob, rowvar=False), np.cov(table.X, rowvar=False), atol=0.03)
    box = Box.of(table)
    along = (box.table(50_000, rng) - box.middle) @ box.axes
    own = (table.X - box.middle) @ box.axes
    np.testing.assert_allclose(along.min(axis=0), own.min(axis=0), atol=0.01)
    np.testing.assert_allclose(along.max(axis=0), own.max(axis=0), atol=0.01)
