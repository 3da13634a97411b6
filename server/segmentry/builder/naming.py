"""A segment named by the name expert while it is counted; the criteria name it where that cannot be."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from time import monotonic
from typing import Final, Self

from segmentry.agents import prompt
from segmentry.agents.judging_name import judge
from segmentry.agents.marks import LONGEST
from segmentry.agents.telling import UNTOLD, Teller
from segmentry.builder.aside import aside
from segmentry.builder.consulted import Consulted, consulted
from segmentry.builder.interviews import Interviews
from segmentry.builder.outcome import Fallback
from segmentry.builder.panel import Panel
from segmentry.builder.request import ENDS_AT, Options, Place
from segmentry.criteria.nodes import And, Everyone, Node, Not, Or
from segmentry.reader.draft import Draft

AGENT: Final = "name"
# A name is worth less than the answer: counting takes a fraction of it, and nobody waits longer for a name.
MOST_S: Final = 1.5
# No model answers in less, and the reply still has to be written before the caller's deadline.
_LEAST_S, _REPLY_S = 0.2, 0.15
_MOST_LINES: Final = 12


class Naming:
    """The name of one request. `begin` asks, `name` waits for it.

    `async with`, so that the call ends with the request.
    """

    def __init__(
        self, text: str, place: Place, panel: Panel, interviews: Interviews, options: Options
    ) -> None:
        self._text = text
        self._place = place
        self._interviews = interviews
        self._options = options
        self._expert = panel.experts(place.catalog, place.tenant, text).name
        self._task: asyncio.Task[str] | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._task is not None and not self._task.done():
            self._task.cancel()
            await asyncio.wait({self._task})

    def begin(self, node: Node) -> None:
        """Ask for a name of checked criteria, beside whatever is done next."""
        self._task = asyncio.create_task(self._asked(node), name="name of a segment")

    async def name(self) -> str:
        """The model's name, empty where it gave none that can be used. Never raises for that."""
        return "" if self._task is None else await self._task

    def consulted(self, draft: Draft, before: Consulted | None) -> Consulted:
        """What the request cost with the name in it; who gave the criteria stays as it was `before`."""
        after = consulted(draft, "deterministic", self._interviews)
        if before is None:
            return after
        kept = tuple(each for each in before.fallbacks if each not in after.fallbacks)
        return replace(after, tier=before.tier, fallbacks=(*kept, *after.fallbacks), vouched=before.vouched)

    async def _asked(self, node: Node) -> str:
        interviews = self._interviews
        if interviews.fallbacks:
            # Where an expert failed or was not paid for, the vendor is left alone.
            return ""
        told = await aside(lambda: lines(node, self._text, self._place), node)
        if not told:
            return ""
        ends_at = monotonic() + MOST_S
        if (leaves_at := ENDS_AT.get()) is not None:
            ends_at = min(ends_at, leaves_at - _REPLY_S)
        allowance = interviews.allowance
        # Nobody is asked after this, so that the end of all is the end of the name.
        allowance.ends_at = min(allowance.ends_at, ends_at)
        if allowance.left_s < _LEAST_S:
            said = f"{AGENT}: too little time is left of the request to ask for a name"
            interviews.fallbacks.append(Fallback("LLM", "DETERMINISTIC", "LLM_TIMEOUT", said, AGENT))
            return ""
        answer = await interviews.ask(
            self._expert,
            prompt.name_message("conditions", told, ()),
            lambda value: judge(value, self._expert, told),
            lambda _: 0,
            "naming the segment",
            courtesy=True,
        )
        return "" if answer is None else answer.name


def lines(node: Node, text: str, place: Place) -> list[str]:
    """The conditions as the expert is told them, none where none may be told; `text`: the caller's words."""
    teller = Teller(place.catalog, text)
    shown = place.named(node)
    items = shown.items if isinstance(shown, And) else (shown,)
    told = [_line(each, teller) for each in items[:_MOST_LINES] if not isinstance(each, Everyone)]
    return [each for each in told if UNTOLD not in each]


def longest_message() -> str:
    """A message as long as any: what a name costs at most before the criteria are known."""
    return prompt.name_message("conditions", ["x" * LONGEST] * _MOST_LINES, ())


def _line(node: Node, teller: Teller) -> str:
    match node:
        case And(items):
            return _joined(items, " and ", teller)
        case Or(items):
            return _joined(items, " or ", teller)
        case Not(inner):
            return f"not ({_line(inner, teller)})"
        case Everyone():
            return "everyone"
        case _:
            return teller.leaf(node).text


def _joined(items: Sequence[Node], between: str, teller: Teller) -> str:
    return between.join(
        f"({said})" if isinstance(each, And | Or) else said
        for each in items
        for said in (_line(each, teller),)
    )
