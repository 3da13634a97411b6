"""Criteria and an instruction in, changed criteria out, with what changed."""

from __future__ import annotations

import asyncio

from segmentry.builder import subtask
from segmentry.builder.aside import aside
from segmentry.builder.build import n_origins
from segmentry.builder.events import Emit, Started, quiet
from segmentry.builder.finish import Job, finish
from segmentry.builder.outcome import Outcome
from segmentry.builder.request import Options, Place, refuse_options, refuse_words
from segmentry.criteria import render
from segmentry.criteria.nodes import Node
from segmentry.customers.store import CustomerStore
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
) -> Outcome:
    """The criteria after an instruction, with the changes and the count before.

    Raises: MissingField, QueryTooLong, InvalidParameters, ModelNotUsable and InvalidCriteria (of `current`)
    before any work; whatever the store raises.
    """
    refuse_words(instruction, "instruction")
    refuse_options(options)
    before = await aside(lambda: place.require(render.with_paths(current)), current)
    job = Job(build_id, place, options, store, emit, before)
    await emit(Started(build_id, place.clock, job.agents))
    if options.dry_run:
        return Outcome(build_id, place.clock)

    async def work() -> Draft:
        return await asyncio.to_thread(reader.refine, instruction, before.node, place.catalog, place.clock)

    detail = f"reading {len(instruction.split())} words"
    draft = await subtask.run("reader", detail, work, n_origins, emit)
    return await finish(draft, job)
