"""Estimates of time: a formula at first, then what runs of this server took."""

from __future__ import annotations

import asyncio
import dataclasses
from pathlib import Path

import pytest
from segmentry.analysis.estimate import estimate
from segmentry.analysis.pace import Pace, cold_s, likely, way
from segmentry.analysis.pace_store import KEPT, PaceStore
from segmentry.analysis.parameters import Parameters
from segmentry.analysis.terms import NO_MODEL, Terms
from segmentry.state.database import Database
from segmentry.v1 import segment_analysis_pb2 as pb

from tests.analysis.tables import AS_OF, numbers
from tests.rpc.served import Served, analyses, start, watched

SHOP = numbers(a=[float(each) for each in range(60)], b=[float(each * 7 % 60) for each in range(60)])


def known(*took: float, cold: float = 1.5) -> Terms:
    paces = tuple(Pace(cold, each) for each in took)
    return dataclasses.replace(NO_MODEL, paces=(("ML_WORKER kmeans", paces),))


def test_without_runs_the_formula_is_told_without_a_range() -> None:
    (worker, *_) = estimate(SHOP, Parameters(), AS_OF).tiers
    assert (worker.low_s, worker.high_s, worker.measured_runs) == (None, None, 0)
    assert worker.expected_s == cold_s("ML_WORKER", Parameters(), 60, 2) == 1.5


def test_runs_of_this_server_give_the_range() -> None:
    (worker, *others) = estimate(SHOP, Parameters(), AS_OF, terms=known(0.4, 0.5, 0.6, 0.9)).tiers
    assert worker.measured_runs == 4
    assert worker.low_s is not None
    assert worker.high_s is not None
    assert 0.4 <= worker.low_s < worker.expected_s < worker.high_s <= 0.9
    assert all(each.measured_runs == 0 for each in others)


@pytest.mark.parametrize(
    ("paces", "n_runs"),
    [([Pace(1.5, 1.0)] * 2, 0), ([Pace(1.5, 1.0)] * 3, 3), ([Pace(90.0, 1.0)] * 9, 0)],
    ids=["too few", "enough", "of another size"],
)
def test_few_runs_and_runs_of_another_size_say_nothing(paces: list[Pace], n_runs: int) -> None:
    assert likely(1.5, paces).n_runs == n_runs


def test_ways_are_told_apart() -> None:
    by_density = Parameters(algorithm="dbscan")
    assert len({way("ML_WORKER", Parameters()), way("ML_WORKER", by_density), way("LLM", by_density)}) == 3


def test_a_worker_is_told_what_its_plan_is_made_from() -> None:
    terms = known(0.4, 0.5, 0.6)
    assert Terms.of_json(terms.to_json()) == terms
    assert Terms.of_json({**terms.to_json(), "paces": {"x": [1, ["a"]]}}).paces == (("x", ()),)


async def test_only_the_last_runs_of_a_server_are_kept(database: Database) -> None:
    ours, theirs = PaceStore(database, "one"), PaceStore(database, "two")
    for each in range(KEPT + 5):
        await ours.keep("LLM", Pace(8.0, float(each)))
    await theirs.keep("LLM", Pace(8.0, 1.0))
    ((name, kept),) = await ours.recall()
    assert (name, len(kept), kept[0].took_s, kept[-1].took_s) == ("LLM", KEPT, 5.0, KEPT + 4.0)
    assert await theirs.recall() == (("LLM", (Pace(8.0, 1.0),)),)


async def estimated(served: Served) -> pb.TierEstimate:
    asked = pb.EstimateAnalysisRequest(
        schema_id="customers", parameters=pb.AnalysisParameters(preferred_tier=pb.ANALYSIS_TIER_HEURISTIC)
    )
    found = (await served.stub.EstimateAnalysis(asked)).estimate
    return next(each for each in found.tiers if each.tier == pb.ANALYSIS_TIER_HEURISTIC)


async def test_three_runs_make_an_estimate_of_what_they_took(database: Database, tmp_path: Path) -> None:
    own = pb.AnalysisParameters(preferred_tier=pb.ANALYSIS_TIER_HEURISTIC)
    async with analyses(database, tmp_path, job="") as served:
        before = await estimated(served)
        assert (before.measured_runs, before.HasField("low_duration")) == (0, False)
        for _ in range(3):
            run = (await served.stub.StartAnalysis(start(parameters=own))).run
            await watched(served, run.run_id)
        async with asyncio.timeout(10):
            # What it took is written after its end.
            while (after := await estimated(served)).measured_runs < 3:
                pass
    assert after.low_duration.ToMilliseconds() <= after.expected_duration.ToMilliseconds()
    assert after.expected_duration.ToMilliseconds() <= after.high_duration.ToMilliseconds()
