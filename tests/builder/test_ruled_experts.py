"""Experts played by rules, for load: answers in good form that are right, and wrong as often as wanted."""

from __future__ import annotations

import pytest
from segmentry.builder.build import build
from segmentry.builder.events import SubtaskFailed, SubtaskRetried, SubtaskSucceeded
from segmentry.builder.request import Options, Place
from segmentry.criteria import parse, witness
from segmentry.customers import golf
from segmentry.customers.snapshots import SnapshotStore

from tests.reader import scoring
from tests.vendor.plans import Asked, Plan
from tests.vendor.rules import FAULTS, Ruled
from tests.vendored import vendored

from .conftest import Listener

# Every fourth sentence of the reader's own tests that has one right answer.
SENTENCES = [
    (each.query, each.expect[0])
    for each in scoring.cases("golf")
    if len(each.expect) == 1 and each.expect[0].startswith("{")
][::4]
_EXPERTS = (SubtaskSucceeded, SubtaskRetried, SubtaskFailed)


async def required(
    query: str, place: Place, store: SnapshotStore, ruled: Ruled
) -> tuple[Listener, str, list[Asked]]:
    """A build in which experts have to answer, also about what the reader is sure of."""
    listener = Listener()
    plan = Plan(answer=ruled)
    async with vendored(plan, plan) as asked:
        outcome = await build(
            query,
            place,
            Options(require_llm=True, skip_preview=True),
            store,
            build_id="b_1",
            emit=listener,
            panel=asked.panel,
        )
        calls = [each.asked for each in asked.vendor.calls]
    return listener, "" if outcome.result is None else outcome.result.canonical_json, calls


def test_there_are_enough_sentences() -> None:
    assert len(SENTENCES) >= 25


@pytest.mark.parametrize(("query", "expected"), SENTENCES, ids=lambda each: str(each)[:60])
async def test_answers_by_rules_pass_the_check_and_mean_what_the_reader_reads(
    query: str, expected: str, place: Place, store: SnapshotStore
) -> None:
    listener, criteria, calls = await required(query, place, store, Ruled(place.catalog))
    assert not [each for each in listener.heard if isinstance(each, SubtaskRetried | SubtaskFailed)]
    assert {each.attempt for each in calls} == {1}
    assert witness.equal(parse.loads(criteria), parse.loads(expected), place.catalog, place.clock)


@pytest.mark.parametrize("fault", FAULTS)
async def test_a_spoiled_answer_is_wrong_in_the_wanted_way(
    fault: str, place: Place, store: SnapshotStore
) -> None:
    listener = Listener()
    plan = Plan(answer=Ruled(place.catalog, {fault: 1.0}))
    async with vendored(plan, plan) as asked:
        outcome = await build(
            "gold members who are crazy about us",
            place,
            Options(),
            store,
            build_id="b_1",
            emit=listener,
            panel=asked.panel,
        )
    agents = {each.agent: each for each in listener.heard if isinstance(each, _EXPERTS)}
    member = agents["specialist_membership"]
    assert isinstance(member, SubtaskSucceeded if fault == "left_out" else SubtaskFailed)
    assert {each.reason for each in outcome.fallbacks} == (
        set() if fault == "left_out" else {"LLM_BAD_OUTPUT"}
    )


def test_faults_come_as_often_as_wanted_and_the_same_for_a_seed() -> None:
    def answers(seed: int) -> list[str]:
        ruled = Ruled(golf.catalog(), {"unknown_field": 0.2}, seed)
        return [ruled(_asked(f"gold members and handicap under {at}")) for at in range(2, 202)]

    first = answers(1)
    assert first == answers(1)
    assert first != answers(2)
    assert 0.1 < sum("shoeSize" in each for each in first) / len(first) < 0.3


def test_unknown_faults_are_refused() -> None:
    with pytest.raises(ValueError, match="nonsense"):
        Ruled(golf.catalog(), {"nonsense": 0.5})


def _asked(request: str) -> Asked:
    item = {"properties": {"field": {"enum": ["membershipTier", "handicap"]}}}
    schema = {"properties": {"conditions": {"items": item}}}
    content = f"Today is 2025-12-16, a Tuesday.\n[{'0' * 16}\n{request}\n{'0' * 16}]"
    body = {
        "messages": [{"role": "system", "content": ""}, {"role": "user", "content": content}],
        "response_format": {"json_schema": {"schema": schema}},
    }
    return Asked(body, "specialist_membership", 1, 1)  # pyright: ignore[reportArgumentType]  # plain JSON
