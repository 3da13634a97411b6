"""Names that the name expert gives, against plain ones, judged by a model in both orders. Never a gate.

Judges like the first of two more than the second: a verdict counts only where both orders give the same.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from segmentry.agents.prompt import name_message
from segmentry.agents.registry import expert
from segmentry.agents.replies import name_answer
from segmentry.builder.panel import Panel
from segmentry.criteria import render
from segmentry.criteria.nodes import And
from segmentry.llm.model import NO_USAGE, AnswerSchema, CallFailed, Message, ModelCall, Usage

from evals.case_files import Case
from evals.live.run import Purse

_PROMPT = Path(__file__).with_name("name_judge.md")
_SCHEMA = AnswerSchema(
    "name_judge",
    {
        "type": "object",
        "properties": {"better": {"type": "string", "enum": ["1", "2", "neither"]}},
        "required": ["better"],
        "additionalProperties": False,
    },
)
_WITHIN_S = 10.0
# One name and two verdicts, each of at most some 2,000 tokens: far above what they cost.
_MOST_USD, _MOST_CALLS = 0.01, 3
_LONGEST_PLAIN = 60

Verdict = Literal["expert", "plain", "neither", "swayed", "failed"]


@dataclass(frozen=True, slots=True)
class Name:
    """One segment's two names and what the judge said; `swayed`: the order decided."""

    case_id: str
    given: str
    plain: str
    verdict: Verdict


async def judge_names(cases: Sequence[Case], panel: Panel, purse: Purse) -> list[Name]:
    """Name the first accepted criteria of each case, and have both names judged, as far as the purse goes."""
    found: list[Name] = []
    for case in cases:
        if not case.expect:
            continue
        if purse.spent_usd + _MOST_USD > purse.max_usd:
            break
        if purse.max_calls is not None and purse.calls + _MOST_CALLS > purse.max_calls:
            break
        node = case.expect[0]
        parts = node.items if isinstance(node, And) else (node,)
        conditions = [render.english(each, case.catalog, case.clock) for each in parts]
        found.append(await _judged(case.id, conditions, panel, purse))
    return found


async def _judged(case_id: str, conditions: Sequence[str], panel: Panel, purse: Purse) -> Name:
    plain = " and ".join(conditions)[:_LONGEST_PLAIN]
    asked = expert("name")
    value = await _asked(asked.call(name_message("conditions", conditions, ())), panel, purse)
    answer = None if value is None else name_answer(value, asked)[0]  # pyright: ignore[reportArgumentType]  # the seam gives strict JSON
    if answer is None:
        return Name(case_id, "", plain, "failed")
    orders = [(answer.name, plain), (plain, answer.name)]
    said = [await _asked(_question(conditions, order), panel, purse) for order in orders]
    return Name(case_id, answer.name, plain, verdict(said))


def verdict(said: Sequence[object]) -> Verdict:
    """What two answers mean together; in the second one the names stood the other way round.

    >>> verdict([{"better": "1"}, {"better": "2"}]), verdict([{"better": "1"}, {"better": "1"}])
    ('expert', 'swayed')
    """
    names: dict[str, Verdict] = {"1": "expert", "2": "plain", "neither": "neither"}
    turned: dict[str, Verdict] = {"1": "plain", "2": "expert", "neither": "neither"}
    better = [_better(each) for each in said]
    first, second = names.get(better[0]), turned.get(better[1])
    if first is None or second is None:
        return "failed"
    return first if first == second else "swayed"


def _better(value: object) -> str:
    found: Any = value
    return str(found.get("better")) if isinstance(value, dict) else ""


def text(found: Sequence[Name], *, by_rules: bool) -> str:
    """How often which name was liked better."""
    if by_rules:
        return f"{len(found)} segments; answers came from rules, which know nothing of names"
    counts = Counter(each.verdict for each in found)
    lines = [f"{len(found)} segments, two orders each; this judges names and never a gate"]
    lines += [f"  {name:<8}{counts[name]:>5}" for name in ("expert", "plain", "neither", "swayed", "failed")]
    lines += [
        f"  plain is better  {json.dumps([each.given, each.plain])}"
        for each in found
        if each.verdict == "plain"
    ]
    return "\n".join(lines)


def _question(conditions: Sequence[str], order: tuple[str, str]) -> ModelCall:
    told = "\n".join([*(f"- {each}" for each in conditions), f"Name 1: {order[0]}", f"Name 2: {order[1]}"])
    messages = (Message("system", _PROMPT.read_text(encoding="utf-8")), Message("user", told))
    return ModelCall("name_judge", "name_judge", messages, _SCHEMA, 20)


async def _asked(call: ModelCall, panel: Panel, purse: Purse) -> object:
    usage: Usage = NO_USAGE
    try:
        reply = await panel.asker.model.complete(call, within_s=_WITHIN_S)
        usage = reply.usage
    except CallFailed as error:
        usage = error.usage
        return None
    finally:
        purse.spent_usd += usage.cost_usd or 0.0
        purse.calls += usage.calls
    return reply.value
