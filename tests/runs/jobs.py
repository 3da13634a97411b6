"""Small jobs for real worker processes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import cast

from segmentry.errors import EmptyDataset, JsonValue

Emit = Callable[[JsonValue], None]


def text(argument: JsonValue, name: str) -> str:
    assert isinstance(argument, dict)
    return str(argument[name])


def count(argument: JsonValue, emit: Emit) -> JsonValue:
    """Emit 1..n and return n."""
    n = int(cast("int", argument))
    for number in range(1, n + 1):
        emit({"number": number})
    return n


def surroundings(argument: JsonValue, emit: Emit) -> JsonValue:
    print("this must not break the frames")  # noqa: T201
    adj = Path("/proc/self/oom_score_adj")
    return {
        "nice": os.nice(0),
        "threads": os.environ.get("OMP_NUM_THREADS"),
        "secret": os.environ.get("AI_OPENAI_KEY"),
        "group": os.getpgid(0) == os.getpid(),
        "oom": adj.read_text().strip() if adj.exists() else None,
        "modules": [name for name in ("sklearn", "grpc", "asyncpg", "decimal") if name in sys.modules],
    }


def warn(argument: JsonValue, emit: Emit) -> JsonValue:
    """Warn as a library does, over two lines, and complain about something else."""
    warnings.warn("overflow encountered\n  in multiply", RuntimeWarning, stacklevel=1)
    print("something else", file=sys.stderr)  # noqa: T201
    return "done"


def die_until(argument: JsonValue, emit: Emit) -> JsonValue:
    """Kill itself as long as fewer than `deaths` marks lie in `folder`."""
    assert isinstance(argument, dict)
    marks = Path(text(argument, "folder"))
    seen = len(list(marks.iterdir()))
    emit({"attempt": argument.get("attempt"), "threads": os.environ["OMP_NUM_THREADS"]})
    if seen < int(cast("int", argument["deaths"])):
        (marks / str(seen)).touch()
        time.sleep(0.05)  # the event above is on its way
        os.kill(os.getpid(), signal.SIGKILL)
    return "done"


def hang(argument: JsonValue, emit: Emit) -> JsonValue:
    """Start a grandchild that would live on, say both process ids, and never end."""
    grandchild = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    emit({"pids": [os.getpid(), grandchild.pid]})
    time.sleep(600)
    return None


def ignore_signals(argument: JsonValue, emit: Emit) -> JsonValue:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    emit({"pids": [os.getpid()]})
    time.sleep(600)
    return None


def stop_itself(argument: JsonValue, emit: Emit) -> JsonValue:
    """Be silent: a stopped process gives no sign of life."""
    os.kill(os.getpid(), signal.SIGSTOP)
    return None


def eat_memory(argument: JsonValue, emit: Emit) -> JsonValue:
    return len(bytearray(1 << 40))


def refuse(argument: JsonValue, emit: Emit) -> JsonValue:
    raise EmptyDataset("there is nobody here", schemaId="s")


def fail(argument: JsonValue, emit: Emit) -> JsonValue:
    raise RuntimeError("secret text of an exception")


def mean(argument: JsonValue, emit: Emit) -> JsonValue:
    return float("nan")


def prepared() -> None:
    """What a worker does before it is ready."""
    os.environ["PREPARED"] = str(time.monotonic())


def is_prepared(argument: JsonValue, emit: Emit) -> JsonValue:
    return "PREPARED" in os.environ


def break_down() -> None:
    raise RuntimeError("this worker cannot start")
