"""Bound trees as steps over sets of rows: what several trees share stands in the plan once.

Every `$and` and `$or` of n is a chain of pairs, so trees that begin alike (a segment and its refinement,
the prefixes of a waterfall) share the beginning; equal subtrees share a step wherever they stand.
Leaves are brought to one spelling: `neq`, `nin`, `$eq null` and `$exists false` are complements, a list of
one is `eq`, lists are sorted, `70.0` is 70, `$contains` on lists is `eq`, an event's open window ends at
`as_of`. So each has one key in the cache, and only what depends on `as_of` has it in the key.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import blake2b
from typing import assert_never

from segmentry.criteria.catalog import EventProperty, Field
from segmentry.criteria.nodes import And, Event, Everyone, Leaf, Node, Not, Operator, Or, Scalar, Segment, Top
from segmentry.customers.columns import folds


@dataclass(frozen=True, slots=True)
class Nobody:
    """Matches no customer."""


@dataclass(frozen=True, slots=True)
class Complement:
    of: int


@dataclass(frozen=True, slots=True)
class Both:
    left: int
    right: int


@dataclass(frozen=True, slots=True)
class Either:
    left: int
    right: int


@dataclass(frozen=True, slots=True)
class Highest:
    """A `$top`; `of` is the step of its members, `key` names the same members in every plan."""

    top: Top
    of: int
    key: bytes


# A step names the steps it reads by their position in the plan; they stand before it.
Step = Everyone | Nobody | Leaf | Event | Complement | Both | Either | Highest


class Plan:
    """Steps in an order in which each one's operands come first, and the step of every root."""

    def __init__(
        self,
        fields: Mapping[str, Field] | Mapping[str, EventProperty],
        as_of: datetime | None = None,
        segments: Callable[[Segment], Node] | None = None,
    ) -> None:
        """`as_of` and `segments` are needed where trees may hold events and segments: not for a `where`."""
        self._fields = fields
        self._as_of = as_of
        self._segments = segments
        self._positions: dict[Step, int] = {}
        self._digests: list[bytes] = []
        self.steps: list[Step] = []
        self.roots: list[int] = []

    def add(self, root: Node) -> int:
        """Add a tree; the position of its step. Raises: UnknownSegment."""
        position = self._node(root)
        self.roots.append(position)
        return position

    def uses(self, known: Collection[int] = ()) -> list[int]:
        """How often each step is read, roots included; 0 for one that no root needs.

        What `known` steps read is not needed.
        """
        n_uses = [0] * len(self.steps)
        for root in self.roots:
            n_uses[root] += 1
        for position in range(len(self.steps) - 1, -1, -1):
            if n_uses[position] and position not in known:
                for each in operands(self.steps[position]):
                    n_uses[each] += 1
        return n_uses

    def _step(self, step: Step) -> int:
        position = self._positions.get(step)
        if position is None:
            position = self._positions[step] = len(self.steps)
            self.steps.append(step)
        return position

    def digest(self, position: int) -> bytes:
        """A name of a step by what it and its operands say, the same in every plan."""
        for step in self.steps[len(self._digests) : position + 1]:
            below = b"".join(self._digests[each] for each in operands(step))
            said = (
                repr(step)
                if not below
                else repr(step.top)
                if isinstance(step, Highest)
                else type(step).__name__
            )
            self._digests.append(
                blake2b(below + said.encode("utf-8", "surrogatepass"), digest_size=16).digest()
            )
        return self._digests[position]

    def _not(self, position: int) -> int:
        step = self.steps[position]
        return step.of if isinstance(step, Complement) else self._step(Complement(position))

    def _chain(self, pair: type[Both | Either], items: Sequence[Node]) -> int:
        position = self._node(items[0])
        for item in items[1:]:
            position = self._step(pair(position, self._node(item)))
        return position

    def _node(self, node: Node) -> int:
        match node:
            case Everyone():
                return self._step(Everyone())
            case And(items):
                return self._chain(Both, items)
            case Or(items):
                return self._chain(Either, items)
            case Not(item):
                return self._not(self._node(item))
            case Leaf():
                return self._leaf(node)
            case Event():
                assert self._as_of is not None, "an event inside a where clause"
                end = self._as_of.astimezone(UTC) if node.window_end is None else node.window_end
                where = None if node.where is None else _without_paths(node.where)
                return self._step(dataclasses.replace(node, where=where, window_end=end, path=""))
            case Segment():
                assert self._segments is not None, "a segment inside a where clause"
                return self._node(self._segments(node))
            case Top(of=of):
                members = self._node(of)
                top = dataclasses.replace(node, of=Everyone(), path="")
                return self._step(Highest(top, members, self.digest(members)))
            case _:
                assert_never(node)

    def _leaf(self, leaf: Leaf) -> int:
        name, operator, value = leaf.field, leaf.operator, leaf.value
        match operator:
            case Operator.NEQ:
                return self._not(self._leaf(Leaf(name, Operator.EQ, value)))
            case Operator.NIN:
                return self._not(self._leaf(Leaf(name, Operator.IN, value)))
            case Operator.EXISTS:
                is_set = self._step(Leaf(name, Operator.EXISTS, value=True))
                return is_set if value else self._not(is_set)
            case Operator.IN:
                assert isinstance(value, tuple), "in takes a list"
                return self._in(name, value)
            case _:
                pass
        assert not isinstance(value, tuple), "only in and nin take a list"
        field = self._fields[name]
        if operator is Operator.CONTAINS and field.type == "array":
            operator = Operator.EQ
        if value is None:
            return self._not(self._step(Leaf(name, Operator.EXISTS, value=True)))
        return self._step(Leaf(name, operator, _one_spelling(value, field)))

    def _in(self, name: str, values: tuple[Scalar, ...]) -> int:
        wanted = {_one_spelling(value, self._fields[name]) for value in values if value is not None}
        if not wanted:
            position = self._step(Nobody())
        elif len(wanted) == 1:
            position = self._step(Leaf(name, Operator.EQ, wanted.pop()))
        else:
            position = self._step(Leaf(name, Operator.IN, tuple(sorted(wanted, key=repr))))
        if None in values:
            unset = self._not(self._step(Leaf(name, Operator.EXISTS, value=True)))
            position = (
                unset if isinstance(self.steps[position], Nobody) else self._step(Either(position, unset))
            )
        return position


