"""The long differential test: `make differential`, or SEGMENTRY_EXAMPLES=500 make differential."""

from __future__ import annotations

import os
import sys
import time

from hypothesis import HealthCheck, Phase, given, seed, settings

from tests.differential.compared import Tally, compare
from tests.differential.drawn import Sheet, sheets
from tests.differential.engines import ASKED

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


def main() -> int:
    """Print each disagreement with the line that repeats it, then one closing line; 1 if there was any."""
    examples = int(os.environ.get("SEGMENTRY_EXAMPLES", EXAMPLES))
    chosen = int(os.environ.get("SEGMENTRY_SEED", time.time_ns() % 2**32))
    started = time.monotonic()
    print(
        f"==> differential: {examples:,} examples, reference and {', '.join(ASKED)}, seed {chosen}",
        flush=True,
    )
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
