"""The experts asked in parallel about one query, and what they found put together."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from time import monotonic, perf_counter

from segmentry.agents import prompt, replies
from segmentry.agents.allowance import Allowance
from segmentry.agents.asking import Answered, Retried
from segmentry.agents.judging import Judged, judge
from segmentry.agents.pieces import Fault, LogicAnswer
from segmentry.agents.registry import Expert
from segmentry.builder import provenance
from segmentry.builder.assemble import Assembled, assemble
from segmentry.builder.events import (
    Emit,
    Partial,
    SubtaskFailed,
    SubtaskRetried,
    SubtaskStarted,
    SubtaskSucceeded,
    quiet,
)
from segmentry.builder.outcome import Fallback, Tier
from segmentry.builder.panel import Panel
from segmentry.builder.plan import Plan
from segmentry.builder.request import Options, Place
from segmentry.builder.tidy import tidied
from segmentry.criteria import render
from segmentry.errors import JsonValue, SegmentryError
from segmentry.llm.cost import estimated, priced
from segmentry.llm.model import NO_USAGE, CallFailed, Usage
from segmentry.llm.profiles import profile
from segmentry.llm.required import as_error
from segmentry.reader.draft import Draft

# A second wave is only begun where a whole call still fits.
_LEAST_FOR_A_WAVE_S = 1.5


@dataclass(frozen=True, slots=True)
class Consulted:
    """The draft with the experts' part in it, who gave it, and what it cost."""

    draft: Draft
    tier: Tier
    usage: Usage
    fallbacks: tuple[Fallback, ...]
    model: str
    errors: tuple[SegmentryError, ...] = ()


@dataclass(slots=True)
class _Gathered:
    """What came back so far, in the order in which the experts were asked."""

    judged: dict[str, Judged] = field(default_factory=dict[str, Judged])
    logic: LogicAnswer | None = None
    usage: dict[str, Usage] = field(default_factory=dict[str, Usage])
    fallbacks: list[Fallback] = field(default_factory=list[Fallback])
    errors: dict[str, SegmentryError] = field(default_factory=dict[str, SegmentryError])


