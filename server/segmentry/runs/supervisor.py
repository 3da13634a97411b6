"""Runs jobs in worker processes: one process each, a bounded number at once, one warm spare.

A process that dies is not a result: the job is tried once more in a new process, and the second death is
`WorkerLost`. However a job ends (result, fault, cancel, deadline), its process is gone before `run` returns.
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

ATTEMPTS = 2
MEMORY_BYTES = 4 * 1024**3
DEADLINE_S = 600.0
SILENCE_S = 60.0

log = logging.getLogger(__name__)

OnEvent = Callable[[JsonValue], Awaitable[None]]
OnRetry = Callable[[], Awaitable[None]]


class Supervisor:
    """`slots` jobs at once (default: one per core). `preload` is what a spare imports in advance.

    `environment` is added to what workers see. Nothing is started before the first job or `warm`.
    """

    def __init__(
        self,
        *,
        preload: Sequence[str] = (),
        slots: int | None = None,
        memory_bytes: int = MEMORY_BYTES,
        deadline_s: float = DEADLINE_S,
        silence_s: float = SILENCE_S,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        cores = os.cpu_count() or 1
        self._slots = asyncio.Semaphore(slots or cores)
        self._threads = max(1, cores - 1)
        self._preload = tuple(preload)
        self._memory_bytes = memory_bytes
        self._deadline_s = deadline_s
        self._silence_s = silence_s
        self._environment = dict(environment or {})
        self._spare: Child | None = None
        self._spare_lock = asyncio.Lock()
        self._children: set[Child] = set()
        self._closed = False

    @property
    def pids(self) -> frozenset[int]:
        """The worker processes that run now, the spare included."""
        return frozenset(each.pid for each in self._children if each.is_running)

    async def warm(self) -> None:
        """Start the spare, whose imports then go on by themselves. Idempotent."""
        async with self._spare_lock:
            if self._closed or (self._spare is not None and self._spare.is_running):
                return
            if self._spare is not None:
                await self._end(self._spare)
            self._spare = await self._start(self._threads)

    async def run(
        self,
        target: str,
        argument: Callable[[int], JsonValue],
        *,
        on_event: OnEvent,
        on_start: OnRetry | None = None,
        on_retry: OnRetry | None = None,
    ) -> JsonValue:
        """The result of `target` ("module:function") called with `argument(attempt)`, attempt = 1 or 2.

        What the function says on its way goes to `on_event`, in order; `on_start` is awaited when the job
        leaves the queue, `on_retry` before the second attempt.

        Raises: WorkerLost after the second death; DeadlineExceeded; the function's own SegmentryError;
        Internal when it raised something else (its traceback is in our log).
        """
        async with self._slots:
            if self._closed:
                raise WorkerLost("the server is shutting down")
            if on_start is not None:
                await on_start()
            try:
                async with asyncio.timeout(self._deadline_s):
                    for attempt in range(1, ATTEMPTS + 1):
                        if attempt > 1 and on_retry is not None:
                            await on_retry()
                        try:
                            return await self._attempt(target, argument(attempt), attempt, on_event)
                        except Died as err:
                            log.warning("attempt %d of %s: %s", attempt, target, err)
            except TimeoutError as err:
                raise errors.DeadlineExceeded(
                    f"the run took longer than {self._deadline_s:g} s; use fewer rows, fields or clusters",
                    maximumSeconds=self._deadline_s,
                ) from err
        raise WorkerLost("the worker process was lost twice")

    async def close(self) -> None:
        """End all workers. Jobs still running raise WorkerLost. Idempotent."""
        self._closed = True
        async with self._spare_lock:
            self._spare = None
        for each in tuple(self._children):
            await self._end(each)

    async def _attempt(self, target: str, argument: JsonValue, attempt: int, on_event: OnEvent) -> JsonValue:
        worker = await self._take(attempt)
        try:
            await worker.ready(self._silence_s)
            await worker.order(target, argument, self._memory_bytes)
            # The next spare imports while this job runs, at the same low priority.
            await self.warm()
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

    async def _take(self, attempt: int) -> Child:
        async with self._spare_lock:
            spare, self._spare = self._spare, None
        if spare is not None:
            if spare.is_running and attempt == 1:
                return spare
            await self._end(spare)
        # After a death the likely cause is memory: one thread needs the least of it.
        return await self._start(self._threads if attempt == 1 else 1)

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
        errors.InvalidParameters,
        errors.InvalidField,
        errors.InvalidValue,
    )
}
