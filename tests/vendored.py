"""A panel of experts whose model is a server of ours that speaks the vendor's protocol over HTTP."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from segmentry.agents.asking import Asker
from segmentry.builder.panel import Panel
from segmentry.llm.guarded import GuardedModel
from segmentry.llm.openai import OpenAIModel
from segmentry.llm.vanguard import HEAD_START_S, Vanguard

from tests.vendor.plans import Asked, Plan
from tests.vendor.script import Scripted
from tests.vendor.server import Vendor

NOTHING = json.dumps({"conditions": [], "unhandled": []})


def condition(evidence: str, field: str, op: str, *values: str, **more: object) -> Mapping[str, object]:
    """One condition as an expert writes it."""
    said: dict[str, object] = {
        "evidence": evidence,
        "field": field,
        "op": op,
        "values": list(values),
        "unit": "",
        "direction": "",
        "negated": False,
        "assumed": False,
    }
    return said | more


def says(*conditions: Mapping[str, object]) -> Plan:
    """An answer of a specialist with those of the conditions that are on fields of its own."""

    def text(asked: Asked) -> str:
        # Where answers are not held to a schema it stands in the prompt.
        own = json.dumps(asked.schema) if asked.schema else asked.system
        mine = [each for each in conditions if f'"{each["field"]}"' in own]
        return json.dumps({"conditions": mine, "unhandled": []})

    return Plan(answer=text)


def edit(evidence: str, do: str, *leaves: int, words: str = "") -> Mapping[str, object]:
    """One operation as the edit expert writes it."""
    return {"evidence": evidence, "do": do, "leaves": list(leaves), "words": words}


def edits(*operations: Mapping[str, object], unhandled: Sequence[str] = ()) -> Plan:
    """An answer of the edit expert."""
    return Plan(answer=json.dumps({"edits": list(operations), "unhandled": list(unhandled)}))


def words(question: str | None = None, *options: str) -> Plan:
    """An answer of the ambiguity expert: our own options in words, unless others are given."""

    def text(asked: Asked) -> str:
        message = asked.user
        told = [json.loads(each) for each in re.findall(r'^\d+ (".*")$', message, re.MULTILINE)]
        quoted = json.loads(re.findall(r'^Words: (".*")$', message, re.MULTILINE)[0])
        plain = [each.replace(">=", "at least").replace("<=", "at most") for each in told]
        plain = [each.replace(">", "above").replace("<", "below").replace("$", "") for each in plain]
        return json.dumps(
            {"question": question or f"What counts as '{quoted}'?", "options": list(options) or plain}
        )

    return Plan(answer=text)


def groups(expr: str) -> Plan:
    """An answer of the logic expert."""
    return Plan(answer=json.dumps({"expr": expr, "order_uncertain": False}))


def _in_a_row(asked: Asked) -> str:
    """All phrases that were shown joined with "and"."""
    numbers = re.findall(r"^(\d+) (?:open|closed) ", asked.user, re.MULTILINE)
    return json.dumps({"expr": " & ".join(numbers), "order_uncertain": False})


@dataclass(frozen=True)
class Vendored:
    panel: Panel
    vendor: Vendor
    script: Scripted


@asynccontextmanager
async def vendored(
    specialists: Plan,
    logic: Plan | None = None,
    *,
    edit: Plan | None = None,
    head_start_s: float = HEAD_START_S,
) -> AsyncGenerator[Vendored]:
    """Experts of whom each specialist answers by the one plan, the logic and the edit expert by others.

    `head_start_s`: how long calls wait for the one that goes ahead of them.
    """
    script = Scripted(default=specialists)
    script.on("logic", logic or Plan(answer=_in_a_row)).on("edit", edit or edits())
    script.on("ambiguity", words())
    async with Vendor(script) as vendor:
        inner = OpenAIModel(model="gpt-4o-mini", key="sk-canary-key", base_url=vendor.base_url)
        model = GuardedModel(inner, vanguard=Vanguard(head_start_s=head_start_s))
        try:
            yield Vendored(Panel(Asker(model), secret=b"fixed"), vendor, script)
        finally:
            await model.close()
