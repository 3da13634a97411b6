"""Tasks that outlive their request."""

from __future__ import annotations

import asyncio
import logging

import pytest
from segmentry.runs.background import Background


async def test_close_ends_what_runs_and_waits_for_its_cleanup() -> None:
    cleaned = asyncio.Event()

    async def work() -> None:
        try:
            await asyncio.sleep(600)
        finally:
            await asyncio.sleep(0.01)
            cleaned.set()

    background = Background()
    background.start(work(), "work")
    await asyncio.sleep(0)
    await background.close()
    assert cleaned.is_set()


async def test_a_failure_is_logged_and_harms_no_other(caplog: pytest.LogCaptureFixture) -> None:
    finished = asyncio.Event()

    async def fail() -> None:
        raise RuntimeError("broken")

    async def work() -> None:
        await asyncio.sleep(0.01)
        finished.set()

    background = Background()
    caplog.set_level(logging.ERROR)
    background.start(fail(), "the failing one")
    background.start(work(), "the other")
    await finished.wait()
    await background.close()
    assert "the failing one" in caplog.text
