"""What the last discovery has to do with how ready its table is."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from segmentry.state.database import Database
from segmentry.v1 import segment_analysis_pb2 as analysis

from tests.rpc.served import Served, analyses, start, watched
from tests.rpc.small_tables import Values, table
from tests.rpc.test_readiness import DEGRADED, MODEL, ROWS, ready, reasons, sound

THIRDS = analysis.AnalysisParameters(
    preferred_tier=analysis.ANALYSIS_TIER_HEURISTIC, included_features=["spent"]
)


async def discovered(served: Served, parameters: analysis.AnalysisParameters = THIRDS) -> str:
    """A run over the shop that has ended, well or not."""
    run = (await served.stub.StartAnalysis(start(schema_id="shop", parameters=parameters))).run
    await watched(served, run.run_id)
    return run.run_id


async def test_a_discovery_that_failed_is_in_the_way_until_one_succeeds(
    database: Database, tmp_path: Path
) -> None:
    shop = {"shop": table(sound())}
    async with analyses(database, tmp_path, job="fail", tables=shop, vendor=lambda: MODEL) as served:
        # The worker has a fault that no lower tier stands in for.
        await discovered(served, analysis.AnalysisParameters(max_clusters=3))
        failed = await ready(served)
    async with analyses(database, tmp_path, job="", tables=shop, vendor=lambda: MODEL) as served:
        await discovered(served)
        mended = await ready(served)
    finding = reasons(failed)["RUN_FAILED"]
    assert (finding.level, failed.level) == (DEGRADED, DEGRADED)
    assert "INTERNAL" in finding.message
    assert "secret" not in str(failed)
    assert "NEVER_ANALYSED" not in reasons(failed)
    assert not {"RUN_FAILED", "NEVER_ANALYSED"} & set(reasons(mended))


@pytest.mark.parametrize(("days", "told"), [(29, False), (31, True)])
async def test_a_discovery_of_last_month_is_old(
    database: Database, tmp_path: Path, days: int, told: bool
) -> None:
    async with analyses(
        database, tmp_path, job="", tables={"shop": table(sound())}, vendor=lambda: MODEL
    ) as served:
        await discovered(served)
        later = datetime.now(UTC) + timedelta(days=days)
        found = await served.readiness.service.survey("demo", "shop", later)
    told_of = {each.reason: each for each in found.findings}
    assert ("RUN_OLD" in told_of) == told
    if told:
        finding = told_of["RUN_OLD"]
        assert (finding.level, finding.value) == ("READY", days)
        assert f"{days} days old" in finding.message


async def test_what_the_last_discovery_warned_of_is_told_again(database: Database, tmp_path: Path) -> None:
    """Quantities that are spread evenly have no groups; the run says so and so does the table."""
    async with analyses(
        database, tmp_path, job="", tables={"shop": table(sound())}, vendor=lambda: MODEL
    ) as served:
        run_id = await discovered(served, analysis.AnalysisParameters(max_clusters=3))
        result = (await served.stub.GetAnalysis(analysis.GetAnalysisRequest(run_id=run_id))).result
        found = reasons(await ready(served))
    warned = {each.reason: each.message for each in result.warnings}
    about_segments = {reason for reason in warned if "SEGMENTS" in reason}
    assert about_segments
    for reason in about_segments:
        assert found[reason].message == f"the last discovery said: {warned[reason]}"
        assert found[reason].advice


async def test_a_segment_of_the_last_discovery_that_has_moved_is_found(
    database: Database, tmp_path: Path
) -> None:
    columns = sound()
    async with analyses(
        database, tmp_path, job="", tables={"shop": table(columns)}, vendor=lambda: MODEL
    ) as served:
        await discovered(served)
        assert "SEGMENT_MOVED" not in reasons(await ready(served))
        spent: Values = [1400.0 if n % 2 else 3.0 * (n % 500) for n in range(ROWS)]
        served.store.put("demo", "shop", table({**columns, "spent": spent}))
        found = await ready(served)
    moved = [each for each in found.findings if each.reason == "SEGMENT_MOVED"]
    assert moved
    for each in moved:
        assert each.level == DEGRADED
        assert each.resource_id
        assert abs(each.value) > each.limit == 0.05
        now, then = (int(share) for share in re.findall(r"(\d+) %", each.message))
        assert round((now - then) / 100, 1) == round(each.value, 1)
