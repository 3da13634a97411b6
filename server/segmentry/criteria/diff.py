"""What changed between two trees, leaf by leaf."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from segmentry.criteria import canonical
from segmentry.criteria.nodes import And, Event, Everyone, Leaf, Node, Not, Or, Segment, Top
from segmentry.criteria.render import with_paths
from segmentry.criteria.walk import AnyLeaf

Kind = Literal["added", "removed", "changed", "moved"]


@dataclass(frozen=True, slots=True)
class LeafChange:
    """One change. `path` is the leaf's place in the new tree, or in the old one when it was removed.

    A leaf that is the same under another combinator (such as into an `$or`, or under a `$not`) has moved.
    `before` and `after` say what counts: a leaf that holds where it is false is shown within its `$not`.
    """

    kind: Kind
    path: str
    before: AnyLeaf | Not | None
    after: AnyLeaf | Not | None


@dataclass(frozen=True, slots=True)
class _Placed:
    leaf: AnyLeaf
    said: str
    about: str
    # The combinators above, without those that change nothing: an `$and` at the root is no place.
    above: tuple[str, ...]

    @property
    def shown(self) -> AnyLeaf | Not:
        """The leaf as it counts: under an odd number of `$not` it is its own opposite."""
        return Not(self.leaf) if self.denied else self.leaf

    @property
    def denied(self) -> bool:
        """True under an odd number of `$not`."""
        return self.above.count("not") % 2 == 1


def diff(before: Node, after: Node) -> tuple[LeafChange, ...]:
    """The changes from one tree to another, removed leaves last, the others in the order of the new tree.

    >>> from segmentry.criteria.parse import loads
    >>> [(each.kind, each.path) for each in diff(loads('{"a": 1}'), loads('{"$and": [{"a": 2}, {"b": 1}]}'))]
    [('changed', '$and[0].a'), ('added', '$and[1].b')]
    """
    old, new = list(_placed(with_paths(before), ())), list(_placed(with_paths(after), ()))
    partner: dict[int, tuple[Kind | None, _Placed]] = {}
    _pair(old, new, partner, None, lambda one, other: one.said == other.said and one.above == other.above)
    # Equal leaves may stand on both sides of a `$not`: each goes with one of its own side.
    _pair(
        old, new, partner, "moved", lambda one, other: one.said == other.said and one.denied == other.denied
    )
    _pair(old, new, partner, "moved", lambda one, other: one.said == other.said)
    _pair(
        old,
        new,
        partner,
        "changed",
        lambda one, other: (
            one.about == other.about and _same_operator(one, other) and one.denied == other.denied
        ),
    )
    _pair(
        old,
        new,
        partner,
        "changed",
        lambda one, other: one.about == other.about and _same_operator(one, other),
    )
    _pair(old, new, partner, "changed", lambda one, other: one.about == other.about)
    changes: list[LeafChange] = []
    for index, each in enumerate(new):
        kind, was = partner.get(index, ("added", None))
        if kind is not None:
            changes.append(LeafChange(kind, each.leaf.path, None if was is None else was.shown, each.shown))
    changes.extend(LeafChange("removed", each.leaf.path, each.shown, None) for each in old)
    return tuple(changes)


def _pair(
    old: list[_Placed],
    new: list[_Placed],
    partner: dict[int, tuple[Kind | None, _Placed]],
    kind: Kind | None,
    alike: Callable[[_Placed, _Placed], bool],
) -> None:
    """Give every new leaf without a partner the first old one that is alike, and take that one out."""
    for index, each in enumerate(new):
        if index in partner:
            continue
        found = next((one for one in old if alike(one, each)), None)
        if found is not None:
            partner[index] = (kind, found)
            old.remove(found)


def _same_operator(one: _Placed, other: _Placed) -> bool:
    mine, theirs = one.leaf, other.leaf
    return isinstance(mine, Leaf) and isinstance(theirs, Leaf) and mine.operator is theirs.operator


def _placed(node: Node, above: tuple[str, ...]) -> Iterator[_Placed]:
    match node:
        case Everyone():
            return
        case And(items) | Or(items):
            name = "or" if isinstance(node, Or) else "and"
            changes = len(items) > 1 and name != (above[-1] if above else "and")
            for item in items:
                yield from _placed(item, (*above, name) if changes else above)
        case Not(inner):
            if above and above[-1] == "not":
                yield from _placed(inner, above[:-1])
            else:
                yield from _placed(inner, (*above, "not"))
        case Leaf() | Event() | Segment() | Top():
            yield _Placed(node, canonical.text(node), _about(node), above)


def _about(leaf: AnyLeaf) -> str:
    match leaf:
        case Leaf():
            return f"field {leaf.field}"
        case Event():
            return f"event {leaf.name}"
        case Segment():
            return f"segment {leaf.segment_id}"
        case Top():
            return f"top {leaf.field}"
