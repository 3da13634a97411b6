from __future__ import annotations

import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import cast

import pytest
from segmentry.analysis import codec, job
from segmentry.analysis.discover import discover
from segmentry.analysis.events import AnalysisResult
from segmentry.analysis.kmeans import kernel
from segmentry.analysis.parameters import Parameters
from segmentry.errors import JsonValue

from tests.analysis.tables import AS_OF, numbers

SNAPSHOT = numbers(a=[float(each % 7) for each in range(300)], b=[float(each % 2) * 9 for each in range(300)])


def test_a_job_gives_what_discover_gives(tmp_path: Path) -> None:
    table = tmp_path / "table"
    SNAPSHOT.write(table)
    said: list[JsonValue] = []
    order = job.order(table, Parameters(max_clusters=3), AS_OF)
    answer = codec.decode(cast("dict[str, JsonValue]", job.run(cast("JsonValue", order), said.append)))
    direct = discover(SNAPSHOT, Parameters(max_clusters=3), AS_OF, lambda _event: None)
    assert isinstance(answer, AnalysisResult)
    assert answer.segments == direct.segments
    assert answer.parameters == direct.parameters
    kinds = [cast("dict[str, JsonValue]", message)["event"] for message in said]
    assert kinds[0] == "plan"
    assert kinds.count("score") == 4, "a provisional and a final one for each k"
    assert "result" not in kinds


@pytest.mark.parametrize("argument", [None, {}, {"table": "t", "parameters": [], "as_of": ""}])
def test_what_is_no_order_is_refused(argument: JsonValue) -> None:
    with pytest.raises(ValueError, match="analysis job"):
        job.run(argument, lambda _message: None)


def test_the_instant_of_the_order_is_the_one_that_counts(tmp_path: Path) -> None:
    order = job.order(tmp_path, Parameters(), AS_OF + timedelta(hours=1), time_zone="Europe/Rome")
    assert order["as_of"] == "2026-11-21T13:00:00+00:00"
    assert order["time_zone"] == "Europe/Rome"


def test_an_estimate_loads_no_clustering_library() -> None:
    code = "import sys, segmentry.analysis.estimate; sys.exit('sklearn' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


FULL_DISK = """
import resource, signal, sys
import segmentry.analysis.job as job
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
job.warm()
from segmentry.analysis.kmeans import compiled
assert compiled._move.signatures, "nothing was compiled"
"""


@pytest.mark.skipif(not kernel.is_compiled(), reason="numba is not installed")
@pytest.mark.timeout(120)
def test_compiled_code_that_cannot_be_kept_serves_this_process(tmp_path: Path) -> None:
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path)}
    subprocess.run([sys.executable, "-c", FULL_DISK], env=environment, check=True)
    assert not [each for each in tmp_path.rglob("*.nbc") if each.stat().st_size]
