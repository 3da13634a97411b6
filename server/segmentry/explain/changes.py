"""Changes of criteria: leaves left out together, or a leaf exchanged for one that is easier to meet."""

from __future__ import annotations

import dataclasses
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Literal

from segmentry.criteria.nodes import Event, Leaf, Node
from segmentry.explain import conditions as taken
from segmentry.explain.conditions import Condition
from segmentry.explain.place import Place
from segmentry.explain.windows import between, other_numbers

Kind = Literal["left out", "threshold", "window", "number"]


@dataclass(frozen=True, slots=True)
class Strike:
    """Leaves left out together, by number from 0."""

    numbers: frozenset[int]

    @property
    def kind(self) -> Kind:
        return "left out"

    @property
    def family(self) -> Hashable:
        """Of changes of one family, nearest first, only the first that helps is of use."""
        return self.numbers

    def applied(self, node: Node, leaves: Sequence[Node]) -> Node:
        return taken.without(node, leaves, self.numbers)


@dataclass(frozen=True, slots=True)
class Exchange:
    """A leaf exchanged for another one. `harder`: the nearest number of events known to let nobody in."""

    number: int
    other: Leaf | Event
    bound: Node
    kind: Kind
    harder: int | None = None

    @property
    def family(self) -> Hashable:
        """As `Strike.family`."""
        return self.number, self.kind

    def applied(self, node: Node, leaves: Sequence[Node]) -> Node:
        return taken.exchanged(node, leaves, self.number, self.bound)

    def nearer(self, place: Place) -> list[Exchange]:
        """The same with numbers of events nearer to what was asked for, the nearest first."""
        if self.harder is None or not isinstance(self.other, Event):
            return []
        return _in_a_row(self.number, between(self.other, self.harder), self.harder, place)

    def after(self, tried: Sequence[Exchange]) -> Exchange:
        """The same after all of its family in `tried` let nobody in."""
        last = next((each.other for each in reversed(tried) if each.family == self.family), None)
        return dataclasses.replace(self, harder=last.value) if isinstance(last, Event) else self


Change = Strike | Exchange


def exchanges(number: int, others: Sequence[Leaf | Event], kind: Kind, place: Place) -> list[Exchange]:
    """A leaf exchanged for each of the others that the catalog allows."""
    found: list[Exchange] = []
    for other in others:
        checked = place.check(other)
        # The field may not take the operator, or a date may lie outside the years there are.
        if not checked.errors:
            found.append(Exchange(number, other, checked.bound, kind))
    return found


def numbers(number: int, condition: Condition, place: Place) -> list[Exchange]:
    """An event leaf with easier numbers, the nearest first but not every one: see `Exchange.nearer`."""
    leaf = condition.leaf
    if not isinstance(leaf, Event):
        return []
    return _in_a_row(number, other_numbers(condition), leaf.value, place)


def _in_a_row(number: int, events: Sequence[Event], harder: int, place: Place) -> list[Exchange]:
    found: list[Exchange] = []
    for each in exchanges(number, events, "number", place):
        assert isinstance(each.other, Event)
        found.append(dataclasses.replace(each, harder=harder))
        harder = each.other.value
    return found
