"""Which fields say nearly the same: rank correlations of numeric fields."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from segmentry.analysis.table import FeatureTable, Floats, Numbers

ROWS = 5_000
# Below this many rows with both values a correlation is chance.
FEWEST = 20
# One of two such fields is derived from the other; the second bound keeps suggestions unlike each other.
TWINS = 0.98
NEAR = 0.95


@dataclass(frozen=True, eq=False)
class Alikeness:
    """Values of the numeric fields in the same rows, NaN where unset."""

    values: Mapping[str, Floats]

    @classmethod
    def of(cls, table: FeatureTable) -> Alikeness:
        """Of at most 5,000 rows, evenly spaced."""
        sample = table.spread(ROWS)
        return cls(
            {
                name: np.where(column.finite, column.values, np.nan)
                for name, column in sample.columns.items()
                if isinstance(column, Numbers)
            }
        )

    def rho(self, one: str, other: str) -> float:
        """Spearman's correlation without its sign, 0-1, over the rows with both values; 0 when not defined.

        >>> values = np.arange(40.0)
        >>> round(Alikeness({"a": values, "b": -(values**3)}).rho("a", "b"), 6)
        1.0
        """
        if one not in self.values or other not in self.values:
            return 0.0
        left, right = self.values[one], self.values[other]
        both = np.isfinite(left) & np.isfinite(right)
        if np.count_nonzero(both) < FEWEST:
            return 0.0
        ranks = np.vstack([_ranks(left[both]), _ranks(right[both])])
        spread = ranks.std(axis=1)
        if spread.min() == 0:
            return 0.0
        centred = ranks - ranks.mean(axis=1, keepdims=True)
        return abs(float((centred[0] * centred[1]).mean() / (spread[0] * spread[1])))

    def twins(self, names: Sequence[str]) -> dict[str, str]:
        """The fields that say what another of them says, and that one: of a pair the one with more gaps, else
        the later one."""
        found: dict[str, str] = {}
        for at, name in enumerate(names):
            for other in names[:at]:
                if other in found or name in found or self.rho(name, other) < TWINS:
                    continue
                doubled, kept = (other, name) if self._gaps(other) > self._gaps(name) else (name, other)
                found[doubled] = kept
        return found

    def unlike(self, ordered: Sequence[str], at_most: int) -> tuple[str, ...]:
        """The first of those fields, each unlike the ones before it."""
        chosen: list[str] = []
        for name in ordered:
            if len(chosen) == at_most:
                break
            if all(self.rho(name, each) < NEAR for each in chosen):
                chosen.append(name)
        return tuple(chosen)

    def _gaps(self, name: str) -> int:
        return int(np.count_nonzero(~np.isfinite(self.values[name])))


def _ranks(values: Floats) -> Floats:
    """Ranks from 0; equal values share the middle of theirs."""
    _, places, counts = np.unique(values, return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    return (ends - (counts + 1) / 2)[places]
