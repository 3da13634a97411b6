"""How long things took, as counts per class of length: these add up over servers, percentiles do not."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Final

# Four classes per doubling, so that a percentile is at most 19 % too long; the last one begins at 262 s.
_SHORTEST_S: Final = 0.001
_PER_DOUBLING: Final = 4
_HIGHEST: Final = 73


def class_of(seconds: float) -> int:
    """The class of a length of time, 0 for a millisecond and less.

    >>> class_of(0.0), class_of(1.0), class_of(1e9)
    (0, 40, 73)
    """
    if seconds <= _SHORTEST_S:
        return 0
    return min(math.ceil(_PER_DOUBLING * math.log2(seconds / _SHORTEST_S)), _HIGHEST)


def percentile_s(counts: Mapping[int, int], share: float) -> float | None:
    """The upper end of the class in which that share (0-1) of all lengths is reached; None without any.

    >>> round(percentile_s({class_of(0.45): 95, class_of(4.0): 5}, 0.95), 3)
    0.512
    >>> percentile_s({}, 0.5) is None
    True
    """
    wanted = share * sum(counts.values())
    if not wanted:
        return None
    reached = 0
    for number in sorted(counts):
        reached += counts[number]
        # A sum of shares such as 0.95 x 100 is a hair above the whole number.
        if reached >= wanted - 1e-9:
            return _SHORTEST_S * 2 ** (number / _PER_DOUBLING)
    return None
