"""Saved segments inside criteria: each `$segment` is replaced by the criteria it stands for."""

from __future__ import annotations

from collections.abc import Callable

from segmentry.criteria import limits
from segmentry.criteria.nodes import And, Event, Node, Not, Or, Segment, Top
from segmentry.errors import SegmentCycle, UnknownSegment

# (segment id, version or None for the latest) -> the segment's symbolic criteria, None if there is none.
SegmentLookup = Callable[[str, int | None], Node | None]


def nothing_saved(segment_id: str, version: int | None) -> Node | None:
    """The lookup of a place without saved segments.

    >>> nothing_saved("seg_7", None) is None
    True
    """
    del segment_id, version


def expand(node: Node, lookup: SegmentLookup) -> Node:
    """The tree with every segment replaced by its criteria, paths kept at the place of use.

    Raises: UnknownSegment, SegmentCycle (segmentId, path); CriteriaTooComplex beyond 8 hops or 1,024 nodes.

    >>> from segmentry.criteria.nodes import Leaf, Operator
    >>> saved = {"seg_7": Leaf("status", Operator.EQ, "ACTIVE")}
    >>> expand(Segment("seg_7"), lambda segment_id, version: saved.get(segment_id))
    Leaf(field='status', operator=<Operator.EQ: 'eq'>, value='ACTIVE', path='')
    """
    return _Expansion(lookup).expand(node, ())


class _Expansion:
    def __init__(self, lookup: SegmentLookup) -> None:
        self.lookup = lookup
        self.nodes = 0

    def expand(self, node: Node, trail: tuple[str, ...]) -> Node:
        if not isinstance(node, Segment):
            self.nodes += 1
            limits.refuse_nodes(self.nodes, limits.MAX_EXPANDED_NODES)
        match node:
            case And(items):
                return And(tuple(self.expand(item, trail) for item in items), node.path)
            case Or(items):
                return Or(tuple(self.expand(item, trail) for item in items), node.path)
            case Not(inner):
                return Not(self.expand(inner, trail), node.path)
            case Top(field, percent, order, of):
                return Top(field, percent, order, self.expand(of, trail), node.path)
            case Segment(segment_id, version):
                return self.segment(segment_id, version, node.path, trail)
            case Event() | _:
                return node

    def segment(self, segment_id: str, version: int | None, path: str, trail: tuple[str, ...]) -> Node:
        way = (*trail, segment_id)
        if segment_id in trail:
            shown = " > ".join(way[trail.index(segment_id) :])
            raise SegmentCycle(
                f"segment {segment_id} refers back to itself: {shown}", segmentId=segment_id, path=path
            )
        if len(way) > limits.MAX_HOPS:
            maximum = limits.MAX_HOPS
            message = f"segments refer to each other over {len(way)} hops, limit {maximum}"
            raise limits.too_complex("hops", len(way), maximum, message)
        found = self.lookup(segment_id, version)
        if found is None:
            which = segment_id if version is None else f"{segment_id} version {version}"
            raise UnknownSegment(f"Unknown segment: {which}", segmentId=segment_id, path=path)
        return self.expand(found, way)
