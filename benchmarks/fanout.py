"""How long a build takes beside its slowest subtask, and what copies of slow calls are worth.

The fake vendor runs in a process of its own, with simulated latencies that are drawn by seed: the first token
log-normal around 0.45 s, 60 tokens a second, 2 % stragglers that take eight times as long. Builds go through
`builder.build` in this process, over real HTTP, in a mixed order, `IN_FLIGHT` at a time, so that all sides
meet the same machine:

- experts: eight subtasks side by side, with copies of slow calls, as a server asks them;
- no copies: the same without;
- in sequence: the same eight calls, one after the other, without copies;
- one shot: one question about all fields.

Bars: a build within 1.05 times its slowest subtask and 20 ms; p99 with copies at most 0.7 times that without,
for at most 5 % more calls. A call ends after 4 s whatever comes, which also bounds the p99 without copies.

    python -m benchmarks fanout [builds with and without copies, each]
"""

from __future__ import annotations

import asyncio
import random
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from segmentry.agents.asking import Asker
from segmentry.agents.hedging import Hedger
from segmentry.builder.build import build
from segmentry.builder.events import Event, SubtaskFailed, SubtaskSucceeded
from segmentry.builder.panel import Panel, Strategy
from segmentry.builder.request import Options, Place
from segmentry.criteria.dates import Clock
from segmentry.customers.demo import golf_snapshot
from segmentry.customers.snapshots import SnapshotStore
from segmentry.llm.guarded import GuardedModel
from segmentry.llm.openai import OpenAIModel
from segmentry.rpc.server import frozen

from benchmarks.builds import QUERIES, SUBTASKS
from benchmarks.pairs import load
from benchmarks.sides import at
from benchmarks.vendors import SLANG, vendor

BUILDS, OTHERS = 400, 24
# Until every expert has times of its own: its first twenty.
WARM = 40
IN_FLIGHT = 16
SEED = 11
FACTOR, SLACK_S = 1.05, 0.02
RESAMPLED = 1000


class NoCopies(Hedger):
    """Never sends one."""

    def take(self, lateness: float) -> bool:  # noqa: ARG002 - whatever the wait
        return False


@dataclass
class Way:
    """One way to build, and what came of its builds, in seconds; `n_calls` are all that were sent."""

    name: str
    panel: Callable[[], Panel]
    builds: int
    wall: list[float] = field(default_factory=list[float])
    slowest: list[float] = field(default_factory=list[float])
    n_calls: int = 0
    degraded: int = 0

    def clear(self) -> None:
        """Forget what came so far."""
        self.wall, self.slowest, self.n_calls, self.degraded = [], [], 0, 0

    @property
    def over(self) -> list[float]:
        """By how much each build was over the bar, in seconds; below 0 is within."""
        both = zip(self.wall, self.slowest, strict=True)
        return [wall - (FACTOR * slowest + SLACK_S) for wall, slowest in both]


class Club:
    """A golf club of 20,000 members, and builds about it."""

    def __init__(self) -> None:
        now = datetime.now(UTC)
        snapshot = golf_snapshot(20_000, as_of=now)
        self._store = SnapshotStore()
        self._store.put("demo", "customers", snapshot)
        self._place = Place("demo", "customers", snapshot.catalog, Clock.at(now, snapshot.catalog.time_zone))

    async def build(self, way: Way, number: int) -> None:
        """One build of a way."""
        took: list[float] = []

        async def hear(event: Event) -> None:
            if isinstance(event, SubtaskSucceeded | SubtaskFailed) and event.prompt_version:
                took.append(event.elapsed_s)

        started = time.perf_counter()
        outcome = await build(
            QUERIES[number % len(QUERIES)],
            self._place,
            Options(),
            self._store,
            build_id="b_1",
            emit=hear,
            panel=way.panel(),
        )
        way.wall.append(time.perf_counter() - started)
        way.slowest.append(max(took))
        way.n_calls += outcome.usage.calls
        way.degraded += bool(outcome.fallbacks)


