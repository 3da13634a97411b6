"""Large criteria are taken apart beside the event loop, which serves everybody else meanwhile."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

import pytest
from segmentry.builder.request import Place
from segmentry.criteria.check import Checked
from segmentry.criteria.nodes import Leaf, Node, Operator, Or
from segmentry.explain.count import explain_count

from tests.explain.tables import PLACE, club


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


@pytest.mark.parametrize(("leaves", "beside"), [(2, False), (60, True)])
async def test_a_large_explanation_is_worked_out_in_threads(leaves: int, *, beside: bool) -> None:
    watched = Watched(PLACE.tenant, PLACE.schema_id, PLACE.catalog, PLACE.clock)
    table = club([{"visits": 1}])
    node = Or(tuple(Leaf("visits", Operator.EQ, number) for number in range(leaves)))
    found = await explain_count(node, watched, table.store)
    assert len(found.leaves) == leaves
    assert (threading.main_thread() not in watched.threads) == beside
