"""Real worker processes that find the jobs of this folder."""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest
from segmentry.runs.supervisor import Supervisor

TOP = str(Path(__file__).parents[2])
MakeSupervisor = Callable[..., AbstractAsyncContextManager[Supervisor]]


@pytest.fixture
def supervising() -> MakeSupervisor:
    """`async with supervising(spares=1, ...) as supervisor`."""

    @asynccontextmanager
    async def supervise(**options: object) -> AsyncGenerator[Supervisor]:
        path = os.pathsep.join([TOP, str(Path(TOP) / "server")])
        supervisor = Supervisor(environment={"PYTHONPATH": path}, **options)  # pyright: ignore[reportArgumentType]  (the test's own options)
        try:
            yield supervisor
        finally:
            await supervisor.close()
        assert not supervisor.pids

    return supervise
