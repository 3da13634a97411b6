"""Random draws that are the same on every machine."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

SECOND = 1_000_000  # microseconds
DAY = 86_400 * SECOND


def generator(seed: int, subject: int, chunk: int) -> np.random.Generator:
    """The generator of one subject in one chunk of members: no subject's draws shift another's."""
    return np.random.Generator(np.random.Philox(key=[seed, subject * 2**32 + chunk]))


def bell(rng: np.random.Generator, n: int) -> Floats:
    """(n,) between 0 and 1, around 0.5: the mean of three uniforms, a normal curve without its tails."""
    return (rng.random(n) + rng.random(n) + rng.random(n)) / 3


def pick(rng: np.random.Generator, weights: Sequence[int], n: int) -> Ints:
    """(n,) indexes drawn by weight."""
    return np.searchsorted(np.cumsum(weights), rng.integers(0, sum(weights), n), side="right").astype(
        np.int64
    )


def codes(index: Ints, unset: Bools) -> npt.NDArray[np.uint8]:
    """Codes of a coded column: 1 + index, 0 where unset."""
    return np.where(unset, 0, index + 1).astype(np.uint8)
