"""Large criteria are refined beside the event loop, which serves everybody else meanwhile."""

from __future__ import annotations

import threading

import pytest
from segmentry.builder.refine import refine
from segmentry.builder.request import Options, Place
from segmentry.criteria.nodes import And, Leaf, Operator
from segmentry.customers.snapshots import SnapshotStore

from tests.watched import Watched


@pytest.mark.parametrize(("instruction", "asks"), [("also require email opt-in", False), ("make it 7", True)])
@pytest.mark.parametrize(("leaves", "beside"), [(2, False), (240, True)])
async def test_large_criteria_are_refined_in_threads(
    place: Place, store: SnapshotStore, instruction: str, leaves: int, *, beside: bool, asks: bool
) -> None:
    watched = Watched(place.tenant, place.schema_id, place.catalog, place.clock)
    current = And(tuple(Leaf("handicap", Operator.GT, -number) for number in range(leaves)))
    outcome = await refine(instruction, current, watched, Options(), store, build_id="b_1")
    assert (outcome.clarification is not None) == asks
    assert (threading.main_thread() not in watched.threads) == beside
