"""The tier of the model, from the wire to a vendor over HTTP and back: proposed, checked, counted."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import grpc
import pytest
from segmentry.llm.budget import Budget, Limits
from segmentry.state.database import Database
from segmentry.state.spending import SpendingStore
from segmentry.v1 import segment_analysis_pb2 as pb

from tests.rpc.advised import CANARY, LLM, marked, proposing, rule, segment, serving
from tests.rpc.echo import details
from tests.rpc.served import Served, analyses, reason
from tests.vendor.menu import MENU
from tests.vendor.plans import Plan
from tests.vendor.script import Scripted

pytestmark = pytest.mark.timeout(90)

BIG = segment("Big spenders", rule("spend", "gte", "500"))
OFTEN = segment("Frequent visitors", rule("visits", "gte", "10"))
NORTH = segment("Northerners", rule("section", "eq", "NORTH"), rule("visits", "gt", "3"))


async def discovered(
    served: Served, parameters: pb.AnalysisParameters = LLM, schema_id: str = "shop"
) -> list[pb.AnalysisEvent]:
    request = pb.DiscoverRequest(schema_id=schema_id, parameters=parameters)
    items = [item async for item in served.stub.Discover(request)]
    numbered = [item for item in items if item.event.WhichOneof("kind") != "notice"]
    assert [item.sequence for item in numbered] == list(range(1, len(numbered) + 1))
    return [item.event for item in numbered]


def kinds(events: Sequence[pb.AnalysisEvent]) -> list[str | None]:
    return [each.WhichOneof("kind") for each in events]


def rows(criteria: str) -> set[int]:
    """Rows of the table that the plain conditions of a test hold for, read off its columns."""
    table = marked().frame()
    spend, visits, section = (table[name].to_list() for name in ("spend", "visits", "section"))
    found = {
        "big": [value >= 500 for value in spend],
        "often": [value >= 10 for value in visits],
        "north": [one == "NORTH" and other > 3 for one, other in zip(section, visits, strict=True)],
    }[criteria]
    return {row for row, inside in enumerate(found) if inside}


async def test_segments_are_proposed_counted_and_shown_with_their_cost(
    database: Database, tmp_path: Path
) -> None:
    async with serving(database, tmp_path, proposing([BIG, OFTEN, NORTH])) as (served, asked):
        events = await discovered(served)
        assert asked.vendor.n_calls == 1
        prompts = asked.prompts
    result = events[-1].result
    assert result.run.tier == pb.ANALYSIS_TIER_LLM
    counts = {card.name: card.size for card in result.segments}
    assert counts == {
        "Big spenders": len(rows("big")),
        "Frequent visitors": len(rows("often")),
        "Northerners": len(rows("north")),
    }
    for card in result.segments:
        assert card.name_from_model
        assert card.fidelity.matched_count == card.size
        assert (card.fidelity.precision, card.fidelity.recall) == (1, 1)
        assert card.percentage == pytest.approx(100 * card.size / 300, abs=0.01)
        assert card.characteristics
        assert card.suggested_use == "Offer a lesson; only through channels the customer consented to."
    by_id = {card.card_id: card.name for card in result.segments}
    shared = {
        frozenset((by_id[each.card_id], by_id[each.other_card_id])): each.count for each in result.overlaps
    }
    assert shared[frozenset(("Big spenders", "Northerners"))] == len(rows("big") & rows("north"))
    covered = rows("big") | rows("often") | rows("north")
    assert result.covered_percentage == pytest.approx(100 * len(covered) / 300, abs=0.01)
    assert result.unassigned == 300 - len(covered)
    assert "SEGMENTS_OVERLAP" in {each.reason for each in result.warnings}
    assert (result.usage.model_calls, result.usage.model) == (1, "gpt-4o-mini")
    assert result.usage.cost_usd > 0
    assert result.usage.HasField("latency")
    # The stream: what is planned, what is told, the question, the cards.
    said = kinds(events)
    assert said.index("plan") < said.index("profile") < said.index("subtask") < said.index("card")
    changes = [each.subtask.WhichOneof("change") for each in events if each.HasField("subtask")]
    assert changes == ["started", "succeeded"]
    ended = [each.subtask for each in events if each.HasField("subtask")][-1]
    assert (ended.agent, ended.succeeded.leaves) == ("statistics", 3)
    assert len(ended.prompt_version) == 12
    assert "spend" in prompts
    assert CANARY not in prompts
    assert "mail" not in prompts
    assert "example.org" not in str(events)


async def test_a_small_table_gets_the_model_by_itself_and_a_large_one_the_worker(
    database: Database, tmp_path: Path
) -> None:
    async with serving(database, tmp_path, proposing([BIG, OFTEN])) as (served, _):
        small = await served.stub.StartAnalysis(pb.StartAnalysisRequest(schema_id="shop"))
        assert small.run.tier == pb.ANALYSIS_TIER_LLM
        large = await served.stub.StartAnalysis(pb.StartAnalysisRequest(schema_id="large"))
        assert large.run.tier == pb.ANALYSIS_TIER_ML_WORKER
        inside = pb.AnalysisParameters()
        inside.within.criteria.update({"engagementScore": {"$gte": 80}})
        part = pb.StartAnalysisRequest(schema_id="large", parameters=inside)
        assert (await served.stub.StartAnalysis(part)).run.tier == pb.ANALYSIS_TIER_LLM


@pytest.mark.parametrize(
    ("bad", "code"),
    [(rule("spend", "gt", "99999"), "BAD_NUMBER"), (rule("visits", "gte", "0"), "SELECTS_NEARLY_ALL")],
    ids=["outside the range", "nearly everyone"],
)
async def test_what_does_not_stand_is_told_once_with_its_count_and_mended(
    database: Database, tmp_path: Path, bad: dict[str, object], code: str
) -> None:
    async with serving(database, tmp_path, proposing([BIG, segment("All of them", bad)], [BIG, OFTEN])) as (
        served,
        asked,
    ):
        events = await discovered(served)
        assert asked.vendor.n_calls == 2
        repair = str(asked.vendor.calls[-1].body)
    assert code in repair
    if code == "SELECTS_NEARLY_ALL":
        assert "select 300 of 300 customers" in repair
    result = events[-1].result
    assert {card.name for card in result.segments} == {"Big spenders", "Frequent visitors"}
    assert not result.warnings or "SEGMENT_DROPPED" not in {each.reason for each in result.warnings}
    assert result.usage.repair_calls == 1
    retried = [each.subtask.retried for each in events if each.subtask.WhichOneof("change") == "retried"]
    assert [each.repair for each in retried] == [True]


async def test_a_segment_that_still_does_not_stand_is_left_out_and_said(
    database: Database, tmp_path: Path
) -> None:
    nobody = segment("Nobody", rule("visits", "gt", "30"), rule("spend", "gt", "800"))
    async with serving(database, tmp_path, proposing([BIG, nobody, OFTEN])) as (served, _):
        result = (await discovered(served))[-1].result
    assert {card.name for card in result.segments} == {"Big spenders", "Frequent visitors"}
    (dropped,) = [each.message for each in result.warnings if each.reason == "SEGMENT_DROPPED"]
    assert "segments[1].rules" in dropped
    assert "select 0 of 300 customers" in dropped


async def test_fewer_than_two_segments_left_is_the_heuristic_with_a_notice_and_the_cost(
    database: Database, tmp_path: Path
) -> None:
    nobody = segment("Nobody", rule("visits", "gt", "30"), rule("spend", "gt", "800"))
    async with serving(database, tmp_path, proposing([BIG, nobody])) as (served, _):
        events = await discovered(served)
    result = events[-1].result
    (fallback,) = result.fallbacks
    assert (fallback.from_tier, fallback.to_tier, fallback.reason) == ("LLM", "HEURISTIC", "LLM_BAD_OUTPUT")
    assert [each.fallback for each in events if each.HasField("fallback")] == [fallback]
    assert result.run.tier == pb.ANALYSIS_TIER_HEURISTIC
    assert sum(card.size for card in result.segments) == 300
    assert result.usage.model_calls == 2
    assert kinds(events).count("plan") == 1, "the plan is told once"


@pytest.mark.parametrize("fault", ["rate_limit_short", "refusal", "server_error", "html", "ended_early"])
async def test_whatever_a_vendor_does_the_caller_gets_counted_cards(
    database: Database, tmp_path: Path, fault: str
) -> None:
    async with serving(database, tmp_path, Scripted(default=MENU[fault])) as (served, _):
        events = await discovered(served)
    result = events[-1].result
    assert result.run.state == pb.RUN_STATE_SUCCEEDED
    assert [each.to_tier for each in result.fallbacks] == ["HEURISTIC"]
    assert sum(card.size for card in result.segments) == 300


async def test_a_required_tier_fails_with_the_vendors_cause_instead(
    database: Database, tmp_path: Path
) -> None:
    required = pb.AnalysisParameters(preferred_tier=pb.ANALYSIS_TIER_LLM, require_tier=True)
    async with serving(database, tmp_path, Scripted(default=Plan(status=401))) as (served, _):
        events = await discovered(served, required)
        again = await served.stub.GetAnalysis(pb.GetAnalysisRequest(run_id=events[-1].run.run_id))
    run = events[-1].run
    assert run.state == pb.RUN_STATE_FAILED
    assert run.error.code == grpc.StatusCode.FAILED_PRECONDITION.value[0]
    assert b"AI_ERROR" in run.error.SerializeToString()
    assert again.run.error == run.error, "kept as it was said"


async def test_a_used_up_budget_asks_nobody(database: Database, tmp_path: Path) -> None:
    budget = Budget(SpendingStore(database), Limits(tokens_per_day=50), reserve_within_s=15.0)
    async with serving(database, tmp_path, proposing([BIG, OFTEN]), budget=budget) as (served, asked):
        events = await discovered(served)
        assert asked.vendor.n_calls == 0
    result = events[-1].result
    assert [each.reason for each in result.fallbacks] == ["BUDGET_EXHAUSTED"]
    assert result.usage.model_calls == 0


async def test_the_tokens_of_an_estimate_are_those_that_the_vendor_counts(
    database: Database, tmp_path: Path
) -> None:
    async with serving(database, tmp_path, proposing([BIG, OFTEN])) as (served, asked):
        request = pb.EstimateAnalysisRequest(schema_id="shop")
        estimate = (await served.stub.EstimateAnalysis(request)).estimate
        assert asked.vendor.n_calls == 0
        result = (await discovered(served))[-1].result
    tier = next(each for each in estimate.tiers if each.tier == pb.ANALYSIS_TIER_LLM)
    assert estimate.recommended_tier == pb.ANALYSIS_TIER_LLM
    assert tier.available
    assert tier.prompt_tokens == pytest.approx(result.usage.prompt_tokens, rel=0.15)
    assert tier.cost_usd > 0
    assert (tier.model, tier.prices_as_of) == ("gpt-4o-mini", "2025-10")


async def test_a_large_table_needs_the_callers_word(database: Database, tmp_path: Path) -> None:
    active = segment("Active", rule("engagementScore", "gte", "60"))
    quiet = segment("Quiet", rule("engagementScore", "lt", "20"))
    async with serving(database, tmp_path, proposing([active, quiet])) as (served, asked):
        request = pb.DiscoverRequest(schema_id="large", parameters=LLM)
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            async for _ in served.stub.Discover(request):
                pass
        estimate = pb.AnalysisEstimate()
        assert any(each.Unpack(estimate) for each in details(caught.value.trailing_metadata()).details)
        assert asked.vendor.n_calls == 0
        request.confirmed = True
        events = [item.event async for item in served.stub.Discover(request)]
    assert estimate.requires_confirmation
    assert {each.tier: each.cost_usd > 0 for each in estimate.tiers}[pb.ANALYSIS_TIER_LLM]
    assert {card.name for card in events[-1].result.segments} == {"Active", "Quiet"}


async def test_without_a_model_every_row_is_clustered_and_the_reply_says_why(
    database: Database, tmp_path: Path
) -> None:
    async with analyses(database, tmp_path, job="", tables={"shop": marked()}) as served:
        result = (await discovered(served))[-1].result
        required = pb.AnalysisParameters(preferred_tier=pb.ANALYSIS_TIER_LLM, require_tier=True)
        start = served.stub.StartAnalysis(pb.StartAnalysisRequest(schema_id="shop", parameters=required))
        assert await reason(start) == (grpc.StatusCode.FAILED_PRECONDITION, "AI_ERROR")
    assert [(each.to_tier, each.reason) for each in result.fallbacks] == [("ML_WORKER", "LLM_NOT_CONFIGURED")]
