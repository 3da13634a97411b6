"""The saved segments that criteria name, directly and through each other, fetched hop by hop."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable, Sequence
from typing import Protocol

from segmentry.criteria import limits, segments, walk
from segmentry.criteria.nodes import Node, Segment
from segmentry.criteria.segments import Reference, Saved
from segmentry.segments.record import node_of
from segmentry.state.row import Row

# What the store gives out; any other id is nowhere to be found, whatever it holds.
SEGMENT_ID = re.compile(r"seg_[0-9a-f]{16}")
_HIGHEST_VERSION = 2**31 - 1
# Beyond this many no tree is within the limit of nodes: each chain of hops ends in a condition.
_MOST = limits.MAX_EXPANDED_NODES * limits.MAX_HOPS


class Reader(Protocol):
    """The store, or one transaction of it."""

    async def fetch(self, sql: str, *values: object) -> list[Row]: ...


async def closure(reader: Reader, tenant: str, schema_id: str, nodes: Iterable[Node]) -> Saved:
    """Every saved segment that the trees lead to: of this tenant and table, one query per hop.

    An unpinned reference means the latest version, and an archived segment has none. A pinned one always
    resolves. Nothing is asked when no tree names a segment.

    Raises: CriteriaTooComplex for more segments than any tree may hold; what the store raises.
    """
    found: dict[Reference, Node] = {}
    names: dict[str, str] = {}
    asked: set[Reference] = set()
    n_nodes = 0
    wanted = _wanted(nodes, asked)
    for _ in range(limits.MAX_HOPS):
        if not wanted:
            break
        asked.update(wanted)
        rows = await reader.fetch(
            "SELECT a.segment_id, a.version, v.criteria, l.name "
            "FROM unnest($3::text[], $4::integer[]) AS a (segment_id, version) "
            "JOIN segment s ON s.segment_id = a.segment_id AND s.tenant = $1 AND s.schema_id = $2 "
            "JOIN segment_version l ON l.segment_id = s.segment_id AND l.version = s.latest "
            "JOIN segment_version v ON v.segment_id = s.segment_id "
            "AND v.version = coalesce(a.version, s.latest) "
            "WHERE a.version IS NOT NULL OR l.state <> 'ARCHIVED'",
            tenant,
            schema_id,
            [segment_id for segment_id, _ in wanted],
            [version for _, version in wanted],
        )
        trees = await _trees([row.text("criteria") for row in rows])
        for row, node in zip(rows, trees, strict=True):
            found[row.text("segment_id"), row.optional_integer("version")] = node
            names[row.text("segment_id")] = row.text("name")
            n_nodes += sum(1 for each in walk.nodes(node) if not isinstance(each, Segment))
        limits.refuse_nodes(n_nodes, limits.MAX_EXPANDED_NODES)
        wanted = _wanted(trees, asked)
        limits.refuse_nodes(len(asked) + len(wanted), _MOST)
    return Saved(found, names)


def _wanted(nodes: Iterable[Node], asked: set[Reference]) -> list[Reference]:
    named = dict.fromkeys(each for node in nodes for each in segments.references(node))
    return [
        (segment_id, version)
        for segment_id, version in named
        if (segment_id, version) not in asked
        and SEGMENT_ID.fullmatch(segment_id)
        and (version is None or version <= _HIGHEST_VERSION)
    ]


async def _trees(texts: Sequence[str]) -> list[Node]:
    """The texts parsed: many or long ones hold a thread, not the loop."""
    if sum(map(len, texts)) < limits.MAX_STRING_BYTES:
        return [node_of(text) for text in texts]
    return await asyncio.to_thread(lambda: [node_of(text) for text in texts])
