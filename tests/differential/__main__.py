"""The long differential test: `make differential`, or SEGMENTRY_EXAMPLES=500 make differential."""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from hypothesis import HealthCheck, Phase, given, seed, settings
from segmentry.state.embedded import EmbeddedPostgres

from tests.differential.compared import Tally, compare
from tests.differential.drawn import Sheet, sheets
from tests.differential.engines import ASKED
from tests.exports.sql_runners import Server

EXAMPLES = 20_000
TREES = 20
QUIET = (HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example)
EVERY_S = 30.0


def run(examples: int, chosen: int) -> Tally:
    """Ask that many questions of every engine, in tables of about ten; 0 disagreements is the aim."""
    tally, started = Tally(), time.monotonic()
    told = started

    @seed(chosen)
    @settings(
        max_examples=200,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=[*QUIET],
    )
    @given(sheets(TREES))
    def ask(sheet: Sheet) -> None:
        nonlocal told
        if tally.questions >= examples:
            return
        compare(sheet, ASKED, tally)
        if time.monotonic() - told > EVERY_S:
            told = time.monotonic()
            print(
                f"  {tally.questions:,} of {examples:,} examples, {told - started:.0f} s, "
                f"{len(tally.disagreements)} disagreements",
                flush=True,
            )

    while tally.questions < examples:
        chosen += 1
        seed(chosen)(ask)()
    return tally


@contextmanager
def postgres() -> Generator[None]:
    """A PostgreSQL of its own for the engines that talk to one."""
    # Not below a private folder: as root, PostgreSQL's account could not pass it.
    folder = Path(tempfile.mkdtemp(prefix="segmentry-differential-"))
    folder.chmod(0o755)
    server = EmbeddedPostgres(folder, durable=False)
    Server.dsn = asyncio.run(server.start())
    try:
        yield
    finally:
        Server.close()
        asyncio.run(server.stop())
        shutil.rmtree(folder)


def main() -> int:
    """Print each disagreement with the line that repeats it, then one closing line; 1 if there was any."""
    examples = int(os.environ.get("SEGMENTRY_EXAMPLES", EXAMPLES))
    chosen = int(os.environ.get("SEGMENTRY_SEED", time.time_ns() % 2**32))
    started = time.monotonic()
    print(
        f"==> differential: {examples:,} examples, reference and {', '.join(ASKED)}, seed {chosen}",
        flush=True,
    )
    with postgres():
        tally = run(examples, chosen)
    for each in tally.disagreements:
        print(each)
    for name in ASKED:
        print(
            f"  {name}: {tally.answered[name]:,} answered, {tally.refused[name]:,} refused as not expressible"
        )
    print(
        f"{tally.questions:,} examples, {len(ASKED) + 1} engines, {len(tally.disagreements)} disagreements, "
        f"{time.monotonic() - started:.0f} s, seed {chosen}"
    )
    return 1 if tally.disagreements else 0


if __name__ == "__main__":
    sys.exit(main())
