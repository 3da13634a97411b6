"""A server beside, as `segmentry serve` runs it but without a state database, which builds do not need.

python -m benchmarks.served http://127.0.0.1:8080/v1       # experts are asked there; prints its address
"""

from __future__ import annotations

import asyncio
import signal
import sys
import tempfile
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from segmentry import config
from segmentry.rpc import server

from benchmarks.vendors import started

MEMBERS = 20_000


async def serve(ai_base_url: str) -> None:
    """Serve the golf club until SIGTERM."""
    over = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, over.set)
    server.configure_logging("info")
    with tempfile.TemporaryDirectory(prefix="segmentry-bench-") as folder:
        settings = config.load(
            {},
            address="127.0.0.1:0",
            demo=True,
            demo_members=MEMBERS,
            data_dir=Path(folder),
            ai_base_url=ai_base_url,
            # Else a minute into a benchmark the server asks the model by itself.
            canary_every_days=0,
        )
        async with server.running(settings) as running:
            with server.frozen():
                print(running.address, flush=True)
                await over.wait()


@asynccontextmanager
async def served(ai_base_url: str) -> AsyncGenerator[tuple[int, str]]:
    """The process id and the address of a server whose experts are asked at that address."""
    async with started("benchmarks.served", ai_base_url) as running:
        yield running


def cpu_s(pid: int) -> float:
    """What CPU time a process has used, in steps of 10 ms; Linux only."""
    # The name of the process stands in brackets and may hold blanks.
    fields = (
        Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()
    )
    return (int(fields[11]) + int(fields[12])) / 100


def main(given: Sequence[str]) -> None:
    """Serve."""
    asyncio.run(serve(given[0]))


if __name__ == "__main__":
    main(sys.argv[1:])
