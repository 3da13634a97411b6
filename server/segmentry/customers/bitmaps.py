"""Sets of rows as packed bits: 64 rows a word, row r is bit `r % 64` of word `r // 64`.

The bits past the last row are *padding* and always 0, so that a count may count whole words: whatever
could set one (a complement above all) clears them before it returns.
"""

from __future__ import annotations

import sys

import numpy as np
import numpy.typing as npt
import polars as pl

from segmentry.customers.arrow_bits import bits_of

Mask = npt.NDArray[np.bool_]
Words = npt.NDArray[np.uint64]

WORD = 64
assert sys.byteorder == "little", "packed bits are read as words of a little-endian machine"


def n_words(rows: int) -> int:
    """How many words hold that many rows."""
    return (rows + WORD - 1) // WORD


def none(rows: int) -> Words:
    """The empty set of that many rows."""
    return np.zeros(n_words(rows), dtype=np.uint64)


def everyone(rows: int) -> Words:
    """The set of all of that many rows."""
    return _cleared(np.full(n_words(rows), ~np.uint64(0)), rows)


def complement(words: Words, rows: int, *, out: Words | None = None) -> Words:
    """The rows that are not in `words`; `out` may be `words` itself."""
    return _cleared(np.invert(words, out=out), rows)


def count(words: Words) -> int:
    """How many rows are in the set, which must be fewer than 2**32."""
    # Summed in 32 bits: into 64 takes NumPy 2.5 times as long.
    return int(np.add.reduce(np.bitwise_count(words), dtype=np.uint32))


def packed(mask: Mask) -> Words:
    """A boolean mask as words. `mask`: (n_rows,)."""
    words = none(len(mask))
    bits = np.packbits(mask, bitorder="little")
    words.view(np.uint8)[: len(bits)] = bits
    return words


def unpacked(words: Words, rows: int) -> Mask:
    """Words as a boolean mask of its own: (n_rows,)."""
    return np.unpackbits(words.view(np.uint8), count=rows, bitorder="little").view(np.bool_)


def of_series(series: pl.Series) -> Words:
    """The rows where a Boolean series is true; null is false."""
    words = np.empty(n_words(len(series)), dtype=np.uint64)
    pack(series, words)
    return words


def pack(series: pl.Series, out: Words) -> None:
    """Write the rows where a Boolean series is true into `out`: (n_words(len(series)),); null is false."""
    if len(out):
        # Arrow's bits end with a byte, not with a word.
        out[-1] = 0
        bits_of(series, out.view(np.uint8))
        _cleared(out, len(series))


def of_rows(members: npt.NDArray[np.integer], rows: int) -> Words:
    """The set of the rows that are listed, in any order, each as often as it likes."""
    if len(members) * 256 < rows:
        words = none(rows)
        bits = np.left_shift(np.uint64(1), (members % WORD).astype(np.uint64))
        np.bitwise_or.at(words, members // WORD, bits)
        return words
    # Above one row in 256 a byte per row is quicker than one unbuffered `or` per member.
    mask = np.zeros(rows, dtype=np.bool_)
    mask[members] = True
    return packed(mask)


def rows_of(words: Words, rows: int) -> npt.NDArray[np.intp]:
    """The rows in the set, ascending."""
    return np.flatnonzero(unpacked(words, rows))


def _cleared(words: Words, rows: int) -> Words:
    """Clear the padding in place."""
    over = rows % WORD
    if over:
        words[-1] &= np.uint64((1 << over) - 1)
    return words
