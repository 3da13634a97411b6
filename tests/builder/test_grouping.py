"""The logic expert's numbers are of the phrases that it was shown, whatever words others copy as evidence."""

from __future__ import annotations

import pytest
from segmentry.agents.pieces import Condition
from segmentry.builder.build import build
from segmentry.builder.events import SubtaskFailed, SubtaskRetried
from segmentry.builder.outcome import Outcome
from segmentry.builder.request import Options, Place
from segmentry.criteria import parse, witness
from segmentry.customers.snapshots import SnapshotStore
from segmentry.errors import UnusableModelOutput

from tests.vendored import condition, groups, says, vendored

from .conftest import Listener
from .test_assemble import assembled, judged

# "and" stands inside the words of one condition: phrases 1 and 2 of four are one.
WILD = "wild and crazy about us or gold members, with email opt-in"
WILD_SAID = Condition("wild and crazy about us", "engagementScore", "band", ("high engagement",))
EITHER = "gold or crazy about us"
EITHER_SAID = says(condition("crazy about us", "engagementScore", "band", "high engagement"))


async def built(
    query: str, expr: str, place: Place, store: SnapshotStore, **options: object
) -> tuple[Outcome, Listener, int]:
    heard = Listener()
    wanted = Options(**options)  # pyright: ignore[reportArgumentType]  # any option by name
    async with vendored(EITHER_SAID, groups(expr)) as asked:
        outcome = await build(query, place, wanted, store, build_id="b_1", emit=heard, panel=asked.panel)
        n_calls = sum(call.agent == "logic" for call in asked.vendor.calls)
    return outcome, heard, n_calls


@pytest.mark.parametrize(
    "expr", ["((1 & 2) or 3) & 4", "(2 & 1 or 3) & 4", "1 & 2 or 3 & 4", "not 1 & 2 or 3 & 4"]
)
def test_numbers_whose_words_are_one_condition_are_one(expr: str, place: Place) -> None:
    said = judged(place, WILD, WILD_SAID)
    alone = assembled(place, WILD, said).draft
    # Both ways are the reader's own, the one taken and the other offered: nothing more to ask.
    assert assembled(place, WILD, said, expr=expr).draft == alone
    assert alone.outcome == "ok"


def test_a_grouping_is_told_of_the_conditions_at_the_words_of_its_phrases(place: Place) -> None:
    draft = assembled(place, WILD, judged(place, WILD, WILD_SAID), expr="1 & 2 & 3 or 4").draft
    wanted = (
        '{"$or":[{"$and":[{"engagementScore":{"$gte":70}},{"membershipTier":"GOLD"}]},{"emailOptIn":true}]}'
    )
    assert draft.outcome == "ambiguous"
    offered = [each.node for each in draft.readings if each.label == "as the sentence seems to be grouped"]
    assert len(offered) == 1
    assert witness.equal(offered[0], parse.loads(wanted), place.catalog, place.clock)


def test_a_grouping_that_tears_the_words_of_one_condition_apart_changes_nothing(place: Place) -> None:
    said = judged(place, WILD, WILD_SAID)
    found = assembled(place, WILD, said, expr="1 & (2 or 3) & 4").draft
    assert found == assembled(place, WILD, said).draft


def test_an_expert_that_doubts_the_order_offers_its_way_and_the_readers_stands(place: Place) -> None:
    said = judged(place, WILD, WILD_SAID)
    alone = assembled(place, WILD, said).draft
    found = assembled(place, WILD, said, expr="1 & 2 & 3 or 4", unsure=True).draft
    assert (found.outcome, found.node, found.confidence) == ("ok", alone.node, min(alone.confidence, 0.7))
    assert len(found.readings) == len(alone.readings) + 1
    assert "How do the conditions belong together?" in found.ambiguities


def test_a_grouping_never_leaves_out_what_is_still_asked_about(place: Place) -> None:
    query = "members whose numbers are over 30 or gold"
    one = judged(place, query, Condition("numbers are over 30", "handicap", "above", ("30",)), agent="golf")
    two = judged(
        place, query, Condition("numbers are over 30", "engagementScore", "above", ("30",)), agent="scores"
    )
    found = assembled(place, query, one, two, expr="1 & 2").draft
    assert found == assembled(place, query, one, two).draft


def test_another_language_counts_the_experts_conditions_alone(place: Place) -> None:
    query = "Goldmitglieder or silver in Durban die gebucht haben"
    said = judged(place, query, Condition("Goldmitglieder", "membershipTier", "is", ("gold",)))
    found = assembled(place, query, said, expr="1 or 2", foreign=True).draft
    assert found == assembled(place, query, said, foreign=True).draft


@pytest.mark.parametrize("expr", ["1 &&& garbage", "1", "2", "1 or 2 or 3"])
async def test_logic_that_cannot_be_read_is_repaired_once_and_then_left_out_aloud(
    expr: str, place: Place, store: SnapshotStore
) -> None:
    outcome, heard, n_calls = await built(EITHER, expr, place, store)
    assert n_calls == 2
    retried = [each for each in heard.heard if isinstance(each, SubtaskRetried) and each.agent == "logic"]
    assert [each.repair for each in retried] == [True]
    assert any(isinstance(each, SubtaskFailed) and each.agent == "logic" for each in heard.heard)
    assert [(each.subtask_id, each.reason) for each in outcome.fallbacks] == [("logic", "LLM_BAD_OUTPUT")]
    assert "garbage" not in str(outcome.fallbacks)
    # What the reader makes of the connectives stands, and nothing of it is asked.
    assert outcome.result is not None
    wanted = parse.loads('{"$or":[{"membershipTier":"GOLD"},{"engagementScore":{"$gte":70}}]}')
    assert witness.equal(outcome.result.node, wanted, place.catalog, place.clock)


async def test_logic_that_cannot_be_read_is_an_error_where_the_model_is_required(
    place: Place, store: SnapshotStore
) -> None:
    with pytest.raises(UnusableModelOutput):
        await built(EITHER, "1 &&& garbage", place, store, require_llm=True)


async def test_logic_that_is_right_is_asked_once(place: Place, store: SnapshotStore) -> None:
    outcome, _, n_calls = await built(EITHER, "1 or 2", place, store)
    assert n_calls == 1
    assert outcome.fallbacks == ()
    assert outcome.result is not None


async def test_more_phrases_than_an_expression_may_name_are_grouped_by_the_reader(
    place: Place, store: SnapshotStore
) -> None:
    query = EITHER + "".join(f" or {number}frob" for number in range(30))
    _, _, n_calls = await built(query, "1", place, store)
    assert n_calls == 0
