"""How many different values each customer's events have in one property."""

from __future__ import annotations

from typing import assert_never

import numpy as np
import numpy.typing as npt

from segmentry.customers.columns import Array, Coded, Column, Instant, Number, Text

# The values as something that sorts: numbers themselves, text as its rank.
_Sortable = npt.NDArray[np.integer] | npt.NDArray[np.float64] | npt.NDArray[np.object_]


def owners_of_distinct(
    column: Column, kept: slice | npt.NDArray[np.intp], owners: npt.NDArray[np.int32]
) -> npt.NDArray[np.int32]:
    """The customer of each of the kept events, once for every different set value; sorted.

    `owners`: (n_kept,). Unset values do not count. Complexity: one sort of the kept events.
    """
    present = column.present[kept]
    owned, values = owners[present], _sortable(column, kept)[present]
    order = np.lexsort((values, owned))
    owned, values = owned[order], values[order]
    first = np.ones(len(order), dtype=np.bool_)
    first[1:] = (owned[1:] != owned[:-1]) | (values[1:] != values[:-1])
    return owned[first]


def _sortable(column: Column, kept: slice | npt.NDArray[np.intp]) -> _Sortable:
    match column:
        case Coded():
            return column.codes[kept].astype(np.int64)
        case Text():
            return column.series[kept].rank("dense").fill_null(0).cast(int).to_numpy()
        case Number():
            if column.values.dtype == np.object_:
                return np.unique(column.values[kept], return_inverse=True)[1].astype(np.int64)
            return column.values[kept]
        case Instant():
            return column.values[kept]
        case Array():
            raise AssertionError("a bound tree counts no distinct lists")
        case _:
            assert_never(column)
