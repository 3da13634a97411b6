"""An analysis service on a real PostgreSQL with real workers."""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

from segmentry.analysis.service import TARGET, AnalysisService
from segmentry.customers.snapshots import SnapshotStore
from segmentry.runs.supervisor import Supervisor
from segmentry.state.database import Database

TOP = Path(__file__).parents[2]
ServeAnalyses = Callable[..., AbstractAsyncContextManager[AnalysisService]]


def serve_analyses(database: Database, tables: SnapshotStore, folder: Path) -> ServeAnalyses:
    """`async with serve("die") as service`: a job of `tests/analysis/jobs.py`; empty means the real one."""

    @asynccontextmanager
    async def serve(job: str = "brief") -> AsyncGenerator[AnalysisService]:
        path = os.pathsep.join([str(TOP), str(TOP / "server")])
        supervisor = Supervisor(environment={"PYTHONPATH": path}, spares=1)
        target = f"tests.analysis.jobs:{job}" if job else TARGET
        service = AnalysisService(database, tables, supervisor, folder=folder, target=target)
        try:
            yield service
        finally:
            await service.close()
        assert not supervisor.pids

    return serve
