"""Criteria held against a few customers of a snapshot, without looking at the others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

import numpy as np
import numpy.typing as npt

from segmentry.criteria import walk
from segmentry.criteria.nodes import Event, Leaf, Node, Top
from segmentry.customers import bitmaps
from segmentry.customers.bitmaps import Mask
from segmentry.customers.columns import taken
from segmentry.customers.keys import ABSENT
from segmentry.customers.masks import MaskCache
from segmentry.customers.scan import Cancel
from segmentry.customers.snapshot import Snapshot
from segmentry.customers.store import Truths


def holds(
    snapshot: Snapshot, nodes: Sequence[Node], keys: Sequence[str], as_of: datetime, *, cancel: Cancel
) -> list[Truths | None]:
    """Per key whether each bound node holds for that customer; None where there is no such customer.

    Only the columns that are asked for are read, at the rows that are asked for. A share of the table and
    events need the whole table, whose sets are kept between calls.

    Raises: scan.Cancelled.
    """
    rows = snapshot.rows_of(keys)
    there = np.flatnonzero(rows != ABSENT)
    wanted = rows[there]
    truths = np.zeros((len(nodes), len(wanted)), dtype=np.bool_)
    local = [at for at, node in enumerate(nodes) if not _needs_all(node)]
    if local and len(wanted):
        truths[local] = _local(snapshot, [nodes[at] for at in local], wanted, as_of, cancel)
    for at in sorted(set(range(len(nodes))) - set(local)):
        truths[at] = _inside(snapshot.words(nodes[at], as_of, cancel=cancel), wanted)
    found: list[Truths | None] = [None] * len(keys)
    for place, column in zip(there.tolist(), truths.T.tolist(), strict=True):
        found[place] = tuple(column)
    return found


def at_once(snapshot: Snapshot, nodes: Sequence[Node]) -> bool:
    """Whether `holds` takes a millisecond or two: no set of the whole table, and no index to be made."""
    return snapshot.can_find and not any(map(_needs_all, nodes))


def _needs_all(node: Node) -> bool:
    return any(isinstance(each, Top | Event) for each in walk.nodes(node))


def _local(
    snapshot: Snapshot, nodes: Sequence[Node], rows: npt.NDArray[np.intp], as_of: datetime, cancel: Cancel
) -> list[Mask]:
    """(n_nodes, n_rows): the nodes on a snapshot of those rows alone."""
    named = {each.field for node in nodes for each in walk.nodes(node) if isinstance(each, Leaf)}
    store = {name: taken(snapshot.store[name], rows) for name in named}
    # What is computed here is of no use to anybody else.
    few = replace(
        snapshot, rows=len(rows), store=store, events={}, keys=None, forms={}, cache=MaskCache(max_bytes=0)
    )
    return [few.mask(node, as_of, cancel=cancel) for node in nodes]


def _inside(words: bitmaps.Words, rows: npt.NDArray[np.intp]) -> Mask:
    shifts = (rows % bitmaps.WORD).astype(np.uint64)
    return (np.right_shift(words[rows // bitmaps.WORD], shifts) & np.uint64(1)).astype(np.bool_)
