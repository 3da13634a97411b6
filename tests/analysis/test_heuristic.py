from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from segmentry.analysis import fields
from segmentry.analysis.features import feature_table
from segmentry.analysis.heuristic import slices, widest
from segmentry.analysis.statistics import kind_of
from segmentry.analysis.table import Numbers
from segmentry.criteria.catalog import Field
from segmentry.criteria.nodes import Operator
from segmentry.customers.snapshot import Snapshot

from tests.analysis.tables import numbers


def column(values: list[float], field: Field | None = None) -> Numbers:
    return Numbers(field or Field("spend", "number"), np.array(values, dtype=np.float64))


def sizes(found: Numbers) -> dict[str, int]:
    return {each.name: int(each.rows.sum()) for each in slices(found)}


@pytest.mark.parametrize(
    ("name", "field", "expected"),
    [
        ("telco_churn", "TotalCharges", [2321, 2390, 2321, 11]),
        ("wholesale_customers", "Fresh", [145, 150, 145]),
        ("bank_marketing", "balance", [2986, 3074, 2983]),
    ],
)
def test_the_shared_tables_are_cut_as_known(
    shared_table: Callable[[str], Snapshot], name: str, field: str, expected: list[int]
) -> None:
    table = feature_table(shared_table(name))
    chosen, _ = fields.choose_features(fields.advise(table), None)
    found = widest(table, chosen)
    assert found is not None
    assert found.field.name == field
    assert list(sizes(found).values()) == expected


def test_thresholds_are_the_percentiles_without_noise(shared_table: Callable[[str], Snapshot]) -> None:
    table = feature_table(shared_table("wholesale_customers"))
    fresh = table.columns["Fresh"]
    assert isinstance(fresh, Numbers)
    low, mid, _ = slices(fresh)
    assert [leaf.value for leaf in low.leaves] == [4756.62]
    assert [(leaf.operator, leaf.value) for leaf in mid.leaves] == [
        (Operator.GT, 4756.62),
        (Operator.LTE, 12807.75),
    ]


@pytest.mark.parametrize(
    "values",
    [
        [0.0] * 60 + [float(each) for each in range(1, 41)],
        [0.0] * 90 + [5.0] * 10,
        [5.0] * 90 + [0.0] * 10,
        [1.0, 2.0],
        [1.0, 1.0, 2.0],
        [0.0] * 50 + [1.0] * 50,
        [-1e308, 0.0, 1e308],
        [-1.7e308, 1.7e308],
    ],
    ids=[
        "many zeros",
        "mostly low",
        "mostly high",
        "two rows",
        "three rows",
        "halves",
        "huge",
        "too far apart",
    ],
)
def test_no_slice_is_empty_and_every_row_is_in_one(values: list[float]) -> None:
    found = slices(column(values))
    held = np.sum([each.rows for each in found], axis=0)
    assert np.array_equal(held, np.ones(len(values)))
    assert all(each.rows.any() for each in found)
    assert 2 <= len(found) <= 3


def test_a_constant_is_not_cut() -> None:
    assert sizes(column([3.0] * 9)) == {"All Customers": 9}


def test_rows_without_a_value_are_a_slice_without_filter_rules() -> None:
    *_, unknown = slices(column([1.0, 2.0, 3.0, float("nan")]))
    assert unknown.name == "Unknown spend"
    assert unknown.rules == ()
    assert [(leaf.operator, leaf.value) for leaf in unknown.leaves] == [(Operator.EXISTS, False)]


def test_operators_are_those_that_the_catalog_allows() -> None:
    field = Field("spend", "number", operators=(Operator.LT, Operator.GTE))
    used = {leaf.operator for each in slices(column([1.0, 2.0, 3.0, 4.0], field)) for leaf in each.leaves}
    assert used == {Operator.LT, Operator.GTE}


def test_the_widest_range_wins_and_text_and_constants_do_not() -> None:
    table = feature_table(numbers(a=[1.0, 5.0], b=[0.0, 9.0], c=[100.0, 100.0]))
    found = widest(table, ["a", "b", "c"])
    assert found is not None
    assert found.field.name == "b"
    assert widest(table, ["c"]) is None


@pytest.mark.parametrize(
    ("declared", "kind"),
    [
        *((each, "numeric") for each in ("integer", "float", "decimal", "number", "bigint", "BIGINT")),
        *(
            (each, "categorical")
            for each in ("string", "enum", "boolean", "date", "datetime", "text", "array")
        ),
    ],
)
def test_the_declared_type_alone_classifies_a_field(declared: str, kind: str) -> None:
    assert kind_of(declared) == kind
