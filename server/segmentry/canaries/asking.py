"""One stored query before the experts: asked as a build asks them, and read without the reader's help."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from segmentry.agents import replies
from segmentry.agents.judging import Judged
from segmentry.agents.pieces import LogicAnswer
from segmentry.agents.registry import Expert
from segmentry.builder.assemble import assemble, same
from segmentry.builder.consulting import message_of
from segmentry.builder.events import quiet
from segmentry.builder.interviews import Interviews
from segmentry.builder.judged import FieldAnswers
from segmentry.builder.panel import Panel
from segmentry.builder.plan import Plan, plan
from segmentry.builder.request import Options, Place
from segmentry.builder.tidy import tidied
from segmentry.criteria import render
from segmentry.criteria.nodes import Node, Or
from segmentry.errors import SegmentryError
from segmentry.llm.model import NO_USAGE, UNSAID, ModelVersion, Usage
from segmentry.reader import read
from segmentry.reader.draft import Draft

# Causes that lie in what was asked and answered, and not in the vendor's being there.
OF_THE_REQUEST: Final = frozenset({"LLM_BAD_OUTPUT", "LLM_REFUSED", "LLM_TRUNCATED"})
# Everybody has to look, also where the reader is sure.
_EVERYBODY: Final = Options(require_llm=True)


@dataclass(frozen=True, slots=True)
class Reading:
    """What the experts read of a query: criteria as JSON text, None where they read nothing.

    `agreed` says whether the reader reads the same. With a `failure`, which is a cause, there is no answer.
    """

    criteria: str | None
    agreed: bool
    usage: Usage = NO_USAGE
    versions: tuple[ModelVersion, ...] = ()
    prompts: Mapping[str, str] = field(default_factory=dict[str, str])
    failure: str = ""


Ask = Callable[[str], Awaitable[Reading]]


@dataclass(frozen=True, slots=True)
class Subject:
    """The model that is watched: its name as configured, and how its experts are asked a query."""

    provider: str
    model: str
    ask: Ask


def subject(panel: Panel, place: Place) -> Subject:
    """The model of a panel, asked about the table of `place`."""
    model = panel.asker.model

    async def ask(query: str) -> Reading:
        return await reading(query, place, panel)

    return Subject(model.provider, model.model, ask)


async def reading(query: str, place: Place, panel: Panel) -> Reading:
    """Ask all experts that a query concerns. Never raises for what a model does or for a spent budget."""
    draft, planned = await asyncio.to_thread(_planned, query, place, panel)
    message = message_of(query, planned, place, panel)
    found: dict[str, Judged] = {}
    logic: LogicAnswer | None = None

    async def ask(expert: Expert) -> None:
        nonlocal logic
        if expert.group is None:
            logic = await interviews.ask(
                expert,
                message,
                lambda value: replies.logic_answer(value, expert, len(planned.outline.phrases)),
                lambda _: 0,
                "asking how it belongs together",
            )
            return
        answers = FieldAnswers(expert, query, place)
        judged = await interviews.ask(
            expert, message, answers.read, lambda one: len(one.found), "asking again", mended=answers.mended
        )
        if judged is not None:
            found[expert.name] = judged

    async with Interviews(place, panel, _EVERYBODY, quiet) as interviews:
        if await interviews.afford(planned.experts, message):
            async with asyncio.TaskGroup() as group:
                for expert in planned.experts:
                    group.create_task(ask(expert))
    versions = tuple(each.version for each in interviews.experts if each.version != UNSAID)
    said = {each.agent: each.prompt_version for each in interviews.experts}
    if interviews.errors:
        cause = _worst(interviews.errors)
        return Reading(None, agreed=False, usage=interviews.usage, versions=versions, failure=cause)
    judged = [found[each.name] for each in planned.first if each.name in found]
    node = await asyncio.to_thread(_node, query, place, draft, planned, judged, logic)
    agreed = node is not None and draft.node is not None and same(node, draft.node, place)
    text = None if node is None else json.dumps(render.to_json(node), ensure_ascii=False)
    return Reading(text, agreed, interviews.usage, versions, said)


def _planned(query: str, place: Place, panel: Panel) -> tuple[Draft, Plan]:
    """The reader's draft, and whom to ask: every phrase is open, and nothing that was read is shown."""
    draft = read.read(query, place.catalog, place.clock)
    planned = plan(query, draft, place, panel, _EVERYBODY)
    phrases = tuple(replace(each, closed=False, conditions=()) for each in planned.outline.phrases)
    return draft, replace(planned, outline=replace(planned.outline, phrases=phrases))


def _node(  # noqa: PLR0917 - everything that was said about one query
    query: str,
    place: Place,
    draft: Draft,
    planned: Plan,
    judged: list[Judged],
    logic: LogicAnswer | None,
) -> Node | None:
    """The experts' conditions put together; several readings of them are an `$or`."""
    if not any(each.found for each in judged):
        return None
    theirs = assemble(query, place, draft, planned.outline, judged, logic, foreign=True).draft
    readings = tuple(each.node for each in theirs.readings)
    node = theirs.node if theirs.node is not None or not readings else Or(readings)
    return None if node is None else tidied(node)


def _worst(errors: list[SegmentryError]) -> str:
    """The cause that says most: the vendor's or the budget's before one of the answers'."""
    causes = [str(each.metadata.get("cause") or each.reason) for each in errors]
    return next((each for each in causes if each not in OF_THE_REQUEST), causes[0])
