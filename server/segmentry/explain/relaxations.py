"""Single changes that would let somebody in, each counted on the data."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from segmentry.criteria.nodes import Event, Leaf, Node
from segmentry.customers.store import Count, CustomerStore
from segmentry.explain import conditions as taken
from segmentry.explain.conditions import Condition
from segmentry.explain.place import Place
from segmentry.explain.thresholds import nearest_values, widened
from segmentry.explain.windows import longer, other_numbers

MOST_RELAXATIONS = 3
# Each further leaf costs a threshold and some counts; beyond this the first leaves are enough to go on with.
MOST_LEAVES_WIDENED = 32

Kind = Literal["left out", "threshold", "window", "number"]
_KINDS: tuple[Kind, ...] = ("left out", "threshold", "window", "number")


@dataclass(frozen=True, slots=True)
class Relaxation:
    """One change of one leaf: the whole criteria after it, how many match, and the change in words."""

    path: str
    node: Node
    count: Count
    label: str
    kind: Kind


@dataclass(frozen=True, slots=True)
class _Idea:
    """A leaf exchanged for another one, not counted yet."""

    number: int
    other: Leaf | Event
    bound: Node
    kind: Kind


async def relaxations(
    node: Node,
    leaves: Sequence[Condition],
    left_out: Sequence[Count],
    place: Place,
    store: CustomerStore,
) -> tuple[Relaxation, ...]:
    """At most three changes of one leaf that let somebody in, most customers first.

    A leaf left out (`left_out` has the counts), a threshold moved to the nearest value that somebody has,
    fewer events or a longer time for them. Each kind that helps is offered before a kind is offered twice.
    Changes that let in too few customers for a number to be shown are not offered.

    Raises: whatever the store raises.
    """
    symbolic = [each.leaf for each in leaves]
    offers = [
        Relaxation(
            each.leaf.path,
            taken.without(node, symbolic, number),
            count,
            f'without "{place.english(each.leaf)}"',
            "left out",
        )
        for number, (each, count) in enumerate(zip(leaves, left_out, strict=True))
        if count.matched
    ]
    snapshot_id = left_out[0].snapshot_id if left_out else ""
    offers.extend(await _widened(node, leaves, snapshot_id, place, store))
    return _chosen(offers)


def _chosen(offers: Sequence[Relaxation]) -> tuple[Relaxation, ...]:
    ranked = sorted(offers, key=lambda each: -(each.count.matched or 0))
    best = [next((each for each in ranked if each.kind == kind), None) for kind in _KINDS]
    chosen = [each for each in best if each is not None]
    chosen.extend(each for each in ranked if not any(each is one for one in chosen))
    return tuple(sorted(chosen[:MOST_RELAXATIONS], key=lambda each: -(each.count.matched or 0)))


async def _widened(
    node: Node, leaves: Sequence[Condition], snapshot_id: str, place: Place, store: CustomerStore
) -> list[Relaxation]:
    """The nearest widening of every leaf that has one."""
    bound = [each.bound for each in leaves]
    ideas: list[_Idea] = []
    values = await nearest_values(node, leaves[:MOST_LEAVES_WIDENED], bound, place, store)
    for number, each in enumerate(leaves[:MOST_LEAVES_WIDENED]):
        value = values.get(number)
        others = [widened(each, value, place)] if value is not None else []
        ideas.extend(_ideas(number, others, "threshold", place))
        ideas.extend(_ideas(number, longer(each), "window", place))
        ideas.extend(_ideas(number, other_numbers(each), "number", place))
    if not ideas:
        return []
    trees = [taken.exchanged(node, bound, idea.number, idea.bound) for idea in ideas]
    counts = await store.count(
        place.tenant, place.schema_id, [taken.rebuilt(node, bound), *trees], place.clock.as_of
    )
    if counts[0].snapshot_id != snapshot_id or counts[0].matched != 0:
        # The table was replaced meanwhile: these figures would not be of the rows that the others are of.
        return []
    found: dict[tuple[int, Kind], Relaxation] = {}
    for idea, count in zip(ideas, counts[1:], strict=True):
        # Ideas of one leaf come nearest first, so the first that lets somebody in is the smallest change.
        if count.matched and (idea.number, idea.kind) not in found:
            found[idea.number, idea.kind] = _relaxation(node, leaves, idea, count, place)
    return list(found.values())


def _ideas(number: int, others: Sequence[Leaf | Event | None], kind: Kind, place: Place) -> list[_Idea]:
    ideas: list[_Idea] = []
    for other in others:
        if other is not None:
            checked = place.check(other)
            # The field may not take the operator, or a date may lie outside the years there are.
            if not checked.errors:
                ideas.append(_Idea(number, other, checked.bound, kind))
    return ideas


def _relaxation(
    node: Node, leaves: Sequence[Condition], idea: _Idea, count: Count, place: Place
) -> Relaxation:
    was = leaves[idea.number].leaf
    other = dataclasses.replace(idea.other, path=was.path)
    changed = taken.exchanged(node, [each.leaf for each in leaves], idea.number, other)
    label = f'"{place.english(idea.other)}" instead of "{place.english(was)}"'
    return Relaxation(was.path, changed, count, label, idea.kind)
