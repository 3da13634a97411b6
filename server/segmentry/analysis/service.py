"""Analyses as a service: estimate, start, watch, get, list, cancel.

    start -> run QUEUED in the store -> Execution in the background -> events in the log -> watchers

The service owns the runs of this process: it renews their leases, takes over runs whose server is gone, and
gives its own back when it closes.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Self

from segmentry.analysis.advisor import NO_ADVISORS, Advisors
from segmentry.analysis.defaults import fitted
from segmentry.analysis.events import AnalysisEstimate, AnalysisResult
from segmentry.analysis.execution import Execution
from segmentry.analysis.first_tier import first_tier
from segmentry.analysis.leases import Leases, Tables
from segmentry.analysis.parameters import validate
from segmentry.analysis.question import NeedsConfirmation, Question
from segmentry.analysis.records import (
    KIND,
    AnalysisRun,
    Finished,
    Heard,
    Order,
    Standing,
    finished_of,
    now,
    said_of,
    view,
)
from segmentry.analysis.workshop import Workshop, stores
from segmentry.criteria import check, parse
from segmentry.criteria.dates import Clock
from segmentry.errors import (
    EmptyDataset,
    InvalidResumeToken,
    MissingField,
    SegmentryError,
    ServerDraining,
    StoreBusy,
    Unavailable,
)
from segmentry.runs.background import Background
from segmentry.runs.log import Change, LostRun, RunLog
from segmentry.runs.queue import RunQueue
from segmentry.runs.run import Run, State
from segmentry.runs.store import RunStore
from segmentry.runs.supervisor import Supervisor
from segmentry.runs.tokens import ResumeTokens, signing_key
from segmentry.state.database import Database
from segmentry.state.idempotency import Claim

if TYPE_CHECKING:
    from segmentry.customers.snapshot import Snapshot

TARGET = "segmentry.analysis.job:run"
# Done by spares in advance: a run would otherwise wait for imports and compilation.
PRELOAD = ("segmentry.analysis.job:warm", "sklearn.cluster")
# What a run that nobody wants any more waits between attempts to write that it is over.
AGAIN_S = 1.0
# How long a server that stops waits for such runs.
LEAVE_S = 2.0

log = logging.getLogger(__name__)


class AnalysisService:
    """Use as `async with`, or call `close`. Nothing runs and nothing is opened before the first call.

    `folder` takes the tables on their way to workers. `queue` says how many run at once, by default one per
    core. `token_key` signs resume tokens; without one the database keeps the installation's own key.
    """

    def __init__(
        self,
        database: Database,
        tables: Tables,
        supervisor: Supervisor,
        *,
        folder: Path,
        queue: RunQueue | None = None,
        token_key: bytes | None = None,
        advisors: Advisors = NO_ADVISORS,
        target: str = TARGET,
    ) -> None:
        self._database = database
        self._tables = tables
        self._supervisor = supervisor
        self._store = RunStore(database)
        self._log = RunLog(database)
        self._queue = queue or RunQueue(os.cpu_count() or 1)
        kept = stores(database)
        self._workshop = Workshop(self._queue, self._log, *kept, supervisor, folder, target, advisors)
        self._tokens = None if token_key is None else ResumeTokens(token_key)
        self._background = Background()
        self._active: dict[str, asyncio.Task[None]] = {}
        # Runs that are being accepted, and runs that nobody wants and whose end is not written yet.
        self._accepting = 0
        self._unwanted: dict[str, asyncio.Task[None]] = {}
        self._keeper: asyncio.Task[None] | None = None
        self._closing = False

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def open(self) -> None:
        """Take over runs that a dead server left, and warm a worker. Idempotent; `start` does it too.

        Raises: what the store raises; Unavailable when the folder for tables cannot be used.
        """
        await self._database.open()
        await asyncio.to_thread(self._workshop.clear)
        if self._keeper is None and not self._closing:
            leases = Leases(
                self._store,
                self._log,
                self._tables,
                mine=lambda: {*self._active, *self._unwanted},
                spawn=self._spawn,
                stop=self._stop,
            )
            self._supervisor.warm()
            self._keeper = self._background.start(leases.keep(), "analysis leases")

    @property
    def has_workers(self) -> bool:
        """Whether a run would find a worker."""
        return self._supervisor.is_able

    async def until_warm(self) -> None:
        """Wait until spare workers are there, after `open`."""
        await self._supervisor.until_warm()

    async def close(self) -> None:
        """Stop all work and give the runs back: another server, or the next start, takes them up."""
        if self._closing:
            return
        self._closing = True
        if self._unwanted:
            await asyncio.wait(self._unwanted.values(), timeout=LEAVE_S)
        await self._background.close()
        await self._supervisor.close()
        if self._database.is_open:
            try:
                await self._store.release()
            except (Unavailable, StoreBusy):
                log.warning(
                    "the store is away: the runs of this server are taken up when their leases run out"
                )

    async def estimate(self, question: Question) -> AnalysisEstimate:
        """What a run would do, take and cost. Starts nothing.

        Raises: MissingField; NotFound; InvalidParameters; ParseError, InvalidCriteria for `within`.
        """
        snapshot = await self._snapshot(question)
        return await self._estimate(question, snapshot)

    async def start(
        self,
        question: Question,
        *,
        confirmed: bool = False,
        claim: Claim | None = None,
        on_made: Callable[[str], None] | None = None,
    ) -> AnalysisRun:
        """Accept a run, or return the one that the same claim started before.

        `on_made` is told the run's id as soon as there is one, also when the caller was cancelled meanwhile.

        Raises: as `estimate`; EmptyDataset; NeedsConfirmation (nothing is started, the claim is not used);
        AlreadyExists; Exhausted when too many runs wait; what the store raises.
        """
        if claim is not None:
            earlier = await self._store.made_by(question.tenant, claim)
            if earlier is not None:
                if on_made is not None:
                    on_made(earlier.run_id)
                return view(earlier)
        snapshot = await self._snapshot(question)
        parameters = validate(fitted(question.parameters, snapshot.catalog), snapshot.catalog)
        if snapshot.rows == 0:
            raise EmptyDataset("the table has no rows; load one that has", schemaId=question.schema_id)
        if parameters.preferred_tier == "LLM" and not confirmed:
            estimate = await self._estimate(question, snapshot)
            if estimate.requires_confirmation:
                raise NeedsConfirmation(estimate)
        if parameters.within:
            clock = Clock.at(question.as_of, question.time_zone or snapshot.catalog.time_zone)
            check.require(parse.loads(parameters.within), snapshot.catalog, clock, question.saved)
        await self.open()
        # The key before the run: a run whose token cannot be signed would be nobody's.
        await self._resume_tokens()
        order = Order(parameters, question.as_of, question.time_zone, snapshot.snapshot_id, question.saved)
        return view(await self._accept(question, order, snapshot, claim, on_made))

    async def watch(self, tenant: str, run_id: str = "", resume_token: str = "") -> AsyncGenerator[Heard]:
        """Replay a run's events, all or those after a token, then follow it to its terminal event.

        A store that is busy is waited for: a stream has heartbeats and a deadline of its caller's own.

        Raises: MissingField; NotFound; InvalidResumeToken; OutOfRange when the events are no longer kept.
        """
        tokens = await self._resume_tokens()
        after = 0
        if resume_token:
            position = tokens.read(tenant, resume_token)
            if run_id and run_id != position.run_id:
                raise InvalidResumeToken("resume_token belongs to another run", field="resume_token")
            run_id, after = position.run_id, position.sequence
        if not run_id:
            raise MissingField("run_id is needed, or a resume_token", field="run_id")
        run: Run | None = None
        while True:
            try:
                run = run or await self._store.get(tenant, run_id)
                async with aclosing(self._log.follow(run_id, after)) as events:
                    async for event in events:
                        after = event.sequence
                        token = tokens.issue(tenant, run_id, after)
                        yield Heard(after, token, said_of(run, event), event.terminal)
            except StoreBusy as err:  # the run goes on meanwhile, and nothing is missed
                await asyncio.sleep(err.retry_after_s or AGAIN_S)
            else:
                return

    async def get(self, tenant: str, run_id: str) -> tuple[AnalysisRun, AnalysisResult | None]:
        """A run, and its result once it has one (as long as its events are kept).

        Raises: NotFound, also for another tenant's.
        """
        run = await self._store.get(tenant, run_id)
        if run.state != "SUCCEEDED":
            return view(run), None
        event = await self._log.last(run_id, "result")
        if event is None:
            return view(run), None
        finished: Finished = finished_of(run, event)
        return finished.run, finished.result

    async def list(
        self,
        tenant: str,
        *,
        schema_id: str = "",
        state: State | None = None,
        after: tuple[datetime, str] | None = None,
        limit: int = 50,
    ) -> Sequence[AnalysisRun]:
        """A page of a tenant's runs in order of creation; `after` is the last one seen."""
        runs = await self._store.list(tenant, KIND, scope=schema_id, state=state, after=after, limit=limit)
        return [view(run) for run in runs]

    async def cancel(self, tenant: str, run_id: str) -> AnalysisRun:
        """Stop a run; one that has ended is returned as it is. Its worker is gone within two seconds.

        Raises: NotFound, also for another tenant's.
        """
        while True:
            run = await self._store.get(tenant, run_id)
            if run.is_terminal:
                return view(run)
            ended = now()
            standing = replace(Standing.of_run(run), state="CANCELLED", stage="", ended=ended)
            change = Change(state="CANCELLED", at=ended, progress=standing.to_json())
            try:
                await self._log.append(run_id, run.fence, [standing.event()], change)
            except LostRun:  # it ended or changed hands between the two statements
                continue
            self._stop(run_id)
            return view(replace(run, state="CANCELLED"), standing, run.last_sequence + 1)

    def abandon(self, tenant: str, run_id: str) -> None:
        """Cancel a run in the background: whoever asked for it is gone. Does nothing while closing.

        Its work stops at once; its end is written as soon as the store takes it.
        """
        if self._closing or run_id in self._unwanted:
            return
        self._unwanted[run_id] = task = self._background.start(
            self._abandon(tenant, run_id), f"cancel {run_id}"
        )
        task.add_done_callback(lambda _: self._unwanted.pop(run_id, None))
        self._stop(run_id)

    async def token(self, run: AnalysisRun) -> str:
        """What watches a run from after its newest event."""
        return (await self._resume_tokens()).issue(run.tenant, run.run_id, run.last_sequence)

    async def _snapshot(self, question: Question) -> Snapshot:
        if not question.schema_id:
            raise MissingField("schema_id is needed; ListSchemas names the tables", field="schema_id")
        return await self._tables.snapshot(question.tenant, question.schema_id)

    async def _estimate(self, question: Question, snapshot: Snapshot) -> AnalysisEstimate:
        terms = await self._workshop.known(question.tenant)

        def estimate() -> AnalysisEstimate:
            # Imported here, in the thread: the import takes longer than the event loop may stand still.
            from segmentry.analysis import estimate as estimates  # noqa: PLC0415

            return estimates.estimate(
                snapshot,
                fitted(question.parameters, snapshot.catalog),
                question.as_of,
                terms=terms,
                saved=question.saved,
            )

        return await asyncio.to_thread(estimate)

    async def _resume_tokens(self) -> ResumeTokens:
        if self._tokens is None:
            self._tokens = ResumeTokens(await signing_key(self._database))
        return self._tokens

    async def _accept(
        self,
        question: Question,
        order: Order,
        snapshot: Snapshot,
        claim: Claim | None,
        on_made: Callable[[str], None] | None,
    ) -> Run:
        """Store the run and begin to work on it, in one piece: a caller who leaves cannot come in between.

        Raises: ServerDraining; Exhausted; AlreadyExists; what the store raises.
        """
        tier = await first_tier(order, snapshot, model=self._workshop.advisors.asked_by(question.tenant))
        if self._closing:
            raise ServerDraining("the server is shutting down; start the analysis on the next one")
        self._queue.require_place(len(self._active) + self._accepting)
        standing = Standing("QUEUED", tier, order.parameters)
        ended: list[Run | SegmentryError] = []

        # Counted at once, before the task begins: of a crowd, each sees those who came before.
        self._accepting += 1

        async def accept() -> None:
            try:
                run, is_new = await self._store.create(
                    tenant=question.tenant,
                    kind=KIND,
                    scope=question.schema_id,
                    request=order.to_json(),
                    progress=standing.to_json(),
                    claim=claim,
                    first=standing.event(),
                )
            except SegmentryError as err:
                ended.append(err)
                return
            finally:
                self._accepting -= 1
            ended.append(run)
            if is_new:
                self._spawn(run, snapshot)
            if on_made is not None:
                on_made(run.run_id)

        await asyncio.shield(self._background.start(accept(), "accept an analysis"))
        (end,) = ended
        if isinstance(end, SegmentryError):
            raise end
        return end

    def _spawn(self, run: Run, snapshot: Snapshot) -> None:
        if self._closing:  # its lease runs out, and another server takes it up
            return
        task = self._background.start(Execution(self._workshop, run, snapshot).work(), run.run_id)
        self._active[run.run_id] = task
        task.add_done_callback(lambda _: self._active.pop(run.run_id, None))

    def _stop(self, run_id: str) -> None:
        task = self._active.get(run_id)
        if task is not None:
            task.cancel()

    async def _abandon(self, tenant: str, run_id: str) -> None:
        while True:
            try:
                await self.cancel(tenant, run_id)
            except (Unavailable, StoreBusy) as err:
                await asyncio.sleep(err.retry_after_s or AGAIN_S)
            else:
                return
