"""One worker process as the server sees it: start, order, listen, end."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import sys
from collections.abc import Mapping, Sequence

from segmentry.errors import JsonValue
from segmentry.runs import frames

# What a worker may know of our environment. Keys, passwords and DSNs are not among it.
INHERITED = frozenset(
    {"PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "TZ", "VIRTUAL_ENV", "LD_LIBRARY_PATH", "PYTHONPATH"}
    | {"PYTHONDONTWRITEBYTECODE", "NUMBA_CACHE_DIR"}
)
# Read by OpenMP, OpenBLAS and MKL when they are loaded, so they must stand before the import.
THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")
GRACE_S = 1.0
ERROR_LINE_BYTES = 16 * 1024

log = logging.getLogger(__name__)


class Died(Exception):
    """The process ended without a result, said nonsense, or was silent for too long."""


class Child:
    """A worker that has started. `ready` once its imports are done; used for one job."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        assert process.stdout is not None
        assert process.stderr is not None
        self._said = process.stdout
        self._complaints = asyncio.get_running_loop().create_task(_log_lines(process.stderr, process.pid))
        self._readiness: asyncio.Task[None] | None = None

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def is_running(self) -> bool:
        return self._process.returncode is None

    @property
    def is_ready(self) -> bool:
        task = self._readiness
        return task is not None and task.done() and not task.cancelled() and task.exception() is None

    async def ready(self, silence_s: float) -> None:
        """Wait until its imports are done; several may wait. Raises: Died."""
        if self._readiness is None:
            self._readiness = asyncio.get_running_loop().create_task(self._until_ready(silence_s))
            self._readiness.add_done_callback(_look_at)
        # Not cancelled with whoever waits: half a frame would be lost.
        await asyncio.shield(self._readiness)

    async def ended(self) -> None:
        """Wait until the process is gone."""
        await self._process.wait()

    async def order(self, target: str, argument: JsonValue, memory_bytes: int) -> None:
        """Raises: Died."""
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(
                frames.encode({"target": target, "argument": argument, "memory_bytes": memory_bytes})
            )
            await self._process.stdin.drain()
        except ConnectionError as err:
            raise Died("the worker ended before it took its order") from err

    async def listen(self, silence_s: float) -> dict[str, JsonValue]:
        """The next thing it says; after a result or a failure nothing follows. Raises: Died."""
        message = await self._next(silence_s)
        if not isinstance(message, dict):
            raise Died("the worker said something that is no message")
        return message

    async def end(self) -> None:
        """See to it that it and everything it started is gone: SIGTERM, after a second SIGKILL."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        if self.is_running:
            self._signal(signal.SIGTERM)
            try:
                async with asyncio.timeout(GRACE_S):
                    await self._process.wait()
            except TimeoutError:
                pass
            finally:
                # The group, not the process: what it started may live on.
                self._signal(signal.SIGKILL)
        else:
            self._signal(signal.SIGKILL)
        await self._process.wait()
        if self._readiness is not None:
            self._readiness.cancel()
            await asyncio.wait([self._readiness])
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(GRACE_S):
                # To the end of the pipes, so that their transports close.
                while await self._said.read(ERROR_LINE_BYTES):
                    pass
                await asyncio.wait({self._complaints})
        self._complaints.cancel()

    def _signal(self, number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, number)

    async def _until_ready(self, silence_s: float) -> None:
        if await self._next(silence_s) != {"ready": True}:
            raise Died("the worker did not say that it is ready")

    async def _next(self, silence_s: float) -> JsonValue:
        """The next message that is no mere sign of life. Raises: Died."""
        while (message := await self._frame(silence_s)) == {"alive": True}:
            pass
        return message

    async def _frame(self, silence_s: float) -> JsonValue:
        try:
            async with asyncio.timeout(silence_s):
                message = await frames.receive(self._said)
        except TimeoutError as err:
            raise Died(f"the worker was silent for {silence_s:g} s") from err
        except frames.BrokenFrame as err:
            raise Died("the worker said something that is no frame") from err
        if message is None:
            code = await self._wait_code()
            raise Died(f"the worker ended with {code}")
        return message

    async def _wait_code(self) -> int | None:
        # Its pipe is closed, so it is ending; one that hangs on is ended by `end`.
        try:
            async with asyncio.timeout(GRACE_S):
                return await self._process.wait()
        except TimeoutError:
            return None


async def start(
    *, preload: Sequence[str], threads: int, environment: Mapping[str, str], python: str = sys.executable
) -> Child:
    """Start a worker in a process group of its own; it begins to import `preload`."""
    inherited = {name: value for name, value in os.environ.items() if name in INHERITED}
    capped = {name: str(threads) for name in THREAD_VARIABLES}
    process = await asyncio.create_subprocess_exec(
        python,
        "-m",
        "segmentry.runs.worker",
        *preload,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        start_new_session=True,
        env={**inherited, **capped, **environment},
        limit=ERROR_LINE_BYTES,
    )
    return Child(process)


def _look_at(task: asyncio.Task[None]) -> None:
    """Keep asyncio from reporting a death that nobody waited for any more."""
    if not task.cancelled():
        task.exception()


async def _log_lines(stream: asyncio.StreamReader, pid: int) -> None:
    """Bring what the worker complains about into our log; it never reaches a caller."""
    while True:
        try:
            line = await stream.readline()
        except ValueError:  # a line longer than the limit: the rest follows as further lines
            continue
        if not line:
            return
        text = line.decode(errors="replace").rstrip()
        # A warning changes no result, and whoever runs a server can look for it.
        level = logging.INFO if text.startswith(frames.WARNING) else logging.WARNING
        log.log(level, "worker %d: %s", pid, text)
