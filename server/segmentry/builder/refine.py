"""Criteria and an instruction in, changed criteria out, with what changed."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from time import perf_counter

from segmentry.builder import subtask
from segmentry.builder.aside import aside
from segmentry.builder.build import n_origins
from segmentry.builder.consulted import Consulted
from segmentry.builder.consulting import price_of
from segmentry.builder.edited import Instruction
from segmentry.builder.editing import EditConsultation, edit_message
from segmentry.builder.events import Emit, Started, SubtaskStarted, SubtaskSucceeded, quiet, unrepeated
from segmentry.builder.finish import Job, finish
from segmentry.builder.interviews import Interviews
from segmentry.builder.named import finished, plan_name
from segmentry.builder.outcome import Bill, Outcome, unread
from segmentry.builder.panel import Panel
from segmentry.builder.paying import affordable
from segmentry.builder.plan import EditPlan, plan_edit
from segmentry.builder.remembered import key_of
from segmentry.builder.request import Options, Place, refuse_options, refuse_words
from segmentry.builder.worded import with_wording
from segmentry.criteria import render
from segmentry.criteria.nodes import Node
from segmentry.customers.store import CustomerStore
from segmentry.llm.model import NO_USAGE
from segmentry.reader import refine as reader
from segmentry.reader.draft import Draft


async def refine(
    instruction: str,
    current: Node,
    place: Place,
    options: Options,
    store: CustomerStore,
    *,
    build_id: str,
    emit: Emit = quiet,
    panel: Panel | None = None,
    bill: Bill = unread,
) -> Outcome:
    """The criteria after an instruction, with the changes and the count before.

    With a `panel` the edit expert is asked about an instruction that the reader's own grammar leaves open.
    `bill` is told what that cost, also where the refinement fails or is cancelled.

    Raises: MissingField, QueryTooLong, InvalidParameters, ModelNotUsable and InvalidCriteria (of `current`)
    before any work; where the model is required, its failure as AI_ERROR or PARSE_ERROR; whatever the store
    raises.
    """
    refuse_words(instruction, "instruction")
    refuse_options(options, has_model=panel is not None)
    before = await aside(lambda: place.require(render.with_paths(current)), current)
    emit = unrepeated(emit)
    job = Job(build_id, place, options, store, emit, before, has_model=panel is not None, bill=bill)
    detail = f"reading {len(instruction.split())} words"
    if panel is not None:
        return await _with_experts(instruction, before.node, job, panel, detail)
    await emit(Started(build_id, place.clock, job.agents))
    if options.dry_run:
        return Outcome(build_id, place.clock)

    async def work() -> Draft:
        return await asyncio.to_thread(reader.refine, instruction, before.node, place.catalog, place.clock)

    draft = await subtask.run("reader", detail, work, n_origins, emit)
    return await finish(draft, job)


async def _with_experts(instruction: str, node: Node, job: Job, panel: Panel, detail: str) -> Outcome:
    """Read first: the expert is asked where words are left open, and the first event says it."""
    place, options, emit = job.place, job.options, job.emit

    def read_and_plan() -> tuple[Draft, EditPlan, Consulted | None]:
        draft = reader.refine(instruction, node, place.catalog, place.clock)
        planned = plan_edit(instruction, draft, place, panel, options)
        key = key_of(instruction, place, node)
        known = panel.remembered.settled(key, place, options) if planned.experts else None
        return draft, planned if known is None else replace(planned, edit=None), known

    started = perf_counter()
    draft, planned, known = await asyncio.to_thread(read_and_plan)
    elapsed = perf_counter() - started
    said = Instruction(instruction, node, draft)
    message = edit_message(said, place, panel)
    kept, dropped = affordable(planned.experts, message, panel, options)
    names = plan_name(instruction, draft, planned.strategy, kept, message, place, panel, options)
    job = replace(
        job,
        planned=tuple(each.name for each in kept),
        variant=panel.variant_for(place.tenant, instruction),
        names=names.asked,
        unnamed=names.dropped,
    )
    await emit(Started(job.build_id, place.clock, job.agents))
    model = panel.asker.model.model
    if options.dry_run:
        return Outcome(
            job.build_id,
            place.clock,
            usage=price_of(kept, message, panel) + names.most,
            model=model,
            variant=job.variant,
            fallbacks=(*dropped, *names.dropped),
        )
    await emit(SubtaskStarted("reader", "reader", detail))
    await emit(SubtaskSucceeded("reader", "reader", elapsed, n_origins(draft)))
    if known is not None:
        return await finished(known.draft, replace(job, consulted=known), instruction, panel)
    if dropped:
        unasked = Consulted(draft, "deterministic", NO_USAGE, dropped, model)
        return await finished(draft, replace(job, consulted=unasked), instruction, panel)
    if planned.edit is None:
        return await finished(draft, job, instruction, panel)
    async with Interviews(place, panel, options, emit, job.bill) as interviews:
        asking = EditConsultation(said, planned, place, panel, interviews, emit).run()
        found = await with_wording(asking, instruction, job, panel, interviews)
        panel.remembered.keep(key_of(instruction, place, node), found)
        if job.names:
            return await finished(found.draft, replace(job, consulted=found), instruction, panel, interviews)
    return await finish(found.draft, replace(job, consulted=found))
