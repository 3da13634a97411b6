"""The experts asked in parallel about one query, and what they found put together."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from segmentry.agents import prompt, replies
from segmentry.agents.judging import Judged
from segmentry.agents.pieces import LogicAnswer
from segmentry.agents.registry import Expert
from segmentry.builder import provenance
from segmentry.builder.aside import reading
from segmentry.builder.assemble import Assembled, assemble
from segmentry.builder.consulted import Consulted, consulted
from segmentry.builder.events import Emit, Partial, quiet
from segmentry.builder.interviews import Interviews
from segmentry.builder.judged import FieldAnswers
from segmentry.builder.outcome import Fallback, Tier
from segmentry.builder.panel import Panel
from segmentry.builder.paying import affordable
from segmentry.builder.plan import Plan
from segmentry.builder.request import Options, Place
from segmentry.builder.tidy import tidied
from segmentry.builder.vouching import Vouched
from segmentry.criteria import render
from segmentry.llm.cost import at_most
from segmentry.llm.model import NO_USAGE, Usage
from segmentry.llm.profiles import profile
from segmentry.reader.draft import Draft

# A second wave is only begun where a whole call still fits.
LEAST_FOR_A_WAVE_S = 1.5


@dataclass(slots=True)
class _Gathered:
    """What came back so far, in the order in which the experts were asked."""

    judged: dict[str, Judged] = field(default_factory=dict[str, Judged])
    logic: LogicAnswer | None = None


@dataclass(frozen=True, slots=True)
class _Last:
    """What was put together last, and of what: an expert that found nothing changes nothing of it.

    `number` counts how often that was begun.
    """

    number: int
    told: Sequence[Judged]
    logic: LogicAnswer | None
    assembled: Assembled


class Consultation:
    """One query before the experts. Every subtask ends by itself: a failure is a value, siblings go on."""

    def __init__(  # noqa: PLR0917 - everything that one consultation works with
        self,
        query: str,
        draft: Draft,
        plan: Plan,
        place: Place,
        panel: Panel,
        interviews: Interviews,
        emit: Emit,
    ) -> None:
        self._query = query
        self._draft = draft
        self._plan = plan
        self._place = place
        self._interviews = interviews
        self._emit = emit
        self._message = message_of(query, plan, place, panel)
        self._gathered = _Gathered()
        self._last: _Last | None = None
        self._shows = 0
        self._shown = 0
        self._started = 0

    async def run(self) -> Consulted:
        """Ask the first wave, the second where words are left that nobody claimed, and put all together."""
        if not await self._interviews.afford(self._plan.experts, self._message):
            return consulted(self._draft, "deterministic", self._interviews)
        if self._emit is not quiet:
            # What the reader understood is there at once; the first answer may take seconds.
            await self._tell(self._draft)
        await self._wave(self._plan.experts)
        assembled = await self._assembled()
        left = self._interviews.allowance.left_s
        if assembled.draft.unexplained and self._plan.second and left > LEAST_FOR_A_WAVE_S:
            await self._wave(self._plan.asked_later)
            assembled = await self._assembled()
            if never := len(self._plan.second) - len(self._plan.asked_later):
                said = f"{never} groups of fields that no word names were not asked about what is left"
                self._interviews.fallbacks.append(Fallback("LLM", "DETERMINISTIC", "BUDGET_EXHAUSTED", said))
        return self._consulted(assembled)

    async def _wave(self, asked: Sequence[Expert]) -> None:
        async with asyncio.TaskGroup() as group:
            for each in asked:
                group.create_task(self._ask(each))

    async def _ask(self, expert: Expert) -> None:
        if expert.group is None:
            self._gathered.logic = await self._interviews.ask(
                expert,
                self._message,
                lambda value: replies.logic_answer(value, expert, len(self._plan.outline.phrases)),
                lambda _: 0,
                "asking how it belongs together",
            )
            return
        answers = FieldAnswers(expert, self._query, self._place)
        judged = await self._interviews.ask(
            expert,
            self._message,
            answers.read,
            lambda found: len(found.found),
            f"asking about {expert.group.title}",
            mended=answers.mended,
        )
        if judged is None:
            return
        self._gathered.judged[expert.name] = judged
        if judged.found and self._emit is not quiet:
            await self._show()

    async def _show(self) -> None:
        """The criteria so far, for those who watch; of answers that come together only what they come to."""
        self._shows += 1
        mine = self._shows
        await asyncio.sleep(0)
        if mine != self._shows:
            return
        assembled = await self._assembled()
        if mine < self._shown:
            return  # long queries are read in threads, and what was begun later is shown already
        self._shown = mine
        await self._tell(assembled.draft, assembled.vouched)

    async def _tell(self, draft: Draft, vouched: tuple[Vouched, ...] = ()) -> None:
        node = None if draft.node is None else tidied(draft.node)
        if node is None:
            return
        shown = render.with_paths(node)
        origins, share = provenance.of_tree(shown, draft, vouched), provenance.coverage(draft)
        await self._emit(Partial(shown, origins, share, draft=True))

    async def _assembled(self) -> Assembled:
        order = [each.name for each in (*self._plan.first, *self._plan.second)]
        judged = [self._gathered.judged[name] for name in order if name in self._gathered.judged]
        told = [each for each in judged if each.found or each.unhandled]
        logic = self._gathered.logic
        last = self._last
        if last is not None and (last.told, last.logic) == (told, logic):
            return last.assembled

        def work() -> Assembled:
            return assemble(
                self._query,
                self._place,
                self._draft,
                self._plan.outline,
                told,
                logic,
                foreign=self._plan.foreign,
            )

        self._started += 1
        mine = self._started
        assembled = await reading(work, self._query, self._place.catalog)
        if self._last is None or self._last.number < mine:
            self._last = _Last(mine, told, logic, assembled)
        return assembled

    def _consulted(self, assembled: Assembled) -> Consulted:
        agents = {origin.agent for origin in assembled.draft.origins}
        tier: Tier = "deterministic"
        if assembled.vouched:
            tier = "combined" if "reader" in agents else "llm"
        return consulted(assembled.draft, tier, self._interviews, assembled.vouched)


def price(query: str, plan: Plan, place: Place, panel: Panel) -> Usage:
    """What the planned calls may use, each at most; a second wave, copies and repairs come on top.

    Nothing is asked. The price is None where it is not known.
    """
    return price_of(plan.experts, message_of(query, plan, place, panel), panel)


def price_of(experts: Sequence[Expert], message: str, panel: Panel) -> Usage:
    """What it may cost at most to send a message to some experts."""
    row = profile(panel.asker.model.model)
    return sum((at_most(each.call(message, panel.max_tokens), row) for each in experts), NO_USAGE)


def within_cap(
    query: str, planned: Plan, place: Place, panel: Panel, options: Options
) -> tuple[Plan, tuple[Fallback, ...]]:
    """The plan with the experts that the caller's `max_cost_usd` pays for, and a notice for each other one.

    Raises: BudgetExhausted, as `affordable`.
    """
    if options.max_cost_usd is None:
        return planned, ()
    message = message_of(query, planned, place, panel)
    kept, notices = affordable(planned.experts, message, panel, options)
    if not notices:
        return planned, ()
    logic = planned.logic if planned.logic in kept else None
    first = tuple(each for each in kept if each is not logic)
    return replace(planned, first=first, second=(), logic=logic), notices


def message_of(query: str, plan: Plan, place: Place, panel: Panel) -> str:
    """What the experts are told of a query."""
    phrases = [prompt.Phrase(each.number, each.span.text, each.closed) for each in plan.outline.phrases]
    return prompt.request_message(query, phrases, place.clock.today, panel.secret)
