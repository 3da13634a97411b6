"""Large criteria are refined beside the event loop, which serves everybody else meanwhile."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

import pytest
from segmentry.builder.refine import refine
from segmentry.builder.request import Options, Place
from segmentry.criteria.check import Checked
from segmentry.criteria.nodes import And, Leaf, Node, Operator
from segmentry.customers.snapshots import SnapshotStore


@dataclass(frozen=True, slots=True)
class Watched(Place):
    """A place that notes in which threads it is asked."""

    threads: set[threading.Thread] = field(default_factory=set[threading.Thread])

    def check(self, node: Node) -> Checked:
        self.threads.add(threading.current_thread())
        return Place.check(self, node)

    def require(self, node: Node) -> Checked:
        self.threads.add(threading.current_thread())
        return Place.require(self, node)

    def english(self, node: Node) -> str:
        self.threads.add(threading.current_thread())
        return Place.english(self, node)


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
