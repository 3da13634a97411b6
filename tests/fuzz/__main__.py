"""The long fuzz of the readers: `make fuzz`, or SEGMENTRY_EXAMPLES=5000 make fuzz."""

from __future__ import annotations

import os
import sys
import time

from tests.fuzz import reading
from tests.fuzz.readers import READERS, SLOW_S, Report, feed

INPUTS = 100_000


def main() -> int:
    """Print what was read and refused, each fault with its seed, and the slowest texts; 1 after a fault."""
    inputs = int(os.environ.get("SEGMENTRY_EXAMPLES", INPUTS))
    first = int(os.environ.get("SEGMENTRY_SEED", time.time_ns() % 2**32))
    return max(_texts(inputs, first), _queries(inputs, first))


def _texts(inputs: int, first: int) -> int:
    started, report = time.monotonic(), Report()
    print(f"==> fuzz: {inputs:,} texts, seed {first}", flush=True)
    for number in range(inputs):
        feed(list(READERS)[number % len(READERS)], first + number, report)
    for each in report.wrong:
        print(each)
    for name in READERS:
        took, text = report.slowest.get(name, (0.0, ""))
        print(f"  {name}: {report.read[name]:,} read, {report.refused[name]:,} refused")
        told = "slower than 50 ms" if took > SLOW_S else "slowest"
        print(f"    {told}: {took * 1000:.1f} ms, {len(text):,} characters")
    print(f"{inputs:,} texts, {len(report.wrong)} faults, {time.monotonic() - started:.0f} s, seed {first}")
    return 1 if report.wrong else 0


def _queries(inputs: int, first: int) -> int:
    started, report = time.monotonic(), reading.Read()
    print(f"==> fuzz: {inputs:,} queries in plain words, seed {first}", flush=True)
    for number in range(inputs):
        reading.feed(first + number, report)
    for each in (*report.wrong, *report.slow):
        print(each)
    print("  " + ", ".join(f"{count:,} {outcome}" for outcome, count in report.outcomes.most_common()))
    took, text = report.slowest
    print(f"  slowest: {took * 1000:.1f} ms, {len(text):,} characters; {len(report.slow)} above 20 ms")
    print(f"{inputs:,} queries, {len(report.wrong)} faults, {time.monotonic() - started:.0f} s, seed {first}")
    return 1 if report.wrong or report.slow else 0


if __name__ == "__main__":
    sys.exit(main())
