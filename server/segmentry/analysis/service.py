"""Analyses as a service: estimate, start, watch, get, list, cancel.

    start -> run QUEUED in the store -> Execution in the background -> events in the log -> watchers

The service owns the runs of this process: it renews their leases, takes over runs whose server is gone, and
gives its own back when it closes.
"""

from __future__ import annotations

import asyncio
import logging
import shutil
import time
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, Self

from segmentry.analysis.events import AnalysisEstimate, AnalysisResult
from segmentry.analysis.execution import Execution, Workshop
from segmentry.analysis.parameters import Parameters, Tier, validate
from segmentry.analysis.records import (
    KIND,
    AnalysisRun,
    Finished,
    Heard,
    Order,
    Standing,
    error_json,
    finished_of,
    now,
    said_of,
    view,
)
from segmentry.criteria import check, parse
from segmentry.criteria.dates import Clock
from segmentry.errors import (
    ConfirmationRequired,
    EmptyDataset,
    Exhausted,
    InvalidResumeToken,
    MissingField,
    SegmentryError,
    ServerDraining,
    StoreBusy,
    Unavailable,
    WorkerLost,
)
from segmentry.runs.background import Background
from segmentry.runs.log import Change, LostRun, RunLog
from segmentry.runs.run import Run, State
from segmentry.runs.store import RENEW_S, Claim, RunStore
from segmentry.runs.supervisor import Supervisor
from segmentry.runs.tokens import ResumeTokens, signing_key
from segmentry.state.database import Database

if TYPE_CHECKING:
    from segmentry.customers.snapshot import Snapshot

TARGET = "segmentry.analysis.job:run"
# Imported by the warm spare: the fits of a first run would otherwise wait for scikit-learn.
PRELOAD = ("segmentry.analysis.job", "sklearn.cluster")
CONFIRM_ROWS = 5000
MOST_OPEN = 100
# A folder this old belongs to no run: runs end after their deadline.
STALE_FOLDER_S = 86_400.0
FORGET_S = 3600.0

log = logging.getLogger(__name__)


class Tables(Protocol):
    """Where the snapshots are: `customers.snapshots.SnapshotStore`."""

    async def snapshot(self, tenant: str, schema_id: str = "") -> Snapshot:
        """Raises: NotFound."""
        ...


class NeedsConfirmation(ConfirmationRequired):
    """The model tier on a large table was not confirmed; `estimate` is what the dialog shows."""

    def __init__(self, estimate: AnalysisEstimate) -> None:
        super().__init__(
            f"the model tier on {estimate.rows} rows needs confirmed = true; "
            "AUTO and ML_WORKER cluster every row without it",
            rows=estimate.rows,
        )
        self.estimate = estimate
        # The estimate as a message, which only `rpc` can make; `rpc/status.py` sends it along.
        self.wire_detail: object | None = None


@dataclass(frozen=True, slots=True)
class Question:
    """What a caller asks to be analysed: whose table, how, and the clock of the request."""

    tenant: str
    schema_id: str
    parameters: Parameters
    as_of: datetime
    time_zone: str = ""


