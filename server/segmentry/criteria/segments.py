"""Saved segments inside criteria: each `$segment` is replaced by the criteria it stands for.

What comes out of a segment has paths that begin with a mark of the place of use, so that a fault in there is
told where the caller can act on it: at the `$segment`, naming the segment and the place inside it.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import assert_never

from segmentry.criteria import limits, parse, render, walk
from segmentry.criteria.nodes import And, Event, Everyone, Leaf, Node, Not, Or, Segment, Top
from segmentry.errors import (
    CriteriaTooComplex,
    Diagnostic,
    JsonValue,
    SegmentCycle,
    SegmentryError,
    UnknownSegment,
)

# (segment id, version or None for the latest) -> the segment's symbolic criteria, None if there is none.
SegmentLookup = Callable[[str, int | None], Node | None]
Reference = tuple[str, int | None]


def nothing_saved(segment_id: str, version: int | None) -> Node | None:
    """The lookup of a place without saved segments.

    >>> nothing_saved("seg_7", None) is None
    True
    """
    del segment_id, version


@dataclass(frozen=True, slots=True)
class Saved:
    """Saved segments at hand: a lookup without I/O. `names` are for people, by segment id.

    >>> Saved({("seg_7", None): Everyone()})("seg_7", None)
    Everyone(path='')
    """

    criteria: Mapping[Reference, Node] = field(default_factory=dict[Reference, Node])
    names: Mapping[str, str] = field(default_factory=dict[str, str])

    def __call__(self, segment_id: str, version: int | None) -> Node | None:
        return self.criteria.get((segment_id, version))

    def to_json(self) -> JsonValue:
        """The criteria as JSON, for a process that has no way to look them up.

        >>> Saved({("seg_7", 2): Everyone()}).to_json()
        [{'id': 'seg_7', 'version': 2, 'criteria': {}}]
        """
        return [
            {"id": segment_id, "version": version, "criteria": render.to_json(node)}
            for (segment_id, version), node in self.criteria.items()
        ]

    @classmethod
    def of_json(cls, value: JsonValue) -> Saved:
        """What `to_json` printed.

        >>> Saved.of_json([{"id": "seg_7", "version": None, "criteria": {}}])("seg_7", None)
        Everyone(path='')
        """
        found: dict[Reference, Node] = {}
        for each in value if isinstance(value, list) else []:
            assert isinstance(each, dict)
            version = each["version"]
            assert version is None or isinstance(version, int)
            found[str(each["id"]), version] = parse.from_json(each["criteria"])
        return cls(found)


def references(node: Node) -> tuple[Reference, ...]:
    """The segments that a tree names, each once, in print order.

    >>> references(And((Segment("seg_7"), Not(Segment("seg_9", 2)), Segment("seg_7"))))
    (('seg_7', None), ('seg_9', 2))
    """
    named = (each for each in walk.nodes(node) if isinstance(each, Segment))
    return tuple(dict.fromkeys((each.segment_id, each.version) for each in named))


def named(node: Node, names: Mapping[str, str]) -> Node:
    """The same tree with the names of its segments written in, as sentences print them.

    >>> named(Segment("seg_7"), {"seg_7": "Golf VIPs"}).name
    'Golf VIPs'
    """
    if not names:
        return node

    def change(leaf: walk.AnyLeaf) -> Node:
        match leaf:
            case Segment(segment_id):
                return dataclasses.replace(leaf, name=names.get(segment_id, ""))
            case Top():
                return dataclasses.replace(leaf, of=named(leaf.of, names))
            case Leaf() | Event():
                return leaf

    return walk.replace_leaves(node, change)


def expand(node: Node, lookup: SegmentLookup) -> Node:
    """The tree with every segment replaced by its criteria.

    Raises: UnknownSegment, SegmentCycle (segmentId, path); CriteriaTooComplex beyond 8 hops or 1,024 nodes.

    >>> from segmentry.criteria.nodes import Operator
    >>> saved = Saved({("seg_7", None): Leaf("status", Operator.EQ, "ACTIVE", "status")})
    >>> expand(Segment("seg_7", path="$segment"), saved)
    Leaf(field='status', operator=<Operator.EQ: 'eq'>, value='ACTIVE', path='$segment(seg_7): status')
    """
    expansion = Expansion(node, lookup)
    if expansion.faults:
        raise expansion.faults[0]
    return expansion.node


class Expansion:
    """A tree with its segments expanded. One that is unknown or refers back to itself stays, with a fault;
    a tree that is too large expanded stays as it is, with a fault.

    >>> [str(fault) for fault in Expansion(Segment("seg_7"), nothing_saved).faults]
    ['Unknown segment: seg_7']
    """

    def __init__(self, node: Node, lookup: SegmentLookup) -> None:
        self.faults: list[SegmentryError] = []
        self._lookup = lookup
        self._n_nodes = 0
        # The mark that paths inside a segment begin with -> place of use, way of ids from there.
        self._marks: dict[str, tuple[str, tuple[str, ...]]] = {}
        try:
            self.node = self._expand(node, (), "")
        except CriteriaTooComplex as err:
            self.faults.append(err)
            self.node = node

    def at_use(self, found: Diagnostic) -> Diagnostic:
        """A finding inside a segment as one of the place of use; every other one as it is.

        >>> saved = Saved({("seg_7", None): Segment("seg_9", path="$segment"), ("seg_9", None): Everyone()})
        >>> expansion = Expansion(Segment("seg_7", path="$segment"), saved)
        >>> inside = Diagnostic("INVALID_FIELD", "$segment(seg_7): $segment(seg_9): a", "Unknown field: a")
        >>> expansion.at_use(inside).path, expansion.at_use(inside).message
        ('$segment', 'in segment seg_7 > seg_9 at a: Unknown field: a')
        """
        mark = max((mark for mark in self._marks if found.path.startswith(mark)), key=len, default=None)
        if mark is None:
            return found
        path, way = self._marks[mark]
        inside = found.path.removeprefix(mark)
        where = f"in segment {' > '.join(way)}" + (f" at {inside}" if inside else "")
        # Suggestions are for the place that a path names, and this path names another one.
        hint = (
            f" (did you mean {found.suggestions[0]}?)"
            if found.severity == "error" and found.suggestions
            else ""
        )
        return dataclasses.replace(
            found,
            path=path,
            message=f"{where}: {found.message}{hint}",
            suggestions=(),
            details=(*found.details, ("segmentId", way[-1]), ("segmentPath", inside)),
        )

    def _expand(self, node: Node, way: tuple[str, ...], use: str) -> Node:
        if not isinstance(node, Segment):
            self._n_nodes += 1
            limits.refuse_nodes(self._n_nodes, limits.MAX_EXPANDED_NODES)
        match node:
            case And(items):
                return And(tuple(self._expand(item, way, use) for item in items), node.path)
            case Or(items):
                return Or(tuple(self._expand(item, way, use) for item in items), node.path)
            case Not(inner):
                return Not(self._expand(inner, way, use), node.path)
            case Top():
                return dataclasses.replace(node, of=self._expand(node.of, way, use))
            case Segment():
                return self._segment(node, way, use if way else node.path)
            case Everyone() | Leaf() | Event():
                return node
            case _:
                assert_never(node)

    def _segment(self, node: Segment, trail: tuple[str, ...], use: str) -> Node:
        segment_id, version = node.segment_id, node.version
        way = (*trail, segment_id)
        if segment_id in trail:
            shown = " > ".join(way[trail.index(segment_id) :])
            self.faults.append(
                SegmentCycle(
                    f"segment {segment_id} refers back to itself: {shown}", segmentId=segment_id, path=use
                )
            )
            return node
        if len(way) > limits.MAX_HOPS:
            maximum = limits.MAX_HOPS
            message = f"segments refer to each other over {len(way)} hops, limit {maximum}"
            raise limits.too_complex("hops", len(way), maximum, message, use)
        found = self._lookup(segment_id, version)
        if found is None:
            which = segment_id if version is None else f"{segment_id} version {version}"
            where = f", named by segment {' > '.join(trail)}" if trail else ""
            self.faults.append(
                UnknownSegment(f"Unknown segment: {which}{where}", segmentId=segment_id, path=use)
            )
            return node
        mark = f"{node.path}({segment_id}): "
        self._marks[mark] = (use, way)
        return self._expand(_marked(found, mark), way, use)


def _marked(node: Node, mark: str) -> Node:
    """The same tree with every path after a mark."""
    path = mark + node.path
    match node:
        case And(items):
            return And(tuple(_marked(item, mark) for item in items), path)
        case Or(items):
            return Or(tuple(_marked(item, mark) for item in items), path)
        case Not(inner):
            return Not(_marked(inner, mark), path)
        case Event():
            where = None if node.where is None else _marked(node.where, mark)
            return dataclasses.replace(node, where=where, path=path)
        case Top():
            return dataclasses.replace(node, of=_marked(node.of, mark), path=path)
        case Everyone() | Leaf() | Segment():
            return dataclasses.replace(node, path=path)
        case _:
            assert_never(node)