def ways(model: OpenAIModel, builds: int, others: int) -> list[Way]:
    """The ways that are compared, of one model; each keeps its own times of experts."""

    def kept(strategy: Strategy, hedger: Hedger) -> Callable[[], Panel]:
        panel = Panel(Asker(GuardedModel(model), hedger=hedger), strategy=strategy)
        return lambda: panel

    def one_at_a_time() -> Panel:
        return Panel(Asker(GuardedModel(model, at_once=1), hedger=NoCopies()), request_s=60.0)

    return [
        Way("experts", kept("experts", Hedger()), builds),
        Way("no copies", kept("experts", NoCopies()), builds),
        Way("in sequence", one_at_a_time, others),
        Way("one shot", kept("one_shot", Hedger()), others),
    ]


async def mixed(club: Club, each: Sequence[tuple[Way, int]]) -> None:
    """So many builds of each way, in an order drawn by seed, `IN_FLIGHT` at a time."""
    waiting = [way for way, builds in each for _ in range(builds)]
    random.Random(SEED).shuffle(waiting)

    async def worker() -> None:
        while waiting:
            await club.build(waiting.pop(), len(waiting))

    async with asyncio.TaskGroup() as group:
        for _ in range(IN_FLIGHT):
            group.create_task(worker())


def p99_range(with_copies: Sequence[float], without: Sequence[float]) -> tuple[float, float]:
    """Where the ratio of the two p99 lies in 95 of 100 samples drawn again from what was seen."""
    drawn = random.Random(SEED)
    ratios = [
        at(drawn.choices(with_copies, k=len(with_copies)), 0.99)
        / at(drawn.choices(without, k=len(without)), 0.99)
        for _ in range(RESAMPLED)
    ]
    return at(ratios, 0.025), at(ratios, 0.975)


def show(found: Sequence[Way]) -> None:
    """The ways in one table, then each bar with its figure."""
    print(f"{'':12}{'builds':>7}{'p50':>8}{'p95':>8}{'p99':>8}{'worst':>8}{'calls':>8}{'degraded':>10}")
    for way in found:
        spread = "".join(f"{at(way.wall, share):>7.2f}s" for share in (0.5, 0.95, 0.99, 1.0))
        n = len(way.wall)
        print(f"{way.name:12}{n:>7}{spread}{way.n_calls / n:>8.2f}{way.degraded:>10}")
    copies, without, sequence, one_shot = found
    low, high = p99_range(copies.wall, without.wall)
    ratio = at(copies.wall, 0.99) / at(without.wall, 0.99)
    more = copies.n_calls / len(copies.wall) / SUBTASKS - 1
    print(f"p99 with copies / without: {ratio:.2f} ({low:.2f}-{high:.2f})  (bar: 0.70)")
    print(f"more calls for it: {more:.1%}  (bar: 5 %)")
    for other in (sequence, one_shot):
        print(f"p50 of experts / {other.name}: {at(copies.wall, 0.5) / at(other.wall, 0.5):.2f}")
    for way in (copies, without):
        times = [wall / slowest for wall, slowest in zip(way.wall, way.slowest, strict=True)]
        late = [each for each in way.over if each > 0]
        print(
            f"{way.name}: build / slowest subtask p50 {at(times, 0.5):.3f}  p95 {at(times, 0.95):.3f}  "
            f"p99 {at(times, 0.99):.3f}  worst {max(times):.3f}; beyond {FACTOR} x slowest + "
            f"{SLACK_S * 1000:.0f} ms: {len(late)} of {len(times)}, worst by {max(way.over) * 1000:+.0f} ms"
        )


async def measured(builds: int, others: int) -> list[Way]:
    """All ways, after builds that are not counted."""
    club = Club()
    arguments = ("--mode", "rules", "--latency", "1", "--seed", str(SEED), "--slang", SLANG)
    async with vendor(*arguments) as base_url:
        model = OpenAIModel(model="gpt-4o-mini", key="none", base_url=base_url, at_once=1024)
        found = ways(model, builds, others)
        await mixed(club, [(way, WARM if way.builds == builds else 1) for way in found])
        for way in found:
            way.clear()
        with frozen():
            await mixed(club, [(way, way.builds) for way in found])
        await model.close()
    return found


def main(given: Sequence[str] = ()) -> None:
    """Measure and print; how many builds with and without copies can be given."""
    builds = int(given[0]) if given else BUILDS
    print(f"{load()} before; {IN_FLIGHT} builds in flight, all ways mixed, latencies not scaled")
    began = time.perf_counter()
    show(asyncio.run(measured(builds, min(OTHERS, builds))))
    print(f"{load()} after {time.perf_counter() - began:.0f} s")


if __name__ == "__main__":
    main(sys.argv[1:])
