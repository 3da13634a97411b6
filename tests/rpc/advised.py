"""An advisor whose model is a vendor of ours over HTTP, and what it is made to say."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from segmentry.agents.asking import Asker
from segmentry.analysis.advisor import Advisor
from segmentry.criteria.catalog import Field, FieldValue
from segmentry.customers.snapshot import Snapshot
from segmentry.llm.budget import Budget
from segmentry.llm.openai import OpenAIModel
from segmentry.state.database import Database
from segmentry.v1 import segment_analysis_pb2 as pb

from tests.analysis.tables import snapshot_of
from tests.rpc.served import Served, analyses
from tests.vendor.plans import Plan
from tests.vendor.script import Script, Scripted
from tests.vendor.server import Vendor

CANARY = "canary-5c1e90"
LLM = pb.AnalysisParameters(preferred_tier=pb.ANALYSIS_TIER_LLM)


@dataclass(frozen=True)
class Advised:
    """`prompts` is everything that was sent to the vendor."""

    advisor: Advisor
    vendor: Vendor

    @property
    def prompts(self) -> str:
        return str([call.body for call in self.vendor.calls])


@asynccontextmanager
async def advised(
    script: Script, *, model: str = "gpt-4o-mini", budget: Budget | None = None, names_s: float = 8.0
) -> AsyncGenerator[Advised]:
    async with Vendor(script) as vendor:
        chat = OpenAIModel(model=model, key="sk-test", base_url=vendor.base_url)
        try:
            advisor = Advisor(Asker(chat), budget=budget, request_s=8.0, call_s=4.0, names_s=names_s)
            yield Advised(advisor, vendor)
        finally:
            await chat.close()


@asynccontextmanager
async def serving(
    database: Database,
    folder: Path,
    script: Script,
    *,
    job: str = "",
    budget: Budget | None = None,
    names_s: float = 8.0,
    tables: Mapping[str, Snapshot] | None = None,
) -> AsyncGenerator[tuple[Served, Advised]]:
    """SegmentAnalysis with real workers, a model, and the table `shop` (see `marked`)."""
    async with (
        advised(script, budget=budget, names_s=names_s) as asked,
        analyses(
            database, folder, job, advisor=asked.advisor, tables={"shop": marked(), **(tables or {})}
        ) as served,
    ):
        yield served, asked


def rule(field: str, op: str, *values: str) -> dict[str, object]:
    return {"field": field, "op": op, "values": list(values)}


def segment(name: str, *rules: dict[str, object], **texts: str) -> dict[str, object]:
    said = {"description": f"Members who are {name.lower()}.", "suggested_use": "Offer a lesson."} | texts
    return {"name": name, "rules": list(rules), **said}


def proposing(*answers: list[dict[str, object]]) -> Scripted:
    """The n-th question for segments gets the n-th answer."""
    plans = (Plan(answer=json.dumps({"segments": each})) for each in answers)
    return Scripted().on("statistics", *plans)


def marked() -> Snapshot:
    """300 customers with numbers and sections; in every text column stands what nobody outside may see."""
    rng = np.random.default_rng(4)
    fields = (
        Field("spend", "number"),
        Field("visits", "number"),
        Field("section", "enum", values=(FieldValue("NORTH"), FieldValue("SOUTH"))),
        Field("note", "string"),
        Field("mail", "string", pii=True),
        Field("street", "string", llm="name"),
    )
    high = rng.random(300) < 0.4
    columns: dict[str, Sequence[object]] = {
        "spend": np.where(high, rng.normal(900, 90, 300), rng.normal(100, 30, 300)).tolist(),
        "visits": np.where(high, rng.poisson(4, 300), rng.poisson(20, 300)).astype(float).tolist(),
        "section": ["NORTH" if each else "SOUTH" for each in high],
        **dict.fromkeys(("note", "street"), [CANARY] * 150 + ["other"] * 150),
        "mail": [f"{CANARY}{row}@example.org" for row in range(300)],
    }
    return snapshot_of(fields, columns)
