"""The embedded engine on the golf club against Polars (lazy filter) and DuckDB (in memory), in the same run.

Ours is timed cold, that is with nothing kept between questions, unless a row says otherwise; every row first
checks that all sides count the same customers. Printed: median and best of the alternated rounds, how many
times as long the others take (medians), the bytes that the columns of the question hold, the time that one
thread needs to read them at the bandwidth measured first, what share of our best time that is, and the bar.

    python -m benchmarks.engines [--members N ...]        # 1,000,000 and 10,000,000 by default

10 million members take a minute or two to make, once a day; the folder under the system's temporary directory
is kept. A load above the number of cores makes the figures unusable, and each row says so.
"""

from __future__ import annotations

import argparse
import dataclasses
import itertools
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path

import duckdb
import numpy as np
import polars as pl
from segmentry.criteria import check, parse
from segmentry.criteria.catalog import EventType
from segmentry.criteria.dates import Clock
from segmentry.criteria.nodes import And, Event, Leaf, Node, Not, Operator, Or
from segmentry.customers import demo, golf
from segmentry.customers.columns import Array, Coded, Column, Text
from segmentry.customers.events import EventTable
from segmentry.customers.leaves import microseconds
from segmentry.customers.masks import MaskCache
from segmentry.customers.snapshot import Snapshot

from benchmarks.pairs import MS, Work, alternate, bandwidth, load, resident_mb
from benchmarks.questions import AS_OF, FIELDS, FIVE, FIVE_POLARS, FIVE_SQL, QUESTIONS, REFINED

SIZES = (1_000_000, 10_000_000)
ROUNDS = 9
EVENTS = 20_000_000


