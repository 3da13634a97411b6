"""Requests that want more than a segment, before models that do as they are told: our checks stop them alone.

Each of the 200 texts goes two ways, before each of three models: as every build goes, where the reader
decides who is asked, and with experts asked about all fields whatever the reader thinks of the text.
"""

from __future__ import annotations

import asyncio
import json
import logging
from itertools import chain

import pytest
from segmentry.builder.build import build
from segmentry.builder.consulting import Consultation
from segmentry.builder.finish import Job, finish
from segmentry.builder.interviews import Interviews
from segmentry.builder.outcome import Outcome
from segmentry.builder.panel import Panel
from segmentry.builder.plan import Plan as Asked
from segmentry.builder.request import Options, Place
from segmentry.customers.snapshots import SnapshotStore
from segmentry.errors import QueryTooLong
from segmentry.reader import read
from segmentry.reader.outline import outline

from tests.vendor.obedient import OBEDIENT
from tests.vendor.plans import Answerer, Plan
from tests.vendor.plans import Asked as Request
from tests.vendored import condition, groups, says, vendored

from .attacks import ATTACKS
from .conftest import Listener
from .sound import must_be_sound, shown_trees
from .told import texts_in, told

HONEST = "gold members who are crazy about us"
CRAZY = says(condition("crazy about us", "engagementScore", "band", "high engagement"))
# Shorter texts of an answer, such as "is", and numbers alone may stand in any reply of ours.
_TELLING = 6


class Remembered:
    """A model that keeps its answers, and answers the honest request honestly."""

    def __init__(self, answer: Answerer) -> None:
        self._answer = answer
        self.answers: list[str] = []

    def __call__(self, asked: Request) -> str:
        if HONEST in asked.user:
            honest = groups("1 & 2") if asked.agent == "logic" else CRAZY
            return honest.text(asked)
        self.answers.append(self._answer(asked))
        return self.answers[-1]


async def with_everybody_asked(
    query: str, place: Place, store: SnapshotStore, panel: Panel, listener: Listener
) -> Outcome:
    """A build in which experts are asked about the query and all fields, also where the reader refuses it."""
    draft = read.read(query, place.catalog, place.clock)
    experts = panel.experts(place.catalog, place.tenant, query)
    foreign = draft.reason == "UNSUPPORTED_LANGUAGE"
    outlined = outline(query, place.catalog, place.clock)
    everybody = Asked("one_shot", outlined, (experts.one_shot,), (), experts.logic, foreign)
    interviews = Interviews(place, panel, Options(), listener)
    consulted = await Consultation(query, draft, everybody, place, panel, interviews, listener).run()
    return await finish(
        consulted.draft, Job("b_1", place, Options(), store, listener, consulted=consulted, has_model=True)
    )


def test_there_are_two_hundred_attacks() -> None:
    texts = list(chain.from_iterable(ATTACKS.values()))
    assert len(texts) == len(set(texts)) >= 200


@pytest.mark.parametrize("model", OBEDIENT)
@pytest.mark.parametrize("kind", ATTACKS)
@pytest.mark.parametrize("everybody", [False, True], ids=["as_always", "everybody_asked"])
async def test_no_attack_gets_more_than_a_segment(  # noqa: PLR0917 - a row of the table
    kind: str,
    model: str,
    everybody: bool,
    place: Place,
    store: SnapshotStore,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    logging.getLogger("httpcore2").setLevel(logging.INFO)
    answering = Remembered(OBEDIENT[model])
    plan = Plan(answer=answering)
    async with vendored(plan, plan) as asked:
        for text in ATTACKS[kind]:
            listener = Listener()
            caplog.clear()
            answering.answers.clear()
            try:
                if everybody:
                    outcome = await with_everybody_asked(text, place, store, asked.panel, listener)
                else:
                    outcome = await build(
                        text, place, Options(), store, build_id="b_1", emit=listener, panel=asked.panel
                    )
            except QueryTooLong:
                assert len(text) > 2_000
                continue
            assert (outcome.result is None) != (outcome.clarification is None)
            for node in shown_trees(outcome, listener.heard):
                must_be_sound(node, place)
            everything = told(outcome, listener.heard, caplog.text).casefold()
            for said in set(chain.from_iterable(map(texts_in, answering.answers))):
                if len(said) < _TELLING or said.isdecimal() or said.casefold() in text.casefold():
                    continue
                assert said.casefold() not in everything or _is_ours(said, place), said
        if everybody:
            assert asked.vendor.n_calls >= len(ATTACKS[kind])


def _is_ours(said: str, place: Place) -> bool:
    """Whether a model said a word of the catalog or of the answer's schema, which we say as well."""
    return said in {"conditions", "evidence", "values", "direction", "negated", "assumed", "unhandled"} or (
        place.catalog.get(said) is not None
    )


@pytest.mark.parametrize("model", OBEDIENT)
async def test_an_attack_leaves_others_alone(model: str, place: Place, store: SnapshotStore) -> None:
    answering = Plan(answer=Remembered(OBEDIENT[model]))

    async def honest(panel: Panel) -> tuple[str, int | None]:
        outcome = await build(HONEST, place, Options(), store, build_id="b_2", panel=panel)
        assert outcome.result is not None, outcome.fallbacks
        assert outcome.preview is not None
        return outcome.result.canonical_json, outcome.preview.matched

    async def attack(text: str, panel: Panel) -> None:
        await build(text, place, Options(), store, build_id="b_1", panel=panel)

    # Few at a time: models share the processor with their callers here, and a slow one is left alone.
    texts = [kind[0] for kind in ATTACKS.values()][:4]
    async with vendored(answering, answering) as asked:
        before = await honest(asked.panel)
        async with asyncio.TaskGroup() as both:
            attacks = [both.create_task(attack(text, asked.panel)) for text in texts]
            beside = [both.create_task(honest(asked.panel)) for _ in range(2)]
        assert all(each.done() for each in attacks)
        assert {before} == {each.result() for each in beside} | {await honest(asked.panel)}


@pytest.mark.parametrize(
    "lie",
    [
        condition("crazy about us", "tenantId", "is", "acme-of-the-model"),
        condition("crazy about us", "$where", "is", "acme-of-the-model"),
        condition("crazy about us", "engagementScore", "$where", "acme-of-the-model"),
        condition("crazy about us", "city", "is", "acme-of-the-model'; DROP TABLE customers; --"),
        condition("crazy about us", "engagementScore", "above", "{{NOW}} or acme-of-the-model"),
        condition("crazy about us", "firstName", "contains", "acme-of-the-model"),
    ],
    ids=lambda lie: f"{lie['field']} {lie['op']}",
)
async def test_a_lie_about_words_of_the_request_is_dropped(
    lie: dict[str, object], place: Place, store: SnapshotStore, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    listener = Listener()
    async with vendored(Plan(answer=json.dumps({"conditions": [lie], "unhandled": []}))) as asked:
        outcome = await build(
            HONEST, place, Options(), store, build_id="b_1", emit=listener, panel=asked.panel
        )
    assert outcome.clarification is not None
    for node in shown_trees(outcome, listener.heard):
        must_be_sound(node, place)
    assert "acme-of-the-model" not in told(outcome, listener.heard, caplog.text)
