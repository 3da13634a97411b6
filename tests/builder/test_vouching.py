"""Each leaf says whether both sides read its words alike, and whether an expert had to be put right first."""

from __future__ import annotations

from dataclasses import replace

import pytest
from segmentry.agents.judging import Judged, judge
from segmentry.agents.pieces import Condition, FieldAnswer
from segmentry.builder import provenance
from segmentry.builder.assemble import assemble
from segmentry.builder.build import build
from segmentry.builder.outcome import LeafProvenance
from segmentry.builder.panel import Panel
from segmentry.builder.refine import refine
from segmentry.builder.request import Options, Place
from segmentry.criteria import parse, render
from segmentry.customers.snapshots import SnapshotStore
from segmentry.reader import read
from segmentry.reader.outline import Outline, outline

from tests.vendored import condition, edit, edits, says, vendored

from .conftest import Listener

CRAZY = condition("crazy about us", "engagementScore", "band", "high engagement")
OPEN = "gold members who are crazy about us"


def judged(place: Place, query: str, *conditions: Condition) -> Judged:
    own = {each.name: each.name for each in place.catalog.fields}
    return judge(FieldAnswer("members", "v1", conditions), own, query, place.catalog, place.clock)


def opened(query: str, place: Place) -> Outline:
    """The phrases of a query, all of them left for the experts to read as well."""
    found = outline(query, place.catalog, place.clock)
    return replace(found, phrases=tuple(replace(each, closed=False) for each in found.phrases))


async def leaves(query: str, place: Place, store: SnapshotStore, panel: Panel) -> tuple[LeafProvenance, ...]:
    outcome = await build(query, place, Options(), store, build_id="b", emit=Listener(), panel=panel)
    assert outcome.result is not None, outcome.clarification
    return outcome.result.provenance


@pytest.mark.parametrize(
    ("value", "agreed", "tier"), [("GOLD", True, "combined"), ("gold", True, "combined")]
)
def test_words_that_both_read_alike_are_agreed_on(value: str, agreed: bool, tier: str, place: Place) -> None:
    query = "gold members"
    said = judged(place, query, Condition("gold", "membershipTier", "is", (value,)))
    draft = read.read(query, place.catalog, place.clock)
    found = assemble(query, place, draft, opened(query, place), [said])
    assert found.draft.node is not None
    (leaf,) = provenance.of_tree(render.with_paths(found.draft.node), found.draft, found.vouched)
    assert (leaf.agreed, leaf.tier, leaf.agent, leaf.repaired) == (True, "combined", "members", False)


async def test_words_of_one_side_alone_are_not_agreed_on(place: Place, store: SnapshotStore) -> None:
    async with vendored(says(CRAZY)) as asked:
        found = await leaves(OPEN, place, store, asked.panel)
    assert [(each.tier, each.agreed, each.repaired) for each in found] == [
        ("deterministic", False, False),
        ("llm", False, False),
    ]


@pytest.mark.parametrize(("value", "repaired"), [("ACTIVE", False), ("ACTVE", True)])
async def test_a_value_one_letter_off_is_put_right_and_says_so(
    value: str, repaired: bool, place: Place, store: SnapshotStore
) -> None:
    said = says(condition("frobbed", "status", "is", value))
    async with vendored(said) as asked:
        found = await leaves("gold members who are frobbed", place, store, asked.panel)
    assert [(each.agent[:10], each.repaired) for each in found] == [
        ("reader", False),
        ("specialist", repaired),
    ]


async def test_only_pieces_that_the_first_answer_lacked_are_repaired(
    place: Place, store: SnapshotStore
) -> None:
    query = "gold members who are frobbed, glorped thrice"
    kept = condition("frobbed", "status", "is", "ACTIVE")
    wrong = condition("glorped thrice", "lifecycleStage", "is", "GLORPED")
    right = condition("glorped thrice", "lifecycleStage", "is", "ADVOCATE")
    async with vendored(says()) as asked:
        agent = _expert_of("status", asked.panel, place)
        asked.script.on(agent, says(kept, wrong), says(kept, right))
        found = await leaves(query, place, store, asked.panel)
    repaired = {each.spans[0].text: each.repaired for each in found}
    assert repaired == {"gold": False, "frobbed": False, "glorped thrice": True}


@pytest.mark.parametrize("first", ["{}", "no JSON at all"])
async def test_an_answer_of_which_nothing_was_usable_is_repaired_as_a_whole(
    first: str, place: Place, store: SnapshotStore
) -> None:
    async with vendored(says()) as asked:
        plan = says(CRAZY)
        asked.script.on(_expert_of("engagementScore", asked.panel, place), plan.__class__(answer=first), plan)
        found = await leaves(OPEN, place, store, asked.panel)
    assert [each.repaired for each in found] == [False, True]


async def test_an_edit_that_was_put_right_says_so(place: Place, store: SnapshotStore) -> None:
    node = parse.loads('{"$and":[{"membershipTier":"GOLD"},{"handicap":{"$lt":20}}]}')
    said = "the second one is way too loose, twelve would do nicely"
    wrong, right = edit(said, "change", 9, words="twelve"), edit(said, "change", 2, words="twelve")
    found: list[list[tuple[str, bool]]] = []
    for plans in ([edits(right)], [edits(wrong), edits(right)]):
        async with vendored(says()) as asked:
            asked.script.on("edit", *plans)
            outcome = await refine(
                said, node, place, Options(), store, build_id="b", emit=Listener(), panel=asked.panel
            )
        assert outcome.result is not None
        found.append([(each.source, each.repaired) for each in outcome.result.provenance])
    assert [[repaired for _, repaired in each] for each in found] == [[False, False], [False, True]]


def _expert_of(field: str, panel: Panel, place: Place) -> str:
    """Who is asked about a field."""
    experts = panel.experts(place.catalog, place.tenant, "").specialists
    return next(each.name for each in experts if each.group and field in each.group.keys)
