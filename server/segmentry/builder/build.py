"""Plain words in, a checked and counted segment out, or a question back."""

from __future__ import annotations

import asyncio

from segmentry.builder import subtask
from segmentry.builder.events import Emit, Started, quiet
from segmentry.builder.finish import Job, finish
from segmentry.builder.outcome import Outcome
from segmentry.builder.request import Options, Place, refuse_options, refuse_words
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
) -> Outcome:
    """The segment that a query means.

    Raises: MissingField, QueryTooLong, InvalidParameters and ModelNotUsable before any work; whatever the
    store raises.
    """
    refuse_words(query, "query")
    refuse_options(options)
    job = Job(build_id, place, options, store, emit)
    await emit(Started(build_id, place.clock, job.agents))
    if options.dry_run:
        return Outcome(build_id, place.clock)

    async def work() -> Draft:
        # A long query takes tens of milliseconds, too long for the event loop.
        return await asyncio.to_thread(read.read, query, place.catalog, place.clock)

    detail = f"reading {len(query.split())} words"
    draft = await subtask.run("reader", detail, work, n_origins, emit)
    return await finish(draft, job)


def n_origins(draft: Draft) -> int:
    """How many leaves were read."""
    return len(draft.origins)
