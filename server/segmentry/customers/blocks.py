"""Short text joined in blocks of eight rows, so that a search looks once where it would look eight times.

A search in rows of 30 bytes spends most of its time on beginning and ending a row. What a row holds its
block holds too, so only blocks with a match are looked into; a match that crosses from one row into the
next is none.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from segmentry.customers.bitmaps import Words, n_words

# Rows of a block: their bits are one byte of a set.
BLOCK = 8
# Longer text is searched nearly as quickly row by row, and blocks hold it a second time.
MAX_MEAN_BYTES = 64
# Rows that are joined at once, which bounds what joining holds beside the result.
JOINED_ROWS = 1 << 20
# The blocks that tell whether a search by blocks pays.
PROBED_BLOCKS = 4096


@dataclass(frozen=True)
class Blocks:
    """Text by row and in blocks. `joined`: (n_blocks,), the text of eight rows each, unset as nothing;
    `ends`: (n_blocks, 8), the byte of its block where each row ends.
    """

    series: pl.Series
    joined: pl.Series
    ends: npt.NDArray[np.integer]

    def contains(self, first: int, length: int, needle: str) -> pl.Series | Words:
        """The rows `first` to `first + length` that hold `needle`; `first` begins a word."""
        rows = self.series.slice(first, length)
        if not needle:
            return rows.is_not_null()
        joined = self.joined.slice(first // BLOCK, -(-length // BLOCK))
        probe = joined.head(PROBED_BLOCKS)
        if 2 * probe.str.contains(needle, literal=True).sum() > len(probe):
            # Nearly every block would be looked into: row by row is quicker.
            return rows.str.contains(needle, literal=True)
        found = np.zeros(n_words(length), dtype=np.uint64)
        at = joined.str.find(needle, literal=True)
        blocks = at.is_not_null().arg_true().to_numpy()
        if not len(blocks):
            return found
        begin = at.drop_nulls().to_numpy()[:, np.newaxis]
        ends = self.ends[first // BLOCK :][blocks]
        # The row that the first match begins in, and whether it ends there: if not, it is none, and
        # whatever begins behind it in the same row crosses the end too.
        row = (ends <= begin).sum(axis=1, keepdims=True)
        bits = np.zeros((len(blocks), BLOCK), dtype=np.bool_)
        inside = begin + len(needle.encode()) <= np.take_along_axis(ends, row, axis=1)
        np.put_along_axis(bits, row, inside, axis=1)
        # The rows behind it are looked at one by one.
        places = blocks[:, np.newaxis] * BLOCK + np.arange(BLOCK, dtype=blocks.dtype)
        behind = (np.arange(BLOCK) > row) & (places < length)
        held = rows.gather(places[behind]).str.contains(needle, literal=True)
        bits[behind] = held.fill_null(value=False).to_numpy()
        found.view(np.uint8)[blocks] = np.packbits(bits, axis=1, bitorder="little")[:, 0]
        return found


def blocks_of(series: pl.Series) -> Blocks | None:
    """The blocks of a text column, None where they would save nothing."""
    n_bytes = series.str.len_bytes()
    mean = n_bytes.mean()
    if not isinstance(mean, float) or mean > MAX_MEAN_BYTES:
        return None
    short = -len(series) % BLOCK
    lengths = np.append(n_bytes.fill_null(0).to_numpy(), np.zeros(short, dtype=np.uint32))
    ends = np.cumsum(lengths.reshape(-1, BLOCK), axis=1, dtype=np.int64)
    width = np.uint16 if ends[:, -1].max() <= np.iinfo(np.uint16).max else np.int64
    parts = [_joined(series.slice(first, JOINED_ROWS)) for first in range(0, len(series), JOINED_ROWS)]
    return Blocks(series, pl.concat(parts).rechunk(), ends.astype(width))


def _joined(series: pl.Series) -> pl.Series:
    short = -len(series) % BLOCK
    if short:
        series = series.extend_constant(None, short)
    every = pl.DataFrame({str(place): series.gather_every(BLOCK, place) for place in range(BLOCK)})
    return every.select(pl.concat_str(pl.all(), ignore_nulls=True)).to_series()
