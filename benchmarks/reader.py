"""The reader in the process: time per query, long queries, and what one lexicon costs.

The other side is the least that any reader over the same lexicon does, on the same text in turn with ours:
one regular expression that cuts the words, a look-up of every run of up to four of them among the lexicon's
phrases, and rapidfuzz for each word that no phrase has. It finds mentions and makes no criteria. Queries are
the development cases of `evals/` (never the blind ones), over golf with 5,000 sampled values and over every
table with its own.

    python -m benchmarks.reader [--rounds N]
"""

from __future__ import annotations

import argparse
import random
import re
import statistics
import time
import tracemalloc
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from rapidfuzz import process
from rapidfuzz.distance import OSA
from segmentry.criteria.catalog import Catalog
from segmentry.criteria.dates import Clock
from segmentry.reader.language.inflect import stem
from segmentry.reader.lexicon.lexicon import Lexicon, lexicon
from segmentry.reader.lexicon.phrases import phrases
from segmentry.reader.read import read

from benchmarks.pairs import load
from evals import case_files, tables

CLOCK = Clock.at(datetime(2025, 12, 16, 9, tzinfo=UTC))
ROUNDS = 7
VALUES = 5_000
BARS_US = {"p50": 150, "p95": 1_000, "p99": 5_000}
BAR_LONG_MS, BAR_BUILD_MS, BAR_BUILD_MB = 20, 50, 16
CHARACTERS = 2_000
_WORD = re.compile(r"[^\W\d_]+|\d+(?:[.,]\d+)*|\S")
_SYLLABLES = (
    "ba",
    "be",
    "ko",
    "la",
    "le",
    "mi",
    "mo",
    "na",
    "ne",
    "ri",
    "ro",
    "sa",
    "so",
    "ta",
    "te",
    "to",
    "vi",
)


@dataclass(frozen=True)
class Timed:
    """One query: seconds of ours and of the plain scan, the median over the rounds."""

    query: str
    ours: float
    scan: float


class PlainScan:
    """The phrases of a catalog, and the least that finds them in a query."""

    def __init__(self, catalog: Catalog) -> None:
        built = lexicon(catalog)
        self.phrases = {
            tuple(stem(word) for word in phrase) for phrase, _ in phrases(built.named, catalog.events)
        }
        self.words = built.words
        self.known = {word for phrase in self.phrases for word in phrase}

    def find(self, query: str) -> list[object]:
        """Every phrase of the lexicon in the query, and the nearest word for those of none."""
        words = [stem(word) for word in _WORD.findall(query.casefold())]
        found: list[object] = []
        for at, word in enumerate(words):
            found += [run for n in range(1, 5) if (run := tuple(words[at : at + n])) in self.phrases]
            if word not in self.known and len(word) > 3:
                found += process.extract(
                    word, self.words, scorer=OSA.distance, limit=1, score_cutoff=2 if len(word) > 7 else 1
                )
        return found


