"""Packed sets: what is packed comes back, padding stays clear, bits that start inside a byte are read."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from segmentry.customers import bitmaps

SIZES = [0, 1, 7, 8, 9, 63, 64, 65, 127, 128, 129, 1000]


@pytest.mark.parametrize("rows", SIZES)
def test_a_complement_counts_no_padding(rows: int) -> None:
    everyone = bitmaps.everyone(rows)
    assert bitmaps.count(everyone) == rows
    assert bitmaps.count(bitmaps.complement(everyone, rows)) == 0
    nobody = bitmaps.none(rows)
    assert bitmaps.count(bitmaps.complement(nobody, rows)) == rows
    # In place as well, and twice gives what it was.
    assert bitmaps.count(bitmaps.complement(nobody, rows, out=nobody)) == rows
    assert bitmaps.count(bitmaps.complement(nobody, rows, out=nobody)) == 0


@pytest.mark.parametrize("rows", SIZES)
@pytest.mark.parametrize("share", [0.0, 0.5, 1.0])
def test_a_mask_comes_back_as_it_was_packed(rows: int, share: float) -> None:
    mask = np.random.default_rng(rows).random(rows) < share
    words = bitmaps.packed(mask)
    assert len(words) == bitmaps.n_words(rows)
    assert bitmaps.unpacked(words, rows).tolist() == mask.tolist()
    assert bitmaps.count(words) == mask.sum()
    assert bitmaps.rows_of(words, rows).tolist() == np.flatnonzero(mask).tolist()
    assert bitmaps.of_series(pl.Series(mask)).tolist() == words.tolist()


@given(st.lists(st.sampled_from([True, False, None]), max_size=200), st.integers(0, 80), st.integers(0, 130))
def test_a_slice_of_a_series_is_read_from_any_bit_and_null_is_false(
    values: list[bool | None], first: int, length: int
) -> None:
    series = pl.Series(values, dtype=pl.Boolean).slice(first, length)
    expected = [value is True for value in series.to_list()]
    words = bitmaps.of_series(series)
    assert bitmaps.unpacked(words, len(series)).tolist() == expected
    assert bitmaps.count(words) == sum(expected)


def test_a_series_in_several_chunks_is_read_whole() -> None:
    series = pl.concat([pl.Series([True, False]), pl.Series([None, True])], rechunk=False)
    assert bitmaps.unpacked(bitmaps.of_series(series), 4).tolist() == [True, False, False, True]


@pytest.mark.parametrize("n_members", [0, 1, 3, 40, 5000], ids="{} members".format)
def test_listed_rows_may_repeat_and_come_in_any_order(n_members: int) -> None:
    rows = 2000
    members = np.random.default_rng(1).integers(0, rows, n_members).astype(np.int32)
    words = bitmaps.of_rows(members, rows)
    assert bitmaps.rows_of(words, rows).tolist() == sorted(set(members.tolist()))
