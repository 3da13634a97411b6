"""What a tenant saved holds for its runs where they say nothing, and no run changes it."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import grpc
import pytest
from segmentry.analysis.defaults import Defaults
from segmentry.state.database import Database
from segmentry.v1 import segment_analysis_pb2 as pb
from segmentry.v1 import segment_insights_pb2 as insights

from tests.rpc.served import Served, analyses, start, watched
from tests.rpc.small_tables import table
from tests.rpc.test_analysis_config import OTHER, change, get, refused

WALKERS = table({"visits": [n * 7 % 90 for n in range(90)], "spent": [n * 1.5 for n in range(90)]})
HEURISTIC = pb.ANALYSIS_TIER_HEURISTIC


@pytest.fixture
async def served(database: Database, tmp_path: Path) -> AsyncGenerator[Served]:
    async with analyses(database, tmp_path, job="") as served:
        yield served


async def estimated(served: Served, **fields: Any) -> pb.AnalysisEstimate:
    request = pb.EstimateAnalysisRequest(schema_id=fields.pop("schema_id", "customers"), **fields)
    return (await served.stub.EstimateAnalysis(request)).estimate


async def test_a_run_takes_what_is_saved_and_shows_where_each_value_comes_from(
    database: Database, tmp_path: Path
) -> None:
    environment = Defaults(max_clusters=12, min_clusters=3)
    async with analyses(database, tmp_path, job="", environment=environment) as served:
        await change(served, max_clusters=6, included_features=["engagementScore", "handicap"], seed=7)
        own = pb.AnalysisParameters(preferred_tier=HEURISTIC, seed=9)
        run = (await served.stub.StartAnalysis(start(parameters=own))).run
        taken = run.parameters
        assert (taken.min_clusters, taken.max_clusters, taken.seed, taken.k_rule) == (3, 6, 9, "silhouette")
        assert list(taken.included_features) == ["engagementScore", "handicap"]
        assert dict(taken.origins) == {
            "min_clusters": "environment",
            "max_clusters": "tenant",
            "algorithm": "default",
            "included_features": "tenant",
            "preferred_tier": "run",
            "seed": "run",
            "min_segment_share": "default",
            "k_rule": "default",
            "store_labels": "default",
        }
        result = (await watched(served, run.run_id))[-1].event.result
        assert result.run.parameters.origins == taken.origins
        assert {each.field for card in result.segments for each in card.filter_rules} <= {
            "engagementScore",
            "handicap",
        }
        estimate = await estimated(served)
        assert estimate.effective_parameters.max_clusters == 6
        assert estimate.effective_parameters.origins["max_clusters"] == "tenant"
        settings = {each.field: each for each in (await get(served)).settings}
        assert settings["min_clusters"].origin == "environment"
        assert settings["max_clusters"].default_value.number_value == 12


async def test_discover_takes_it_too(served: Served) -> None:
    await change(served, preferred_tier=HEURISTIC, included_features=["handicap"])
    events = [item.event async for item in served.stub.Discover(pb.DiscoverRequest(schema_id="customers"))]
    result = events[-1].result
    assert result.run.tier == HEURISTIC
    assert {each.field for card in result.segments for each in card.filter_rules} == {"handicap"}


async def test_the_configuration_is_the_same_after_runs_that_choose_for_themselves(served: Served) -> None:
    await change(served, max_clusters=5, seed=3)
    before = (await get(served)).SerializeToString(deterministic=True)
    for n in range(5):
        own = pb.AnalysisParameters(
            max_clusters=3 + n, seed=n, preferred_tier=HEURISTIC, included_features=["handicap"]
        )
        run = (await served.stub.StartAnalysis(start(parameters=own))).run
        assert run.parameters.max_clusters == 3 + n
        await estimated(served, parameters=own)
    assert (await get(served)).SerializeToString(deterministic=True) == before


async def test_a_later_change_leaves_a_run_as_it_was_started(served: Served) -> None:
    await change(served, max_clusters=5)
    own = pb.AnalysisParameters(preferred_tier=HEURISTIC)
    request = start(parameters=own, request_id="8d0f0f3c-0000-4000-8000-000000000001")
    run = (await served.stub.StartAnalysis(request)).run
    await change(served, max_clusters=9)
    again = (await served.stub.StartAnalysis(request)).run
    assert (again.run_id, again.parameters.max_clusters) == (run.run_id, 5)


async def test_another_tenants_runs_are_not_touched_by_it(served: Served) -> None:
    await change(served, max_clusters=3, included_features=["handicap"])
    estimate = await estimated(served, tenant_id=OTHER)
    assert estimate.effective_parameters.max_clusters == 8
    assert estimate.effective_parameters.origins["max_clusters"] == "default"


async def test_a_run_can_ask_for_every_field_whatever_is_saved(served: Served) -> None:
    usual = await estimated(served)
    await change(served, included_features=["handicap"])
    saved = await estimated(served)
    assert list(saved.effective_parameters.included_features) == ["handicap"]
    every = await estimated(served, parameters=pb.AnalysisParameters(included_features=["*"]))
    assert every.effective_parameters.included_features == usual.effective_parameters.included_features
    assert every.effective_parameters.origins["included_features"] == "run"


async def test_a_contradiction_with_what_is_saved_says_whose_the_other_value_is(served: Served) -> None:
    await change(served, max_clusters=4)
    found = await refused(served.stub.StartAnalysis(start(parameters=pb.AnalysisParameters(min_clusters=6))))
    assert (found.code, found.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_PARAMETERS")
    assert "parameters.min_clusters (6) must not exceed parameters.max_clusters (4, from the saved" in (
        found.message
    )


async def test_saved_features_that_a_table_lacks_are_left_out_and_named(
    database: Database, tmp_path: Path
) -> None:
    async with analyses(database, tmp_path, job="", tables={"walkers": WALKERS}) as served:
        await change(served, included_features=["handicap", "visits"])
        club = await estimated(served)
        assert list(club.effective_parameters.included_features) == ["handicap"]
        (absent,) = [each for each in club.fields if each.field == "visits"]
        assert (absent.reason, absent.used) == ("FIELD_DROPPED", False)
        walkers = await estimated(served, schema_id="walkers")
        assert list(walkers.effective_parameters.included_features) == ["visits"]


async def test_the_model_tier_is_confirmed_from_the_rows_that_are_saved(served: Served) -> None:
    llm = pb.AnalysisParameters(preferred_tier=pb.ANALYSIS_TIER_LLM)
    assert not (await estimated(served)).requires_confirmation
    await change(served, confirm_rows=300)
    assert (await estimated(served)).requires_confirmation
    found = await refused(served.stub.StartAnalysis(start(parameters=llm)))
    assert (found.code, found.reason) == (grpc.StatusCode.FAILED_PRECONDITION, "CONFIRMATION_REQUIRED")
    await change(served, confirm_rows=5_001)
    assert not (await estimated(served, schema_id="large")).requires_confirmation
    run = (await served.stub.StartAnalysis(start(schema_id="large", parameters=llm))).run
    assert run.run_id
    await served.stub.CancelAnalysis(pb.CancelAnalysisRequest(run_id=run.run_id))


async def test_who_reads_the_configuration_names_its_time(served: Served) -> None:
    before = datetime.now(UTC)
    config = await change(served, seed=4)
    assert abs(config.update_time.ToDatetime(UTC) - before).total_seconds() < 60
    assert isinstance(config, insights.AnalysisConfig)