def operands(step: Step) -> tuple[int, ...]:
    """The steps that a step reads."""
    match step:
        case Complement(of) | Highest(of=of):
            return (of,)
        case Both(left, right) | Either(left, right):
            return (left, right)
        case Everyone() | Nobody() | Leaf() | Event():
            return ()
        case _:
            assert_never(step)


def step_key(step: Leaf | Event | Highest) -> Hashable:
    """What a step's set is kept by between requests: the same for every plan over the same rows."""
    if isinstance(step, Highest):
        return step.top, step.key
    # One is 1 and 1.0 and true in Python, and so in the key; a field has one type, so nothing is mixed up.
    return step


def _one_spelling(value: Scalar, field: Field | EventProperty) -> Scalar:
    """Equal operands as one value: `70.0` is 70, instants are in UTC, folded text is folded."""
    match value:
        case bool():
            return value
        case float() if value.is_integer():
            return int(value)
        case datetime():
            return value.astimezone(UTC)
        case str() if folds(field):
            return value.casefold()
        case _:
            return value


def _without_paths(node: Node) -> Node:
    """A `where` as it is compared: where it stood in a text is not what it says."""
    match node:
        case And(items):
            return And(tuple(_without_paths(item) for item in items))
        case Or(items):
            return Or(tuple(_without_paths(item) for item in items))
        case Not(item):
            return Not(_without_paths(item))
        case _:
            return dataclasses.replace(node, path="")
