"""Edits, wordings, names and proposals played by rules, so that they can be loaded and tried as well."""

from __future__ import annotations

import pytest
from segmentry.agents.field_statistics import FieldStatistics
from segmentry.agents.pieces import Condition
from segmentry.agents.proposing import propose
from segmentry.builder.build import build
from segmentry.builder.outcome import Outcome
from segmentry.builder.refine import refine
from segmentry.builder.request import Options, Place
from segmentry.criteria import parse, witness
from segmentry.customers.snapshots import SnapshotStore

from tests.agents.benches import allowed
from tests.vendor.plans import Plan
from tests.vendor.rules import Ruled
from tests.vendored import vendored

from .conftest import Listener

CURRENT = '{"$and":[{"membershipTier":"GOLD"},{"handicap":{"$lt":20}}]}'
SLANG = Condition("mad keen on the club", "engagementScore", "band", ("high engagement",), assumed=True)


async def refined(instruction: str, place: Place, store: SnapshotStore, **options: object) -> Outcome:
    wanted = Options(**options)  # pyright: ignore[reportArgumentType]  # any option by name
    plan = Plan(answer=Ruled(place.catalog, slang=(SLANG,)))
    async with vendored(plan, plan, edit=plan) as asked:
        outcome = await refine(
            instruction,
            parse.loads(CURRENT),
            place,
            wanted,
            store,
            build_id="b",
            emit=Listener(),
            panel=asked.panel,
        )
        assert "edit" in {each.agent for each in asked.vendor.calls}
    return outcome


@pytest.mark.parametrize(
    ("instruction", "wanted"),
    [
        (
            "only those in Durban",
            '{"$and":[{"membershipTier":"GOLD"},{"handicap":{"$lt":20}},{"city":"Durban"}]}',
        ),
        ("make the handicap 12", '{"$and":[{"membershipTier":"GOLD"},{"handicap":{"$lt":12}}]}'),
        ("remove the handicap condition", '{"membershipTier":"GOLD"}'),
    ],
)
async def test_an_edit_by_rules_is_what_the_reader_reads(
    instruction: str, wanted: str, place: Place, store: SnapshotStore
) -> None:
    outcome = await refined(instruction, place, store, require_llm=True)
    assert outcome.result is not None, outcome.clarification
    assert witness.equal(outcome.result.node, parse.loads(wanted), place.catalog, place.clock)
    # Both come to the same, so that both are named.
    assert outcome.tier == "combined"


async def test_an_edit_by_rules_brings_words_that_only_it_knows(place: Place, store: SnapshotStore) -> None:
    outcome = await refined("narrow it a notch: mad keen on the club", place, store)
    assert outcome.result is not None, outcome.clarification
    wanted = '{"$and":[{"membershipTier":"GOLD"},{"handicap":{"$lt":20}},{"engagementScore":{"$gte":70}}]}'
    assert witness.equal(outcome.result.node, parse.loads(wanted), place.catalog, place.clock)
    assert outcome.fallbacks == ()


async def test_a_question_and_a_name_by_rules_pass_the_check(place: Place, store: SnapshotStore) -> None:
    plan = Plan(answer=Ruled(place.catalog))
    async with vendored(plan, plan) as asked:
        asked.script.on("ambiguity", plan)
        found = [
            await build(
                query,
                place,
                Options(suggest_name=True),
                store,
                build_id="b",
                emit=Listener(),
                panel=asked.panel,
            )
            for query in ("engaged users", "gold members with a handicap below 10")
        ]
        asks = {each.agent for each in asked.vendor.calls}
    assert {"ambiguity", "name"} <= asks
    vague, clear = found
    assert vague.clarification is not None
    assert (vague.fallbacks, clear.fallbacks) == ((), ())
    assert vague.clarification.questions[0].text == "What counts as 'engaged'?"
    assert clear.result is not None
    assert clear.result.name_from_model


async def test_segments_by_rules_are_of_listed_values_and_averages(place: Place) -> None:
    statistics = (
        FieldStatistics("status", 0, 3, top_values=(("ACTIVE", 60), ("LAPSED", 30))),
        FieldStatistics("handicap", 0, 30, minimum=0, maximum=36, mean=18),
        FieldStatistics("emailOptIn", 0, 2, top_values=(("true", 70), ("false", 30))),
    )
    plan = Plan(answer=Ruled(place.catalog))
    async with vendored(plan) as asked:
        proposal = await propose(
            statistics, 100, (2, 2), place.catalog, place.clock, asked.panel.asker, allowed()
        )
    assert (proposal.failure, proposal.faults) == (None, ())
    assert len(proposal.segments) == 2
    assert all(each.name for each in proposal.segments)
