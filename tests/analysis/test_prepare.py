from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from segmentry.analysis import fields
from segmentry.analysis.features import feature_table
from segmentry.analysis.prepare import Prepared, prepare
from segmentry.analysis.silhouette import silhouettes
from segmentry.analysis.sweep import sweep
from segmentry.analysis.table import FeatureTable, Levels, Numbers
from segmentry.criteria.catalog import Catalog, Field
from segmentry.customers.snapshot import Snapshot

SPEND = ("Fresh", "Milk", "Grocery", "Frozen", "Detergents_Paper", "Delicassen")


def prepared(snapshot: Snapshot, names: tuple[str, ...]) -> Prepared:
    table = feature_table(snapshot)
    return prepare(table, names, {name: each.role for name, each in fields.advise(table).items()}, 0.0)


def one(values: list[float], role: fields.Role = "QUANTITY", as_of_s: float = 0.0) -> Prepared:
    kind = "datetime" if role == "DATE" else "number"
    column = Numbers(Field("x", kind), np.array(values, dtype=np.float64))
    table = FeatureTable(Catalog("t", (column.field,)), len(values), {"x": column})
    return prepare(table, ["x"], {"x": role}, as_of_s)


@pytest.mark.parametrize(
    ("name", "features", "logged", "expected"),
    [
        ("telco_churn", ("tenure", "MonthlyCharges", "TotalCharges"), set[str](), {2: 0.480, 4: 0.472}),
        ("wholesale_customers", SPEND, set(SPEND), {2: 0.294, 3: 0.263}),
        (
            "bank_marketing",
            ("age", "balance", "campaign", "previous"),
            {"campaign", "previous"},
            {2: 0.350, 5: 0.334},
        ),
    ],
)
def test_the_shared_tables_give_the_known_silhouettes(
    shared_table: Callable[[str], Snapshot],
    name: str,
    features: tuple[str, ...],
    logged: set[str],
    expected: dict[int, float],
) -> None:
    found = prepared(shared_table(name), features)
    assert {recipe.field for recipe in found.recipes if "log1p" in recipe.transform} == logged
    clusterings = sweep(found.X, list(expected), seed=0)
    measured = silhouettes(found.X, [each.labels for each in clusterings], np.random.default_rng(0))
    assert [each.value for each in measured] == pytest.approx(list(expected.values()), abs=0.01)


@pytest.mark.parametrize(
    ("name", "features", "largest"),
    [
        ("telco_churn", ("tenure", "MonthlyCharges", "TotalCharges"), 0.67),
        ("wholesale_customers", SPEND, 0.57),
        ("bank_marketing", ("age", "balance", "campaign", "previous"), 0.82),
    ],
)
def test_the_shared_tables_give_the_known_shares_of_two_clusters(
    shared_table: Callable[[str], Snapshot], name: str, features: tuple[str, ...], largest: float
) -> None:
    found = prepared(shared_table(name), features)
    (clustering,) = sweep(found.X, [2], seed=0)
    assert np.bincount(clustering.labels).max() / len(found.X) == pytest.approx(largest, abs=0.01)


def test_scaled_quantities_have_mean_zero_and_deviation_one() -> None:
    found = one(np.random.default_rng(0).normal(50, 9, 500).tolist())
    assert found.X.mean() == pytest.approx(0, abs=1e-12)
    assert found.X.std() == pytest.approx(1)


def test_a_missing_number_counts_as_the_median_and_is_marked_when_common() -> None:
    found = one([1.0, 2.0, 3.0, 4.0, 5.0, float("nan")] * 10)
    assert found.recipes[0].filled == 10
    assert found.X.shape[1] == 2
    assert found.X[5, 0] == pytest.approx(found.X[2, 0])
    assert sorted(set(found.X[:, 1])) == [0.0, 0.5]
    assert found.notices[0].reason == "VALUES_IMPUTED"


def test_a_rare_gap_has_no_column_of_its_own() -> None:
    assert one([float(each) for each in range(99)] + [float("nan")]).X.shape[1] == 1


@pytest.mark.parametrize("wild", [float("inf"), float("-inf"), 1e308, -1e308, 1e16])
def test_a_wild_value_leaves_the_other_rows_as_they_were(wild: float) -> None:
    tame = [float(each % 17) for each in range(2_000)]
    without, found = one([*tame, float("nan")]), one([*tame, wild])
    assert np.isfinite(found.X).all()
    assert found.X[:-1, 0] == pytest.approx(without.X[:-1, 0], abs=2e-2)
    assert {notice.reason for notice in found.notices} & {"VALUES_IMPUTED", "VALUES_CLIPPED"}


def test_whales_are_clipped_and_counted() -> None:
    found = one([float(each % 100) for each in range(1_000)] + [5_000.0] * 3)
    (recipe,) = found.recipes
    assert recipe.clipped_high >= 3
    assert found.X.max() < 5


def test_a_constant_is_dropped_with_its_reason() -> None:
    found = one([7.7] * 50)
    assert found.fields == ()
    assert found.dropped == {"x": "it does not vary"}
    assert found.notices[0].reason == "FIELD_DROPPED"


def test_skew_with_negatives_gets_no_logarithm_and_says_so() -> None:
    values = (np.random.default_rng(0).exponential(1, 500) ** 2 - 0.5).tolist()
    assert "no logarithm" in one(values).recipes[0].transform


def test_dates_become_ages_at_the_instant_of_the_request() -> None:
    day = 86_400.0
    found = one([0.0, 10 * day, 20 * day, 100 * day], role="DATE", as_of_s=100 * day)
    assert found.recipes[0].mean == pytest.approx(67.5, rel=0.02)
    assert np.all(np.diff(found.X[:, 0]) < 0)


def test_a_flag_is_one_column_of_zeros_and_ones() -> None:
    assert set(one([0.0, 1.0, 1.0, float("nan")], role="FLAG").X[:, 0]) == {0.0, 1.0}


def test_rare_levels_share_a_column_and_unset_is_a_level() -> None:
    codes = np.array([0] * 500 + [1] * 400 + list(range(2, 12)) + [-1] * 90, dtype=np.int32)
    column = Levels(Field("city", "string"), codes, tuple(f"city {each}" for each in range(12)))
    table = FeatureTable(Catalog("t", (column.field,)), len(codes), {"city": column})
    found = prepare(table, ["city"], {"city": "CATEGORY"}, 0.0)
    assert found.X.shape[1] == 4
    assert np.array_equal(found.X.sum(axis=1), np.ones(len(codes)))
    assert found.recipes[0].folded_levels == 10
    assert not any(found.gaussian)
