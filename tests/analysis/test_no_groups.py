"""Tables without groups are called so, and tables with groups are not."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from segmentry.analysis.events import SegmentCard
from segmentry.analysis.parameters import Parameters
from segmentry.analysis.table import Floats
from segmentry.customers.snapshot import Snapshot

from tests.analysis.discovering import blobs, reasons, run
from tests.analysis.tables import numbers

UP_TO_SIX = Parameters(max_clusters=6)


def table(X: Floats) -> Snapshot:
    return numbers(**{f"f{index}": column.tolist() for index, column in enumerate(X.T)})


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize("columns", [2, 3, 5])
def test_evenly_spread_rows_are_no_clear_segments(columns: int, seed: int) -> None:
    X = np.random.default_rng(seed).uniform(0, 1, (1_000, columns))
    result, _ = run(table(X), UP_TO_SIX)
    assert result.no_clear_segments
    assert "NO_CLEAR_SEGMENTS" in reasons(result)


def test_separated_groups_are_clear() -> None:
    result, _ = run(blobs(4), UP_TO_SIX)
    assert not result.no_clear_segments


@pytest.mark.parametrize("seed", [0, 1])
def test_unequal_groups_of_skewed_quantities_are_clear(seed: int) -> None:
    rng = np.random.default_rng(seed)
    middles = np.array([[3, 1, 4], [5, 2, 2], [4, 4, 3]], dtype=float)[np.repeat([0, 1, 2], [900, 400, 200])]
    result, _ = run(table(np.exp(middles + rng.normal(0, 0.4, (1_500, 3)))), UP_TO_SIX)
    assert result.chosen_k == 3
    assert not result.no_clear_segments


@pytest.mark.parametrize(
    ("name", "fields"),
    [
        ("telco_churn", "tenure MonthlyCharges TotalCharges"),
        ("wholesale_customers", "Fresh Milk Grocery Frozen Detergents_Paper Delicassen"),
        ("bank_marketing", "age balance campaign previous"),
    ],
)
def test_the_segments_of_real_tables_are_clear(
    shared_table: Callable[[str], Snapshot], name: str, fields: str
) -> None:
    features = tuple(fields.split())
    result, _ = run(shared_table(name), Parameters(included_features=features, max_clusters=3))
    assert not result.no_clear_segments


def test_every_card_of_a_table_without_groups_says_so() -> None:
    X = np.random.default_rng(0).uniform(0, 1, (1_000, 2))
    result, said = run(table(X), UP_TO_SIX)
    for card in (*result.segments, *(each for each in said if isinstance(each, SegmentCard))):
        assert [each.reason for each in card.notices][:1] == ["NO_CLEAR_SEGMENTS"]
    clear, _ = run(blobs(4), UP_TO_SIX)
    assert not any(each.reason == "NO_CLEAR_SEGMENTS" for card in clear.segments for each in card.notices)
