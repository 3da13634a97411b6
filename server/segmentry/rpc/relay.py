"""The one streaming helper: a bounded queue, one worker task, and a generator that only drains.

No `yield` stands inside a TaskGroup or a timeout (a cancelled caller would leave the cleanup to a detached
finaliser), nothing writes to a call but gRPC itself, and a CancelledError always goes on.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Generic, Protocol, TypeVar

import grpc

from segmentry.errors import Internal, ServerDraining, SlowConsumer
from segmentry.rpc import status
from segmentry.rpc.call import ServerContext, note, request_id


class Numbered(Protocol):
    """A stream item of the contract."""

    sequence: int


M = TypeVar("M", bound=Numbered)


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """Nothing else was said for a while."""

    at: datetime


@dataclass(frozen=True, slots=True)
class Draining:
    """This server or this stream ends soon; resume after so many seconds."""

    retry_after_s: float


Notice = Heartbeat | Draining


@dataclass(frozen=True, slots=True)
class StreamLimits:
    """`queue` is in messages; `length_s` bounds logged streams only, which can be resumed."""

    queue: int = 64
    heartbeat_s: float = 15.0
    stall_s: float = 30.0
    length_s: float = 3600.0
    # How long a reader that stalled may still come back to read why its stream ended.
    patience_s: float = 2.0


class Outbox(Generic[M]):
    """The bounded queue between a stream's worker and its reader."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._queue: deque[tuple[str | None, M]] = deque()
        self._changed = asyncio.Event()
        self._room = asyncio.Event()
        self._room.set()

    async def put(self, message: M, key: str | None = None) -> None:
        """Queue a message, waiting for room if there is none.

        With a `key`, a full queue first gives up its older message of the same key: newest wins, and a
        slow reader sees fewer steps. Without a key a message is never dropped.
        """
        while len(self._queue) >= self._size:
            if key is not None and self._drop(key):
                break
            self._room.clear()
            await self._room.wait()
        self._queue.append((key, message))
        self._changed.set()

    def take(self) -> M | None:
        """The oldest message, or None when there is none now."""
        if not self._queue:
            return None
        _, message = self._queue.popleft()
        self._room.set()
        return message

    def wake(self, _: object = None) -> None:
        """Let the reader look again."""
        self._changed.set()

    async def changed(self, timeout_s: float) -> bool:
        """Wait until there may be something to see. Return False when the time passed first."""
        try:
            async with asyncio.timeout(timeout_s):
                await self._changed.wait()
        except TimeoutError:
            return False
        self._changed.clear()
        return True

    def _drop(self, key: str) -> bool:
        for index, (queued, _) in enumerate(self._queue):
            if queued == key:
                del self._queue[index]
                return True
        return False


