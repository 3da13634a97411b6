"""Names of found segments by a model over HTTP: shown again when they come, and never more than names."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from segmentry.criteria.catalog import Field, FieldValue
from segmentry.customers.snapshot import Snapshot
from segmentry.llm.budget import Budget, Limits
from segmentry.state.database import Database
from segmentry.state.spending import SpendingStore
from segmentry.v1 import events_pb2
from segmentry.v1 import segment_analysis_pb2 as pb

from tests.analysis.tables import snapshot_of
from tests.rpc.advised import CANARY, serving
from tests.rpc.served import Served, at_last
from tests.vendor.menu import MENU
from tests.vendor.obedient import OBEDIENT
from tests.vendor.plans import Asked, Pace, Plan
from tests.vendor.script import Scripted
from tests.vendor.telling import named

pytestmark = pytest.mark.timeout(120)

WORKER = pb.AnalysisParameters(preferred_tier=pb.ANALYSIS_TIER_ML_WORKER, max_clusters=3)
THIRDS = pb.AnalysisParameters(preferred_tier=pb.ANALYSIS_TIER_HEURISTIC)


def naming() -> Scripted:
    return Scripted().on("name", Plan(answer=named))


def saying(name: str) -> Scripted:
    return Scripted(default=Plan(answer=json.dumps({"name": name})))


async def discovered(
    served: Served, parameters: pb.AnalysisParameters, schema_id: str = "shop"
) -> list[pb.AnalysisEvent]:
    request = pb.DiscoverRequest(schema_id=schema_id, parameters=parameters)
    items = [item async for item in served.stub.Discover(request)]
    numbered = [item for item in items if item.event.WhichOneof("kind") != "notice"]
    assert [item.sequence for item in numbered] == list(range(1, len(numbered) + 1))
    return [item.event for item in numbered]


def cards(events: Sequence[pb.AnalysisEvent], revision: int) -> dict[str, pb.SegmentCard]:
    found = [each.card for each in events if each.HasField("card") and each.card.revision == revision]
    assert len({each.card_id for each in found}) == len(found)
    return {each.card_id: each for each in found}


def subtasks(events: Sequence[pb.AnalysisEvent]) -> list[events_pb2.SubtaskEvent]:
    return [each.subtask for each in events if each.HasField("subtask")]


async def first_named(served: Served, request: pb.WatchAnalysisRequest) -> pb.SegmentCard:
    async for item in served.stub.WatchAnalysis(request):
        if item.event.HasField("card") and item.event.card.revision == 2:
            return item.event.card
    pytest.fail("the run ended without a name")


def bare(card: pb.SegmentCard) -> pb.SegmentCard:
    """The card without what a name may change."""
    kept = pb.SegmentCard()
    kept.CopyFrom(card)
    for field in ("name", "suggested_use", "name_from_model", "revision", "provisional"):
        kept.ClearField(field)
    return kept


def told_apart() -> Snapshot:
    """Two groups of customers that differ by what stands in their text columns too."""
    rng = np.random.default_rng(6)
    high = rng.random(400) < 0.5
    columns: dict[str, Sequence[object]] = {
        "spend": np.where(high, rng.normal(900, 90, 400), rng.normal(100, 30, 400)).tolist(),
        "section": ["NORTH" if each else "SOUTH" for each in high],
        "note": [CANARY if each else "other" for each in high],
        "mail": [f"{CANARY}{row}@example.org" for row in range(400)],
    }
    listed = (FieldValue("NORTH"), FieldValue("SOUTH"))
    fields = (
        Field("spend", "number"),
        Field("section", "enum", values=listed),
        Field("note", "string"),
        Field("mail", "string", pii=True),
    )
    return snapshot_of(fields, columns)


@pytest.mark.parametrize("parameters", [WORKER, THIRDS], ids=["worker", "thirds"])
async def test_found_cards_come_again_with_the_models_names(
    database: Database, tmp_path: Path, parameters: pb.AnalysisParameters
) -> None:
    async with serving(database, tmp_path, naming()) as (served, asked):
        events = await discovered(served, parameters)
        result = events[-1].result
        assert len(asked.vendor.of("name")) == asked.vendor.n_calls == len(result.segments)
    first, second = cards(events, 1), cards(events, 2)
    assert first.keys() == second.keys() == {card.card_id for card in result.segments}
    assert all(card.provisional and not card.name_from_model for card in first.values())
    for card in result.segments:
        assert card == second[card.card_id], "the result brings what was shown last"
        assert card.name_from_model
        assert not card.provisional
        assert card.name != first[card.card_id].name
        assert 0 < len(card.name) <= 60
        assert bare(card) == bare(first[card.card_id]), "rules and counts stay what was counted"
    assert len({card.name.casefold() for card in result.segments}) == len(result.segments)
    assert not result.fallbacks
    # Each question is told from its start to its end, and paid by the result.
    steps = subtasks(events)
    assert {each.agent for each in steps} == {"name"}
    assert {each.subtask_id for each in steps} == {f"name {each}" for each in first}
    ended = [each.succeeded for each in steps if each.WhichOneof("change") == "succeeded"]
    assert [each.leaves for each in ended] == [1] * len(first)
    assert result.usage.model_calls == len(first)
    assert result.usage.prompt_tokens == sum(each.usage.prompt_tokens for each in ended)
    assert result.usage.cost_usd > 0
    assert result.usage.model == "gpt-4o-mini"
    kinds = [each.WhichOneof("kind") for each in events]
    assert kinds.index("card") < kinds.index("subtask"), "nobody waits for a name to see a card"


async def test_nothing_of_a_row_is_told_not_even_in_the_names_to_differ_from(
    database: Database, tmp_path: Path
) -> None:
    fields = pb.AnalysisParameters(
        preferred_tier=pb.ANALYSIS_TIER_ML_WORKER, included_features=["spend", "note", "section"]
    )
    async with serving(database, tmp_path, naming(), tables={"told": told_apart()}) as (served, asked):
        events = await discovered(served, fields, "told")
        assert asked.vendor.of("name")
        prompts = asked.prompts
    shown = [card.name for card in cards(events, 1).values()]
    assert any(CANARY in name for name in shown), "else the templates have nothing to leak"
    assert CANARY not in prompts
    assert "other" not in json.dumps([call.body["messages"][-1] for call in asked.vendor.of("name")])  # pyright: ignore[reportIndexIssue, reportArgumentType, reportOptionalSubscript]  # JSON of a request
    assert "NORTH" in prompts


def hostile_names() -> dict[str, Plan]:
    bad = {
        "markup": "<script>alert(1)</script>",
        "address": "see www.example.org",
        "number": "Spend 4711 club",
        "lines": "Big\nspenders",
        "long": "x" * 61,
        "empty": "",
        "placeholder": "{{NOW}} $where",
    }
    return {name: Plan(answer=json.dumps({"name": said})) for name, said in bad.items()}


FAULTS = {
    **{name: MENU[name] for name in ("refusal", "server_error", "html", "prose", "quota", "huge", "deep")},
    **hostile_names(),
    "hostile": Plan(answer=OBEDIENT["hostile"]),
    "echo": Plan(answer=OBEDIENT["echo"]),
    "criteria": Plan(answer=json.dumps({"name": "Big", "criteria": {"spend": {"$gte": 1}}, "size": 3})),
}


@pytest.mark.parametrize("fault", FAULTS)
async def test_whatever_the_vendor_does_templates_stand_and_the_reply_says_why(
    database: Database, tmp_path: Path, fault: str
) -> None:
    async with serving(database, tmp_path, Scripted(default=FAULTS[fault])) as (served, _):
        events = await discovered(served, THIRDS)
    result = events[-1].result
    first = cards(events, 1)
    assert result.run.state == pb.RUN_STATE_SUCCEEDED
    assert len({card.name.casefold() for card in result.segments}) == len(result.segments)
    templates = [card for card in result.segments if not card.name_from_model]
    for card in templates:
        assert card.name == first[card.card_id].name
        assert not card.provisional
    for card in result.segments:
        assert bare(card) == bare(first[card.card_id])
        assert not set("<>{}$\n") & set(card.name)
    assert [each.to_tier for each in result.fallbacks] == ["TEMPLATE"] * len(result.fallbacks)
    said = {each for notice in result.fallbacks for each in notice.subtask_ids}
    assert said == {f"name {card.card_id}" for card in templates}
    assert [each.fallback for each in events if each.HasField("fallback")] == list(result.fallbacks)
    failed = [each for each in subtasks(events) if each.WhichOneof("change") == "failed"]
    assert {each.subtask_id for each in failed} == said
    assert all(each.failed.degraded for each in failed)


async def test_a_vendor_that_is_down_or_silent_costs_the_bound_at_most(
    database: Database, tmp_path: Path
) -> None:
    async with serving(database, tmp_path, Scripted(default=Plan(wire="silent")), names_s=0.4) as (
        served,
        asked,
    ):
        silent = (await discovered(served, THIRDS))[-1].result
        await asked.vendor.disconnected()
        async with asked.vendor.down():
            down = (await discovered(served, THIRDS))[-1].result
    for result in (silent, down):
        assert not any(card.name_from_model or card.provisional for card in result.segments)
        assert sum(card.size for card in result.segments) == 300
    assert [each.reason for each in silent.fallbacks] == ["LLM_TIMEOUT"]
    assert {each.reason for each in down.fallbacks} <= {"LLM_UNAVAILABLE", "LLM_TIMEOUT"}
    assert down.fallbacks


async def test_a_run_cancelled_while_names_are_asked_for_closes_the_calls(
    database: Database, tmp_path: Path
) -> None:
    waiting = Scripted(default=Plan(answer=named, pace=Pace(60.0)))
    async with serving(database, tmp_path, waiting, names_s=60.0) as (served, asked):
        start = pb.StartAnalysisRequest(schema_id="shop", parameters=THIRDS)
        run_id = (await served.stub.StartAnalysis(start)).run.run_id
        await asked.vendor.seen(3)
        ended = await served.stub.CancelAnalysis(pb.CancelAnalysisRequest(run_id=run_id))
        assert ended.run.state == pb.RUN_STATE_CANCELLED
        await asked.vendor.seen(3, left=3)
        await at_last(served, run_id, pb.RUN_STATE_CANCELLED)


async def test_a_used_up_budget_asks_nobody_and_says_so(database: Database, tmp_path: Path) -> None:
    budget = Budget(SpendingStore(database), Limits(tokens_per_day=50), reserve_within_s=15.0)
    async with serving(database, tmp_path, naming(), budget=budget) as (served, asked):
        events = await discovered(served, THIRDS)
        assert asked.vendor.n_calls == 0
    result = events[-1].result
    assert [(each.reason, each.to_tier) for each in result.fallbacks] == [("BUDGET_EXHAUSTED", "TEMPLATE")]
    assert not subtasks(events)
    assert result.usage.model_calls == 0


async def test_what_names_cost_is_taken_off_the_tenants_budget(database: Database, tmp_path: Path) -> None:
    budget = Budget(SpendingStore(database), Limits(tokens_per_day=1_000_000), reserve_within_s=15.0)
    async with serving(database, tmp_path, naming(), budget=budget) as (served, _):
        usage = (await discovered(served, THIRDS))[-1].result.usage
    spent = await database.fetch("SELECT tokens, requests FROM model_budget")
    assert usage.prompt_tokens > 0
    assert [each.integer("tokens") for each in spent if each.integer("tokens")] == [
        usage.prompt_tokens + usage.completion_tokens
    ]


async def test_continued_segments_keep_their_names_and_are_not_asked_about(
    database: Database, tmp_path: Path
) -> None:
    async with serving(database, tmp_path, naming()) as (served, asked):
        first = (await discovered(served, WORKER))[-1].result
        asked_once = asked.vendor.n_calls
        again = await discovered(served, WORKER)
        assert asked.vendor.n_calls == asked_once == len(first.segments)
    second = again[-1].result
    assert {card.card_id: card.name for card in second.segments} == {
        card.card_id: card.name for card in first.segments
    }
    assert all(card.name_from_model and card.previous_card_id for card in second.segments)
    assert not any(card.provisional for card in cards(again, 1).values())
    assert second.usage.model_calls == 0


async def test_a_caller_may_keep_the_model_out_of_it(database: Database, tmp_path: Path) -> None:
    without = pb.AnalysisParameters(preferred_tier=pb.ANALYSIS_TIER_HEURISTIC, model_names=False)
    async with serving(database, tmp_path, naming()) as (served, asked):
        events = await discovered(served, without)
        request = pb.EstimateAnalysisRequest(schema_id="shop", parameters=without)
        estimate = (await served.stub.EstimateAnalysis(request)).estimate
        assert asked.vendor.n_calls == 0
    result = events[-1].result
    assert not any(card.name_from_model or card.provisional for card in result.segments)
    assert not cards(events, 2)
    assert not result.fallbacks
    assert result.run.parameters.HasField("model_names")
    assert not result.run.parameters.model_names
    priced = {each.tier: each.prompt_tokens for each in estimate.tiers}
    assert priced[pb.ANALYSIS_TIER_ML_WORKER] == 0


async def test_a_vendor_that_gave_no_segments_is_not_asked_for_names(
    database: Database, tmp_path: Path
) -> None:
    async with serving(database, tmp_path, Scripted(default=Plan(status=401))) as (served, asked):
        result = (await discovered(served, pb.AnalysisParameters()))[-1].result
        assert not asked.vendor.of("name")
    assert [each.to_tier for each in result.fallbacks] == ["HEURISTIC"]


async def test_a_server_that_takes_the_run_up_asks_only_for_the_names_that_are_missing(
    database: Database, tmp_path: Path
) -> None:
    def slow_at_last(asked: Asked) -> Plan:
        return Plan(answer=named, pace=Pace(0.0 if asked.number == 1 else 60.0))

    async with serving(database, tmp_path / "one", slow_at_last, names_s=60.0) as (served, asked):
        start = pb.StartAnalysisRequest(schema_id="shop", parameters=WORKER)
        run_id = (await served.stub.StartAnalysis(start)).run.run_id
        request = pb.WatchAnalysisRequest(run_id=run_id)
        given = await first_named(served, request)
    async with serving(database, tmp_path / "two", naming()) as (served, asked):
        await served.service.open()
        said = [item.event async for item in served.stub.WatchAnalysis(request)]
        result = said[-1].result
        assert asked.vendor.n_calls == len(result.segments) - 1
    kept = next(card for card in result.segments if card.card_id == given.card_id)
    assert kept.name == given.name
    assert all(card.name_from_model for card in result.segments)
    assert result.usage.model_calls == len(result.segments), "what the first server paid for counts too"
    assert not result.HasField("continuity"), "a run does not continue itself"
