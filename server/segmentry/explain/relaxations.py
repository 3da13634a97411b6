"""Changes that would let somebody in, each counted on the data."""

from __future__ import annotations

import dataclasses
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import assert_never

from segmentry.criteria.nodes import Node
from segmentry.customers.store import Count, CustomerStore
from segmentry.explain import conditions as taken
from segmentry.explain.changes import Change, Exchange, Kind, Strike, exchanges, numbers
from segmentry.explain.combinations import combinations
from segmentry.explain.conditions import Clause, Condition
from segmentry.explain.place import Place
from segmentry.explain.thresholds import nearest_values, widened
from segmentry.explain.windows import longer

MOST_RELAXATIONS = 3
# Each further leaf costs a threshold and some counts; beyond this the first leaves are enough to go on with.
MOST_LEAVES_WIDENED = 32
# Of narrowing a number of events; see `windows.between`.
MOST_ROUNDS = 4
# A label that names more leaves than this is longer than the criteria.
MOST_NAMED = 6

_KINDS: tuple[Kind, ...] = ("left out", "threshold", "window", "number")


@dataclass(frozen=True, slots=True)
class Relaxation:
    """A change: the whole criteria after it, how many match, and the change in words.

    `path` is that of the first leaf it changes, `changes` how many leaves it does.
    """

    path: str
    node: Node
    count: Count
    label: str
    kind: Kind
    changes: int = 1


async def relaxations(
    node: Node,
    leaves: Sequence[Condition],
    clauses: Sequence[Clause],
    place: Place,
    store: CustomerStore,
    *,
    alone: Sequence[Count],
) -> tuple[Relaxation, ...]:
    """At most three changes that let somebody in, most customers first; none where the table is empty.

    Changes of one leaf, if any helps: a leaf left out, a threshold moved to the nearest value that somebody
    has, fewer events or a longer time for them; each kind that helps is offered before a kind is offered
    twice. Else the smallest combination found of leaves left out together, at last all of them. Changes
    that let in too few customers for a number to be shown are not offered. `alone`: the counts by leaf.

    Raises: whatever the store raises.
    """
    single: list[Change] = [Strike(frozenset([number])) for number in range(len(leaves))]
    single.extend(await _exchanges(node, leaves, place, store))
    admitting = await _counted(node, leaves, single, place, store)
    if admitting:
        admitting = await _nearest_numbers(node, leaves, admitting, place, store)
        return _chosen([_relaxation(node, leaves, *each, place) for each in admitting])
    rounds = combinations(clauses, _most_excluding_first(leaves, alone)) if admitting is not None else ()
    for together in rounds:
        admitting = await _counted(node, leaves, [Strike(each) for each in together], place, store)
        if admitting is None:
            break
        if admitting:
            return _fewest([_relaxation(node, leaves, *each, place) for each in admitting])
    return ()


def _most_excluding_first(leaves: Sequence[Condition], alone: Sequence[Count]) -> list[int]:
    """The numbers of the leaves, by how few customers meet them; under a `$not`, fail them."""

    def admitted(number: int) -> int:
        count = alone[number]
        matched = count.matched or 0
        return count.universe - matched if leaves[number].negated else matched

    return sorted(range(len(leaves)), key=admitted)


async def _counted(
    node: Node, leaves: Sequence[Condition], changes: Sequence[Change], place: Place, store: CustomerStore
) -> list[tuple[Change, Count]] | None:
    """The changes that let somebody in, of each family the first; None where somebody matches by now.

    A table in a database may have been written to since the criteria were found to select nobody, so they
    are counted again on the version of the rows that the changes are counted on.
    """
    bound = [each.bound for each in leaves]
    trees = [change.applied(node, bound) for change in changes]
    asked = [taken.rebuilt(node, bound), *trees]
    whole, *counts = await store.count(place.tenant, place.schema_id, asked, place.clock.as_of)
    if whole.matched != 0:
        return None
    found: dict[Hashable, tuple[Change, Count]] = {}
    for change, count in zip(changes, counts, strict=True):
        if count.matched:
            found.setdefault(change.family, (change, count))
    return list(found.values())


async def _nearest_numbers(
    node: Node,
    leaves: Sequence[Condition],
    found: Sequence[tuple[Change, Count]],
    place: Place,
    store: CustomerStore,
) -> list[tuple[Change, Count]]:
    """The same, with every number of events moved back to the nearest that still lets somebody in."""
    for _ in range(MOST_ROUNDS):
        nearer = [
            each for change, _ in found if isinstance(change, Exchange) for each in change.nearer(place)
        ]
        if not nearer:
            break
        counted = await _counted(node, leaves, nearer, place, store)
        if counted is None:
            return []
        better = {change.family: (change, count) for change, count in counted}
        found = [better.get(change.family) or (_after(change, nearer), count) for change, count in found]
    return list(found)


def _after(change: Change, tried: Sequence[Exchange]) -> Change:
    return change.after(tried) if isinstance(change, Exchange) else change


def _chosen(offers: Sequence[Relaxation]) -> tuple[Relaxation, ...]:
    ranked = _most_first(offers)
    best = [next((each for each in ranked if each.kind == kind), None) for kind in _KINDS]
    chosen = [each for each in best if each is not None]
    chosen.extend(each for each in ranked if not any(each is one for one in chosen))
    return tuple(_most_first(chosen[:MOST_RELAXATIONS]))


def _fewest(offers: Sequence[Relaxation]) -> tuple[Relaxation, ...]:
    """Those that leave the fewest leaves out, and of equals those that let most customers in."""
    ranked = sorted(offers, key=lambda each: (each.changes, -(each.count.matched or 0)))
    fewest = [each for each in ranked if each.changes == ranked[0].changes]
    return tuple(fewest[:MOST_RELAXATIONS])


def _most_first(offers: Sequence[Relaxation]) -> list[Relaxation]:
    return sorted(offers, key=lambda each: -(each.count.matched or 0))


async def _exchanges(
    node: Node, leaves: Sequence[Condition], place: Place, store: CustomerStore
) -> list[Exchange]:
    """The widenings of every leaf that has one, the nearest first."""
    bound = [each.bound for each in leaves]
    values = await nearest_values(node, leaves[:MOST_LEAVES_WIDENED], bound, place, store)
    found: list[Exchange] = []
    for number, each in enumerate(leaves[:MOST_LEAVES_WIDENED]):
        value = values.get(number)
        threshold = None if value is None else widened(each, value, place)
        found.extend(exchanges(number, [] if threshold is None else [threshold], "threshold", place))
        found.extend(exchanges(number, longer(each), "window", place))
        found.extend(numbers(number, each, place))
    return found


def _relaxation(
    node: Node, leaves: Sequence[Condition], change: Change, count: Count, place: Place
) -> Relaxation:
    symbolic = [each.leaf for each in leaves]
    match change:
        case Strike(numbers):
            struck = [symbolic[number] for number in sorted(numbers)]
            label = " and ".join(f'without "{place.english(each)}"' for each in struck)
            if len(struck) > MOST_NAMED:
                label = f"without {len(struck)} of the {len(symbolic)} conditions"
            changed = change.applied(node, symbolic)
            return Relaxation(struck[0].path, changed, count, label, change.kind, len(struck))
        case Exchange(number, other):
            was = symbolic[number]
            label = f'"{place.english(other)}" instead of "{place.english(was)}"'
            written = dataclasses.replace(other, path=was.path)
            changed = taken.exchanged(node, symbolic, number, written)
            return Relaxation(was.path, changed, count, label, change.kind)
        case _:
            assert_never(change)