def with_values(catalog: Catalog, total: int) -> Catalog:
    """The catalog with `total` invented values spread over its open fields of text."""
    chosen = random.Random(7)
    open_fields = [field for field in catalog.fields if field.type == "string" and not field.pii]
    share = -(-total // len(open_fields))
    fields = list(catalog.fields)
    for field in open_fields:
        names: dict[str, None] = {}
        while len(names) < share:
            word = "".join(chosen.choices(_SYLLABLES, k=chosen.randint(2, 4))).title()
            names[f"{word} {chosen.choice(_SYLLABLES).title()}" if chosen.random() < 0.5 else word] = None
        fields[catalog.fields.index(field)] = replace(field, samples=tuple(names))
    return catalog.replace_fields(tuple(fields))


def timed(queries: Sequence[tuple[str, Catalog]], rounds: int) -> list[Timed]:
    """Each query read by both sides in turn, once unmeasured and then `rounds` times."""
    scans: dict[int, PlainScan] = {}
    found: list[Timed] = []
    for query, catalog in queries:
        scan = scans.get(id(catalog)) or scans.setdefault(id(catalog), PlainScan(catalog))
        read(query, catalog, CLOCK)
        ours: list[float] = []
        theirs: list[float] = []
        for _ in range(rounds):
            ours.append(_seconds(lambda query=query, catalog=catalog: read(query, catalog, CLOCK)))
            theirs.append(_seconds(lambda query=query, scan=scan: scan.find(query)))
        found.append(Timed(query, statistics.median(ours), statistics.median(theirs)))
    return found


def report(name: str, found: Sequence[Timed]) -> None:
    """Print one line of quantiles with their bars, and the worst query."""
    ours = sorted(each.ours for each in found)
    parts: list[str] = []
    for label, share in (("p50", 0.50), ("p95", 0.95), ("p99", 0.99)):
        took = ours[min(len(ours) - 1, int(len(ours) * share))] * 1e6
        parts.append(f"{label} {took:,.0f} us {'ok' if took <= BARS_US[label] else 'OVER'}")
    worst = max(found, key=lambda each: each.ours)
    ratio = statistics.median(each.ours / each.scan for each in found)
    scan = statistics.median(each.scan for each in found) * 1e6
    print(
        f"{name}, {len(found)} queries: {', '.join(parts)}; worst {worst.ours * 1e6:,.0f} us: "
        f"{worst.query[:60]}"
    )
    print(f"  plain scan of the same lexicon p50 {scan:,.0f} us; ours / scan {ratio:.2f} (median of pairs)")


def long_queries() -> dict[str, str]:
    """Queries of the greatest length that is read, each hard in its own way."""
    parts = {
        "one sentence again and again": "gold or platinum members who booked in the last 30 days, ",
        "slips": "platnum membrs in Johanesburg with handicp undr twelv and ",
        "unknown words": "flurbish quonset brindlewick marzipane ",
        "numbers": "1,000 2.5k $3m 40% 5th 2024-01-01 ",
        "comparisons": "at least 3 but fewer than 10 ",
        "negations": "not without except never ",
        "brackets": "((((((gold) or ",
        "connectives": "and or but , ",
        "dates": "in the last 3 months since March 2023 before 5 April 2024 ",
        "quotes": "'a\" \"b' ",
        "one word": "a",
        "capitals": "South Africa Georgia US ZA ",
        "marks and wide letters": "ｇｏｌｄ ́́́ \u200b“x” ",
        "columns": "lastBookingAt >= 2024-01-01 engagementScore < 5 ",
    }
    return {name: (part * CHARACTERS)[:CHARACTERS] for name, part in parts.items()}


def report_long(catalog: Catalog) -> None:
    """Print the longest reading of a long query of each kind; the least of three counts."""
    took: dict[str, float] = {}
    for name, query in long_queries().items():
        read(query, catalog, CLOCK)
        took[name] = min(_seconds(lambda query=query: read(query, catalog, CLOCK)) for _ in range(3)) * 1e3
    worst = max(took, key=lambda name: took[name])
    verdict = "ok" if took[worst] < BAR_LONG_MS else "OVER"
    print(f"{CHARACTERS:,} characters: worst {took[worst]:.1f} ms ({worst}), bar {BAR_LONG_MS} ms {verdict}")
    print(
        "  " + ", ".join(f"{name} {ms:.1f}" for name, ms in sorted(took.items(), key=lambda item: -item[1]))
    )


def report_build(catalog: Catalog) -> None:
    """Print the time to build one lexicon, the least of five, and the memory that it keeps."""
    took = min(_seconds(lambda: Lexicon(catalog)) for _ in range(5)) * 1e3
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    built = Lexicon(catalog)
    kept = (tracemalloc.get_traced_memory()[0] - before) / 2**20
    tracemalloc.stop()
    values = sum(len(field.samples) for field in catalog.fields)
    verdict = "ok" if took <= BAR_BUILD_MS and kept <= BAR_BUILD_MB else "OVER"
    print(
        f"lexicon of {len(built.named)} fields and {values:,} values: {took:.0f} ms (bar {BAR_BUILD_MS}), "
        f"{kept:.1f} MB (bar {BAR_BUILD_MB}) {verdict}"
    )


def _seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def main(given: Sequence[str] = ()) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks reader")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    rounds: int = parser.parse_args(given).rounds
    print(load())
    cases = [case for case in case_files.load(("dev",)) if case.current is None]
    golf = with_values(tables.load("golf"), VALUES)
    report_build(golf)
    report("golf", timed([(case.query, golf) for case in cases if case.table == "golf"], rounds))
    report("every table", timed([(case.query, case.catalog) for case in cases], rounds))
    report_long(golf)
    print(load())


if __name__ == "__main__":
    import sys

    main(sys.argv[1:])
