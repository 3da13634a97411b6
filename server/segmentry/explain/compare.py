"""How two definitions differ: as texts, leaf by leaf, and in the customers they select."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from segmentry.criteria import canonical, diff, match, walk
from segmentry.criteria.check import Checked
from segmentry.criteria.diff import LeafChange
from segmentry.criteria.match import Cell
from segmentry.criteria.nodes import And, Node, Not
from segmentry.customers.store import Count, CustomerStore, Member
from segmentry.errors import SmallCountsWithheld
from segmentry.explain.place import Place


@dataclass(frozen=True, slots=True)
class Witness:
    """A customer whom only one side selects: the values of the fields that the sides ask about."""

    side: Literal["left", "right"]
    values: Mapping[str, Cell]


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two definitions side by side. All counts are of one version of the rows."""

    left: Checked
    right: Checked
    changes: tuple[LeafChange, ...]
    same_canonical: bool
    left_count: Count
    right_count: Count
    both: Count
    only_left: Count
    only_right: Count
    witness: Witness | None

    @property
    def counts(self) -> tuple[Count, ...]:
        return (self.left_count, self.right_count, self.both, self.only_left, self.only_right)

    @property
    def same_members(self) -> bool | None:
        """Whether both select the same customers; None where a count that says so is kept back."""
        apart = (self.only_left.matched, self.only_right.matched)
        if any(apart):
            return False
        return None if None in apart else True

    @property
    def jaccard(self) -> float | None:
        """Customers of both as a share of those of either, 0-1.

        None when neither has any, or when a count that it needs is kept back.
        """
        both, left, right = self.both.matched, self.only_left.matched, self.only_right.matched
        if both is None or left is None or right is None or not both + left + right:
            return None
        return both / (both + left + right)


async def compare(left: Checked, right: Checked, place: Place, store: CustomerStore) -> Comparison:
    """Two checked definitions compared, counted in one call.

    Raises: whatever the store raises.
    """
    only_left: Node = And((left.bound, Not(right.bound)))
    only_right: Node = And((right.bound, Not(left.bound)))
    counts = await store.count(
        place.tenant,
        place.schema_id,
        [left.bound, right.bound, And((left.bound, right.bound)), only_left, only_right],
        place.clock.as_of,
    )
    left_count, right_count, both, *apart = counts
    witness: Witness | None = None
    sides: tuple[tuple[Literal["left", "right"], Node], ...] = (("left", only_left), ("right", only_right))
    for (side, only), count in zip(sides, apart, strict=True):
        if witness is None and count.matched:
            member = await _member(only, place, store)
            witness = None if member is None else Witness(side, _shown(member, left, right, place))
    same, changes = await asyncio.to_thread(_changes, left.node, right.node, place)
    return Comparison(
        left=left,
        right=right,
        changes=changes,
        same_canonical=same,
        left_count=left_count,
        right_count=right_count,
        both=both,
        only_left=apart[0],
        only_right=apart[1],
        witness=witness,
    )


def _changes(left: Node, right: Node, place: Place) -> tuple[bool, tuple[LeafChange, ...]]:
    """Whether both are the same text in canonical form, and what differs: for a thread, if they are large."""
    same = canonical.text(left, place.catalog) == canonical.text(right, place.catalog)
    return same, () if same else diff.diff(left, right)


async def _member(only: Node, place: Place, store: CustomerStore) -> Member | None:
    try:
        return await store.example(place.tenant, place.schema_id, only, place.clock.as_of)
    except SmallCountsWithheld:
        return None


def _shown(member: Member, left: Checked, right: Checked, place: Place) -> dict[str, Cell]:
    """What may be shown of a customer: the set values of fields that a side asks about.

    Neither the key nor anything personal.
    """
    asked = dict.fromkeys((*walk.fields(left.bound), *walk.fields(right.bound)))
    key = place.catalog.key_column
    values: dict[str, Cell] = {}
    for name in asked:
        field = place.catalog.get(name)
        if field is None or field.pii or field.role == "id" or field.column_name == key:
            continue
        value = match.cell(member.row, name)
        if value is not None:
            values[name] = value
    return values
