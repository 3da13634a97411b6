"""An asker whose model is a server of ours over HTTP."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from time import monotonic

from segmentry.agents.allowance import Allowance
from segmentry.agents.asking import Asker
from segmentry.llm.openai import OpenAIModel

from tests.vendor.plans import Plan
from tests.vendor.script import InTurn
from tests.vendor.server import Vendor


@dataclass(frozen=True)
class Bench:
    asker: Asker
    vendor: Vendor

    @property
    def prompts(self) -> str:
        """Everything that was sent."""
        return str([call.body for call in self.vendor.calls])


@asynccontextmanager
async def bench(*plans: Plan) -> AsyncGenerator[Bench]:
    """These answers in turn, the last one for ever."""
    async with Vendor(InTurn(plans)) as vendor:
        model = OpenAIModel(model="gpt-4o-mini", key="sk-test", base_url=vendor.base_url)
        try:
            yield Bench(Asker(model), vendor)
        finally:
            await model.close()


def allowed(*, within_s: float = 10.0, most_calls: int | None = None) -> Allowance:
    return Allowance(monotonic() + within_s, most_calls=most_calls, tenant="demo")
