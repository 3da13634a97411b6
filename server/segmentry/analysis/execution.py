"""The work on one accepted run: worker, events into the log, fallback, exactly one end."""

from __future__ import annotations

import asyncio
import dataclasses
import logging
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from segmentry.analysis import codec, pace, tiers
from segmentry.analysis.advisor import Advisor
from segmentry.analysis.events import (
    AnalysisEstimate,
    AnalysisResult,
    Event,
    Fallback,
    Notice,
    Progress,
    SegmentCard,
)
from segmentry.analysis.memory import Left, hand_over, left_in
from segmentry.analysis.pace import Pace
from segmentry.analysis.parameters import Parameters, Tier
from segmentry.analysis.records import (
    Order,
    Standing,
    error_json,
    finished_event,
    now,
)
from segmentry.analysis.said import Said
from segmentry.analysis.terms import Terms
from segmentry.analysis.workshop import Workshop, remove, write
from segmentry.customers.snapshot import Snapshot
from segmentry.errors import (
    DatasetTooLarge,
    Internal,
    JsonValue,
    SegmentryError,
    StoreBusy,
    Unavailable,
    WorkerLost,
)
from segmentry.runs.log import Change, LostRun
from segmentry.runs.run import NewEvent, Run, object_of
from segmentry.runs.supervisor import ATTEMPTS
from segmentry.runs.writer import Writer

if TYPE_CHECKING:
    from segmentry.analysis.renaming import Namer

log = logging.getLogger(__name__)

# A run whose servers are lost again and again may be why: with this attempt it ends.
MOST_ATTEMPTS = 6
# What the heuristic can answer instead: it needs no process and little memory.
REPLACEABLE = (WorkerLost, DatasetTooLarge)


