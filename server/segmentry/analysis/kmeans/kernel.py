"""What a pass over the table is asked for; the arithmetic is compiled where numba is installed."""

from __future__ import annotations

from functools import cache
from importlib.util import find_spec
from typing import Protocol

from segmentry.analysis.kmeans.batch import Batch, Narrow, Rows
from segmentry.analysis.table import Floats, Matrix


class Laid(Protocol):
    """Rows in the form that a kernel reads fastest, in float32, for the passes of the sweep."""

    @property
    def given(self) -> Matrix:
        """The rows as they were given. (rows, columns)"""
        ...

    @property
    def padded(self) -> int:
        """How many labels a clustering of it holds; those beyond the rows mean nothing."""
        ...

    def move(self, batch: Batch) -> None:
        """Assign every row to its nearest centroid, in each active clustering, reading the rows once.

        Updates labels, counts, sums and inertia of `batch`; the centroids stay as they are.
        """
        ...

    def gains(self, nearest: Narrow, candidates: Floats) -> Narrow:
        """Squared distances to the nearest of the centres so far and one candidate. (candidates, padded)

        `nearest` (padded,) are those without the candidate; what stands beyond the rows means nothing.
        """
        ...


class Kernel(Protocol):
    """The inner loops of the sweep and of the scores."""

    @property
    def name(self) -> str:
        """The library that does the arithmetic."""
        ...

    def lay(self, X: Matrix) -> Laid:
        """The rows (rows, columns) in the kernel's own form."""
        ...

    def totals(self, X: Matrix, batch: Batch) -> Floats:
        """The members' values summed per cluster. (K, columns)"""
        ...

    def spreads(self, X: Matrix, batch: Batch) -> Floats:
        """The squared distances of the members to their own centroid, summed per cluster. (K,)"""
        ...

    def score(self, X: Matrix, batch: Batch, spread: Floats) -> tuple[Floats, Floats]:
        """The mean simplified and the mean squared-Euclidean silhouette of each clustering. (m,) twice

        The centroids are the means of the labels, `spread` (K,) their mean squared distance to them. In
        float64 throughout.
        """
        ...

    def sums(self, asked: Floats, references: Floats, edges: Rows, itself: Rows) -> Floats:
        """Euclidean distances of the rows `asked` to each run of references, summed. (asked, runs)

        Run i is `references[edges[i]:edges[i + 1]]`; `itself` (asked,) is where an asked row stands among
        the references, -1 where it does not, so that its distance to itself is exactly 0.
        """
        ...


@cache
def chosen() -> Kernel:
    """The compiled kernel where numba is installed (the extra `fast`), else the one of numpy."""
    if find_spec("numba") is not None:
        from segmentry.analysis.kmeans.compiled import Compiled  # noqa: PLC0415 - takes half a second

        return Compiled()
    from segmentry.analysis.kmeans.plain import Plain  # noqa: PLC0415

    return Plain()


def is_compiled() -> bool:
    """Whether `chosen` is the compiled kernel, without loading it."""
    return find_spec("numba") is not None
