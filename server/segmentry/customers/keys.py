"""Which row has which key: made once per snapshot, for lookups of many keys at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from segmentry.customers import bitmaps

ABSENT = -1
AT_ONCE = 100_000
# More than any row's number has, and what 64 bits hold.
_DIGITS = 18
_LAST = 2**64 - 1


@dataclass(frozen=True)
class KeyTexts:
    """The keys of some rows in their order. All of them as Python texts would be larger than the table."""

    keys: pl.Series

    def __len__(self) -> int:
        return len(self.keys)

    def __iter__(self) -> Iterator[str | None]:
        for start in range(0, len(self.keys), AT_ONCE):
            yield from self.keys.slice(start, AT_ONCE).to_list()


@dataclass(frozen=True)
class KeyIndex:
    """The rows of `keys` in the order of their hashes: 16 bytes a row, where a dictionary takes over 100.

    `hashes`: (n_rows + 2,) uint64, ascending, the last two of no row; `order`: (n_rows,) uint32, the row of
    each. `starts`: per beginning of a hash, of 64 - `shift` bits, the place of the first hash with it: a step
    or two from the one that is looked for, where a search by halves takes twenty through all of memory.
    """

    keys: pl.Series
    hashes: npt.NDArray[np.uint64]
    order: npt.NDArray[np.uint32]
    starts: npt.NDArray[np.uint32]
    shift: int

    @classmethod
    def of(cls, keys: pl.Series) -> KeyIndex:
        """The index of a text column: one sort of its hashes."""
        return cls.by(keys, hashes(keys))

    @classmethod
    def by(cls, keys: pl.Series, hashed: npt.NDArray[np.uint64]) -> KeyIndex:
        """The index of a text column whose hashes are known. `hashed`: (n_rows,) uint64."""
        # Stable, so that of a key that stands twice the first row is found, as in a scan.
        order = np.argsort(hashed, kind="stable")
        ascending = np.append(hashed[order], np.full(2, _LAST, dtype=np.uint64))
        bits = max(1, len(keys).bit_length())
        begin = np.bincount((hashed >> np.uint64(64 - bits)).astype(np.intp), minlength=1 << bits)
        starts = np.cumsum(begin) - begin
        return cls(keys, ascending, order.astype(np.uint32), starts.astype(np.uint32), 64 - bits)

    def rows(self, wanted: Sequence[str]) -> npt.NDArray[np.intp]:
        """(n_wanted,) the first row with each key, `ABSENT` where there is none."""
        found = np.full(len(wanted), ABSENT, dtype=np.intp)
        texts = pl.Series(wanted, dtype=pl.String)
        hashed = hashes(texts)
        first = self._first(hashed)
        same_hash = (self.hashes[first] == hashed) & (first < len(self.order))
        again = same_hash & (self.hashes[first + 1] == hashed)
        once = np.flatnonzero(same_hash & ~again)
        rows = self.order[first[once]].astype(np.intp)
        # Two columns as they stand: an expression of polars wakes its threads, which takes longer.
        same = bitmaps.of_series(self.keys[rows] == (texts if len(once) == len(wanted) else texts[once]))
        kept = bitmaps.unpacked(same, len(once))
        found[once[kept]] = rows[kept]
        for each in [int(at) for at in np.flatnonzero(again)]:
            # Two keys of one hash, or one key twice: rare, and told apart by looking.
            (after,) = np.searchsorted(self.hashes[:-2], hashed[[each]], side="right").tolist()
            for row in sorted(self.order[int(first[each]) : after].tolist()):
                if self.keys[row] == wanted[each]:
                    found[each] = row
                    break
        return found

    def _first(self, hashed: npt.NDArray[np.uint64]) -> npt.NDArray[np.intp]:
        """Per hash the place of the first one that is not below it."""
        places = self.starts[hashed >> np.uint64(self.shift)].astype(np.intp)
        # Hashes are spread evenly, so that this ends after a few steps; the last one is below none.
        while (below := self.hashes[places] < hashed).any():
            places += below
        return places


def hashes(keys: pl.Series) -> npt.NDArray[np.uint64]:
    """(n_keys,) uint64: the hash of each text."""
    # As a frame: the hash of a column is an expression, which takes five times as long for a thousand.
    return keys.to_frame().hash_rows().to_numpy()


def numbered(wanted: Sequence[str], rows: int) -> npt.NDArray[np.intp]:
    """(n_wanted,) the row of each key where keys are the rows' numbers, from 1; `ABSENT` beyond them."""
    whole = [int(key) if key.isascii() and key.isdigit() and len(key) <= _DIGITS else 0 for key in wanted]
    places = np.array(whole, dtype=np.intp)
    return np.where((places >= 1) & (places <= rows), places - 1, ABSENT)
