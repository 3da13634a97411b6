"""A decision flow's question: 1,000 customers of a million held against active rules, in one call.

The other sides in turn, over the same server, client and loop: a bare echo that answers with as many bytes
(what gRPC alone costs), and a PreviewCount of the same criteria, which looks at the whole table. At the end a
call every second or so, when the rules have to be read again and no cache of the machine is warm.

    python -m benchmarks.checks [--members N] [--calls N]
"""

from __future__ import annotations

import argparse
import asyncio
import random
import tempfile
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from itertools import cycle
from pathlib import Path

import polars as pl
from segmentry import config
from segmentry.customers.demo import golf_snapshot
from segmentry.customers.snapshots import SnapshotStore
from segmentry.insights.recommendation import AppliedCard
from segmentry.insights.recommendation_store import Draft, RecommendationStore
from segmentry.rpc import server
from segmentry.state.database import Database
from segmentry_client import AsyncSegmentryClient

from benchmarks.pairs import load
from benchmarks.rpc import ECHO, as_it_is, echo_server

MEMBERS, CALLS, CUSTOMERS = 1_000_000, 200, 1_000
RARE_CALLS, RARE_S = 9, 1.05
BAR_MS = 5.0
CRITERIA = (
    '{"$and":[{"membershipTier":{"$in":["GOLD","PLATINUM"]}},{"lastBookingAt":{"$gte":"{{60_DAYS_AGO}}"}}]}',
    '{"$and":[{"handicap":{"$lt":18}},{"emailOptIn":true},{"engagementScore":{"$gte":40}}]}',
    '{"$or":[{"lifetimeValue":{"$gt":100000}},{"churnRiskScore":{"$gte":0.7}}]}',
)


async def _measured(name: str, calls: int, work: Callable[[], Awaitable[object]]) -> tuple[str, list[float]]:
    took: list[float] = []
    for _ in range(calls):
        started = asyncio.get_running_loop().time()
        await work()
        took.append((asyncio.get_running_loop().time() - started) * 1e3)
    return name, took


async def _rules(database: Database, n_rules: int) -> list[str]:
    """Active rules, made the short way: no analysis has to run for them."""
    store = RecommendationStore(database)
    ids: list[str] = []
    for at, criteria in enumerate(CRITERIA[:n_rules]):
        card = AppliedCard(f"run_{at}", f"card_{at}", "customers", f"rule {at}", "{}", criteria)
        made = await store.apply("demo", card, None, None)
        draft = Draft("fit", "metric_condition", None)
        _, rule = await store.accept("demo", made.recommendation_id, made.etag, draft, None)
        ids.append((await store.activate("demo", rule.rule_id, rule.etag, None, None)).rule_id)
    return ids


async def measure(members: int, calls: int, folder: Path) -> None:
    """Measure and print."""
    print(load())
    club = golf_snapshot(members)
    club = replace(club, keys=pl.Series([f"customer-{row}" for row in range(members)]))
    store = SnapshotStore()
    store.put("demo", "customers", club, default=True)
    chosen = random.Random(3)
    asked = cycle([[f"customer-{chosen.randrange(members)}" for _ in range(CUSTOMERS)] for _ in range(20)])
    settings = config.load({}, address="127.0.0.1:0", data_dir=folder)
    async with (
        server.running(settings, store=store, eager=True) as running,
        AsyncSegmentryClient(running.address) as client,
        echo_server() as channel,
    ):
        rules = await _rules(running.database, len(CRITERIA))
        echo = channel.unary_unary(ECHO, request_serializer=as_it_is, response_deserializer=as_it_is)

        def check(n_rules: int) -> Callable[[], Awaitable[object]]:
            return lambda: client.check_qualification(next(asked), rule_ids=rules[:n_rules])

        size = (await client.check_qualification(next(asked), rule_ids=rules[:1])).ByteSize()
        sides: dict[str, Callable[[], Awaitable[object]]] = {
            "echo of as many bytes": lambda: echo(str(size).encode()),
            "count of one of them": lambda: client.preview_count(CRITERIA[0]),
            "1 rule": check(1),
            "3 rules": check(3),
        }
        with server.frozen():
            took: dict[str, list[float]] = {name: [] for name in sides}
            for _ in range(5):
                for name, work in sides.items():
                    took[name] += (await _measured(name, calls // 5, work))[1]
            rare = took["1 rule, now and then"] = []
            for _ in range(RARE_CALLS):
                await asyncio.sleep(RARE_S)
                rare += (await _measured("", 1, check(1)))[1]
    echoed = sorted(took["echo of as many bytes"])[len(took["echo of as many bytes"]) // 2]
    for name, each in took.items():
        each.sort()
        p50, p99 = each[len(each) // 2], each[min(len(each) - 1, int(len(each) * 0.99))]
        verdict = f"  bar {BAR_MS:g} ms {'ok' if p50 <= BAR_MS else 'OVER'}" if name == "1 rule" else ""
        print(
            f"{name:22} p50 {p50:6.2f} ms  p99 {p99:6.2f} ms  least {each[0]:6.2f}  "
            f"{p50 / echoed:5.1f}x echo{verdict}"
        )
    print(f"{CUSTOMERS:,} customers of {members:,} a call, {size:,} bytes a reply; {load()}")


def main(given: Sequence[str] = ()) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks checks")
    parser.add_argument("--members", type=int, default=MEMBERS)
    parser.add_argument("--calls", type=int, default=CALLS)
    asked = parser.parse_args(given)
    members: int = asked.members
    calls: int = asked.calls
    server.configure_logging("warning")
    with tempfile.TemporaryDirectory(prefix="segmentry-bench-") as folder:
        # PostgreSQL has an account of its own.
        Path(folder).chmod(0o755)
        asyncio.run(measure(members, calls, Path(folder)))


if __name__ == "__main__":
    import sys

    main(sys.argv[1:])
