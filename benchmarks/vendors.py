"""The fake vendor in a process of its own, and what it says of itself."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import httpx2

# Words that the reader knows nothing of, with what the vendor's experts make of them: else nobody was asked.
SLANG = "crazy about us=engagementScore:high engagement"


@asynccontextmanager
async def vendor(*arguments: str) -> AsyncGenerator[str]:
    """The address of a fake vendor that was started with these arguments."""
    async with started("tests.vendor", *arguments) as (_, base_url):
        yield base_url


@asynccontextmanager
async def started(module: str, *arguments: str) -> AsyncGenerator[tuple[int, str]]:
    """The process id of a module that runs beside, and the line that it prints when it is ready."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", module, *arguments),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    assert process.stdout is not None
    try:
        line = (await process.stdout.readline()).decode().strip()
        if not line:
            raise RuntimeError(f"{module} ended before it was ready")
        yield process.pid, line
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


async def vendors_cpu_s(base_url: str) -> float:
    """What CPU time the vendor's process has used."""
    async with httpx2.AsyncClient() as client:
        return float((await client.get(f"{base_url}/counts")).json()["cpu_s"])
