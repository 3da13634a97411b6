"""A further condition never lets anybody in, and it can be taken out again, whatever the criteria."""

from __future__ import annotations

import random

import pytest
from segmentry.builder.refine import refine
from segmentry.builder.request import Options, Place
from segmentry.criteria import canonical, walk
from segmentry.criteria.nodes import Node, Segment
from segmentry.customers.snapshots import SnapshotStore

from tests.reader.trees import tree

# Words for a condition, and the name by which it is taken out again.
CONDITIONS = {
    "email opt-in": ("emailOptIn", "the email opt-in"),
    "handicap under 20": ("handicap", "the handicap"),
    "churn risk over 30": ("churnRiskScore", "the churn risk"),
    "country is South Africa": ("country", "the country"),
    "booked in the last 90 days": ("lastBookingAt", "the last booking"),
    "gold or platinum": ("membershipTier", "the tier"),
}


def criteria(seed: int, place: Place, field: str) -> Node:
    """Random criteria that say nothing about a field."""
    draw = random.Random(seed)
    while True:
        node = tree(draw, place.catalog, 2)
        leaves = walk.leaves(node)
        if field not in walk.fields(node) and not any(isinstance(leaf, Segment) for leaf in leaves):
            return node


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("said", CONDITIONS)
async def test_a_further_condition_never_raises_the_count_and_goes_again(
    said: str, seed: int, place: Place, store: SnapshotStore
) -> None:
    field, name = CONDITIONS[said]
    current = criteria(seed, place, field)
    added = await refine(f"also require {said}", current, place, Options(), store, build_id="b_1")
    assert added.result is not None
    assert added.preview is not None
    assert added.previous is not None
    assert (added.preview.matched or 0) <= (added.previous.matched or 0)
    back = await refine(f"drop {name} condition", added.result.node, place, Options(), store, build_id="b_2")
    assert back.result is not None
    assert canonical.text(back.result.node, place.catalog) == canonical.text(current, place.catalog)
