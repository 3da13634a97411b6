"""A server beside with its state database, as `segmentry serve` runs it: what analyses need.

python -m benchmarks.analysing DATA_DIR MEMBERS [FILE]    # prints its address when a spare worker is warm

`FILE` is a table of its own, as schema `big`; else there is the golf club with that many members.
"""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Sequence
from datetime import date
from pathlib import Path

from segmentry import config
from segmentry.config_sources import TableSettings
from segmentry.rpc import server

# The same club after a restart.
DAY = date(2025, 12, 16)


async def serve(data_dir: Path, members: int, file: Path | None) -> None:
    """Serve until SIGTERM."""
    over = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, over.set)
    server.configure_logging("warning")
    tables = (TableSettings(path=file, schema="big", tenant="demo"),) if file else None
    settings = config.load(
        {},
        address="127.0.0.1:0",
        data_dir=data_dir,
        demo=True,
        demo_members=members,
        demo_date=DAY,
        tables=tables,
        drain_s=0.5,
    )
    async with server.running(settings, eager=True) as running:
        with server.frozen():
            await running.analyses.until_warm()
            print(running.address, flush=True)
            await over.wait()


def main(given: Sequence[str]) -> None:
    """Serve."""
    asyncio.run(serve(Path(given[0]), int(given[1]), Path(given[2]) if len(given) > 2 else None))


if __name__ == "__main__":
    main(sys.argv[1:])
