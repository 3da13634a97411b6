"""A count taken apart: what each leaf and each clause does to it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace

from segmentry.criteria import walk
from segmentry.criteria.check import Checked
from segmentry.criteria.nodes import Leaf, Node, Operator, Top
from segmentry.criteria.walk import AnyLeaf
from segmentry.customers.store import Count, CustomerStore
from segmentry.explain import conditions as taken
from segmentry.explain.conditions import Clause, Condition
from segmentry.explain.place import Place
from segmentry.explain.relaxations import Relaxation, relaxations

# Measured: planning 32 leaves takes 0.6 ms, 64 of them 1.8 ms; a hop to a thread costs 0.1 ms.
MOST_LEAVES_INLINE = 32


@dataclass(frozen=True, slots=True)
class LeafCount:
    """What one leaf does.

    `alone`: customers that match it by itself. `running`: customers that match all clauses up to it, where
    the leaf is a clause itself. `without`: those that match when it is left out (`conditions.rebuilt`).
    `missing_value`: customers with no value for its field; None for events and segments, which have none.
    """

    leaf_id: str
    leaf: AnyLeaf
    explanation: str
    alone: Count
    running: Count | None
    without: Count
    missing_value: Count | None


@dataclass(frozen=True, slots=True)
class ClauseCount:
    """What one clause of the root's `$and` does: `running` after it, and the count `without` it."""

    node: Node
    leaf_ids: tuple[str, ...]
    running: Count
    without: Count


@dataclass(frozen=True, slots=True)
class ExplainedCount:
    """The whole. `strongest_leaf_id`: the leaf without which most come in; empty when none keeps any out."""

    checked: Checked
    count: Count
    leaves: tuple[LeafCount, ...]
    clauses: tuple[ClauseCount, ...]
    strongest_leaf_id: str
    relaxations: tuple[Relaxation, ...]

    @property
    def figures(self) -> tuple[Count, ...]:
        """Every count beside the whole one."""
        of_leaves = [
            count
            for leaf in self.leaves
            for count in (leaf.alone, leaf.running, leaf.without, leaf.missing_value)
            if count is not None
        ]
        of_clauses = [count for clause in self.clauses for count in (clause.running, clause.without)]
        return (*of_leaves, *of_clauses)


@dataclass(frozen=True, slots=True)
class _Plan:
    """The trees of one explanation, bound, each figure once."""

    whole: Node
    leaves: tuple[Condition, ...]
    clauses: tuple[Clause, ...]
    without: tuple[Node, ...]
    running: tuple[Node, ...]
    without_clause: tuple[Node, ...]
    missing: tuple[Node | None, ...]


@dataclass(frozen=True, slots=True)
class _Counted:
    """A plan with the count of each different tree of it."""

    checked: Checked
    plan: _Plan
    asked: Sequence[Node]
    counts: Sequence[Count]


async def explain_count(node: Node, place: Place, store: CustomerStore) -> ExplainedCount:
    """The count of criteria with that of each leaf and clause, all of one version of the rows.

    Nobody matching, up to three relaxations are offered (`relaxations`).

    Raises: InvalidCriteria before anything is counted; whatever the store raises.
    """
    # Trees are rebuilt and compared as often as there are leaves: hundreds take too long for the event loop.
    inline = len(walk.leaves(node)) <= MOST_LEAVES_INLINE
    checked = place.require(node) if inline else await asyncio.to_thread(place.require, node)
    plan, asked = _asked(node, place) if inline else await asyncio.to_thread(_asked, node, place)
    counts = await store.count(place.tenant, place.schema_id, asked, place.clock.as_of)
    counted = _Counted(checked, plan, asked, counts)
    found = _explained(counted, place) if inline else await asyncio.to_thread(_explained, counted, place)
    if found.count.matched != 0:
        return found
    alone = [leaf.alone for leaf in found.leaves]
    offered = await relaxations(node, plan.leaves, plan.clauses, place, store, alone=alone)
    return replace(found, relaxations=offered)


def _explained(counted: _Counted, place: Place) -> ExplainedCount:
    """The figures where they belong, without relaxations."""
    plan = counted.plan
    figure = dict(zip(counted.asked, counted.counts, strict=True))
    count = figure[plan.whole]
    without = tuple(figure[each] for each in plan.without)
    running_of = {
        clause.first: figure[each]
        for clause, each in zip(plan.clauses, plan.running, strict=True)
        if clause.is_leaf
    }
    leaves = tuple(
        LeafCount(
            each.leaf_id,
            each.leaf,
            place.english(each.leaf),
            figure[each.bound],
            running_of.get(number),
            without[number],
            None if (missing := plan.missing[number]) is None else figure[missing],
        )
        for number, each in enumerate(plan.leaves)
    )
    clauses = tuple(
        ClauseCount(
            clause.node,
            tuple(each.leaf_id for each in plan.leaves[clause.first : clause.end]),
            figure[running],
            figure[without_clause],
        )
        for clause, running, without_clause in zip(
            plan.clauses, plan.running, plan.without_clause, strict=True
        )
    )
    return ExplainedCount(counted.checked, count, leaves, clauses, strongest(leaves, count), ())


def strongest(leaves: Sequence[LeafCount], count: Count) -> str:
    """The id of the leaf without which the count grows most, the first of equals; empty where none does."""
    if count.matched is None:
        return ""
    grown = [(leaf.without.matched or 0) - count.matched for leaf in leaves]
    most = max(grown, default=0)
    return leaves[grown.index(most)].leaf_id if most > 0 else ""


def _plan(node: Node, place: Place) -> _Plan:
    leaves = taken.conditions(node, place)
    clauses = taken.clauses(node)
    bound = [each.bound for each in leaves]
    parts = [taken.rebuilt(clause.node, bound[clause.first : clause.end]) for clause in clauses]
    return _Plan(
        whole=taken.rebuilt(node, bound),
        leaves=leaves,
        clauses=clauses,
        without=tuple(taken.without(node, bound, {number}) for number in range(len(bound))),
        running=tuple(taken.conjunction(parts[: number + 1]) for number in range(len(parts))),
        without_clause=tuple(
            taken.conjunction([*parts[:number], *parts[number + 1 :]]) for number in range(len(parts))
        ),
        missing=tuple(_missing(each.leaf) for each in leaves),
    )


def _missing(leaf: AnyLeaf) -> Node | None:
    return Leaf(leaf.field, Operator.EXISTS, value=False) if isinstance(leaf, Leaf | Top) else None


def _asked(node: Node, place: Place) -> tuple[_Plan, list[Node]]:
    """The plan, and its trees: equal ones once."""
    plan = _plan(node, place)
    wanted = dict.fromkeys(
        (
            plan.whole,
            *(each.bound for each in plan.leaves),
            *plan.without,
            *plan.running,
            *plan.without_clause,
            *(each for each in plan.missing if each is not None),
        )
    )
    return plan, list(wanted)
