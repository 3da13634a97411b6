"""A model that is watched: our vendor answering by rules about the table of the stored queries."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

from segmentry.agents.asking import Asker
from segmentry.builder.panel import Panel
from segmentry.canaries.asking import subject
from segmentry.canaries.run import Decider, Run
from segmentry.canaries.service import Canaries
from segmentry.canaries.stored import Stored, stored
from segmentry.insights.model_versions import Heard, ModelVersions
from segmentry.llm.budget import Budget, Limits
from segmentry.llm.guarded import GuardedModel
from segmentry.llm.openai import OpenAIModel
from segmentry.state.database import Database
from segmentry.state.spending import SpendingStore
from segmentry.v1 import segment_insights_pb2 as pb
from segmentry_client import AsyncSegmentryClient

from tests.vendor.menu import MENU
from tests.vendor.plans import Asked, Pace, Plan
from tests.vendor.rules import Ruled

ADA = Decider("demo", "ada")


@dataclass
class Changeable:
    """A script whose model can be changed while it is asked.

    `words` are put in the place of others in its answers, `once` in the first answer that has them; `blank`
    answers hold no condition. `faults` are plans by words that a prompt holds, `fault` is that of every call;
    `first_token_s` how long an answer takes.
    """

    version: str = "gpt-4o-mini-2024-07-18"
    fingerprint: str = "fp_a"
    words: dict[str, str] = field(default_factory=dict[str, str])
    once: dict[str, str] = field(default_factory=dict[str, str])
    blank: bool = False
    faults: dict[str, str] = field(default_factory=dict[str, str])
    fault: str = ""
    first_token_s: float = 0.0
    ruled: Ruled = field(default_factory=lambda: Ruled(stored().place.catalog))

    def __call__(self, asked: Asked, /) -> Plan:
        plan = MENU[self.fault] if self.fault else Plan(answer=self._answer, pace=Pace(self.first_token_s))
        for held, name in self.faults.items():
            if held in str(asked.body):
                plan = MENU[name]
        return replace(plan, version=self.version, fingerprint=self.fingerprint)

    def _answer(self, asked: Asked) -> str:
        if self.blank:
            return '{"conditions": [], "unhandled": []}'
        said = self.ruled(asked)
        for old in [each for each in self.once if each in said]:
            said = said.replace(old, self.once.pop(old))
        for old, new in self.words.items():
            said = said.replace(old, new)
        return said


def few(n: int) -> Stored:
    """The first of the stored queries alone, for what is not about how many there are."""
    whole = stored()
    return replace(whole, queries=whole.queries[:n], version=f"first {n}")


class Watching(Canaries):
    """A watch whose model is also asked by builds."""

    async def heard_in_a_build(self, query: str) -> None:
        """Ask the model as anybody does."""
        assert self._subject is not None
        await self._subject.ask(query)


@asynccontextmanager
async def watched(
    database: Database, base_url: str, n: int = 6, limits: Limits | None = None, every_days: int = 7
) -> AsyncGenerator[Watching]:
    """One server's watch over the model at that address, with leases that are renewed quickly."""
    model = GuardedModel(OpenAIModel(model="gpt-4o-mini", key="sk-test", base_url=base_url, temperature=0.0))
    budget = None if limits is None else Budget(SpendingStore(database), limits)
    panel = Panel(Asker(model), budget=budget, secret=b"tests")
    versions = ModelVersions(database, lambda: Heard(model.provider, model.model, model.versions))
    queries = few(n)
    it = Watching(database, subject(panel, queries.place), queries, every_days, versions.flush, renew_s=0.05)
    try:
        yield it
    finally:
        await it.close()
        await model.close()


async def ended(it: Canaries) -> Run:
    """The newest run, once it has ended."""
    while True:
        run = (await it.last())[0]
        if run.state != "running":
            return run
        await asyncio.sleep(0.02)


async def passed(it: Canaries) -> Run:
    """A run on request, once it has ended."""
    await it.start(ADA)
    return await ended(it)


async def run_of(client: AsyncSegmentryClient) -> pb.CanaryRun:
    """The same over the wire."""
    while True:
        run = (await client.canaries()).run
        if run.state != "running":
            return run
        await asyncio.sleep(0.05)
