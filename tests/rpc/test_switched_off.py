"""An operator who switches DBSCAN off: nobody runs it, and everybody who asks is told so."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from pathlib import Path

import grpc
import pytest
from segmentry import config
from segmentry.config import ConfigError
from segmentry.rpc import parts
from segmentry.state.database import Database
from segmentry.v1 import segment_analysis_pb2 as pb
from segmentry.v1 import segment_insights_pb2 as insights

from tests.rpc.served import Served, analyses, start
from tests.rpc.small_tables import table
from tests.rpc.test_analysis_config import change, get, refused
from tests.rpc.test_readiness import MODEL, ready, reasons, sound

OFF = "dbscan is switched off by the operator of this server; use kmeans"
DBSCAN = pb.AnalysisParameters(algorithm="dbscan")


@pytest.fixture
async def served(database: Database, tmp_path: Path) -> AsyncGenerator[Served]:
    tables = {"shop": table(sound())}
    async with analyses(
        database, tmp_path, algorithms=("kmeans",), tables=tables, vendor=lambda: MODEL
    ) as served:
        yield served


async def test_a_run_and_an_estimate_by_density_are_refused_where_it_is_off(served: Served) -> None:
    calls = (
        served.stub.StartAnalysis(start(parameters=DBSCAN)),
        served.stub.EstimateAnalysis(pb.EstimateAnalysisRequest(schema_id="customers", parameters=DBSCAN)),
    )
    for call in calls:
        found = await refused(call)
        assert (found.code, found.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_PARAMETERS")
        assert found.metadata["field"] == "parameters.algorithm"
        assert found.message == f"parameters.algorithm {OFF}"
    assert (await served.stub.StartAnalysis(start())).run.parameters.algorithm == "kmeans"


async def test_it_cannot_be_saved_and_is_no_option(served: Served) -> None:
    found = await refused(change(served, algorithm="dbscan"))
    assert (found.metadata["field"], found.message) == ("config.algorithm", f"config.algorithm {OFF}")
    (setting,) = [each for each in (await get(served)).settings if each.field == "algorithm"]
    assert list(setting.options) == ["kmeans"]
    assert list((await ready(served)).algorithms) == ["kmeans"]


async def test_who_saved_it_before_is_refused_by_name_and_warned(database: Database, tmp_path: Path) -> None:
    tables = {"shop": table(sound())}
    async with analyses(database, tmp_path / "on", tables=tables, vendor=lambda: MODEL) as before:
        await change(before, algorithm="dbscan")
        found = await ready(before)
        assert list(found.algorithms) == ["kmeans", "dbscan"]
        assert "ALGORITHM_OFF" not in reasons(found)
    async with analyses(
        database, tmp_path / "off", algorithms=("kmeans",), tables=tables, vendor=lambda: MODEL
    ) as after:
        found = await ready(after)
        said = reasons(found)["ALGORITHM_OFF"]
        assert (found.level, said.level) == (
            insights.READINESS_LEVEL_DEGRADED,
            insights.READINESS_LEVEL_DEGRADED,
        )
        assert "--algorithm kmeans" in said.advice
        told = await refused(after.stub.StartAnalysis(start()))
        assert "dbscan, from the saved configuration, is switched off" in told.message
        assert (await change(after, max_clusters=5)).max_clusters == 5
        await change(after, algorithm="kmeans")
        assert "ALGORITHM_OFF" not in reasons(await ready(after))
        assert (await after.stub.StartAnalysis(start())).run.parameters.algorithm == "kmeans"


def test_the_setting_switches_it_off_and_no_default_may_need_it() -> None:
    assert parts.algorithms(config.load({})) == ("kmeans", "dbscan")
    assert parts.algorithms(config.load({"SEGMENTRY_ANALYSIS_DBSCAN": "false"})) == ("kmeans",)
    with pytest.raises(ConfigError, match="SEGMENTRY_ANALYSIS_DBSCAN switches it off"):
        config.load({"SEGMENTRY_ANALYSIS_DBSCAN": "off", "SEGMENTRY_ANALYSIS_ALGORITHM": "dbscan"})
