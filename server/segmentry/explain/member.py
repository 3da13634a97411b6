"""Why one customer matches or does not, and what would change that."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from segmentry.criteria.check import Checked
from segmentry.criteria.nodes import Node, Not
from segmentry.customers.store import CustomerStore, Member
from segmentry.explain import conditions as taken
from segmentry.explain.conditions import Condition
from segmentry.explain.flips import flips, holds
from segmentry.explain.place import Place
from segmentry.explain.verdicts import Verdict, verdict


@dataclass(frozen=True, slots=True)
class Flip:
    """A smallest set of leaves that together would change the verdict, and the change in words."""

    leaf_ids: tuple[str, ...]
    message: str


@dataclass(frozen=True, slots=True)
class ExplainedMember:
    """The verdict on one customer, by the reference matcher."""

    checked: Checked
    key: str
    member: bool
    leaves: tuple[Verdict, ...]
    flips: tuple[Flip, ...]


async def explain_member(node: Node, key: str, place: Place, store: CustomerStore) -> ExplainedMember:
    """Each leaf held against the customer with that key, and the smallest sets of them that would flip it.

    Raises: InvalidCriteria before anything is read; NotFound for an unknown customer; SmallCountsWithheld;
    whatever else the store raises.
    """
    checked = place.require(node)
    member = await store.member(place.tenant, place.schema_id, key)
    leaves = await asyncio.to_thread(taken.conditions, node, place)
    # A threshold of `$top` is the table's, not the customer's.
    resolved = await store.resolve(
        place.tenant, place.schema_id, [each.bound for each in leaves], place.clock.as_of
    )
    return await asyncio.to_thread(_explained, checked, leaves, resolved, member, place)


def _explained(
    checked: Checked, leaves: tuple[Condition, ...], resolved: list[Node], member: Member, place: Place
) -> ExplainedMember:
    verdicts = tuple(
        verdict(condition, tree, member, place) for condition, tree in zip(leaves, resolved, strict=True)
    )
    truth = [each.holds for each in verdicts]
    inside = holds(checked.node, truth)
    found = tuple(
        Flip(
            tuple(leaves[number].leaf_id for number in numbers),
            _message([leaves[number] for number in numbers], truth, numbers, place, inside=inside),
        )
        for numbers in flips(checked.node, truth)
    )
    return ExplainedMember(checked, member.key, inside, verdicts, found)


def _message(
    changed: list[Condition], truth: list[bool], numbers: tuple[int, ...], place: Place, *, inside: bool
) -> str:
    parts = [
        place.english(Not(each.leaf) if truth[number] else each.leaf)
        for each, number in zip(changed, numbers, strict=True)
    ]
    verb = "would no longer match" if inside else "would match"
    return f"{verb} if {' and '.join(parts)}"
