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
from segmentry.customers.scan import Cancel
from segmentry.customers.snapshot import Snapshot
from segmentry.customers.store import NOBODY, Alike, Truths


def holds(
    snapshot: Snapshot, nodes: Sequence[Node], keys: Sequence[str], as_of: datetime, *, cancel: Cancel
) -> Alike:
    """Whether each bound node holds for the customers with those keys.

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
    ways, way = _alike(truths)
    of = np.full(len(keys), NOBODY, dtype=np.intp)
    of[there] = way
    return Alike(ways, of.tolist())


def at_once(snapshot: Snapshot, nodes: Sequence[Node]) -> bool:
    """Whether `holds` takes a millisecond or two: no set of the whole table, and no index to be made."""
    return snapshot.can_find and not any(map(_needs_all, nodes))


def _needs_all(node: Node) -> bool:
    return any(isinstance(each, Top | Event) for each in walk.nodes(node))


def _local(
    snapshot: Snapshot, nodes: Sequence[Node], rows: npt.NDArray[np.intp], as_of: datetime, cancel: Cancel
) -> Mask:
    """(n_nodes, n_rows): the nodes on a snapshot of those rows alone."""
    named = {each.field for node in nodes for each in walk.nodes(node) if isinstance(each, Leaf)}
    store = {name: taken(snapshot.store[name], rows) for name in named}
    few = replace(snapshot, rows=len(rows), store=store, events={}, keys=None, forms={})
    return few.masks(nodes, as_of, cancel=cancel)


def _inside(words: bitmaps.Words, rows: npt.NDArray[np.intp]) -> Mask:
    shifts = (rows % bitmaps.WORD).astype(np.uint64)
    return (np.right_shift(words[rows // bitmaps.WORD], shifts) & np.uint64(1)).astype(np.bool_)


# Conditions that are told apart in one pass: with the ways so far, they fit into 64 bits.
_AT_ONCE = 32


def _alike(truths: Mask) -> tuple[list[Truths], npt.NDArray[np.intp]]:
    """The different columns, and per column which of these it is. `truths`: (n_nodes, n_customers)."""
    n_nodes, n_customers = truths.shape
    way = np.zeros(n_customers, dtype=np.intp)
    example = way[:1]
    for first in range(0, n_nodes, _AT_ONCE):
        part = truths[first : first + _AT_ONCE]
        said = np.left_shift(1, np.arange(len(part))) @ part
        _, example, way = np.unique((way << _AT_ONCE) | said, return_index=True, return_inverse=True)
    return [tuple(column) for column in truths[:, example].T.tolist()], way
