"""Passes over columns in slices, so that a caller who has left stops the work between two of them."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache

import numpy as np
import polars as pl

from segmentry.customers.bitmaps import WORD, Words, n_words, pack

# A compare of codes or numbers: a pass over that many rows stays in the second-level cache.
SLICE_ROWS = 1 << 20
# A search in text costs 10-25 ns a row: small enough that two threads share even a million rows.
TEXT_SLICE_ROWS = 1 << 17
# A search in blocks of text costs a fifth of that, and more to begin.
BLOCKS_SLICE_ROWS = 1 << 19


class Cancelled(Exception):
    """The caller has left; nobody waits for the result."""


class Cancel:
    """Whether the caller of a count has left. Set from the event loop, asked in the thread that counts."""

    def __init__(self) -> None:
        self._left = threading.Event()

    def set(self) -> None:
        """Stop the work at its next slice or leaf."""
        self._left.set()

    def check(self) -> None:
        """Raises: Cancelled."""
        if self._left.is_set():
            raise Cancelled

    def wait(self, done: threading.Event) -> None:
        """Wait until `done` is set. Raises: Cancelled when the caller leaves first."""
        while not done.wait(0.02):
            self.check()


def scan(rows: int, test: Callable[[int, int], pl.Series | Words], cancel: Cancel) -> Words:
    """The rows that meet `test(first, length)`, slice by slice.

    `test` answers for `length` rows from `first` with a Boolean series (null is false) or with words.

    Raises: Cancelled.
    """
    found = np.empty(n_words(rows), dtype=np.uint64)
    for first in _slices(rows, SLICE_ROWS):
        _one(found, test, first, min(SLICE_ROWS, rows - first), cancel)
    return found


def scan_in_threads(
    rows: int, test: Callable[[int, int], pl.Series | Words], cancel: Cancel, slice_rows: int | None = None
) -> Words:
    """As `scan`, on all cores: for tests that cost more than reading the column.

    Raises: Cancelled.
    """
    length = slice_rows or TEXT_SLICE_ROWS
    starts = _slices(rows, length)
    found = np.empty(n_words(rows), dtype=np.uint64)
    if len(starts) < 2:
        for first in starts:
            _one(found, test, first, rows, cancel)
        return found

    def one(first: int) -> None:
        _one(found, test, first, min(length, rows - first), cancel)

    # Polars and NumPy let go of the interpreter while they work; the slices fill different words.
    for _ in _threads().map(one, starts):
        pass
    return found


def _slices(rows: int, length: int) -> range:
    assert length % WORD == 0, "a slice starts on a word"
    return range(0, rows, length)


def _one(
    found: Words, test: Callable[[int, int], pl.Series | Words], first: int, length: int, cancel: Cancel
) -> None:
    cancel.check()
    part = test(first, length)
    into = found[first // WORD : first // WORD + n_words(length)]
    if isinstance(part, pl.Series):
        pack(part, into)
    else:
        into[:] = part


def n_threads() -> int:
    """How many slices of a costly scan run at once: as many as Polars would use."""
    return pl.thread_pool_size()


@cache
def _threads() -> ThreadPoolExecutor:
    """One pool for all scans of the process: more threads than cores would only take turns."""
    return ThreadPoolExecutor(n_threads(), thread_name_prefix="scan")