class AnalysisService:
    """Use as `async with`, or call `close`. Nothing runs and nothing is opened before the first call.

    `folder` takes the tables on their way to workers. `token_key` signs resume tokens; without one the
    installation's own key is kept in the database.
    """

    def __init__(
        self,
        database: Database,
        tables: Tables,
        supervisor: Supervisor,
        *,
        folder: Path,
        token_key: bytes | None = None,
        llm_configured: bool = False,
        target: str = TARGET,
    ) -> None:
        self._database = database
        self._tables = tables
        self._supervisor = supervisor
        self._store = RunStore(database)
        self._log = RunLog(database)
        self._workshop = Workshop(self._log, supervisor, folder, target, llm_configured)
        self._llm_configured = llm_configured
        self._tokens = None if token_key is None else ResumeTokens(token_key)
        self._background = Background()
        self._active: dict[str, asyncio.Task[None]] = {}
        self._keeper: asyncio.Task[None] | None = None
        self._closing = False

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def open(self) -> None:
        """Take over runs that a dead server left, and warm a worker. Idempotent; `start` does it too.

        Raises: what the store raises.
        """
        await self._database.open()
        await asyncio.to_thread(_clear, self._workshop.folder)
        if self._keeper is None and not self._closing:
            self._keeper = self._background.start(self._keep(), "analysis leases")

    async def close(self) -> None:
        """Stop all work and give the runs back: another server, or the next start, takes them up."""
        if self._closing:
            return
        self._closing = True
        await self._background.close()
        await self._supervisor.close()
        if self._database.is_open:
            try:
                await self._store.release()
            except (Unavailable, StoreBusy):
                log.warning(
                    "the store is away: the runs of this server are taken up when their leases run out"
                )

    # --- questions --------------------------------------------------------------------------------

    async def estimate(self, question: Question) -> AnalysisEstimate:
        """What a run would do, take and cost. Starts nothing.

        Raises: MissingField; NotFound; InvalidParameters; ParseError, InvalidCriteria for `within`.
        """
        snapshot = await self._snapshot(question)
        return await self._estimate(question, snapshot)

    async def start(
        self, question: Question, *, confirmed: bool = False, claim: Claim | None = None
    ) -> AnalysisRun:
        """Accept a run, or return the one that the same claim started before.

        Raises: as `estimate`; EmptyDataset; NeedsConfirmation (nothing is started, the claim is not used);
        AlreadyExists; Exhausted when too many runs wait; what the store raises.
        """
        if claim is not None:
            earlier = await self._store.made_by(question.tenant, claim)
            if earlier is not None:
                return view(earlier)
        snapshot = await self._snapshot(question)
        parameters = validate(question.parameters, snapshot.catalog)
        if snapshot.rows == 0:
            raise EmptyDataset("the table has no rows; load one that has", schemaId=question.schema_id)
        if parameters.preferred_tier == "LLM" and not confirmed:
            estimate = await self._estimate(question, snapshot)
            if estimate.rows >= CONFIRM_ROWS:
                raise NeedsConfirmation(estimate)
        if parameters.within:
            clock = Clock.at(question.as_of, question.time_zone or snapshot.catalog.time_zone)
            check.require(parse.loads(parameters.within), snapshot.catalog, clock)
        if self._closing:
            raise ServerDraining("the server is shutting down; start the analysis on the next one")
        if len(self._active) >= MOST_OPEN:
            raise Exhausted(
                "too many analyses wait already; try again later", retry_after_s=5.0, maximum=MOST_OPEN
            )
        await self.open()
        order = Order(parameters, question.as_of, question.time_zone, snapshot.snapshot_id)
        standing = Standing("QUEUED", _tier(parameters), parameters)
        run, is_new = await self._store.create(
            tenant=question.tenant,
            kind=KIND,
            scope=question.schema_id,
            request=order.to_json(),
            progress=standing.to_json(),
            claim=claim,
            first=standing.event(),
        )
        if is_new:
            self._spawn(run, snapshot)
        return view(run)

    async def watch(self, tenant: str, run_id: str = "", resume_token: str = "") -> AsyncGenerator[Heard]:
        """Replay a run's events, all or those after a token, then follow it to its terminal event.

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
        run = await self._store.get(tenant, run_id)
        async for event in self._log.follow(run_id, after):
            token = tokens.issue(tenant, run_id, event.sequence)
            yield Heard(event.sequence, token, said_of(run, event), event.terminal)

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
        """Cancel a run in the background: whoever asked for it is gone. Does nothing while closing."""
        if not self._closing:
            self._background.start(self._abandon(tenant, run_id), f"cancel {run_id}")

    async def token(self, run: AnalysisRun) -> str:
        """What watches a run from after its newest event."""
        return (await self._resume_tokens()).issue(run.tenant, run.run_id, run.last_sequence)

    # --- work -------------------------------------------------------------------------------------

    async def _snapshot(self, question: Question) -> Snapshot:
        if not question.schema_id:
            raise MissingField("schema_id is needed; ListSchemas names the tables", field="schema_id")
        return await self._tables.snapshot(question.tenant, question.schema_id)

    async def _estimate(self, question: Question, snapshot: Snapshot) -> AnalysisEstimate:
        def estimate() -> AnalysisEstimate:
            # Imported here, in the thread: the import takes longer than the event loop may stand still.
            from segmentry.analysis import estimate as estimates  # noqa: PLC0415

            return estimates.estimate(
                snapshot, question.parameters, question.as_of, llm_configured=self._llm_configured
            )

        return await asyncio.to_thread(estimate)

    async def _resume_tokens(self) -> ResumeTokens:
        if self._tokens is None:
            self._tokens = ResumeTokens(await signing_key(self._database))
        return self._tokens

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
        await self.cancel(tenant, run_id)

    async def _keep(self) -> None:
        """Renew our leases, notice what was taken from us, take up what others left."""
        forget_at = time.monotonic()
        while True:
            try:
                await self._supervisor.warm()
                mine = tuple(self._active)
                still = await self._store.renew(mine)
                for run_id in mine:
                    if run_id not in still:
                        self._stop(run_id)
                for run in await self._store.adopt(KIND, tuple(self._active)):
                    await self._take_up(run)
                if time.monotonic() >= forget_at:
                    forget_at = time.monotonic() + FORGET_S
                    await self._store.forget_old()
            except (Unavailable, StoreBusy):
                log.warning("the store is away; leases are renewed when it is back")
            await asyncio.sleep(RENEW_S)

    async def _take_up(self, run: Run) -> None:
        log.info("taking up run %s, whose server is gone", run.run_id)
        lost = WorkerLost("the server that worked on this run was lost, and its table is not here any more")
        try:
            snapshot = await self._tables.snapshot(run.tenant, run.scope)
        except SegmentryError:
            await self._give_up(run, lost)
            return
        if snapshot.snapshot_id != Order.of(run).snapshot_id:
            await self._give_up(run, lost)
            return
        self._spawn(run, snapshot)

    async def _give_up(self, run: Run, error: SegmentryError) -> None:
        ended = now()
        standing = replace(
            Standing.of_run(run), state="FAILED", stage="", ended=ended, error=error_json(error)
        )
        change = Change(state="FAILED", at=ended, progress=standing.to_json(), error=standing.error)
        try:
            await self._log.append(run.run_id, run.fence, [standing.event()], change)
        except LostRun:
            log.info("run %s was ended by somebody else", run.run_id)


def _tier(parameters: Parameters) -> Tier:
    """Who computes first. The model tier is not built, so it falls back to the worker, with an event."""
    return "HEURISTIC" if parameters.preferred_tier == "HEURISTIC" else "ML_WORKER"


def _clear(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for entry in folder.glob("run-*"):
        if time.time() - entry.stat().st_mtime > STALE_FOLDER_S:
            shutil.rmtree(entry, ignore_errors=True)
