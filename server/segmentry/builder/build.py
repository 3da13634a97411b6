"""Plain words in, a checked and counted segment out, or a question back."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from time import perf_counter

from segmentry.builder import shadow, subtask
from segmentry.builder.aside import reading
from segmentry.builder.consulted import Consulted
from segmentry.builder.consulting import Consultation, message_of, price, within_cap
from segmentry.builder.events import Emit, Started, SubtaskStarted, SubtaskSucceeded, quiet, unrepeated
from segmentry.builder.finish import Job, finish
from segmentry.builder.interviews import Interviews
from segmentry.builder.named import NamePlan, finished, plan_name
from segmentry.builder.outcome import Bill, Fallback, Outcome, unread
from segmentry.builder.panel import Panel
from segmentry.builder.plan import Plan, answers_alone, plan
from segmentry.builder.remembered import key_of
from segmentry.builder.request import Options, Place, refuse_options, refuse_words
from segmentry.builder.worded import with_wording
from segmentry.customers.store import CustomerStore
from segmentry.reader import read
from segmentry.reader.draft import Draft


async def build(
    query: str,
    place: Place,
    options: Options,
    store: CustomerStore,
    *,
    build_id: str,
    emit: Emit = quiet,
    panel: Panel | None = None,
    bill: Bill = unread,
) -> Outcome:
    """The segment that a query means. With a `panel` of experts they are asked about what is left open.

    `bill` is told what the experts cost, also where the build fails or is cancelled.

    Raises: MissingField, QueryTooLong, InvalidParameters and ModelNotUsable before any work; where the model
    is required, its failure as AI_ERROR or PARSE_ERROR; whatever the store raises.
    """
    refuse_words(query, "query")
    refuse_options(options, has_model=panel is not None)
    emit = unrepeated(emit)
    job = Job(build_id, place, options, store, emit, has_model=panel is not None, bill=bill)
    detail = f"reading {len(query.split())} words"
    if panel is None:
        await emit(Started(build_id, place.clock, job.agents))
        if options.dry_run:
            return Outcome(build_id, place.clock)

        async def work() -> Draft:
            return await reading(lambda: read.read(query, place.catalog, place.clock), query, place.catalog)

        return await finish(await subtask.run("reader", detail, work, n_origins, emit), job)
    return await _with_experts(query, job, panel, detail)


async def _with_experts(query: str, job: Job, panel: Panel, detail: str) -> Outcome:
    """Read first: who else is asked depends on what is left open, and the first event says it."""
    place, options, emit = job.place, job.options, job.emit

    def read_and_plan() -> tuple[Draft, tuple[Plan, tuple[Fallback, ...]], Consulted | None, NamePlan]:
        draft = read.read(query, place.catalog, place.clock)
        planned = plan(query, draft, place, panel, options)
        known = panel.remembered.settled(key_of(query, place), place, options) if planned.experts else None
        if known is not None:
            planned = replace(planned, first=(), logic=None)
        kept = within_cap(query, planned, place, panel, options)
        if not options.suggest_name:
            return draft, kept, known, NamePlan()
        others, message = kept[0].experts, message_of(query, kept[0], place, panel)
        names = plan_name(query, draft, planned.strategy, others, message, place, panel, options)
        return draft, kept, known, names

    started = perf_counter()
    draft, (planned, dropped), known, names = await reading(read_and_plan, query, place.catalog)
    elapsed = perf_counter() - started
    job = replace(
        job,
        planned=tuple(each.name for each in planned.experts),
        variant=panel.variant_for(place.tenant, query),
        names=names.asked,
        unnamed=names.dropped,
    )
    await emit(Started(job.build_id, place.clock, job.agents))
    if options.dry_run:
        usage = await asyncio.to_thread(price, query, planned, place, panel)
        return Outcome(
            job.build_id,
            place.clock,
            usage=usage + names.most,
            model=panel.asker.model.model,
            variant=job.variant,
            fallbacks=(*dropped, *names.dropped),
        )
    await emit(SubtaskStarted("reader", "reader", detail))
    await emit(SubtaskSucceeded("reader", "reader", elapsed, n_origins(draft)))
    if known is not None:
        return await finished(known.draft, replace(job, consulted=known), query, panel)
    if not planned.experts and not dropped:
        outcome = await finished(draft, job, query, panel)
        if answers_alone(draft) and planned.strategy != "offline":
            shadow.offer(query, draft, place, options, panel)
        return outcome
    async with Interviews(place, panel, options, emit, job.bill) as interviews:
        interviews.fallbacks.extend(dropped)
        asking = Consultation(query, draft, planned, place, panel, interviews, emit).run()
        found = await with_wording(asking, query, job, panel, interviews)
        panel.remembered.keep(key_of(query, place), found)
        if job.names:
            return await finished(found.draft, replace(job, consulted=found), query, panel, interviews)
    return await finish(found.draft, replace(job, consulted=found))


def n_origins(draft: Draft) -> int:
    """How many leaves were read."""
    return len(draft.origins)