class Bench:
    """The sides of one size, and what is printed of them."""

    def __init__(self, snapshot: Snapshot, rate: float) -> None:
        self.rate = rate
        self.snapshot = snapshot
        # What a question selects is not kept, so that the next time it is asked is cold too.
        self.cold = dataclasses.replace(snapshot, cache=MaskCache(max_bytes=0))
        self.frame = snapshot.frame(FIELDS)
        self.duckdb = duckdb.connect()
        self.duckdb.register("frame", self.frame)
        self.duckdb.execute("SET TimeZone='UTC'; CREATE TABLE members AS SELECT * FROM frame")
        self.duckdb.unregister("frame")

    def bound(self, criteria: str) -> Node:
        catalog = self.snapshot.catalog
        return check.require(parse.loads(criteria), catalog, Clock.at(AS_OF, catalog.time_zone)).bound

    def polars(self, condition: pl.Expr) -> int:
        return int(self.frame.lazy().filter(condition).select(pl.len()).collect().item())

    def sql(self, condition: str) -> int:
        row = self.duckdb.execute(f"SELECT count(*) FROM members WHERE {condition}").fetchone()
        assert row is not None
        return int(row[0])

    def row(self, name: str, bar: float, n_bytes: int, ours: Work, others: dict[str, Work]) -> None:
        """Time one row and print it; all sides must give the same."""
        expected = ours()
        for other, work in others.items():
            found = work()
            assert found == expected, f"{name}: {other} counts {found}, we {expected}"
        timings = alternate({"ours": ours, **others}, ROUNDS)
        mine = timings["ours"]
        limit = n_bytes / self.rate
        verdict = "ok" if mine.median * MS <= bar else "OVER"
        beside = "".join(
            f"{timings[other].median * MS:>10.2f}{timings[other].median / mine.median:>7.1f}x"
            for other in others
        )
        print(
            f"{name:28}{mine.median * MS:>9.3f}{mine.best * MS:>9.3f}{beside or ' ' * 36}"
            f"{n_bytes / 1e6:>8.1f}{limit * MS:>8.2f}{100 * limit / mine.best:>6.0f} %"
            f"{bar:>8g} {verdict:5} {load()}",
            flush=True,
        )

    def questions(self, size: int) -> None:
        """The rows of single questions, cold."""
        for question in QUESTIONS:
            node = self.bound(question.criteria)
            self.row(
                question.name,
                question.bars[size],
                bytes_of(self.snapshot, node),
                lambda node=node: self.cold.count(node, AS_OF),
                {
                    "Polars": lambda each=question.polars: self.polars(each),
                    "DuckDB": lambda each=question.sql: self.sql(each),
                },
            )

    def kept(self, size: int) -> None:
        """The rows on five leaves that are in the cache; the others evaluate them anew, as they must."""
        five = tuple(self.bound(each) for each in FIVE)
        whole = And(five)
        n_bytes = self.snapshot.rows // 8
        every, every_sql = pl.all_horizontal(FIVE_POLARS), " AND ".join(FIVE_SQL)
        self.row(
            "five kept leaves",
            (0.2, 1)[size],
            5 * n_bytes,
            lambda: self.snapshot.count(whole, AS_OF),
            {"Polars": lambda: self.polars(every), "DuckDB": lambda: self.sql(every_sql)},
        )
        asked = itertools.count(1)

        def refine() -> int:
            # Never the same operand twice and always "at least 3": the new clause is cold every time.
            clause = Leaf(REFINED, Operator.GTE, 2 + next(asked) * 1e-6)
            return self.snapshot.count(And((*five, clause)), AS_OF)

        self.row(
            "one clause more, cold",
            1,
            5 * n_bytes + nbytes(self.snapshot.store[REFINED]),
            refine,
            {
                "Polars": lambda: self.polars(every & (pl.col(REFINED) >= 3)),
                "DuckDB": lambda: self.sql(f"{every_sql} AND {REFINED} >= 3"),
            },
        )
        # Counted by themselves and never beside the five: the sixth set is kept, the whole is not.
        clauses = [Leaf(REFINED, Operator.GTE, 2 + each * 1e-6) for each in range(1001, 1003 + ROUNDS)]
        self.snapshot.count_many(clauses, AS_OF)
        unasked = iter(clauses)
        self.row(
            "one clause more, kept",
            1,
            2 * n_bytes,
            lambda: self.snapshot.count(And((*five, next(unasked))), AS_OF),
            {
                "Polars": lambda: self.polars(every & (pl.col(REFINED) >= 3)),
                "DuckDB": lambda: self.sql(f"{every_sql} AND {REFINED} >= 3"),
            },
        )
        without = [And(five[:index] + five[index + 1 :]) for index in range(5)]
        self.row(
            "leave one out of five",
            (0.5, 3)[size],
            25 * n_bytes,
            lambda: self.snapshot.count_many(without, AS_OF),
            {
                "Polars": lambda: self.filtered([_without(FIVE_POLARS, each) for each in range(5)]),
                "DuckDB": lambda: [
                    self.sql(" AND ".join(FIVE_SQL[:each] + FIVE_SQL[each + 1 :])) for each in range(5)
                ],
            },
        )

    def filtered(self, conditions: Sequence[pl.Expr]) -> list[int]:
        """Several counts in one pass of Polars."""
        counts = [each.sum().alias(str(index)) for index, each in enumerate(conditions)]
        return [int(each) for each in self.frame.lazy().select(counts).collect().row(0)]


def _without(conditions: Sequence[pl.Expr], index: int) -> pl.Expr:
    return pl.all_horizontal([each for place, each in enumerate(conditions) if place != index])


