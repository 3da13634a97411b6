"""Whether two criteria mean the same: do they select the same rows of a table made to tell them apart.

Texts that differ may mean the same, so they are compared on witness rows. Every field contributes values at
the edges of the constants that either side names (`witness_values`, `witness_events`); values that no leaf
tells apart stand for one another. All combinations are tried where they are at most `MOST_ROWS`, else a
seeded sample: half of it at random, half made so that a single leaf decides. A leaf is computed by the
reference matcher once per value; rows are the bits of whole numbers, so that a tree costs a few operations.
"""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise, product
from typing import TypeVar

from segmentry.criteria import canonical, check, match, witness_events, witness_values
from segmentry.criteria.catalog import Catalog, Field
from segmentry.criteria.dates import Clock
from segmentry.criteria.match import Cell, EventRow
from segmentry.criteria.nodes import And, Event, Everyone, Leaf, Node, Not, Or, Segment, Top
from segmentry.errors import InvalidCriteria

MOST_ROWS = 1 << 17
SAMPLED_ROWS = 3_000
_SEED = 20251216


@dataclass(frozen=True, slots=True)
class Witness:
    """A customer that only one of two criteria selects: the first of them, or not `first`.

    `places` are standings in percent from the top (0 is best) by the field of a `$top`, one for each group of
    customers that some `$top` ranks; `segments` are the saved segments that the customer is a member of.
    """

    row: dict[str, Cell]
    events: tuple[EventRow, ...]
    places: dict[str, tuple[float, ...]]
    segments: tuple[str, ...]
    first: bool


def equal(a: Node, b: Node, catalog: Catalog, clock: Clock) -> bool:
    """Whether two criteria select the same witness rows.

    Raises: InvalidCriteria if either does not pass the check; saved segments need not be known.

    >>> from datetime import UTC, datetime
    >>> from segmentry.criteria.parse import loads
    >>> golf = Catalog("golf", (Field("rounds", "number", integer=True),))
    >>> clock = Clock.at(datetime(2025, 12, 16, tzinfo=UTC))
    >>> equal(loads('{"rounds": {"$gt": 9}}'), loads('{"rounds": {"$gte": 10}}'), golf, clock)
    True
    >>> equal(loads('{"rounds": {"$gte": 10}}'), loads('{"$not": {"rounds": {"$lt": 10}}}'), golf, clock)
    False
    """
    one, other = _bound(a, catalog, clock), _bound(b, catalog, clock)
    if canonical.text(one, catalog) == canonical.text(other, catalog):
        return True
    return not _Table(one, other, catalog, clock).differing


def difference(a: Node, b: Node, catalog: Catalog, clock: Clock) -> Witness | None:
    """A row that tells two criteria apart, or None where `equal` is true. Raises: as `equal`.

    >>> from datetime import UTC, datetime
    >>> from segmentry.criteria.parse import loads
    >>> golf = Catalog("golf", (Field("active", "boolean"),))
    >>> clock = Clock.at(datetime(2025, 12, 16, tzinfo=UTC))
    >>> found = difference(loads('{"active": true}'), loads('{"active": {"$neq": false}}'), golf, clock)
    >>> found.row if found else None
    {'active': None}
    """
    table = _Table(_bound(a, catalog, clock), _bound(b, catalog, clock), catalog, clock)
    return table.witness() if table.differing else None


def _bound(node: Node, catalog: Catalog, clock: Clock) -> Node:
    checked = check.check(node, catalog, clock)
    errors = tuple(each for each in checked.errors if each.code != "UNKNOWN_SEGMENT")
    if errors:
        raise InvalidCriteria(errors)
    return checked.bound


@dataclass(frozen=True, slots=True)
class _Standing:
    """One value of a field and, for each group that a `$top` ranks by it, the standing; none when unset."""

    cell: Cell
    places: tuple[float, ...]


_Value = _Standing | witness_events.History | bool


@dataclass(slots=True)
class _Dimension:
    """One thing that rows vary in. `classes` are its values that some leaf tells apart; `truths` say for each
    leaf, by its index among all leaves, which classes it is true for (bits)."""

    name: str
    classes: Sequence[_Value]
    truths: dict[int, int]


