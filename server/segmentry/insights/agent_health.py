"""From counts to the figures that say how experts have been doing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from segmentry.agents import latencies

Counts = Mapping[str, float]


@dataclass(frozen=True, slots=True)
class AgentHealth:
    """One expert at one version of its prompt; counts by name as in `agents.counters.Tally`."""

    agent: str
    prompt_version: str
    counts: Counts

    def count(self, name: str) -> int:
        """One count, 0 where nothing was counted."""
        return int(self.counts.get(name, 0))

    def by_reason(self, name: str) -> tuple[tuple[str, int], ...]:
        """What was counted as `name` by cause or code, most frequent first."""
        return by_reason(self.counts, name)

    @property
    def failed(self) -> int:
        """Calls that failed, whatever the cause."""
        return sum(n for _, n in self.by_reason("failed"))

    @property
    def troubled(self) -> int:
        """Calls that failed, answers of which something was refused, and subtasks that came to nothing."""
        return self.failed + self.count("refused") + self.count("unanswered")

    def latency_s(self, share: float) -> float | None:
        """The time in which that share (0-1) of calls had ended; None without calls."""
        return latency_s(self.counts, share)

    @property
    def cost_usd(self) -> float | None:
        """What it cost; None where the price of a call is not known."""
        return None if self.count("unpriced") else self.counts.get("cost_usd", 0.0)

    @property
    def cached_share(self) -> float | None:
        """Share of prompt tokens that the vendor had cached, 0-1; None without any."""
        return share(self.counts, "cached_tokens", "prompt_tokens")

    @property
    def agreement(self) -> float | None:
        """Share of conditions that it read as the reader did, 0-1; None where none was compared."""
        return share(self.counts, "agreed", "compared")


@dataclass(frozen=True, slots=True)
class Health:
    """The experts of a tenant as in `worst_first`, and what its builds came to."""

    since: datetime
    agents: tuple[AgentHealth, ...]
    answers: Counts

    @property
    def cost_usd(self) -> float | None:
        """Price of all calls; None without any, and where that of one is not known."""
        prices = [each.cost_usd for each in self.agents]
        return None if not prices or None in prices else sum(price for price in prices if price is not None)

    @property
    def builds(self) -> int:
        return int(self.answers.get("builds", 0))

    @property
    def compared(self) -> int:
        """Builds that experts also read for themselves."""
        return int(self.answers.get("compared", 0))

    @property
    def offline_share(self) -> float | None:
        """Share of builds that needed no call of a model, 0-1; None without builds."""
        return share(self.answers, "alone", "builds")

    @property
    def agreement(self) -> float | None:
        """Share of the compared builds that came to the same customers, 0-1; None where none was compared."""
        return share(self.answers, "agreed", "compared")


def by_reason(counts: Counts, name: str) -> tuple[tuple[str, int], ...]:
    """What was counted as `name` by what stands behind a colon, most frequent first."""
    found = [(key.partition(":")[2], int(n)) for key, n in counts.items() if key.startswith(f"{name}:")]
    return tuple(sorted(found, key=lambda each: (-each[1], each[0])))


def latency_s(counts: Counts, share: float) -> float | None:
    """The time in which that share (0-1) of what was timed had ended; None without any."""
    return latencies.percentile_s({int(number): n for number, n in by_reason(counts, "seconds")}, share)


def worst_first(agents: Iterable[AgentHealth]) -> tuple[AgentHealth, ...]:
    """Experts by the share of trouble in what all their versions were asked, then by name.

    The versions of one expert stay together, the busiest first. Calls that failed and were retried count
    too, so a share may be above 1.

    >>> good = AgentHealth("logic", "v1", {"asked": 90})
    >>> poor, old = AgentHealth("people", "v2", {"asked": 8, "refused": 2}), AgentHealth("people", "v1", {})
    >>> [(each.agent, each.prompt_version) for each in worst_first([good, old, poor])]
    [('people', 'v2'), ('people', 'v1'), ('logic', 'v1')]
    """
    found = tuple(agents)
    asked, troubled = Counter[str](), Counter[str]()
    for each in found:
        asked[each.agent] += each.count("asked")
        troubled[each.agent] += each.troubled
    return tuple(
        sorted(
            found,
            key=lambda each: (
                -troubled[each.agent] / max(1, asked[each.agent]),
                each.agent,
                -each.count("asked"),
                each.prompt_version,
            ),
        )
    )


def share(counts: Counts, part: str, whole: str) -> float | None:
    """One count as a share of another; None where the other is 0."""
    n = counts.get(whole, 0)
    return counts.get(part, 0) / n if n else None
