"""A uniform sample of a table's rows, and what a count on it says about the whole table."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field, replace
from datetime import datetime

import polars as pl

from segmentry.criteria.catalog import Catalog
from segmentry.criteria.nodes import Node
from segmentry.customers.binding import KEY, Binding
from segmentry.customers.columns import MICROSECONDS
from segmentry.customers.snapshot import Snapshot
from segmentry.customers.store import Count

# The two-sided 95 % point of the normal distribution.
Z = 1.959963984540054


@dataclass(frozen=True)
class Sample:
    """Rows drawn one by one with equal chances. `keys` are empty where the table has no key."""

    snapshot: Snapshot
    keys: tuple[str | int, ...]
    drawn: float = field(default_factory=time.monotonic)

    def matched(self, node: Node, as_of: datetime) -> int:
        """How many of the sampled customers match a tree without events."""
        return self.snapshot.count(node, as_of)


def scaled(matched: int, sampled: int, universe: int, snapshot_id: str) -> Count:
    """The estimate for the table and its 95 % interval, after Wilson (1927).

    Unlike the normal interval it holds where hardly anybody or almost everybody matches.

    >>> found = scaled(500, 1_000, 10_000, "v")
    >>> found.matched, found.low, found.high, found.exact
    (5000, 4690, 5310, False)
    """
    low, high = wilson(matched, sampled)
    return Count(
        matched=round(matched / sampled * universe),
        universe=universe,
        snapshot_id=snapshot_id,
        exact=False,
        low=max(0, math.floor(low * universe)),
        high=min(universe, math.ceil(high * universe)),
    )


def wilson(matched: int, sampled: int) -> tuple[float, float]:
    """The 95 % interval of a share.

    >>> [round(each, 4) for each in wilson(0, 100)]
    [0.0, 0.037]
    """
    share = matched / sampled
    shrunk = 1 + Z * Z / sampled
    middle = (share + Z * Z / (2 * sampled)) / shrunk
    half = Z / shrunk * math.sqrt(share * (1 - share) / sampled + Z * Z / (4 * sampled * sampled))
    return max(0.0, middle - half), min(1.0, middle + half)


def schema(binding: Binding) -> dict[str, pl.DataType]:
    """The columns of the customers' view that hold fields, with their types in Polars, and the key."""
    columns: dict[str, pl.DataType] = {}
    for each in binding.catalog.fields:
        match each.type:
            case "number":
                columns[each.column_name] = pl.Int64() if each.integer else pl.Float64()
            case "boolean":
                columns[each.column_name] = pl.Boolean()
            case "datetime":
                columns[each.column_name] = MICROSECONDS
            case "array":
                columns[each.column_name] = pl.List(pl.String())
            case "string" | "enum":
                columns[each.column_name] = pl.String()
    if binding.key is not None:
        columns[KEY] = pl.Int64() if binding.key == "integer" else pl.String()
    return columns


def sample_of(frame: pl.DataFrame, binding: Binding, most: int, seed: int | None) -> Sample:
    """The drawn rows as a snapshot, cut to `most` by chance and not by their place in the table."""
    if frame.height > most:
        frame = frame.sample(most, seed=seed)
    keys = tuple(frame[KEY].to_list()) if binding.key is not None else ()
    plain = tuple(replace(each, folded_column="") for each in binding.catalog.fields)
    catalog: Catalog = replace(binding.catalog, fields=plain, events=(), key="")
    return Sample(Snapshot.from_frame(frame, catalog), keys)
