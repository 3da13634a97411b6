"""The guardian alone, with commands that stand in for PostgreSQL: how it is told to stop and how it stops."""

from __future__ import annotations

import contextlib
import fcntl
import os
import signal
import subprocess
import sys
import time
from collections.abc import Generator
from pathlib import Path

import pytest
from segmentry.state import guardian

from tests.processes import processes_of

# It says where it is, and obeys only later, as PostgreSQL does while it starts.
SLOW_TO_OBEY = """
import pathlib, signal, sys, time
told, wanted = pathlib.Path(sys.argv[1]), {signal.SIGINT}
(told / "up").touch()
time.sleep(0.3)
signal.signal(signal.SIGINT, lambda *_: (told / "obeyed").touch() or sys.exit())
signal.pthread_sigmask(signal.SIG_UNBLOCK, wanted)
time.sleep(60)
"""


class Guarded:
    """A guardian of `command` in `folder`, and the descriptor by which we are its server's only user."""

    def __init__(self, folder: Path, command: list[str]) -> None:
        self.users = os.open(folder / "users.lock", os.O_RDWR | os.O_CREAT)
        fcntl.flock(self.users, fcntl.LOCK_SH)
        lock = os.open(folder / "guardian.lock", os.O_RDWR | os.O_CREAT)
        # Through a shell, as the product does it: that makes SIGINT and SIGQUIT ignored.
        shell = ["/bin/sh", "-c", '"$@" & wait $!', "sh"]
        arguments = [str(folder), "-1", "-1", str(lock), *command]
        self.process = subprocess.Popen(
            [*shell, sys.executable, "-I", "-S", guardian.__file__, *arguments],
            pass_fds=[lock],
            stderr=subprocess.PIPE,
            text=True,
        )
        os.close(lock)

    def leave(self) -> None:
        os.close(self.users)


@pytest.fixture
def folder(tmp_path: Path) -> Generator[Path]:
    yield tmp_path
    for line in processes_of(tmp_path):
        os.kill(int(line.split()[0]), signal.SIGKILL)


def until_there(path: Path) -> None:
    while not path.exists():
        time.sleep(0.01)


def test_a_request_that_comes_before_the_server_can_obey_is_kept(folder: Path) -> None:
    guarded = Guarded(folder, [sys.executable, "-c", SLOW_TO_OBEY, str(folder)])
    until_there(folder / "up")
    guarded.leave()
    _, said = guarded.process.communicate()
    assert (guarded.process.returncode, said) == (0, "")
    assert (folder / "obeyed").exists()
    assert processes_of(folder) == []


def test_many_requests_at_once_are_one(folder: Path) -> None:
    guarded = Guarded(folder, [sys.executable, "-c", SLOW_TO_OBEY, str(folder)])
    until_there(folder / "up")
    number = int((folder / "guardian.lock").read_text())
    while guarded.process.poll() is None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(number, signal.SIGTERM)
    _, said = guarded.process.communicate()
    assert (guarded.process.returncode, said) == (0, "")
    assert (folder / "obeyed").exists()


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGINT, signal.SIGQUIT])
def test_no_other_signal_parts_it_from_its_server(folder: Path, number: signal.Signals) -> None:
    guarded = Guarded(folder, [sys.executable, "-c", SLOW_TO_OBEY, str(folder)])
    until_there(folder / "up")
    os.kill(int((folder / "guardian.lock").read_text()), number)
    guarded.leave()
    guarded.process.communicate()
    assert guarded.process.returncode == 0
    assert processes_of(folder) == []
