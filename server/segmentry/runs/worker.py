"""The process of one run: `python -m segmentry.runs.worker`, started fresh, never forked.

It reads one frame from standard input (which function to call, with what, under which limits), calls it,
and writes what the function says as frames to what was standard output; anything printed goes to
standard error. It serves one job and ends. When its input closes the server is gone: it ends at once.
While it waits for its job it says nothing and does nothing.

    in   {"target": "module:function", "argument": ..., "memory_bytes": n}
    out  {"ready": true}  {"alive": true}*  {"event": ...}*  then {"result": ...} or {"failed": {...}}
"""

from __future__ import annotations

import contextlib
import ctypes
import importlib
import os
import resource
import signal
import sys
import threading
import time
import traceback
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO, cast

from segmentry.errors import DatasetTooLarge, JsonValue, SegmentryError
from segmentry.runs import frames

Job = Callable[[JsonValue, Callable[[JsonValue], None]], JsonValue]

NICENESS = 10
# Under memory pressure the kernel takes the worker before the server.
OOM_SCORE = 500
ALIVE_S = 5.0
_PR_SET_PDEATHSIG = 1


class Mouth:
    """Writes whole frames, from the job's thread and from the sign of life."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._lock = threading.Lock()

    def say(self, message: JsonValue) -> None:
        """Raises: ValueError for a number that is not finite."""
        self.send(frames.encode(message))

    def send(self, frame: bytes) -> None:
        with self._lock:
            self._stream.write(frame)
            self._stream.flush()


def main(preload: list[str]) -> int:
    parent = os.getppid()
    warnings.showwarning = _warn
    _step_back()
    _die_with(parent)
    mouth = Mouth(_take_output())
    at_work = threading.Event()
    at_work.set()
    threading.Thread(target=_stay_alive, args=(mouth, at_work), daemon=True).start()
    for name in preload:
        _load(name)
    # From here on nobody listens until there is an order: signs of life would fill the pipe.
    at_work.clear()
    mouth.say({"ready": True})
    commands = sys.stdin.buffer
    order = frames.read(commands)
    if order is None:
        return 0
    at_work.set()
    threading.Thread(target=_end_with_input, daemon=True).start()
    mouth.send(_answer(cast("dict[str, JsonValue]", order), mouth))
    return 0


def _load(name: str) -> None:
    """Import a module, and call the function behind a colon if there is one."""
    module, _, function = name.partition(":")
    loaded = importlib.import_module(module)
    if function:
        cast("Callable[[], None]", getattr(loaded, function))()


def _warn(message: Warning | str, category: type[Warning], filename: str, lineno: int, *_: object) -> None:
    """A library's warning in one line, without the path and the source that Python prints by default."""
    text = " ".join(str(message).split())
    # One write, so that another thread's line does not come in between.
    sys.stderr.write(f"{frames.WARNING}{category.__name__}: {text} ({Path(filename).name}:{lineno})\n")


def _answer(order: dict[str, JsonValue], mouth: Mouth) -> bytes:
    try:
        module, _, name = str(order["target"]).partition(":")
        job = cast("Job", getattr(importlib.import_module(module), name))
        _limit_memory(int(cast("int", order["memory_bytes"])))
        result = job(order["argument"], lambda event: mouth.say({"event": event}))
        return frames.encode({"result": result})
    except MemoryError:
        _limit_memory(0)
        return _failure(
            DatasetTooLarge("the analysis needs more memory than a worker may take; use fewer rows or fields")
        )
    except SegmentryError as err:
        return _failure(err)
    except Exception:  # noqa: BLE001  (the last frame says that there is no result; the text stays in our log)
        traceback.print_exc()
        return frames.encode({"failed": {"reason": "INTERNAL", "message": "", "metadata": {}}})


def _failure(error: SegmentryError) -> bytes:
    failed: JsonValue = {"reason": error.reason, "message": error.message, "metadata": {**error.metadata}}
    return frames.encode({"failed": failed})


def _take_output() -> BinaryIO:
    """Keep standard output for frames alone: a library that prints would break them."""
    kept = os.dup(1)
    os.dup2(2, 1)
    return os.fdopen(kept, "wb")


def _step_back() -> None:
    with contextlib.suppress(OSError):
        os.nice(NICENESS)
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text(str(OOM_SCORE))


def _die_with(parent: int) -> None:
    """Let the kernel kill us with the server; the closed pipe does it elsewhere than on Linux."""
    if sys.platform == "linux":
        libc = ctypes.CDLL(None, use_errno=True)
        libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:  # it died in between
            os._exit(1)


def _limit_memory(n_bytes: int) -> None:
    """Cap what the job may add to the address space; 0 lifts the cap.

    Imports reserve much and use little, so what is there already does not count.
    """
    hard = resource.getrlimit(resource.RLIMIT_AS)[1]
    soft = _reserved() + n_bytes if n_bytes else hard
    if hard != resource.RLIM_INFINITY:
        soft = min(soft, hard)
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


def _reserved() -> int:
    """The bytes of address space in use; 0 where that is not told."""
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    except OSError:
        return 0
    return pages * resource.getpagesize()


def _end_with_input() -> None:
    # Not through the buffered reader: the interpreter aborts when a thread holds its lock at the end.
    os.read(0, 1)
    os._exit(1)


def _stay_alive(mouth: Mouth, at_work: threading.Event) -> None:
    while True:
        at_work.wait()
        time.sleep(ALIVE_S)
        if at_work.is_set():
            mouth.say({"alive": True})


if __name__ == "__main__":
    # Everything that matters is flushed; taking scikit-learn and its threads down in order takes longer.
    os._exit(main(sys.argv[1:]))
