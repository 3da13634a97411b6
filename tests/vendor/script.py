"""Which plan a call gets: by agent and attempt, by a seeded share of faults, at simulated speed."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from itertools import accumulate
from typing import Protocol

from tests.vendor.plans import Asked, Pace, Plan


class Script(Protocol):
    """Anything that has a plan for each call."""

    def __call__(self, asked: Asked, /) -> Plan: ...


@dataclass
class Scripted:
    """The n-th call of an agent gets its n-th plan, and the last one from then on; others get `default`.

    >>> script = Scripted().on("logic", Plan(status=500), Plan(answer='{"expr":"1"}'))
    >>> [script(Asked({}, "logic", attempt, attempt)).status for attempt in (1, 2, 3)]
    [500, 200, 200]
    """

    default: Plan = field(default_factory=Plan)
    _plans: dict[str, tuple[Plan, ...]] = field(default_factory=dict[str, tuple[Plan, ...]])

    def on(self, agent: str, *plans: Plan) -> Scripted:
        """Give an agent its plans; the script itself, so that calls chain."""
        self._plans[agent] = plans
        return self

    def __call__(self, asked: Asked, /) -> Plan:
        plans = self._plans.get(asked.agent, (self.default,))
        return plans[min(asked.attempt, len(plans)) - 1]


@dataclass
class InTurn:
    """Whoever asks, the n-th call gets the n-th plan, and the last one from then on."""

    plans: tuple[Plan, ...]

    def __call__(self, asked: Asked, /) -> Plan:
        return self.plans[min(asked.number, len(self.plans)) - 1]


@dataclass(frozen=True)
class Latency:
    """Simulated speed: log-normal until the first token, and a share of stragglers that take longer.

    The median of 0.45 s, the 2 % and the 60 tokens a second are the figures that hedging was designed with;
    spread and straggler factor are chosen, nobody measured them. `scale` shortens everything alike.
    """

    seed: int = 1
    median_s: float = 0.45
    sigma: float = 0.35
    stragglers: float = 0.02
    straggler_factor: float = 8.0
    tokens_per_s: float = 60.0
    tokens_per_write: int = 4
    scale: float = 1.0

    def of(self, asked: Asked) -> Pace:
        """The pace of a call: the same for the same seed, agent and attempt, in whatever order calls come."""
        drawn = random.Random(f"{self.seed}/{asked.agent}/{asked.attempt}")
        first = self.median_s * drawn.lognormvariate(0.0, self.sigma)
        if drawn.random() < self.stragglers:
            first *= self.straggler_factor
        return Pace(first * self.scale, self.tokens_per_s / self.scale, self.tokens_per_write)


@dataclass
class Mixed:
    """A share of the calls gets a fault each, drawn by seed, the others what `script` says.

    `shares` are numbers between 0 and 1 by plan name; `menu` says what the names are.
    """

    script: Script
    menu: Mapping[str, Plan]
    shares: Mapping[str, float] = field(default_factory=dict[str, float])
    latency: Latency | None = None
    seed: int = 1

    def __post_init__(self) -> None:
        unknown = sorted(self.shares.keys() - self.menu.keys())
        if unknown:
            raise ValueError(f"no such faults: {', '.join(unknown)}; there are {', '.join(self.menu)}")
        if sum(self.shares.values()) > 1:
            raise ValueError("shares of faults add up to more than 1")
        self._limits = list(zip(accumulate(self.shares.values()), self.shares, strict=True))

    def __call__(self, asked: Asked, /) -> Plan:
        plan = self._drawn(asked)
        return plan if self.latency is None else replace(plan, pace=self.latency.of(asked))

    def _drawn(self, asked: Asked) -> Plan:
        if self._limits:
            drawn = random.Random(f"{self.seed}/fault/{asked.agent}/{asked.attempt}").random()
            for limit, name in self._limits:
                if drawn < limit:
                    return self.menu[name]
        return self.script(asked)
