"""SQL that criteria compile to against SQL by hand, on DuckDB and PostgreSQL, and the time to compile.

First the texts alone on one connection, then whole calls of a `PushdownTable` (benchmarks/pushdown.py).
Both sides count the same customers of the golf club in an indexed table, alternated in one run; each pair's
medians and their ratio are printed, and the median ratio of all pairs against the bar of 1.05. The
hand-written statements hold literals, as people write them; ours hold parameters only.

    python -m benchmarks.compiled [--members N]        # 200,000 by default
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import tempfile
import time
import timeit
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import asyncpg
import duckdb
import polars as pl
from segmentry.criteria import check, parse
from segmentry.criteria.dates import Clock
from segmentry.criteria.export.dialects import DUCKDB, POSTGRESQL
from segmentry.criteria.export.dialects.dialect import Dialect
from segmentry.criteria.export.sql import Condition, condition
from segmentry.customers import golf
from segmentry.customers.demo import golf_snapshot
from segmentry.customers.duckdb import DuckdbConnection
from segmentry.customers.postgres import PostgresConnection
from segmentry.state.embedded import EmbeddedPostgres

from benchmarks import pushdown
from benchmarks.pairs import MS, load

MEMBERS = 200_000
ROUNDS = 15
BAR_RATIO, BAR_COMPILE_US = 1.05, 100
AS_OF = datetime(2025, 12, 16, 10, tzinfo=UTC)
TYPES = {
    "email": "text", "firstName": "text", "status": "text", "membershipTier": "text",
    "tags": "text[]", "emailOptIn": "boolean", "engagementScore": "double precision",
    "handicap": "double precision", "lifetimeValue": "bigint", "lastBookingAt": "timestamptz",
}  # fmt: skip
INDEXES = ('("lastBookingAt")', 'USING gin ("tags")', '("engagementScore")')

# Criteria, the same by hand for PostgreSQL, and for DuckDB where it is said differently.
PAIRS: tuple[tuple[str, str, str], ...] = (
    ('{"engagementScore":{"$gte":70}}', '"engagementScore" >= 70', ""),
    ('{"status":{"$neq":"DELETED"}}', "\"status\" IS DISTINCT FROM 'DELETED'", ""),
    (
        '{"$and":[{"membershipTier":{"$in":["PLATINUM","DIAMOND"]}},{"lastBookingAt":{"$lt":"{{60_DAYS_AGO}}"}}]}',
        "\"membershipTier\" IN ('PLATINUM', 'DIAMOND') AND \"lastBookingAt\" < '2025-10-17 00:00:00'",
        "",
    ),
    ('{"lastBookingAt":{"$gte":"{{3_DAYS_AGO}}"}}', "\"lastBookingAt\" >= '2025-12-13 00:00:00'", ""),
    ('{"tags":{"$contains":"vip"}}', "\"tags\" && ARRAY['vip']", "list_contains(\"tags\", 'vip')"),
    ('{"email":{"$contains":"smith"}}', "\"email\" LIKE '%smith%'", ""),
    ('{"firstName":{"$startsWith":"Jo"}}', "starts_with(\"firstName\", 'Jo')", ""),
    (
        '{"$not":{"$or":[{"status":"ACTIVE"},{"engagementScore":{"$gte":70}}]}}',
        '"status" IS DISTINCT FROM \'ACTIVE\' AND ("engagementScore" IS NULL OR "engagementScore" < 70)',
        "",
    ),
    (
        '{"$and":[{"status":"ACTIVE"},{"emailOptIn":true},{"handicap":{"$lt":10}},{"lifetimeValue":{"$gte":500000}}]}',
        '"status" = \'ACTIVE\' AND "emailOptIn" AND "handicap" < 10 AND "lifetimeValue" >= 500000',
        "",
    ),
    (
        '{"status":{"$nin":["DELETED","MERGED"]}}',
        "(\"status\" IS NULL OR \"status\" NOT IN ('DELETED', 'MERGED'))",
        "",
    ),
)


def compiled(text: str, dialect: Dialect) -> Condition:
    """The condition of criteria over the golf catalog."""
    catalog = golf.catalog()
    bound = check.require(parse.loads(text), catalog, Clock.at(AS_OF, "UTC")).bound
    return condition(bound, catalog, dialect, AS_OF)


def on_duckdb(frame: pl.DataFrame) -> list[float]:
    """The ratios of all pairs, ours to hand-written; every pair is printed."""
    connection = duckdb.connect()
    connection.register("frame", frame.with_columns(pl.col("lastBookingAt").dt.replace_time_zone(None)))
    connection.execute('CREATE TABLE members AS SELECT * FROM frame ORDER BY "lastBookingAt"')
    count = "SELECT count(*) FROM members WHERE "
    ratios: list[float] = []
    for text, postgresql, by_hand in PAIRS:
        ours = compiled(text, DUCKDB)
        statements: tuple[tuple[str, list[Any]], ...] = (
            (count + ours.text, list(ours.parameters)),
            (count + (by_hand or postgresql), []),
        )
        taken: tuple[list[float], list[float]] = ([], [])
        counts: list[list[tuple[Any, ...]]] = []
        for turn in range(ROUNDS + 1):
            for side, (statement, parameters) in enumerate(statements):
                started = time.perf_counter()
                found = connection.execute(statement, parameters).fetchall()
                if turn:
                    taken[side].append(time.perf_counter() - started)
                else:
                    counts.append(found)
        assert counts[0] == counts[1], f"{text}: {counts}"
        ratios.append(_shown("DuckDB", text, *taken))
    return ratios


async def calls_on_duckdb(frame: pl.DataFrame) -> list[float]:
    """The ratios of whole calls on a database file."""
    count = "SELECT count(*) FROM members WHERE "
    with tempfile.TemporaryDirectory(prefix="segmentry-bench-") as folder:
        path = Path(folder) / "members.duckdb"
        with duckdb.connect(path) as writer:
            writer.register("frame", frame.with_columns(pl.col("lastBookingAt").dt.replace_time_zone(None)))
            writer.execute('CREATE TABLE members AS SELECT * FROM frame ORDER BY "lastBookingAt"')
        connection = DuckdbConnection(path=path)
        async with connection.cursor() as cursor:
            pairs = [
                (text, pushdown.in_thread(cursor, count + (other or by_hand)))
                for text, by_hand, other in PAIRS
            ]
            found = await pushdown.ratios("DuckDB", connection, list(TYPES), AS_OF, pairs)
        await connection.close()
    return found


async def on_postgresql(frame: pl.DataFrame) -> tuple[list[float], list[float]]:
    """As `on_duckdb`, on an embedded PostgreSQL that lives for this run; then the ratios of whole calls."""
    with tempfile.TemporaryDirectory(prefix="segmentry-bench-") as folder:
        server = EmbeddedPostgres(Path(folder) / "postgres", durable=False)
        dsn = await server.start()
        connection = await _connected(dsn)
        store = PostgresConnection(dsn)
        try:
            columns = ", ".join(f'"{name}" {kind}' for name, kind in TYPES.items())
            await connection.execute(f"CREATE TABLE members ({columns})")
            await connection.copy_records_to_table("members", records=frame.rows(), columns=list(TYPES))
            for index in INDEXES:
                await connection.execute(f"CREATE INDEX ON members {index}")
            await connection.execute("VACUUM ANALYZE members")
            await connection.execute("SET timezone = 'UTC'; SET max_parallel_workers_per_gather = 0")
            texts = [await _pair(connection, text, by_hand) for text, by_hand, _ in PAIRS]
            await connection.execute("SET jit = off; SET work_mem = '32MB'")
            count = "SELECT count(*) FROM members WHERE "
            pairs = [(text, partial(connection.fetchval, count + by_hand)) for text, by_hand, _ in PAIRS]
            return texts, await pushdown.ratios("PostgreSQL", store, list(TYPES), AS_OF, pairs)
        finally:
            await store.close()
            await connection.close()
            await server.stop()


async def _connected(dsn: str) -> Any:
    connection: Any = await asyncpg.connect(dsn)  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]  # untyped
    return connection  # pyright: ignore[reportUnknownVariableType]  # untyped


async def _pair(connection: Any, text: str, by_hand: str) -> float:
    ours = compiled(text, POSTGRESQL)
    count = "SELECT count(*) FROM members WHERE "
    statements = ((count + ours.text, ours.parameters), (count + by_hand, ()))
    taken: tuple[list[float], list[float]] = ([], [])
    counts: list[int] = []
    for turn in range(ROUNDS + 1):
        for side, (statement, parameters) in enumerate(statements):
            started = time.perf_counter()
            found = await connection.fetchval(statement, *parameters)
            if turn:
                taken[side].append(time.perf_counter() - started)
            else:
                counts.append(found)
    assert counts[0] == counts[1], f"{text}: {counts}"
    return _shown("PostgreSQL", text, *taken)


def _shown(engine: str, text: str, ours: Sequence[float], by_hand: Sequence[float]) -> float:
    mine, theirs = statistics.median(ours), statistics.median(by_hand)
    print(f"{engine:11}{mine * MS:9.2f}{theirs * MS:10.2f}{mine / theirs:8.3f}  {text[:60]}", flush=True)
    return mine / theirs


def compile_times() -> None:
    """From a bound tree to text and parameters, per tree."""
    catalog = golf.catalog()
    for dialect in (POSTGRESQL, DUCKDB):
        times: list[float] = []
        for text, *_ in PAIRS:
            bound = check.require(parse.loads(text), catalog, Clock.at(AS_OF, "UTC")).bound
            best = min(
                timeit.repeat(partial(condition, bound, catalog, dialect, AS_OF), number=200, repeat=5)
            )
            times.append(best / 200 * 1e6)
        verdict = "ok" if max(times) <= BAR_COMPILE_US else "OVER"
        print(
            f"compile for {dialect.name}: median {statistics.median(times):.0f} us,"
            f" slowest {max(times):.0f} us, bar {BAR_COMPILE_US} us {verdict}"
        )


def main(given: Sequence[str] = ()) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks compiled")
    parser.add_argument("--members", type=int, default=MEMBERS)
    members: int = parser.parse_args(given).members
    frame = golf_snapshot(members, as_of=AS_OF).frame(list(TYPES))
    print(f"{members:,} members; ms: ours, by hand, ratio; {load()}")
    on_server, calls_on_server = asyncio.run(on_postgresql(frame))
    for name, ratios in (
        ("DuckDB", on_duckdb(frame)),
        ("DuckDB, whole calls", asyncio.run(calls_on_duckdb(frame))),
        ("PostgreSQL", on_server),
        ("PostgreSQL, whole calls", calls_on_server),
    ):
        median = statistics.median(ratios)
        verdict = "ok" if median <= BAR_RATIO else "OVER"
        print(f"{name}: median ratio {median:.3f} over {len(ratios)} pairs, bar {BAR_RATIO} {verdict}")
    compile_times()
    print(load())


if __name__ == "__main__":
    import sys

    main(sys.argv[1:])
