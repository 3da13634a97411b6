"""Whatever a vendor does, a build ends in its time, makes few calls, and leaves none behind."""

from __future__ import annotations

import asyncio

import pytest
from segmentry.agents.hedging import Hedger
from segmentry.builder.build import build
from segmentry.builder.events import SubtaskFailed, SubtaskStarted, SubtaskSucceeded
from segmentry.builder.panel import Strategy
from segmentry.builder.request import Options, Place
from segmentry.customers.snapshots import SnapshotStore
from segmentry.errors import SegmentryError

from tests.vendor.menu import MENU
from tests.vendor.plans import Plan
from tests.vendor.script import Mixed, Scripted
from tests.vendored import NOTHING, Vendored, vendored

from .conftest import Listener

# The reader is lost in the first and asks everybody; in the second there are words for a second wave.
QUERIES = ("people who are crazy about us", "gold members who frobnicate or grumble about the weather")
_EXTRA = 3
# With a wait of two seconds a vendor may still be asked again within it.
_REQUEST_S = 3.0
_HANGS = frozenset({"silent", "slow_first_byte", "stalled_midway", "dripped"})


async def bounded(asked: Vendored, query: str, place: Place, store: SnapshotStore, *, required: bool) -> None:
    """One build, which must end by itself and have made at most three calls more than it has subtasks."""
    listener = Listener()
    before = asked.vendor.n_calls
    # Only a guard for the test: a build that outlives its own time by so much does not end at all.
    async with asyncio.timeout(asked.panel.request_s + 8.0):
        try:
            outcome = await build(
                query,
                place,
                Options(require_llm=required),
                store,
                build_id="b_1",
                emit=listener,
                panel=asked.panel,
            )
        except SegmentryError as error:
            assert required and error.reason in {"AI_ERROR", "PARSE_ERROR"}  # noqa: PT017, PT018 - it may be
        else:
            assert (outcome.result is None) != (outcome.clarification is None)
    started = [each.subtask_id for each in listener.heard if isinstance(each, SubtaskStarted)]
    subtasks = set(started) - {"reader", "checker", "counter"}
    assert asked.vendor.n_calls - before <= len(subtasks) + _EXTRA
    assert len(started) == len(set(started))
    ended = [each.subtask_id for each in listener.heard if isinstance(each, SubtaskSucceeded | SubtaskFailed)]
    assert sorted(ended) == sorted(started)
    async with asyncio.timeout(8.0):
        await asked.vendor.idle()


@pytest.mark.parametrize("strategy", ["experts", "one_shot"])
@pytest.mark.parametrize("fault", MENU)
async def test_every_fault_of_a_vendor_keeps_a_build_in_its_bounds(
    fault: str, strategy: Strategy, place: Place, store: SnapshotStore
) -> None:
    async with vendored(MENU[fault], MENU[fault]) as asked:
        asked.panel.strategy = strategy
        asked.panel.request_s = 0.5 if fault in _HANGS else _REQUEST_S
        await bounded(asked, QUERIES[0], place, store, required=False)
    if fault in _HANGS or strategy == "one_shot":
        return
    # Anew: the breaker may have opened, and then nobody is asked at all.
    async with vendored(MENU[fault], MENU[fault]) as asked:
        asked.panel.request_s = _REQUEST_S
        await bounded(asked, QUERIES[1], place, store, required=True)


@pytest.mark.parametrize("fault", ["silent", "server_error", "broken_json"])
async def test_copies_of_slow_calls_count_among_the_three(
    fault: str, place: Place, store: SnapshotStore
) -> None:
    async with vendored(MENU[fault], MENU[fault]) as asked:
        # Experts that were quick so far, and a budget in which every call may have a copy.
        hedger = asked.panel.asker.hedger = Hedger(share=1.0)
        for expert in asked.panel.experts(place.catalog, place.tenant, QUERIES[0]).all:
            for _ in range(20):
                hedger.answered(expert.name, 0.02)
        asked.panel.request_s = 0.5
        await bounded(asked, QUERIES[0], place, store, required=False)
        if fault == "silent":
            copied = [each for each in asked.vendor.calls if each.asked.attempt == 2]
            assert len(copied) == _EXTRA


@pytest.mark.parametrize("seed", range(6))
async def test_faults_in_any_mixture_keep_builds_in_their_bounds(
    seed: int, place: Place, store: SnapshotStore
) -> None:
    names = [name for name in MENU if name not in _HANGS]
    shares = dict.fromkeys(names, 0.9 / len(names)) | {"silent": 0.02}
    async with vendored(Plan(answer=NOTHING)) as asked:
        asked.vendor.script = Mixed(Scripted(Plan(answer=NOTHING)), MENU, shares, seed=seed)
        asked.panel.request_s = 2.0
        for query in QUERIES:
            await bounded(asked, query, place, store, required=False)
