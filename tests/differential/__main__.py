"""The long differential test: `make differential`, or SEGMENTRY_EXAMPLES=500 make differential."""

from __future__ import annotations

import multiprocessing
import os
import sys
import time
from concurrent.futures import ProcessPoolExecutor

from tests.differential.compared import Tally, together
from tests.differential.engines import ASKED
from tests.differential.worker import work

EXAMPLES = 20_000
# Far apart: a process counts its seeds up from its own.
APART = 1_000_003


def run(examples: int, chosen: int, processes: int) -> Tally:
    """Share the questions out among processes that are started afresh; none is forked from another."""
    shares = [examples // processes + (number < examples % processes) for number in range(processes)]
    seeds = [chosen + number * APART for number in range(processes)]
    with ProcessPoolExecutor(processes, mp_context=multiprocessing.get_context("spawn")) as pool:
        return together(list(pool.map(work, range(1, processes + 1), shares, seeds)))


def main() -> int:
    """Print what each engine answered, then one closing line; 1 if any answer was different."""
    examples = int(os.environ.get("SEGMENTRY_EXAMPLES", EXAMPLES))
    chosen = int(os.environ.get("SEGMENTRY_SEED", time.time_ns() % 2**32))
    processes = int(os.environ.get("SEGMENTRY_PROCESSES", min(2, os.cpu_count() or 1)))
    started = time.monotonic()
    print(
        f"==> differential: {examples:,} examples, reference and {', '.join(ASKED)}, seed {chosen}, "
        f"{processes} processes",
        flush=True,
    )
    tally = run(examples, chosen, processes)
    for name in ASKED:
        print(
            f"  {name}: {tally.answered[name]:,} answered, {tally.refused[name]:,} refused as not expressible"
        )
    print(
        f"{tally.questions:,} examples on {tally.tables:,} tables, {len(ASKED) + 1} engines, "
        f"{len(tally.disagreements)} disagreements, {time.monotonic() - started:.0f} s, seed {chosen}"
    )
    return 1 if tally.disagreements else 0


if __name__ == "__main__":
    sys.exit(main())