class _Table:
    """The witness rows of two bound trees, as one bit per row and class."""

    def __init__(self, a: Node, b: Node, catalog: Catalog, clock: Clock) -> None:
        self.as_of = clock.as_of
        self.catalog = catalog
        self.folded = [each.name for each in catalog.fields if each.case_insensitive]
        # Trees whose leaves are numbers: the same leaf object may stand in both.
        self.leaves: list[Leaf | Event | Segment | Top] = []
        self.populations: list[str] = []
        self.population_of: dict[int, int] = {}
        a, b = self._plain(a), self._plain(b)
        self.dimensions = self._dimensions()
        self.rows, masks = self._rows([a, b])
        self.masks = masks
        self.first = self._selected(a)
        self.differing = self.first ^ self._selected(b)

    # --- trees

    def _plain(self, node: Node) -> Node:
        """The tree with its leaves numbered by `path`, and every `$top` as its `of` and a standing."""
        match node:
            case Everyone():
                return node
            case And(items):
                return And(tuple(self._plain(item) for item in items))
            case Or(items):
                return Or(tuple(self._plain(item) for item in items))
            case Not(item):
                return Not(self._plain(item))
            case Top():
                of = self._plain(node.of)
                self.population_of[len(self.leaves)] = self._population(node.of)
                leaf = self._numbered(node)
                return leaf if isinstance(of, Everyone) else And((of, leaf))
            case Leaf() | Event() | Segment():
                return self._numbered(node)

    def _numbered(self, leaf: Leaf | Event | Segment | Top) -> Node:
        self.leaves.append(leaf)
        return dataclasses.replace(leaf, path=str(len(self.leaves) - 1))

    def _population(self, of: Node) -> int:
        """The number of the customers that a `$top` ranks: one for all trees that are written alike."""
        text = canonical.text(of, self.catalog)
        if text not in self.populations:
            self.populations.append(text)
        return self.populations.index(text)

    # --- dimensions

    def _dimensions(self) -> list[_Dimension]:
        groups: dict[tuple[str, str], list[int]] = {}
        for at, leaf in enumerate(self.leaves):
            match leaf:
                case Leaf(field) | Top(field):
                    groups.setdefault(("field", field), []).append(at)
                case Event(name):
                    groups.setdefault(("event", name), []).append(at)
                case Segment(segment_id, version):
                    groups.setdefault(
                        ("segment", segment_id if version is None else f"{segment_id} version {version}"), []
                    ).append(at)
        found: list[_Dimension] = []
        for (kind, name), numbers in groups.items():
            match kind:
                case "field":
                    found.append(self._field(name, numbers))
                case "event":
                    found.append(self._event(name, numbers))
                case _:
                    found.append(_Dimension(name, [True, False], dict.fromkeys(numbers, 1)))
        return found

    def _field(self, name: str, numbers: list[int]) -> _Dimension:
        leaves = [leaf for at in numbers if isinstance(leaf := self.leaves[at], Leaf)]
        field = self.catalog.by_name.get(name) or Field(name, "string")
        cells = witness_values.cells(field, witness_values.constants(leaves), self.as_of)
        tops: dict[int, list[Top]] = {}
        for at in numbers:
            if isinstance(top := self.leaves[at], Top):
                tops.setdefault(self.population_of[at], []).append(top)
        places = list(product(*(_places(each) for each in tops.values())))
        order = list(tops)
        values = [
            _Standing(each, place) for each in cells for place in (places if each is not None else [()])
        ]

        def holds(at: int, value: _Standing) -> bool:
            leaf = self.leaves[at]
            if isinstance(leaf, Top):
                return bool(value.places) and _within(leaf, value.places[order.index(self.population_of[at])])
            return match.matches(leaf, {name: value.cell}, self.as_of, folded=self.folded)

        return _classed(name, values, numbers, holds)

    def _event(self, name: str, numbers: list[int]) -> _Dimension:
        leaves = [leaf for at in numbers if isinstance(leaf := self.leaves[at], Event)]
        histories = witness_events.histories(leaves, self.catalog, self.as_of)

        def holds(at: int, history: witness_events.History) -> bool:
            return match.matches(self.leaves[at], {}, self.as_of, history)

        return _classed(f"$event {name}", histories, numbers, holds)

    # --- rows

    def _rows(self, trees: Sequence[Node]) -> tuple[int, list[list[int]]]:
        """The number of rows, and for each dimension and class the rows that have it."""
        n_rows = 1
        for dimension in self.dimensions:
            n_rows *= len(dimension.classes)
            if n_rows > MOST_ROWS:
                return self._sampled(trees)
        return n_rows, self._product(n_rows)

    def _product(self, n_rows: int) -> list[list[int]]:
        masks: list[list[int]] = []
        stride = 1
        for dimension in self.dimensions:
            block, period = (1 << stride) - 1, stride * len(dimension.classes)
            repeated = _repeated(period, n_rows // period)
            masks.append([(block << (at * stride)) * repeated for at in range(len(dimension.classes))])
            stride = period
        return masks

    def _sampled(self, trees: Sequence[Node]) -> tuple[int, list[list[int]]]:
        drawn = random.Random(_SEED)
        masks = [[0] * len(each.classes) for each in self.dimensions]
        owner = {at: number for number, each in enumerate(self.dimensions) for at in each.truths}
        for row in range(SAMPLED_ROWS):
            wanted: dict[int, int] = {}
            if row % 2:
                self._aim(trees[row // 2 % len(trees)], row // 4 % 2 == 0, wanted, owner, drawn)
            for number, dimension in enumerate(self.dimensions):
                full = (1 << len(dimension.classes)) - 1
                allowed = _bits(wanted.get(number, full))
                masks[number][drawn.choice(allowed)] |= 1 << row
        return SAMPLED_ROWS, masks

    def _aim(
        self, node: Node, want: bool, wanted: dict[int, int], owner: dict[int, int], drawn: random.Random
    ) -> None:
        """Narrow the classes so that the tree is `want` and one leaf decides it, as far as it goes."""
        match node:
            case Not(item):
                self._aim(item, not want, wanted, owner, drawn)
            case And(items) | Or(items):
                others = isinstance(node, And)
                deciding = drawn.randrange(len(items))
                for at, item in enumerate(items):
                    self._aim(item, want if at == deciding else others, wanted, owner, drawn)
            case Leaf() | Event() | Segment() | Top():
                at = int(node.path)
                dimension = self.dimensions[owner[at]]
                full = (1 << len(dimension.classes)) - 1
                holds = dimension.truths[at] if want else full & ~dimension.truths[at]
                wanted[owner[at]] = wanted.get(owner[at], full) & holds or wanted.get(owner[at], full)
            case Everyone():
                return

    # --- who is selected

    def _selected(self, tree: Node) -> int:
        every = (1 << self.rows) - 1
        leaf_masks: dict[int, int] = {}
        for number, dimension in enumerate(self.dimensions):
            for at, truth in dimension.truths.items():
                mask = 0
                for chosen in _bits(truth):
                    mask |= self.masks[number][chosen]
                leaf_masks[at] = mask

        def selected(node: Node) -> int:
            match node:
                case Everyone():
                    return every
                case And(items):
                    found = every
                    for item in items:
                        found &= selected(item)
                    return found
                case Or(items):
                    found = 0
                    for item in items:
                        found |= selected(item)
                    return found
                case Not(item):
                    return every ^ selected(item)
                case Leaf() | Event() | Segment() | Top():
                    return leaf_masks[int(node.path)]

        return selected(tree)

    def witness(self) -> Witness:
        """The first row in which the trees differ."""
        at = (self.differing & -self.differing).bit_length() - 1
        row: dict[str, Cell] = {}
        events: list[EventRow] = []
        places: dict[str, tuple[float, ...]] = {}
        segments: list[str] = []
        for dimension, masks in zip(self.dimensions, self.masks, strict=True):
            chosen = next(number for number, mask in enumerate(masks) if mask >> at & 1)
            value = dimension.classes[chosen]
            if isinstance(value, _Standing):
                row[dimension.name] = value.cell
                if value.places:
                    places[dimension.name] = value.places
            elif isinstance(value, tuple):
                events.extend(value)
            elif value:
                segments.append(dimension.name)
        return Witness(row, tuple(events), places, tuple(segments), bool(self.first >> at & 1))


_Of = TypeVar("_Of", bound=_Value)


def _classed(
    name: str, values: Sequence[_Of], numbers: Sequence[int], holds: Callable[[int, _Of], bool]
) -> _Dimension:
    """A dimension with one value for all that no leaf tells apart, the first one."""
    classes: dict[tuple[bool, ...], _Of] = {}
    for value in values:
        classes.setdefault(tuple(holds(at, value) for at in numbers), value)
    truths = {
        at: sum(1 << number for number, truth in enumerate(classes) if truth[place])
        for place, at in enumerate(numbers)
    }
    return _Dimension(name, list(classes.values()), truths)


def _places(tops: Sequence[Top]) -> list[float]:
    """Standings at the edge of every `$top`, between the edges, and at both ends."""
    edges = sorted({0.0, 100.0, *(_edge(each) for each in tops)})
    return sorted({*edges, *((low + high) / 2 for low, high in pairwise(edges))})


def _edge(top: Top) -> float:
    return top.percent if top.order == "highest" else 100 - top.percent


def _within(top: Top, place: float) -> bool:
    return place <= _edge(top) if top.order == "highest" else place >= _edge(top)


def _repeated(period: int, times: int) -> int:
    """The number with a bit at every multiple of `period`, `times` of them; doubled, not added one by one."""
    found, done = 1, 1
    while done < times:
        step = min(done, times - done)
        found |= (found & ((1 << (step * period)) - 1)) << (done * period)
        done += step
    return found


def _bits(mask: int) -> list[int]:
    """The places of the bits that are set.

    >>> _bits(0b101)
    [0, 2]
    """
    return [at for at in range(mask.bit_length()) if mask >> at & 1]