class Drain:
    """Tells every open stream that the server is about to go."""

    def __init__(self) -> None:
        self.started = False
        self.retry_after_s = 1.0
        self._listeners: set[Callable[[], None]] = set()

    def start(self, retry_after_s: float = 1.0) -> None:
        self.started = True
        self.retry_after_s = retry_after_s
        for listener in tuple(self._listeners):
            listener()

    def listen(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Call `listener` when the drain starts. Return what stops that."""
        self._listeners.add(listener)
        return lambda: self._listeners.discard(listener)


class Streams:
    """Serves every server stream under the same limits; made once, in the composition root."""

    def __init__(self, limits: StreamLimits | None = None, drain: Drain | None = None) -> None:
        self._limits = limits or StreamLimits()
        self._drain = drain or Drain()

    async def relay(
        self,
        context: ServerContext,
        work: Callable[[Outbox[M]], Awaitable[None]],
        notice: Callable[[Notice], M],
        *,
        logged: bool = False,
    ) -> AsyncIterator[M]:
        """Run `work` in a task of its own and yield what it puts, numbered from 1 without a gap.

        A logged stream keeps the numbers that its messages bring (they come from a log that was written
        first), ends with SERVER_DRAINING when the server drains, and ends well after `length_s`: both are
        resumed. An unlogged stream is numbered as messages leave the queue and may finish while draining.

        Raises: whatever `work` raises; ServerDraining.
        """
        limits, loop = self._limits, asyncio.get_running_loop()
        outbox: Outbox[M] = Outbox(limits.queue)
        worker = asyncio.create_task(_run(work, outbox))
        worker.add_done_callback(outbox.wake)
        # A caller that goes while gRPC is writing never wakes this generator: the callback ends the work.
        context.add_done_callback(lambda _: _cancel(worker))  # pyright: ignore[reportArgumentType]  # the stub forgot Protocol
        unlisten = self._drain.listen(outbox.wake)
        guard = _StallGuard(context, worker, limits)
        ends_at = loop.time() + limits.length_s if logged else float("inf")
        sequence, token, told = 0, "", False
        try:
            while True:
                message = outbox.take()
                last = False
                if message is not None:
                    sequence = message.sequence if logged else sequence + 1
                    token = _token(message) or token
                elif worker.done():
                    _result(worker)
                    return
                elif self._drain.started and not told:
                    told, last = True, logged
                    message = notice(Draining(self._drain.retry_after_s))
                elif loop.time() >= ends_at:
                    last = True
                    message = notice(Draining(0.0))
                elif not await outbox.changed(max(0.0, min(limits.heartbeat_s, ends_at - loop.time()))):
                    if loop.time() >= ends_at:
                        continue
                    message = notice(Heartbeat(datetime.now(UTC)))
                else:
                    continue
                message.sequence = sequence
                guard.arm(token)
                yield message
                guard.disarm()
                if last:
                    if self._drain.started:
                        raise ServerDraining(
                            "the server is shutting down; resume on the next one",
                            retry_after_s=self._drain.retry_after_s,
                            resumeToken=token,
                        )
                    return
        finally:
            guard.disarm()
            unlisten()
            worker.cancel()
            if not worker.done():
                await asyncio.wait({worker})


def _token(message: object) -> str:
    """What resumes the stream after that message; empty where nothing does."""
    return getattr(message, "resume_token", "")


async def _run(work: Callable[[Outbox[M]], Awaitable[None]], outbox: Outbox[M]) -> None:
    await work(outbox)


def _cancel(worker: asyncio.Task[None]) -> None:
    worker.cancel()


def _result(worker: asyncio.Task[None]) -> None:
    if worker.cancelled():
        # A CancelledError of the worker's own would look to gRPC as if the caller had gone.
        raise Internal("the stream's worker was cancelled from inside")
    worker.result()


class _StallGuard:
    """Ends a call whose reader takes nothing: a blocked write never returns by itself."""

    def __init__(
        self,
        context: ServerContext,
        worker: asyncio.Task[None],
        limits: StreamLimits,
    ) -> None:
        self._context = context
        self._worker = worker
        self._limits = limits
        self._call = asyncio.current_task()
        self._timer: asyncio.TimerHandle | None = None
        self._end: asyncio.Task[None] | None = None
        self._token = ""

    def arm(self, token: str) -> None:
        self._token = token
        self._timer = asyncio.get_running_loop().call_later(self._limits.stall_s, self._stalled)

    def disarm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _stalled(self) -> None:
        self._worker.cancel()
        self._end = asyncio.create_task(self._finish())

    async def _finish(self) -> None:
        # The log line is written by the handler, which only sees that it is cancelled.
        note(endedBy=SlowConsumer.reason)
        error = SlowConsumer(
            f"nothing was read for {self._limits.stall_s:g} s; resume, and read faster",
            resumeToken=self._token,
        )
        try:
            async with asyncio.timeout(self._limits.patience_s):
                # The status waits behind the blocked message, and arrives if the reader comes back.
                await status.abort(self._context, error, request_id())
        except (TimeoutError, grpc.aio.AbortError, grpc.RpcError):
            pass
        finally:
            if self._call is not None:
                self._call.cancel()
