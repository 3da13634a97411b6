"""Which row has which key: made once per snapshot, for lookups of many keys at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

ABSENT = -1
AT_ONCE = 100_000


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

    `hashes`: (n_rows,) uint64, ascending; `order`: (n_rows,) the row of each.
    """

    keys: pl.Series
    hashes: npt.NDArray[np.uint64]
    order: npt.NDArray[np.intp]

    @classmethod
    def of(cls, keys: pl.Series) -> KeyIndex:
        """The index of a text column: one sort of its hashes."""
        hashes = keys.hash().to_numpy()
        # Stable, so that of a key that stands twice the first row is found, as in a scan.
        order = np.argsort(hashes, kind="stable")
        return cls(keys, hashes[order], order)

    def rows(self, wanted: Sequence[str]) -> npt.NDArray[np.intp]:
        """(n_wanted,) the first row with each key, `ABSENT` where there is none."""
        found = np.full(len(wanted), ABSENT, dtype=np.intp)
        hashes: npt.NDArray[np.uint64] = pl.Series(wanted, dtype=pl.String).hash().to_numpy()
        first = np.searchsorted(self.hashes, hashes)
        same_hash: npt.NDArray[np.bool_] = _at(self.hashes, first) == hashes
        again: npt.NDArray[np.bool_] = (
            same_hash & (first + 1 < len(self.hashes)) & (_at(self.hashes, first + 1) == hashes)
        )
        once = np.flatnonzero(same_hash & ~again)
        rows = self.order[first[once]]
        # Compared here: an expression of polars wakes its threads, which takes longer than a thousand texts.
        held = self.keys[rows].to_list()
        same = [key == wanted[at] for key, at in zip(held, once.tolist(), strict=True)]
        kept = np.array(same, dtype=np.bool_)
        found[once[kept]] = rows[kept]
        for each in [int(at) for at in np.flatnonzero(again)]:
            # Two keys of one hash, or one key twice: rare, and told apart by looking.
            (after,) = np.searchsorted(self.hashes, hashes[[each]], side="right").tolist()
            for row in sorted(self.order[int(first[each]) : after].tolist()):
                if self.keys[row] == wanted[each]:
                    found[each] = row
                    break
        return found


def _at(hashes: npt.NDArray[np.uint64], places: npt.NDArray[np.intp]) -> npt.NDArray[np.uint64]:
    """The hashes at those places; that of place 0, which is no match, for places beyond the end."""
    if not len(hashes):
        return np.zeros(len(places), dtype=np.uint64)
    return hashes[np.where(places < len(hashes), places, 0)]
