"""Builds whose experts' answers were recorded: what was asked then is asked still, word for word.

python -m tests.evals.replayed    # records again, after a change of prompts, schemas or the golf catalog

The answers come from the rule-driven model of the tests, so they say nothing about how well a model reads.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

from segmentry.agents.asking import Asker
from segmentry.agents.pieces import Condition
from segmentry.builder.build import build
from segmentry.builder.outcome import Outcome
from segmentry.builder.panel import Panel
from segmentry.builder.request import Options
from segmentry.llm.model import ChatModel
from segmentry.llm.openai import OpenAIModel
from segmentry.llm.replay import RecordingModel

from tests.clubs import club_of, place_of, store_of
from tests.vendor.plans import Plan
from tests.vendor.rules import Ruled
from tests.vendor.script import Scripted
from tests.vendor.server import Vendor

TRANSCRIPT = Path(__file__).parent / "transcripts" / "golf.jsonl"
MEMBERS = 300
_CRAZY = Condition(
    "crazy about us", "engagementScore", "band", ("high engagement",), "", "", negated=False, assumed=True
)
QUERIES: dict[str, str] = {
    "gold members who are crazy about us": (
        '{"$and":[{"engagementScore":{"$gte":70}},{"membershipTier":{"$eq":"GOLD"}}]}'
    ),
    "crazy about us and in Cape Town": (
        '{"$and":[{"city":{"$eq":"Cape Town"}},{"engagementScore":{"$gte":70}}]}'
    ),
}


async def built(query: str, model: ChatModel, options: Options | None = None) -> Outcome:
    """One build before experts with this model; the requests are marked alike in every run."""
    club = club_of(MEMBERS)
    panel = Panel(Asker(model), secret=b"replayed")
    wanted = options or Options(skip_preview=True)
    return await build(query, place_of(club), wanted, store_of(club), build_id="b_1", panel=panel)


async def record() -> None:
    """Ask the rule-driven model and keep what it says."""
    ruled = Ruled(club_of(MEMBERS).catalog, slang=(_CRAZY,))
    async with Vendor(Scripted(Plan(answer=ruled))) as vendor:
        inner = OpenAIModel(model="gpt-4o-mini", key="none", base_url=vendor.base_url)
        TRANSCRIPT.write_text("", encoding="utf-8")
        model = RecordingModel(inner, TRANSCRIPT)
        try:
            for query in QUERIES:
                await built(query, model)
        finally:
            await model.close()
    # In order, so that a change shows what changed; a file that is read has each key once.
    lines = sorted(set(TRANSCRIPT.read_text(encoding="utf-8").splitlines()))
    TRANSCRIPT.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    asyncio.run(record())
