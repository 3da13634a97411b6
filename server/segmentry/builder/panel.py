"""The experts of a server: whom to ask, and on what terms."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from segmentry.agents.asking import Asker
from segmentry.agents.experiments import Experiment, arm, chosen
from segmentry.agents.registry import Experts, experts
from segmentry.builder.remembered import Remembered
from segmentry.builder.sample import Sample
from segmentry.criteria.catalog import Catalog
from segmentry.llm.budget import Budget

Strategy = Literal["offline", "experts", "one_shot"]
STRATEGIES: tuple[Strategy, ...] = ("offline", "experts", "one_shot")
REQUEST_S = 15.0


@dataclass(frozen=True, slots=True)
class Split:
    """A sticky trial: `share` (0-1) of the requests of every tenant go by `strategy`."""

    name: str
    strategy: Strategy
    share: float

    def takes(self, tenant: str, query: str) -> bool:
        """Whether a request is part of the trial: the same tenant and words are always on the same side."""
        return arm(self.name, tenant, query) < self.share * 10_000


@dataclass(slots=True)
class Panel:
    """What builds share when a model is configured.

    `tenants` chooses the strategy of single tenants, `split` a trial among the others. `experiments` are
    trials of prompts. `secret` marks requests in prompts; a fixed one lets transcripts replay. `sample`
    is of what the reader answers alone, for comparison. `budget` bounds what each tenant spends. `remembered`
    is what experts found and a caller has yet to choose from.
    """

    asker: Asker
    max_tokens: int = 2048
    strategy: Strategy = "experts"
    tenants: Mapping[str, Strategy] = field(default_factory=dict[str, Strategy])
    split: Split | None = None
    experiments: tuple[Experiment, ...] = ()
    secret: bytes = field(default_factory=lambda: secrets.token_bytes(16))
    request_s: float = REQUEST_S
    sample: Sample | None = None
    budget: Budget | None = None
    remembered: Remembered = field(default_factory=Remembered)

    def strategy_for(self, tenant: str, query: str) -> Strategy:
        """How a request is answered: the tenant's own way, else the trial's, else the server's."""
        own = self.tenants.get(tenant)
        if own is not None:
            return own
        if self.split is not None and self.split.takes(tenant, query):
            return self.split.strategy
        return self.strategy

    def variant_for(self, tenant: str, query: str) -> str:
        """The arms that a request is in, as `trial=one_shot,wording=v2`; empty without a trial."""
        arms: list[str] = []
        if self.split is not None and tenant not in self.tenants:
            arms.append(f"{self.split.name}={self.strategy_for(tenant, query)}")
        return ",".join(filter(None, (*arms, chosen(self.experiments, tenant, query)[1])))

    def experts(self, catalog: Catalog, tenant: str, query: str) -> Experts:
        """The experts of a catalog, with the prompts that this request gets."""
        return experts(catalog, chosen(self.experiments, tenant, query)[0])