class Execution:
    """One run from QUEUED to its end. Its standing is changed by this task alone."""

    def __init__(self, workshop: Workshop, run: Run, snapshot: Snapshot) -> None:
        self._workshop = workshop
        self._run = run
        self._snapshot = snapshot
        self._order = Order.of(run)
        self._writer = Writer(workshop.log, run)
        self._standing = Standing.of_run(run)
        self._said = Said()
        self._checkpoint: JsonValue = None
        self._pinned = tiers.pinned(self._order.parameters)
        self._left: Left | None = None
        self._namer: Namer | None = None
        self._advisor = workshop.advisors.of(run.tenant)
        if self._advisor is not None and self._order.parameters.model_names:
            # Imported here: it takes longer than a server without a model should wait for.
            from segmentry.analysis.renaming import Namer  # noqa: PLC0415

            self._namer = Namer(self._advisor, run.tenant, snapshot.catalog, self._say)

    @property
    def _terms(self) -> Terms:
        return self._workshop.advisors.terms(self._run.tenant)

    async def work(self) -> None:
        """Do the run. Whatever happens, it ends in the log, unless it was cancelled or taken over.

        Raises: CancelledError; Unavailable or StoreBusy when the store stays away: then the lease runs out
        and the run is taken up again.
        """
        try:
            async with self._workshop.queue.turn(self._run.tenant, self._wait):
                if self._standing.attempt:
                    await self._recall()
                begun = time.monotonic()
                result = await self._result()
                took_s = time.monotonic() - begun
            # Whoever waits for a model needs no core: the next run has its turn.
            if self._namer is not None:
                result = await self._namer.named(result)
            await self._leave(result)
            await self._end_well(result)
            await self._clock(result, took_s)
        except LostRun:
            log.info("run %s was ended by somebody else", self._run.run_id)
        except (Unavailable, StoreBusy) as err:
            if not isinstance(err, WorkerLost):
                raise
            await self._fail(err)
        except SegmentryError as err:
            await self._fail(err)
        except Exception:
            log.exception("run %s failed", self._run.run_id)
            await self._fail(Internal("internal error"))

    async def _result(self) -> AnalysisResult:
        if self._standing.tier == "HEURISTIC":
            await self._begin()
            return await self._heuristic(())
        if self._standing.tier == "LLM" and self._advisor is not None:
            return await self._by_model(self._advisor)
        try:
            return await self._in_worker()
        except REPLACEABLE as err:
            if self._pinned:
                raise
            fallback = Fallback(
                "ML_WORKER",
                "HEURISTIC",
                err.reason,
                f"{err.message}; thirds of the widest field are shown instead",
            )
            await self._say(fallback)
            return await self._heuristic((fallback,))

    async def _by_model(self, advisor: Advisor) -> AnalysisResult:
        """What a model proposes, in this process: nothing is computed on the event loop but its events."""
        # Imported here: it takes longer than a server without a model should wait for.
        from segmentry.analysis import proposals  # noqa: PLC0415

        # Proposals bring their names; and a vendor that gives none is left alone afterwards.
        self._namer = None
        await self._begin()
        order = self._order
        try:
            return await proposals.discover(
                self._snapshot,
                order.parameters,
                order.as_of,
                advisor,
                self._run.tenant,
                self._say,
                time_zone=order.time_zone,
                saved=order.saved,
            )
        except proposals.NotProposed as err:
            if order.parameters.require_tier:
                raise err.error from err
            text = f"{err.error.message}; thirds of the widest field are shown instead"
            fallback = Fallback("LLM", "HEURISTIC", err.reason, text)
            await self._say(fallback)
            result = await self._heuristic((fallback,))
            model = advisor.asker.model.model
            return dataclasses.replace(result, usage=err.usage, model=model, model_s=err.took_s)

    async def _in_worker(self) -> AnalysisResult:
        order = self._order
        if self._standing.attempt >= MOST_ATTEMPTS:
            raise WorkerLost(f"the servers that worked on this run were lost {MOST_ATTEMPTS} times")
        # The folder is ours alone, and gone when the worker is.
        place = self._workshop.folder / f"run-{uuid.uuid4().hex}"
        table = place / "table"
        argument: dict[str, JsonValue] = {
            "table": str(table),
            "parameters": codec.encode_parameters(order.parameters),
            "as_of": order.as_of.isoformat(),
            "time_zone": order.time_zone,
            "terms": (await self._workshop.known(self._run.tenant)).to_json(),
            "saved": order.saved.to_json(),
        }
        loop = asyncio.get_running_loop()
        # Only now: a hundred waiting runs would be a hundred copies of the table.
        writing = loop.run_in_executor(None, write, self._snapshot, place, table)
        try:
            await asyncio.shield(writing)
            await self._remember(place)
            await self._begin()
            answer = await self._workshop.supervisor.run(
                self._workshop.target,
                lambda deaths: {**argument, "deaths": deaths, "checkpoint": self._checkpoint},
                on_event=self._hear,
                on_death=self._after_death,
                deaths=self._standing.deaths,
            )
            self._left = await asyncio.to_thread(left_in, place)
        finally:
            await asyncio.shield(remove(place, writing))
        result = codec.decode(object_of(answer))
        assert isinstance(result, AnalysisResult)
        return result

    async def _remember(self, place: Path) -> None:
        """Lay the models of the tenant's last runs beside the table."""
        memory = self._workshop.memory
        stored = await memory.recall(self._run.tenant, self._run.scope, before=self._run.run_id)
        secret = await memory.secret(self._run.tenant)
        await asyncio.to_thread(hand_over, place, stored, secret)

    async def _leave(self, result: AnalysisResult) -> None:
        """Store what the worker left for later runs, under the names of the result."""
        if self._left is None:
            return
        left, run = self._left.called(result.segments), self._run
        try:
            await self._workshop.memory.keep(run.tenant, run.scope, run.run_id, left)
        except (Unavailable, StoreBusy):
            log.warning("the segments of run %s are not kept for later runs", self._run.run_id)

    async def _clock(self, result: AnalysisResult, took_s: float) -> None:
        """Keep what the run took, for estimates; not of one that began again or went another way."""
        if self._standing.attempt != 1 or result.fallbacks:
            return
        parameters = result.parameters
        cold_s = pace.cold_s(result.tier, parameters, result.rows, len(parameters.included_features or ()))
        try:
            await self._workshop.paces.keep(pace.way(result.tier, parameters), Pace(cold_s, took_s))
        except (Unavailable, StoreBusy):
            log.info("what run %s took is not kept", self._run.run_id)

    async def _heuristic(self, fallbacks: tuple[Fallback, ...]) -> AnalysisResult:
        """The answer of the lowest tier, in a thread: it needs neither a process nor a fit."""
        said: list[Event] = []
        parameters = dataclasses.replace(self._order.parameters, preferred_tier="HEURISTIC")
        result = await asyncio.to_thread(
            _discover, self._snapshot, parameters, self._order, self._terms, said.append
        )
        for event in said:
            await self._say(event)
        self._standing = dataclasses.replace(self._standing, tier="HEURISTIC")
        return dataclasses.replace(
            result,
            fallbacks=(*fallbacks, *result.fallbacks),
            parameters=dataclasses.replace(
                result.parameters, preferred_tier=self._order.parameters.preferred_tier
            ),
        )

    async def _wait(self, place: int) -> None:
        """Say how many runs have their turn before this one, itself included."""
        if self._standing.state == "QUEUED":
            self._standing = dataclasses.replace(self._standing, queue_position=place)
            await self._append([self._standing.event()])

    async def _recall(self) -> None:
        """Learn what the server before this one said and how far it came."""
        after = 0
        while events := await self._workshop.log.read(self._run.run_id, after):
            for event in events:
                self._said.is_new(NewEvent(event.kind, event.body))
                if self._namer is not None and event.kind in {"card", "subtask"}:
                    self._namer.recall(codec.decode(event.body))
            after = events[-1].sequence
        self._checkpoint = await self._workshop.checkpoints.get(self._run.run_id)

    async def _after_death(self, deaths: int) -> None:
        self._standing = dataclasses.replace(self._standing, deaths=deaths)
        if deaths < ATTEMPTS:
            await self._begin()

    async def _begin(self) -> None:
        """Start an attempt: the first one, or the one after a death."""
        first = self._standing.state == "QUEUED"
        self._standing = dataclasses.replace(
            self._standing,
            state="RUNNING",
            stage="" if self._standing.attempt == 0 else "retrying",
            fraction=0.0,
            queue_position=None,
            attempt=self._standing.attempt + 1,
            started=self._standing.started or now(),
        )
        await self._append([self._standing.event()], changes_state=first)

    async def _hear(self, message: JsonValue) -> None:
        heard = object_of(message)
        if "checkpoint" in heard:
            await self._keep(heard["checkpoint"])
        else:
            await self._say(codec.decode(heard))

    async def _keep(self, checkpoint: JsonValue) -> None:
        self._checkpoint = checkpoint
        try:
            await self._workshop.checkpoints.put(self._run.run_id, self._run.fence, checkpoint)
        except (Unavailable, StoreBusy) as err:
            # The next worker of this server has it all the same, and another server starts from less.
            log.warning("a checkpoint of run %s is not stored: %s", self._run.run_id, err.message)

    async def _say(self, event: Event) -> None:
        match event:
            case Progress(stage, fraction):
                self._standing = dataclasses.replace(self._standing, stage=stage, fraction=fraction)
                await self._append([self._standing.event()])
            case Notice():
                pass  # The result brings them all; the stream of the contract has no place for them.
            case AnalysisEstimate():
                self._standing = dataclasses.replace(self._standing, parameters=event.effective_parameters)
                await self._tell(_event(event))
            case SegmentCard() if self._namer is not None:
                await self._tell(_event(self._namer.as_found(event)))
            case _:
                await self._tell(_event(event))

    async def _tell(self, event: NewEvent) -> None:
        if self._said.is_new(event):
            await self._append([event])

    async def _end_well(self, result: AnalysisResult) -> None:
        tier: Tier = result.tier
        self._standing = dataclasses.replace(
            self._standing,
            state="SUCCEEDED",
            tier=tier,
            parameters=result.parameters,
            stage="",
            fraction=1.0,
            ended=now(),
        )
        await self._append([finished_event(self._standing, result)], changes_state=True)

    async def _fail(self, error: SegmentryError) -> None:
        self._standing = dataclasses.replace(
            self._standing, state="FAILED", stage="", ended=now(), error=error_json(error)
        )
        try:
            await self._append([self._standing.event()], changes_state=True)
        except LostRun:
            log.info("run %s was ended by somebody else", self._run.run_id)

    async def _append(self, events: list[NewEvent], *, changes_state: bool = False) -> None:
        standing = self._standing
        change = Change(
            state=standing.state if changes_state else None,
            at=standing.ended or standing.started,
            progress=standing.to_json(),
            error=standing.error,
            attempt=standing.attempt,
        )
        await self._writer.append(events, change)


def _discover(
    snapshot: Snapshot,
    parameters: Parameters,
    order: Order,
    terms: Terms,
    emit: Callable[[Event], None],
) -> AnalysisResult:
    # Imported here, in the thread: the import takes longer than the event loop may stand still.
    from segmentry.analysis.discover import discover  # noqa: PLC0415

    return discover(
        snapshot,
        parameters,
        order.as_of,
        emit,
        terms=terms,
        time_zone=order.time_zone,
        saved=order.saved,
    )


def _event(event: Event) -> NewEvent:
    body = codec.encode(event)
    return NewEvent(str(body["event"]), body)
