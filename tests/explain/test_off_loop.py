"""Large criteria are taken apart beside the event loop, which serves everybody else meanwhile."""

from __future__ import annotations

import threading

import pytest
from segmentry.criteria.nodes import Leaf, Operator, Or
from segmentry.explain.count import explain_count

from tests.explain.tables import PLACE, club
from tests.watched import Watched


@pytest.mark.parametrize(("leaves", "beside"), [(2, False), (60, True)])
async def test_a_large_explanation_is_worked_out_in_threads(leaves: int, *, beside: bool) -> None:
    watched = Watched(PLACE.tenant, PLACE.schema_id, PLACE.catalog, PLACE.clock)
    table = club([{"visits": 1}])
    node = Or(tuple(Leaf("visits", Operator.EQ, number) for number in range(leaves)))
    found = await explain_count(node, watched, table.store)
    assert len(found.leaves) == leaves
    assert (threading.main_thread() not in watched.threads) == beside
