from __future__ import annotations

from typing import Any, cast

import numpy as np
import pytest
from segmentry.analysis.stability import adjusted_rand, stabilities
from segmentry.analysis.table import Floats
from sklearn import metrics


def grouped(k: int, rows: int = 1_200) -> Floats:
    rng = np.random.default_rng(2)
    centres = rng.permutation(np.arange(k) * 12.0)
    return centres[np.arange(rows) % k][:, None] + rng.normal(0, 1, (rows, 3))


@pytest.mark.parametrize("seed", range(5))
def test_the_index_is_that_of_scikit_learn(seed: int) -> None:
    rng = np.random.default_rng(seed)
    one = rng.integers(0, 4, 300).astype(np.int32)
    other = np.where(rng.random(300) < 0.2 * seed, rng.integers(0, 6, 300), one).astype(np.int32)
    expected = cast("Any", metrics).adjusted_rand_score(one, other)
    assert adjusted_rand(one, other) == pytest.approx(expected, abs=1e-12)


def test_labelings_of_one_group_are_alike() -> None:
    same = np.zeros(30, dtype=np.int32)
    assert adjusted_rand(same, same) == 1.0


def test_groups_that_are_there_come_out_again_and_others_do_not() -> None:
    right, wrong = stabilities(grouped(4), [4, 7], seed=0)
    assert right == pytest.approx(1.0)
    assert wrong is not None
    assert wrong < 0.9


def test_the_same_seed_gives_the_same_stability() -> None:
    X = grouped(3)
    assert stabilities(X, [2, 5], 4) == stabilities(X, [2, 5], 4)


@pytest.mark.parametrize(("rows", "k"), [(12, 2), (70, 40)], ids=["few shared rows", "k above a half"])
def test_a_table_too_small_to_be_halved_has_no_stability(rows: int, k: int) -> None:
    assert stabilities(grouped(2, rows), [k], 0) == [None]


def test_no_k_asks_for_nothing() -> None:
    assert stabilities(grouped(2), [], 0) == []
