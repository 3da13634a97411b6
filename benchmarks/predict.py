"""Lines per second of `segmentry predict`, and what it keeps in memory over a long file.

The kinds of file are answered in turns within one process, so that a busy machine slows all of them alike.
Bars: 1,000 lines/s per core with one schema, 150 with a new one of 20 columns each.
"""

from __future__ import annotations

import json
import random
import resource
import statistics
import time
from collections.abc import Callable

from segmentry.errors import JsonValue
from segmentry.predict.line import Predictor, Wanted
from segmentry.predict.tables import Given

COLUMNS = {
    "spend": "number", "orders": "int", "visits": "int", "age": "int", "town": "text", "tier": "text",
    "last_order": "date", "signup": "date", "is_vip": "bool", "tags": "list<string>", "return_rate": "float",
    "balance": "decimal(10,2)", "income": "number", "score": "int", "plan": "text", "gender": "text",
    "country": "text", "email": "text", "note": "text", "region": "text",
}  # fmt: skip
QUERIES = (
    "people in Paris who spend more than 100",
    "gold members over 40",
    "haven't ordered in 60 days",
    "age between 30 and 45 and not in Paris",
    "loyal customers",
    "top 10 % by spend",
    "vip customers who signed up in 2024",
)
PLACES = ("Paris", "Rome", "Oslo", "Bern")
TURNS, LINES = 5, 200
BARS = {"one schema": 1000.0, "a new schema each": 150.0}


def _line(number: int, schema: JsonValue, rows: int = 2) -> bytes:
    chance = random.Random(number)
    cells: JsonValue = [{"town": chance.choice(PLACES), "tier": "gold", "plan": "pro"} for _ in range(rows)]
    query = QUERIES[number % len(QUERIES)]
    return json.dumps({"id": number, "query": query, "schema": schema, "rows": cells}).encode()


def _one(number: int) -> bytes:
    return _line(number, dict(COLUMNS))


def _each(number: int) -> bytes:
    return _line(number, {**COLUMNS, f"extra_{number}": "int"})


def _rows(number: int) -> bytes:
    return _line(number % 8, dict(COLUMNS), rows=100)


KINDS: dict[str, Callable[[int], bytes]] = {
    "one schema": _one,
    "a new schema each": _each,
    "100 rows a line": _rows,
}


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main(lines: int = 50_000) -> None:
    """Print the rates, and the peak of memory after each fifth of `lines` lines with ever new schemas."""
    predictor = Predictor(Wanted(Given("2025-12-16T09:00:00Z")))
    rates: dict[str, list[float]] = {kind: [] for kind in KINDS}
    for turn in range(TURNS + 1):
        for kind, line in KINDS.items():
            texts = [line(turn * LINES + index) for index in range(LINES)]
            started = time.process_time()
            for number, text in enumerate(texts):
                predictor.answer(text, number, 1 << 20)
            rate = LINES / (time.process_time() - started)
            if turn:  # the first turn fills the caches
                rates[kind].append(rate)
    for kind, found in rates.items():
        bar = f", bar {BARS[kind]:,.0f}" if kind in BARS else ""
        spread = f"{min(found):,.0f} to {max(found):,.0f}"
        print(f"{kind:<18} {statistics.median(found):>7,.0f} lines/s of one core ({spread}{bar})")
    print(f"{'memory':<18} {_peak_mb():>7,.0f} MB before {lines:,} lines, every 10th with a new schema")
    for fifth in range(1, 6):
        for number in range((fifth - 1) * lines // 5, fifth * lines // 5):
            predictor.answer((_one if number % 10 else _each)(number), number, 1 << 20)
        print(f"{'':<18} {_peak_mb():>7,.0f} MB after {fifth * lines // 5:,}")
