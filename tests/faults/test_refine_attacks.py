"""Attacks as instructions to change a segment, before obedient models, and vendors that fail."""

from __future__ import annotations

import asyncio
import logging
from itertools import chain

import pytest
from segmentry.builder.events import SubtaskFailed, SubtaskStarted, SubtaskSucceeded
from segmentry.builder.refine import refine
from segmentry.builder.request import Options, Place
from segmentry.criteria import parse
from segmentry.customers.snapshots import SnapshotStore
from segmentry.errors import QueryTooLong, SegmentryError

from tests.vendor.menu import MENU
from tests.vendor.obedient import OBEDIENT
from tests.vendor.plans import Asked, Plan
from tests.vendored import vendored

from .attacks import ATTACKS
from .conftest import Listener
from .sound import must_be_sound, shown_trees
from .told import texts_in, told

CURRENT = '{"$and":[{"membershipTier":{"$in":["GOLD","SILVER"]}},{"handicap":{"$lt":20}}]}'
OPEN = "the second one is way too loose, twelve would do nicely"
_TELLING = 6
_OURS = frozenset(
    {"edits", "evidence", "leaves", "unhandled", "conditions", "values", "direction", "negated"}
)
_OURS_TOO = frozenset({"assumed", "question", "options"})
_HANGS = frozenset({"silent", "slow_first_byte", "stalled_midway", "dripped"})


@pytest.mark.parametrize("model", OBEDIENT)
@pytest.mark.parametrize("kind", ATTACKS)
async def test_no_instruction_gets_more_than_a_segment(
    kind: str, model: str, place: Place, store: SnapshotStore, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    logging.getLogger("httpcore2").setLevel(logging.INFO)
    answers: list[str] = []

    def answer(asked: Asked) -> str:
        answers.append(OBEDIENT[model](asked))
        return answers[-1]

    plan = Plan(answer=answer)
    async with vendored(plan, plan, edit=plan) as asked:
        for text in ATTACKS[kind]:
            listener = Listener()
            caplog.clear()
            answers.clear()
            try:
                outcome = await refine(
                    text,
                    parse.loads(CURRENT),
                    place,
                    Options(),
                    store,
                    build_id="b_1",
                    emit=listener,
                    panel=asked.panel,
                )
            except QueryTooLong:
                assert len(text) > 2_000
                continue
            for node in shown_trees(outcome, listener.heard):
                must_be_sound(node, place)
            everything = told(outcome, listener.heard, caplog.text).casefold()
            for said in set(chain.from_iterable(map(texts_in, answers))):
                if len(said) < _TELLING or said.isdecimal() or said.casefold() in text.casefold():
                    continue
                ours = said in _OURS | _OURS_TOO or place.catalog.get(said) is not None
                assert ours or said.casefold() not in everything, said


@pytest.mark.parametrize("fault", MENU)
async def test_every_fault_of_a_vendor_keeps_a_refinement_in_its_bounds(
    fault: str, place: Place, store: SnapshotStore
) -> None:
    for required in (False, True):
        listener = Listener()
        async with vendored(MENU[fault], MENU[fault], edit=MENU[fault]) as asked:
            asked.panel.request_s = 0.5 if fault in _HANGS else 3.0
            async with asyncio.timeout(asked.panel.request_s + 8.0):
                try:
                    outcome = await refine(
                        OPEN,
                        parse.loads(CURRENT),
                        place,
                        Options(require_llm=required),
                        store,
                        build_id="b_1",
                        emit=listener,
                        panel=asked.panel,
                    )
                except SegmentryError as error:
                    allowed = {"AI_ERROR", "PARSE_ERROR"} if required else set[str]()
                    assert error.reason in allowed  # noqa: PT017 - it may be
                else:
                    assert (outcome.result is None) != (outcome.clarification is None)
            started = [each.subtask_id for each in listener.heard if isinstance(each, SubtaskStarted)]
            ended = [
                each.subtask_id
                for each in listener.heard
                if isinstance(each, SubtaskSucceeded | SubtaskFailed)
            ]
            assert sorted(ended) == sorted(started)
            assert asked.vendor.n_calls <= len(set(started) - {"reader", "checker", "counter"}) + 3
            async with asyncio.timeout(8.0):
                await asked.vendor.idle()
