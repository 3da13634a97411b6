"""Who is asked about a query: nobody where the reader is sure, all where it is lost."""

from __future__ import annotations

from dataclasses import dataclass

from segmentry.agents.expression import MOST_PHRASES
from segmentry.agents.registry import Expert
from segmentry.agents.routing import MOST_AT_ONCE, route
from segmentry.builder.panel import Panel, Strategy
from segmentry.builder.request import Options, Place
from segmentry.builder.settled import settled
from segmentry.reader.draft import Draft
from segmentry.reader.outline import Outline, outline

# At or above it the reader answers alone; below LOST it has understood too little to point anywhere.
ALONE, LOST = 0.9, 0.3


@dataclass(frozen=True, slots=True)
class Plan:
    """The experts to ask at once, and those of a second wave for words that nobody claims.

    `foreign`: the reader does not know the language, so that only the experts' conditions count.
    """

    strategy: Strategy
    outline: Outline
    first: tuple[Expert, ...] = ()
    second: tuple[Expert, ...] = ()
    logic: Expert | None = None
    foreign: bool = False

    @property
    def experts(self) -> tuple[Expert, ...]:
        """All of the first wave."""
        return self.first if self.logic is None else (*self.first, self.logic)

    @property
    def asked_later(self) -> tuple[Expert, ...]:
        """Those of `second` that are asked where words are left: a wide table has hundreds of groups."""
        return self.second[:MOST_AT_ONCE]


@dataclass(frozen=True, slots=True)
class EditPlan:
    """Who is asked about an instruction: the edit expert, and others about words that it leaves open.

    `sure`: the reader's own answer stands, and the experts are asked because the caller requires it.
    """

    strategy: Strategy
    edit: Expert | None = None
    others: tuple[Expert, ...] = ()
    foreign: bool = False
    sure: bool = False

    @property
    def experts(self) -> tuple[Expert, ...]:
        """Who is asked in any case."""
        return () if self.edit is None else (self.edit,)


def plan_edit(instruction: str, draft: Draft, place: Place, panel: Panel, options: Options) -> EditPlan:
    """Who is asked about an instruction, by the same rules as about a query."""
    strategy = "offline" if options.offline_only else panel.strategy_for(place.tenant, instruction)
    foreign = draft.reason == "UNSUPPORTED_LANGUAGE"
    nobody = EditPlan(strategy, foreign=foreign)
    if strategy == "offline" or (draft.outcome == "refuse" and not foreign):
        return nobody
    sure = answers_alone(draft)
    if (sure or settled(draft, place, options)) and not options.require_llm:
        return nobody
    experts = panel.experts(place.catalog, place.tenant, instruction)
    others = (experts.one_shot,) if strategy == "one_shot" else experts.specialists
    return EditPlan(strategy, experts.edit, others, foreign, sure)


def plan(query: str, draft: Draft, place: Place, panel: Panel, options: Options) -> Plan:
    """Who is asked. A refusal stays one, and a sure answer is final unless the caller requires the model."""
    strategy = "offline" if options.offline_only else panel.strategy_for(place.tenant, query)
    outlined = outline(query, place.catalog, place.clock)
    foreign = draft.reason == "UNSUPPORTED_LANGUAGE"
    nobody = Plan(strategy, outlined, foreign=foreign)
    if strategy == "offline" or (draft.outcome == "refuse" and not foreign):
        return nobody
    if (answers_alone(draft) or settled(draft, place, options)) and not options.require_llm:
        return nobody
    experts = panel.experts(place.catalog, place.tenant, query)
    if strategy == "one_shot":
        return Plan(strategy, outlined, (experts.one_shot,), foreign=foreign)
    lost = foreign or draft.confidence < LOST
    groups = [each.group for each in experts.specialists if each.group is not None]
    now, later = route(outlined, groups, everywhere=lost, closed_too=options.require_llm)
    by_name = {each.name: each for each in experts.specialists}
    tangled = outlined.tangled and len(outlined.phrases) > 1
    few = 0 < len(outlined.phrases) <= MOST_PHRASES
    return Plan(
        strategy,
        outlined,
        tuple(by_name[group.name] for group in now),
        tuple(by_name[group.name] for group in later),
        experts.logic if now and few and (tangled or foreign) else None,
        foreign,
    )


def answers_alone(draft: Draft) -> bool:
    """Whether the reader is sure of a draft, so that nobody need be asked."""
    return draft.outcome == "ok" and draft.confidence >= ALONE and not draft.questions
