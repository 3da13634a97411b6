"""How tests of the seam ask: one call, and a model that is closed when its block ends."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

from segmentry.llm.model import AnswerSchema, Message, ModelCall
from segmentry.llm.openai import OpenAIModel

from tests.vendor.plans import Plan
from tests.vendor.script import Script, Scripted
from tests.vendor.server import Vendor

KEY = "sk-canary-in-the-key"
WORDS = "over 40, says the canary in the request"
CALL = ModelCall(
    "scores",
    "v1",
    (Message("system", "One rule of many. " * 256), Message("user", WORDS)),
    AnswerSchema("scores", {"type": "object", "properties": {}, "additionalProperties": False}),
    300,
)
GOOD = '{"conditions":[],"unhandled":["canary in the answer"]}'


def saying(words: str) -> ModelCall:
    """The call with another request behind the same static text."""
    return replace(CALL, messages=(CALL.messages[0], Message("user", words)))


@asynccontextmanager
async def model(vendor: Vendor, **more: Any) -> AsyncGenerator[OpenAIModel]:
    """A model of the vendor: strict, streamed, with a known price, unless `more` says otherwise."""
    given: dict[str, Any] = {"model": "gpt-4o-mini", "key": KEY, "base_url": vendor.base_url, **more}
    made = OpenAIModel(**given)
    try:
        yield made
    finally:
        await made.close()


@asynccontextmanager
async def asked(plan: Plan | Script, **more: Any) -> AsyncGenerator[tuple[Vendor, OpenAIModel]]:
    """A vendor with one plan, or a script, and a model of it."""
    script = Scripted(plan) if isinstance(plan, Plan) else plan
    async with Vendor(script) as vendor, model(vendor, **more) as made:
        yield vendor, made