class Consultation:
    """One query before the experts. Every subtask ends by itself: a failure is a value, siblings go on."""

    def __init__(  # noqa: PLR0917 - everything that one consultation works with
        self, query: str, draft: Draft, plan: Plan, place: Place, panel: Panel, options: Options, emit: Emit
    ) -> None:
        self._query = query
        self._draft = draft
        self._plan = plan
        self._place = place
        self._panel = panel
        self._options = options
        self._emit = emit
        self._allowance = Allowance(monotonic() + panel.request_s, most_calls=options.max_model_calls)
        self._message = _message(query, plan, place, panel)
        self._gathered = _Gathered()

    async def run(self) -> Consulted:
        """Ask the first wave, the second where words are left that nobody claimed, and put all together."""
        await self._wave(self._plan.experts)
        assembled = await self._assembled()
        left = self._allowance.left_s
        if assembled.draft.unexplained and self._plan.second and left > _LEAST_FOR_A_WAVE_S:
            await self._wave(self._plan.second)
            assembled = await self._assembled()
        return self._consulted(assembled)

    async def _wave(self, asked: Sequence[Expert]) -> None:
        async with asyncio.TaskGroup() as group:
            for each in asked:
                group.create_task(self._ask(each))

    async def _ask(self, expert: Expert) -> None:
        started = perf_counter()
        version, agent = expert.version, expert.name
        attempt = 1
        await self._emit(SubtaskStarted(agent, agent, _detail(expert), version))

        async def say(again: Retried) -> None:
            nonlocal attempt
            attempt += 1
            elapsed = perf_counter() - started
            cause = CallFailed(again.cause, again.message)
            error = as_error(cause, self._panel.asker.model.provider, agent, attempt - 1)
            await self._emit(
                SubtaskRetried(agent, agent, elapsed, attempt, version, error, again.delay_s, again.repair)
            )

        call = expert.call(self._message, self._panel.max_tokens)
        n_found = 0
        failure: CallFailed | None
        if expert.group is None:
            logic = await self._panel.asker.ask(
                call, lambda value: self._logic(value, expert), self._allowance, say
            )
            failure, usage = logic.failure, logic.usage
            self._gathered.logic = logic.value
        else:
            found = await self._panel.asker.ask(
                call, lambda value: self._judged(value, expert), self._allowance, say
            )
            failure, usage = _failure(found), found.usage
            if found.value is not None:
                self._gathered.judged[agent] = found.value
                n_found = len(found.value.found)
                if not n_found and failure is None:
                    self._panel.asker.counters.of(agent, version).empty += 1
        self._gathered.usage[agent] = usage
        elapsed = perf_counter() - started
        if failure is not None:
            error = as_error(failure, self._panel.asker.model.provider, agent, attempt)
            self._gathered.errors[agent] = error
            self._gathered.fallbacks.append(
                Fallback("LLM", "DETERMINISTIC", failure.cause, f"{agent}: {failure.message}", agent)
            )
            degraded = not self._options.require_llm
            await self._emit(
                SubtaskFailed(
                    agent, agent, elapsed, error, degraded=degraded, attempt=attempt, prompt_version=version
                )
            )
            return
        await self._emit(SubtaskSucceeded(agent, agent, elapsed, n_found, attempt, version, usage))
        if n_found and self._emit is not quiet:
            await self._show()

    async def _show(self) -> None:
        """The criteria so far, for those who watch."""
        draft = (await self._assembled()).draft
        node = None if draft.node is None else tidied(draft.node)
        if node is None:
            return
        shown = render.with_paths(node)
        origins, share = provenance.of_tree(shown, draft), provenance.coverage(draft)
        await self._emit(Partial(shown, origins, share, draft=True))

    def _judged(self, value: object, expert: Expert) -> tuple[Judged, tuple[Fault, ...]]:
        answer, faults = replies.field_answer(_json(value), expert)
        assert expert.group is not None
        judged = judge(answer, expert.group.keys, self._query, self._place.catalog, self._place.clock)
        return judged, (*faults, *judged.faults)

    def _logic(self, value: object, expert: Expert) -> tuple[LogicAnswer | None, tuple[Fault, ...]]:
        return replies.logic_answer(_json(value), expert)

    async def _assembled(self) -> Assembled:
        order = [each.name for each in (*self._plan.first, *self._plan.second)]
        judged = [self._gathered.judged[name] for name in order if name in self._gathered.judged]
        return await asyncio.to_thread(
            assemble,
            self._query,
            self._place,
            self._draft,
            self._plan.outline,
            judged,
            self._gathered.logic,
            foreign=self._plan.foreign,
        )

    def _consulted(self, assembled: Assembled) -> Consulted:
        usage = sum(self._gathered.usage.values(), NO_USAGE)
        agents = {origin.agent for origin in assembled.draft.origins}
        tier: Tier = "deterministic"
        if assembled.n_given:
            tier = "combined" if "reader" in agents else "llm"
        return Consulted(
            assembled.draft,
            tier,
            usage,
            tuple(self._gathered.fallbacks),
            self._panel.asker.model.model,
            tuple(self._gathered.errors.values()),
        )


def price(query: str, plan: Plan, place: Place, panel: Panel) -> Usage:
    """What the planned calls may use at most: nothing is asked. The price is None where it is not known."""
    message = _message(query, plan, place, panel)
    price_of = profile(panel.asker.model.model).price
    calls = [each.call(message, panel.max_tokens) for each in plan.experts]
    asked = [
        priced(replace(estimated(call, None), completion_tokens=call.max_tokens), price_of) for call in calls
    ]
    return sum(asked, NO_USAGE)


def _message(query: str, plan: Plan, place: Place, panel: Panel) -> str:
    phrases = [prompt.Phrase(each.number, each.span.text, each.closed) for each in plan.outline.phrases]
    return prompt.request_message(query, phrases, place.clock.today, panel.secret)


def _failure(answered: Answered[Judged]) -> CallFailed | None:
    """Why nothing of an answer is usable: no answer, or one of which every piece had to be dropped."""
    if answered.failure is not None or answered.value is None:
        return answered.failure
    if answered.faults and not answered.value.found:
        return CallFailed(
            "LLM_BAD_OUTPUT", "no piece of the model's answer passed the check", usage=answered.usage
        )
    return None


def _detail(expert: Expert) -> str:
    return (
        f"asking about {expert.group.title}" if expert.group is not None else "asking how it belongs together"
    )


def _json(value: object) -> JsonValue:
    return value  # pyright: ignore[reportReturnType]  # the seam gives strict JSON