def events(rows: int, rate: float) -> None:
    """`count >= 3 in 30 days` over 20 million events of two years, the leaf itself not kept."""
    rng = np.random.default_rng(0)
    end = microseconds(AS_OF)
    times = np.sort(rng.integers(end - 730 * 86_400_000_000, end, EVENTS))
    owners = rng.integers(0, rows, EVENTS, dtype=np.int32)
    table = EventTable(EventType("order"), owners, times, {})
    catalog = dataclasses.replace(golf.catalog(), events=(table.kind,))
    snapshot = Snapshot(catalog, rows, {}, {"order": table}, cache=MaskCache(max_bytes=0))
    start = AS_OF - timedelta(days=30)
    event = Event("order", operator=Operator.GTE, value=3, window_start=start)
    frame = pl.DataFrame({"owner": owners, "at": pl.Series(times).cast(pl.Datetime("us", "UTC"))})
    connection = duckdb.connect()
    connection.register("frame", frame)
    connection.execute("SET TimeZone='UTC'; CREATE TABLE happened AS SELECT * FROM frame")
    query = (
        "SELECT count(*) FROM (SELECT owner FROM happened WHERE happened.at >= $1 AND happened.at < $2"
        " GROUP BY owner HAVING count(*) >= 3)"
    )

    def by_polars() -> int:
        window = frame.lazy().filter((pl.col("at") >= start) & (pl.col("at") < AS_OF))
        often = window.group_by("owner").len().filter(pl.col("len") >= 3)
        return int(often.select(pl.len()).collect().item())

    def by_duckdb() -> int:
        row = connection.execute(query, [start, AS_OF]).fetchone()
        assert row is not None
        return int(row[0])

    bench = Bench.__new__(Bench)
    bench.rate = rate
    n_window = int(np.count_nonzero(times >= microseconds(start)))
    bench.row(
        f"$event, {n_window:,} in window",
        5,
        4 * n_window,
        lambda: snapshot.count(event, AS_OF),
        {"Polars": by_polars, "DuckDB": by_duckdb},
    )


def bytes_of(snapshot: Snapshot, node: Node) -> int:
    """What the columns of a question hold, each leaf by itself."""
    match node:
        case And(items) | Or(items):
            return sum(bytes_of(snapshot, item) for item in items)
        case Not(item):
            return bytes_of(snapshot, item)
        case Leaf():
            column = snapshot.store[node.field]
            if isinstance(column, Array):
                return column.members(column.labels.index(str(node.value))).nbytes
            return nbytes(column)
        case _:
            raise AssertionError(f"no bytes are counted for {type(node).__name__}")


def nbytes(column: Column) -> int:
    """The bytes that a pass over a column reads: text with its 16 bytes of view per row."""
    match column:
        case Coded(codes):
            return codes.nbytes
        case Text(series):
            return int(series.estimated_size()) + 16 * len(series)
        case Array():
            return column.codes.nbytes
        case _:
            return column.values.nbytes


def timed(name: str, work: Callable[[], Snapshot]) -> Snapshot:
    started = time.perf_counter()
    made = work()
    memory = ", ".join(f"{part} {megabytes:,} MB" for part, megabytes in resident_mb().items())
    print(f"{name}: {time.perf_counter() - started:.1f} s; resident: {memory}; {load()}", flush=True)
    return made


def main(given: Sequence[str] = ()) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks engines")
    parser.add_argument("--members", type=int, nargs="+", default=list(SIZES))
    chosen: list[int] = parser.parse_args(given).members
    folder = Path(tempfile.gettempdir()) / "segmentry-bench-cache"
    rate = bandwidth()
    print(f"memory is read at {rate / 1e9:.1f} GB/s by one thread; ms below; {load()}")
    for members in chosen:
        timed(
            "made or found",
            lambda members=members: demo.golf_snapshot(members, as_of=AS_OF, cache_dir=folder),
        )
        snapshot = timed(
            "opened", lambda members=members: demo.golf_snapshot(members, as_of=AS_OF, cache_dir=folder)
        )
        print(f"{members:,} members x {len(snapshot.store)} fields")
        print(
            f"{'':28}{'median':>9}{'best':>9}{'Polars':>10}{'':8}{'DuckDB':>10}{'':8}"
            f"{'MB':>8}{'limit':>8}{'share':>8}{'bar':>8}"
        )
        size = int(members > SIZES[0])
        bench = Bench(snapshot, rate)
        bench.questions(size)
        bench.kept(size)
        events(members, rate)


if __name__ == "__main__":
    import sys

    main(sys.argv[1:])
