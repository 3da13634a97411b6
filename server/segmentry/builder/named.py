"""Whether a request's segment is named by the name expert, and the finish of one that is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from segmentry.agents.registry import Expert
from segmentry.builder.consulting import price_of
from segmentry.builder.finish import Job, finish
from segmentry.builder.interviews import Interviews
from segmentry.builder.naming import Naming, longest_message
from segmentry.builder.outcome import Fallback, Outcome
from segmentry.builder.panel import Panel, Strategy
from segmentry.builder.paying import affordable
from segmentry.builder.request import Options, Place
from segmentry.llm.model import NO_USAGE, Usage
from segmentry.reader.draft import Draft


@dataclass(frozen=True, slots=True)
class NamePlan:
    """Whether the name expert is asked and what that takes at most; `dropped` says where money lacks."""

    asked: bool = False
    most: Usage = NO_USAGE
    dropped: tuple[Fallback, ...] = ()


def plan_name(  # noqa: PLR0917 - what decides it
    text: str,
    draft: Draft,
    strategy: Strategy,
    others: Sequence[Expert],
    message: str,
    place: Place,
    panel: Panel,
    options: Options,
) -> NamePlan:
    """Whether a name is asked for, after the `others`, who are sent `message`.

    Nobody is where the caller does not wish it, without a model, and where there will be no criteria.
    """
    if not options.suggest_name or strategy == "offline" or (draft.outcome == "refuse" and not others):
        return NamePlan()
    expert = panel.experts(place.catalog, place.tenant, text).name
    longest = longest_message()
    spent = price_of(others, message, panel).cost_usd if options.max_cost_usd is not None else 0.0
    kept, dropped = affordable((expert,), longest, panel, options, spent=spent or 0.0, courtesy=True)
    if not kept:
        return NamePlan(dropped=dropped)
    return NamePlan(asked=True, most=price_of((expert,), longest, panel))


async def finished(
    draft: Draft, job: Job, text: str, panel: Panel, interviews: Interviews | None = None
) -> Outcome:
    """As `finish`, with the name expert asked beside the counting where the job plans it.

    Raises: as `finish`.
    """
    if not job.names:
        return await finish(draft, job)
    if interviews is None:
        async with Interviews(job.place, panel, job.options, job.emit, job.bill) as own:
            return await finished(draft, job, text, panel, own)
    async with Naming(text, job.place, panel, interviews, job.options) as naming:
        return await finish(draft, replace(job, naming=naming))
