"""One process of the long differential test: tables drawn from a seed until enough questions were asked."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import shutil
import tempfile
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from hypothesis import HealthCheck, Phase, given, seed, settings
from segmentry.state.embedded import EmbeddedPostgres

from tests.conformance.engines import DUCKDB, POSTGRESQL
from tests.differential.compared import Tally, compare
from tests.differential.drawn import Sheet, sheets
from tests.differential.engines import ASKED
from tests.exports.sql_runners import Server

# A table is loaded once and asked up to that many different questions; few are not worth it.
TREES, LEAST = 24, 4
QUIET = (HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example)
EVERY_S = 30.0


def work(number: int, examples: int, chosen: int) -> Tally:
    """Ask that many questions of every engine, on a PostgreSQL of this process's own."""
    with _postgres():
        return _run(number, examples, chosen)


def _run(number: int, examples: int, chosen: int) -> Tally:
    tally, started = Tally(), time.monotonic()
    told, known = started, set[int]()

    @settings(
        # Beyond ten, hypothesis takes to repeating parts of what it drew before.
        max_examples=10,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=[*QUIET],
    )
    @given(sheets(TREES))
    def ask(sheet: Sheet) -> None:
        nonlocal told
        # What is asked twice counts once.
        table = json.dumps(sheet.line)
        asked = {hash((table, each)): each for each in sheet.criteria}
        fresh = [each for key, each in asked.items() if key not in known]
        if tally.questions >= examples or len(fresh) < LEAST:
            return
        known.update(asked)
        sheet = dataclasses.replace(sheet, criteria=fresh)
        before = len(tally.disagreements)
        compare(sheet, ASKED, tally)
        for each in tally.disagreements[before:]:
            print(each, flush=True)
        if time.monotonic() - told > EVERY_S:
            told = time.monotonic()
            print(
                f"  process {number}: {tally.questions:,} of {examples:,} examples, {told - started:.0f} s, "
                f"{len(tally.disagreements)} disagreements",
                flush=True,
            )

    while tally.questions < examples:
        chosen += 1
        seed(chosen)(ask)()
    return tally


@contextmanager
def _postgres() -> Generator[None]:
    # Not below a private folder: as root, PostgreSQL's account could not pass it.
    folder = Path(tempfile.mkdtemp(prefix="segmentry-differential-"))
    folder.chmod(0o755)
    server = EmbeddedPostgres(folder, durable=False)
    Server.dsn = asyncio.run(server.start())
    try:
        yield
    finally:
        DUCKDB.close()
        POSTGRESQL.close()
        Server.close()
        asyncio.run(server.stop())
        shutil.rmtree(folder)
