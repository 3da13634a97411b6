"""Large criteria and long words are worked on beside the event loop, which serves everybody meanwhile."""

from __future__ import annotations

import threading

import pytest
from segmentry.builder.aside import reading
from segmentry.builder.refine import refine
from segmentry.builder.request import Options, Place
from segmentry.criteria.catalog import Catalog, Field
from segmentry.criteria.nodes import And, Leaf, Operator
from segmentry.customers.snapshots import SnapshotStore
from segmentry.reader.lexicon.lexicon import lexicon

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


@pytest.mark.parametrize(
    ("words", "known", "beside"), [(20, True, False), (20, False, True), (400, True, True)]
)
async def test_words_are_read_in_a_thread_where_that_takes_long(
    words: int, *, known: bool, beside: bool
) -> None:
    catalog = Catalog(f"shop_{words}_{known}", (Field("orders", "number"),))
    if known:
        lexicon(catalog)
    thread = await reading(threading.current_thread, "x" * words, catalog)
    assert (thread is not threading.main_thread()) == beside
