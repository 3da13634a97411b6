"""Runs jobs in worker processes: one process each, with spares that have done their imports.

A process that dies is not a result: the job is tried once more in a new process, and the second death is
`WorkerLost`. However a job ends (result, fault, cancel, deadline), its process is gone before `run` returns.
How many jobs run at once is up to the caller (`queue`).
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Awaitable, Callable, Mapping, Sequence

from segmentry import errors
from segmentry.errors import Internal, JsonValue, SegmentryError, WorkerLost
from segmentry.runs import child
from segmentry.runs.child import Child, Died
from segmentry.runs.spares import REST_S, Spares

ATTEMPTS = 2
MEMORY_BYTES = 4 * 1024**3
DEADLINE_S = 600.0
SILENCE_S = 60.0

log = logging.getLogger(__name__)

OnEvent = Callable[[JsonValue], Awaitable[None]]
OnDeath = Callable[[int], Awaitable[None]]


class Supervisor:
    """`preload` names what a worker imports before it is ready, "module" or "module:function" to call.

    `spares` workers wait for jobs once `warm` was called (default: one per core). `memory_bytes` is what a
    job may add to a worker's address space. `environment` is added to what workers see.
    """

    def __init__(
        self,
        *,
        preload: Sequence[str] = (),
        spares: int | None = None,
        memory_bytes: int = MEMORY_BYTES,
        deadline_s: float = DEADLINE_S,
        silence_s: float = SILENCE_S,
        rest_s: float = REST_S,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        cores = os.cpu_count() or 1
        self._threads = max(1, cores - 1)
        self._preload = tuple(preload)
        self._memory_bytes = memory_bytes
        self._deadline_s = deadline_s
        self._silence_s = silence_s
        self._environment = dict(environment or {})
        self._children: set[Child] = set()
        self._at_work: set[Child] = set()
        self._closed = False
        self._spares = Spares(
            cores if spares is None else spares,
            lambda: self._start(self._threads),
            self._end,
            silence_s=silence_s,
            rest_s=rest_s,
        )

    @property
    def pids(self) -> frozenset[int]:
        """The worker processes that run now, spares included."""
        return frozenset(each.pid for each in self._children if each.is_running)

    @property
    def busy_pids(self) -> frozenset[int]:
        """The worker processes that have a job."""
        return frozenset(each.pid for each in self._at_work if each.is_running)

    @property
    def warm_spares(self) -> int:
        """How many workers wait with their imports done."""
        return self._spares.warm

    @property
    def is_able(self) -> bool:
        """Whether a job would find a worker: not while every spare that was started has died."""
        return not self._closed and not self._spares.failing

    def warm(self) -> None:
        """Keep spares from now on, whose imports go on by themselves. Idempotent."""
        if not self._closed:
            self._spares.open()

    async def until_warm(self) -> None:
        """Wait until every spare is there with its imports done."""
        await self._spares.until_warm()

    async def run(
        self,
        target: str,
        argument: Callable[[int], JsonValue],
        *,
        on_event: OnEvent,
        on_death: OnDeath | None = None,
        deaths: int = 0,
    ) -> JsonValue:
        """The result of `target` ("module:function") called with `argument(deaths)`.

        What the function says on its way goes to `on_event`, in order. `deaths` is how often the job's
        worker died before; `on_death` is awaited with the new number after each further one.

        Raises: WorkerLost after the second death; DeadlineExceeded; the function's own SegmentryError;
        Internal when it raised something else (its traceback is in our log).
        """
        try:
            async with asyncio.timeout(self._deadline_s):
                while deaths < ATTEMPTS:
                    if self._closed:
                        raise WorkerLost("the server is shutting down")
                    try:
                        return await self._attempt(target, argument(deaths), deaths, on_event)
                    except Died as err:
                        deaths += 1
                        log.warning("death %d of a worker of %s: %s", deaths, target, err)
                    if on_death is not None:
                        await on_death(deaths)
        except TimeoutError as err:
            raise errors.DeadlineExceeded(
                f"the run took longer than {self._deadline_s:g} s; use fewer rows, fields or clusters",
                maximumSeconds=self._deadline_s,
            ) from err
        raise WorkerLost("the worker process was lost twice")

    async def close(self) -> None:
        """End all workers. Jobs still running raise WorkerLost. Idempotent."""
        self._closed = True
        await self._spares.close()
        for each in tuple(self._children):
            await self._end(each)

    async def _attempt(self, target: str, argument: JsonValue, deaths: int, on_event: OnEvent) -> JsonValue:
        worker = await self._take(deaths)
        self._at_work.add(worker)
        try:
            await worker.ready(self._silence_s)
            await worker.order(target, argument, self._memory_bytes)
            while True:
                message = await worker.listen(self._silence_s)
                if "event" in message:
                    await on_event(message["event"])
                elif "result" in message:
                    return message["result"]
                else:
                    raise _fault(message.get("failed"))
        finally:
            # Shielded: a second cancel must not leave the process behind.
            await asyncio.shield(self._end(worker))

    async def _take(self, deaths: int) -> Child:
        # After a death the likely cause is memory: one thread needs the least of it.
        threads = self._threads if deaths == 0 else 1
        spare = self._spares.take() if threads == self._threads else None
        return spare or await self._start(threads)

    async def _start(self, threads: int) -> Child:
        try:
            started = await child.start(preload=self._preload, threads=threads, environment=self._environment)
        except OSError as err:
            raise Died(f"no worker could be started: {err.strerror}") from err
        self._children.add(started)
        return started

    async def _end(self, worker: Child) -> None:
        try:
            await worker.end()
        finally:
            self._children.discard(worker)
            self._at_work.discard(worker)


def _fault(failed: JsonValue) -> SegmentryError:
    unknown = Internal("a worker failed; its traceback is in the log")
    if not isinstance(failed, dict):
        return unknown
    reason, message, metadata = failed.get("reason"), failed.get("message"), failed.get("metadata")
    kind = FAULTS.get(str(reason))
    if kind is None or not isinstance(metadata, dict):
        return unknown
    fault = kind(str(message))
    fault.metadata.update({key: str(value) for key, value in metadata.items()})
    return fault


# The faults of its input that a job may report; everything else is a bug of ours.
FAULTS: dict[str, type[SegmentryError]] = {
    each.reason: each
    for each in (
        errors.DatasetTooLarge,
        errors.EmptyDataset,
        errors.NoUsableFields,
        errors.NoClusters,
        errors.InvalidParameters,
        errors.InvalidField,
        errors.InvalidValue,
    )
}
